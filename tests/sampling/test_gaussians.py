"""Implicit steps of Gaussians against the equation that defines them, and the flow."""

import jax
import numpy as np
import pytest
import scipy.linalg

import thalweg as tw
from thalweg.sampling import Gaussian, GaussianJKO

RNG = np.random.default_rng(0)
A = np.array([[2.0, 0.6, -0.3], [0.6, 1.0, 0.2], [-0.3, 0.2, 0.5]])
ROOT = RNG.normal(size=(3, 3))
S = ROOT @ ROOT.T + 0.1 * np.eye(3)
M = RNG.normal(size=3)


@pytest.fixture(autouse=True)
def float64():
    with jax.enable_x64(True):
        yield


@pytest.mark.parametrize("temperature", [1.0, 0.3])
@pytest.mark.parametrize("tau", [0.1, 3.0])
def test_a_step_solves_its_equation(temperature, tau):
    """S = (I + τ(A − T S⁺⁻¹)) S⁺ (I + τ(A − T S⁺⁻¹)), with the factor positive: a transport."""
    mean, after = map(np.asarray, GaussianJKO(A, temperature, tau).step(0, Gaussian(M, S)))
    factor = np.eye(3) + tau * (A - temperature * np.linalg.inv(after))
    np.testing.assert_allclose(factor @ after @ factor, S, atol=1e-12)
    assert np.linalg.eigvalsh((factor + factor.T) / 2)[0] > 0
    np.testing.assert_allclose((np.eye(3) + tau * A) @ mean, M, atol=1e-13)


def test_one_dimension():
    """From N(2, 9), λ = T = 1, τ = .1, ten steps: variance 2.21639, mean .771087."""
    start = Gaussian(np.array([2.0]), np.array([[9.0]]))
    end = tw.simulate(GaussianJKO([[1.0]], 1.0, 0.1), start, steps=10, save="end").final
    assert end.covariance[0, 0] == pytest.approx(2.21639, abs=5e-6)
    assert end.mean[0] == pytest.approx(0.771087, abs=5e-7)


def test_rest_and_order():
    """N(0, T A⁻¹) stays; on the way the error is of first order in τ."""
    rest = Gaussian(np.zeros(3), 0.7 * np.linalg.inv(A))
    after = GaussianJKO(A, 0.7, 2.0).step(0, rest)
    np.testing.assert_allclose(after.covariance, rest.covariance, atol=1e-14)
    decay, steady = scipy.linalg.expm(-A), 0.7 * np.linalg.inv(A)
    exact = steady + decay @ (S - steady) @ decay
    errors = []
    for steps in (40, 80):
        rule = GaussianJKO(A, 0.7, 1.0 / steps)
        end = tw.simulate(rule, Gaussian(M, S), steps=steps, save="end").final
        errors.append(np.abs(np.asarray(end.covariance) - exact).max())
    assert errors[0] / errors[1] == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: GaussianJKO([[1.0, 2.0], [0.0, 1.0]]), "symmetric and positive definite"),
        (lambda: GaussianJKO([[-1.0]]), "symmetric and positive definite"),
        (lambda: GaussianJKO([[1.0]], 0.0), "temperature must be positive"),
        (lambda: GaussianJKO([[1.0]], 1.0, 0.0), "step_size must be positive, got 0.0"),
    ],
)
def test_bad_input_is_refused(make, words):
    with pytest.raises(tw.InputError, match=words):
        make()


@pytest.mark.long
def test_a_law_on_a_line_spreads_and_stays_finite():
    """Without spread a level is 0, and its root y = τT: a variance of τT/(1 + τλ)."""
    way = np.array([1.0, 0.3, -0.7, 0.2], np.float32)
    law = Gaussian(np.zeros(4, np.float32), np.outer(way, way))
    after = GaussianJKO(np.diag([1.0, 2.0, 3.0, 4.0]), 1.0, 0.1).step(0, law)
    assert np.all(np.isfinite(after.covariance))
    point = Gaussian(np.zeros(1), np.zeros((1, 1)))
    assert float(GaussianJKO([[2.0]], 1.0, 0.1).step(0, point).covariance[0, 0]) == pytest.approx(
        0.1 / 1.2, rel=1e-6
    )
