"""Diagnostics of chains against ArviZ, and against what is known of autoregressive chains."""

import numpy as np
import pytest

from thalweg.sampling.diagnostics import diagnose
from thalweg.sampling.samples import import_arviz

arviz = import_arviz()


def chains(rho, count, num_chains=4, seed=0):
    """x⁺ = ρx + √(1 − ρ²) ξ, begun at rest: shape (chains, count)."""
    rng = np.random.default_rng(seed)
    x = np.empty((num_chains, count))
    x[:, 0] = rng.normal(size=num_chains)
    for k in range(1, count):
        x[:, k] = rho * x[:, k - 1] + np.sqrt(1.0 - rho**2) * rng.normal(size=num_chains)
    return x


@pytest.mark.parametrize("count", [8, 9, 50, 401])
@pytest.mark.parametrize("rho", [-0.7, 0.0, 0.9])
def test_they_are_those_of_arviz(rho, count):
    x = chains(rho, count)
    shifted = x + np.arange(4)[:, None]
    ties = np.round(x)
    draws = np.stack([x, shifted, ties], axis=2)
    found = diagnose(draws)
    for k in range(3):
        assert found[0][k] == pytest.approx(float(arviz.ess(draws[..., k])), rel=1e-10)
        assert found[1][k] == pytest.approx(float(arviz.rhat(draws[..., k])), rel=1e-10)


def test_an_autoregressive_chain():
    """Its ESS is N (1 − ρ)/(1 + ρ), that of one chain alone too."""
    for num_chains in (1, 4):
        x = chains(0.8, 20000, num_chains)
        (found,), (rhat,) = diagnose(x[..., None])
        assert found == pytest.approx(x.size * 0.2 / 1.8, rel=0.2)
        assert rhat < 1.01


def test_chains_that_disagree():
    x = chains(0.0, 500)
    x[0] += 5.0
    wide = chains(0.0, 500)
    wide[0] *= 5.0
    draws = np.stack([x, wide], axis=2)
    ess, rhat = diagnose(draws)
    assert np.all(rhat > 1.1)
    assert ess[0] < 20


def test_nothing_is_said_of_what_says_nothing():
    draws = np.zeros((2, 20, 3))
    draws[..., 1] = np.random.default_rng(0).normal(size=(2, 20))
    draws[0, 3, 1] = np.nan
    assert np.isnan(diagnose(draws)).all()
    assert np.isnan(diagnose(np.random.default_rng(0).normal(size=(2, 7, 1)))).all()
