"""Laws on grids, and the flow of densities, against Gaussians."""

from typing import Any

import jax
import numpy as np
import pytest
import scipy.linalg

import thalweg as tw
from thalweg.energies import DoubleWell, Quadratic
from thalweg.sampling import Boltzmann, FokkerPlanck

build: Any = Boltzmann  # called as by those who do not check types

STIFFNESS, TEMPERATURE = 1.3, 0.7
BOWL = Quadratic([[STIFFNESS]])
WIDE = tw.Box([-8.0], [8.0])
TORUS = tw.Box([-2.0, -np.pi], [2.0, np.pi], periodic=[False, True])


@pytest.fixture(autouse=True)
def float64():
    with jax.enable_x64(True):
        yield


def generator(law):
    flow = FokkerPlanck(law)
    return np.asarray(jax.jacfwd(lambda p: flow.velocity(0.0, p))(np.ones(law.shape)))


def bent(state):
    return (state[0] ** 2 - 1.0) ** 2 + state[0] * np.cos(1.0) + 0.5 * jax.numpy.sin(state[1])


def test_the_law_of_a_bowl_is_gaussian():
    law = Boltzmann(BOWL, TEMPERATURE, WIDE, 400)
    x = law.points[:, 0]
    assert law.masses.sum() == pytest.approx(1.0, abs=1e-14)
    assert law.masses @ x == pytest.approx(0.0, abs=1e-13)
    # Sums over a grid are exact for Gaussians, to e^{−(2π σ/Δ)²/2}.
    assert law.masses @ x**2 == pytest.approx(TEMPERATURE / STIFFNESS, rel=1e-12)
    exact = 0.5 * np.log(2.0 * np.pi * TEMPERATURE / STIFFNESS)
    assert law.log_partition == pytest.approx(exact, rel=1e-12)


def test_free_energy_is_divergence_from_the_law():
    law = Boltzmann(bent, TEMPERATURE, TORUS, (12, 9))
    p = np.random.default_rng(0).dirichlet(np.ones(108)).reshape(law.shape)
    excess = law.free_energy(p) - law.free_energy(law.masses)
    assert TEMPERATURE * law.divergence(p) == pytest.approx(float(excess), rel=1e-12)
    assert law.divergence(law.masses) == pytest.approx(0.0, abs=1e-14)


def test_the_law_is_at_rest_and_probability_is_kept():
    law = Boltzmann(bent, 0.05, TORUS, (12, 9))
    flow = FokkerPlanck(law)
    speed = np.asarray(flow.velocity(0.0, law.masses))
    scale = 4.0 * 0.05 / law.spacing.min() ** 2
    assert np.max(np.abs(speed)) < 1e-14 * scale
    p = np.random.default_rng(0).dirichlet(np.ones(108)).reshape(law.shape)
    assert abs(np.sum(flow.velocity(0.0, p))) < 1e-14 * scale


@pytest.mark.long
def test_the_spectrum_of_a_bowl():
    """0, −λ, −2λ, −3λ, to the square of the length of a cell."""
    errors = []
    for count in (100, 200):
        values = np.linalg.eigvals(generator(Boltzmann(BOWL, TEMPERATURE, WIDE, count)))
        found = np.sort(values.real)[::-1][:4]
        assert abs(found[0]) < 1e-10
        errors.append(np.abs(found[1:] + STIFFNESS * np.arange(1, 4)))
    assert np.all(errors[1] < 0.02)
    np.testing.assert_allclose(errors[0] / errors[1], 4.0, rtol=0.02)


@pytest.mark.long
def test_a_gaussian_moves_as_it_must():
    """From N(2, 9) at λ = T = 1: mean 2/e, variance 1 + 8/e² = 2.082682 after a unit of time."""
    errors = []
    for count in (250, 500):
        law = Boltzmann(Quadratic([[1.0]]), 1.0, tw.Box([-18.0], [18.0]), count)
        x = law.points[:, 0]
        p = np.exp(-((x - 2.0) ** 2) / 18.0)
        after = scipy.linalg.expm(generator(law)) @ (p / p.sum())
        mean = after @ x
        errors.append([mean - 2.0 / np.e, after @ (x - mean) ** 2 - 1.0 - 8.0 / np.e**2])
        assert np.all(after > 0.0)
    np.testing.assert_allclose(np.divide(*errors), 4.0, rtol=0.05)
    # Without the error in the square of the length of a cell, what is left is in its fourth power.
    coarse, fine = np.array(errors)
    np.testing.assert_allclose((4.0 * fine - coarse) / 3.0, 0.0, atol=3e-5)


def test_the_free_energy_falls_and_nothing_becomes_negative():
    law = Boltzmann(DoubleWell(), 0.2, tw.Box([-2.0], [2.0]), 40)
    start = np.zeros(40)
    start[3] = 1.0
    run = tw.simulate(FokkerPlanck(law), start, duration=20.0, method=tw.Stiff(), save=40)
    falls = np.diff([float(law.free_energy(np.maximum(p, 0.0))) for p in run.states])
    assert np.all(falls < 1e-9)
    assert run.states.min() > -1e-7
    np.testing.assert_allclose(run.states.sum(axis=1), 1.0, atol=1e-12)


def test_fisher_rao_comes_to_rest_at_the_law():
    """Along it log(p/π) decays at the rate T, but for a constant."""
    law = Boltzmann(DoubleWell(), 0.2, tw.Box([-1.5], [1.5]), 12)
    flow = tw.SteepestDescent(law.free_energy, tw.Simplex())
    start = np.full(12, 1.0 / 12.0)
    end = np.asarray(
        tw.simulate(flow, start, duration=3.0, rtol=1e-10, atol=1e-13, save="end").final
    )
    gaps = [np.log(p / law.masses) for p in (start, end)]
    before, after = (gap - gap.mean() for gap in gaps)
    np.testing.assert_allclose(after, np.exp(-0.2 * 3.0) * before, atol=1e-7)


@pytest.mark.long
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Boltzmann(BOWL, 0.0, WIDE, 10), "temperature must be a positive number, got 0"),
        (lambda: build(BOWL, "a", WIDE, 10), "temperature must be a positive number, got 'a'"),
        (lambda: build(None, 1.0, WIDE, 10), "energy must be a callable state → scalar, got None"),
        (lambda: build(BOWL, 1.0, 600.0, 10), r"domain must be a domain such as .*, got 600\.0"),
        (lambda: Boltzmann(lambda x: x**2, 1.0, WIDE, 10), r"a scalar, got the shape \(1,\)"),
        (lambda: Boltzmann(BOWL, 1.0, WIDE, 1), "counts must be whole numbers"),
        (lambda: Boltzmann(BOWL, 1.0, WIDE, 2**21), "at most 2²⁰ cells"),
        (lambda: Boltzmann(bent, 1.0, tw.Box([0.0, 1.0], [1.0, 1.0]), 4), "needs a width"),
        (lambda: Boltzmann(lambda x: jax.numpy.log(x[0]), 1.0, WIDE, 10), "not finite at"),
        (lambda: FokkerPlanck(BOWL), "law must be a Boltzmann"),  # type: ignore[arg-type]
    ],
)
def test_bad_input_is_refused(make, words):
    with pytest.raises(tw.InputError, match=words):
        make()
