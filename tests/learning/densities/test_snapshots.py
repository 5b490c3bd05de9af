"""Bowls and temperatures from snapshots of normal laws: exact on JKO steps, O(τ) off them."""

import jax
import numpy as np
import pytest
from tests.results import keeps_the_protocol

import thalweg as tw
from thalweg.learning import learn_snapshots
from thalweg.sampling import Gaussian, GaussianJKO

A = np.array([[2.0, 0.7], [0.7, 0.9]])
T = 0.6
START = Gaussian(np.array([1.0, -2.0]), np.array([[3.0, -0.5], [-0.5, 0.4]]))


def jko(stiffness, start, tau, steps) -> list[Gaussian]:
    with jax.enable_x64(True):
        run = tw.simulate(GaussianJKO(stiffness, T, tau), start, steps=steps)
    return [Gaussian(*law) for law in zip(*map(np.asarray, run.states), strict=True)]


def fokker_planck(stiffness: float, tau: float, steps: int) -> list[Gaussian]:
    """Ornstein–Uhlenbeck from N(2, 3): mean 2e^{−λt}, variance T/λ + (3 − T/λ)e^{−2λt}."""
    rest, fall = T / stiffness, np.exp(-stiffness * tau * np.arange(steps + 1))
    return [Gaussian(np.array([2.0 * f]), np.array([[rest + (3.0 - rest) * f**2]])) for f in fall]


def test_jko_steps_give_the_bowl_and_the_temperature_to_rounding():
    found = learn_snapshots(jko(A, START, 0.3, 4), 0.3)
    np.testing.assert_allclose(found.stiffness, A, rtol=1e-10)
    assert found.temperature == pytest.approx(T, rel=1e-10)
    np.testing.assert_allclose(found.bias, 0.0, atol=1e-10)
    assert found.residual < 1e-12
    assert "to rounding" in found.remarks()[0]
    keeps_the_protocol(found)


def test_a_bowl_elsewhere_moves_the_means_alone():
    shift = np.array([0.5, 3.0])
    moved = [Gaussian(m + shift, s) for m, s in jko(A, START, 0.2, 3)]
    found = learn_snapshots(moved, 0.2)
    np.testing.assert_allclose(found.stiffness, A, rtol=1e-9)
    np.testing.assert_allclose(found.bias, A @ shift, rtol=1e-9)


def test_snapshots_of_fokker_planck_are_off_by_the_order_of_the_step():
    stiffness, off = 1.5, []
    for tau in (0.04, 0.02, 0.01):
        found = learn_snapshots(fokker_planck(stiffness, tau, round(0.8 / tau)), tau)
        off.append([found.stiffness[0, 0] - stiffness, found.temperature - T, found.residual])
        assert "off by the order of τ" in found.remarks()[0]
    off = np.abs(np.array(off))
    np.testing.assert_allclose(off[:-1] / off[1:], 2.0, atol=0.1)
    # In the mean alone it is λ²τ/2 = .045 at τ = .04.
    assert 0.04 < off[0, 0] < 0.06


def test_means_that_move_alone_have_the_bias_of_an_exponential():
    # At rest but for the mean: M = 1, so A = T/S, and the means decide: λ = (e^{λτ} − 1)/τ.
    tau, stiffness = 0.1, 1.5
    fall = np.exp(-stiffness * tau * np.arange(6))
    rest = np.array([[T / stiffness]])
    found = learn_snapshots([Gaussian(np.array([2.0 * f]), rest) for f in fall], tau)
    assert found.stiffness[0, 0] == pytest.approx(np.expm1(stiffness * tau) / tau, rel=1e-9)


@pytest.mark.parametrize("size", [1, 2])
def test_two_laws_are_one_equation_short_though_their_means_differ(size):
    laws = jko(A[:size, :size], Gaussian(START.mean[:size], START.covariance[:size, :size]), 0.3, 2)
    unknown = size + size * (size + 1) // 2 + 1
    with pytest.raises(tw.InputError, match=rf"three laws .* {unknown - 1} equations .* {unknown}"):
        learn_snapshots(laws[:2], 0.3)
    assert learn_snapshots(laws, 0.3).temperature == pytest.approx(T, rel=1e-9)


@pytest.mark.long
def test_what_is_refused():
    still = [Gaussian(np.zeros(1), np.eye(1))] * 3
    with pytest.raises(tw.InputError, match="Laws at rest say A/T only"):
        learn_snapshots(still, 0.1)
    with pytest.raises(tw.InputError, match="step_size must be positive"):
        learn_snapshots(jko(A, START, 0.2, 2), 0.0)
    with pytest.raises(tw.InputError, match="covariance of law 1 must be symmetric"):
        learn_snapshots([START, Gaussian(START.mean, -np.eye(2)), START], 0.1)
    with pytest.raises(tw.InputError, match="laws must be normal laws"):
        learn_snapshots([1.0, 2.0], 0.1)  # type: ignore[list-item]
