"""Energies of flows from their noisy runs: linear ones to rounding, a quartic within its noise."""

import numpy as np
import pytest
import scipy.linalg
from tests.learning.densities.density_systems import (
    Linear,
    T,
    Turning,
    gradients,
    quartic_draws,
    slopes,
    with_moments,
)
from tests.results import keeps_the_protocol

import thalweg as tw
from thalweg.learning import lyapunov_energy


@pytest.fixture(scope="module")
def of_the_turning_flow():
    """An energy from 20,000 draws, the draws, and its slopes there."""
    draws = quartic_draws(20_000, 0)
    found = lyapunov_energy(Turning(), draws, temperature=T)
    return found, draws, gradients(found.energy, draws)


@pytest.mark.long
def test_a_linear_flow_goes_down_the_energy_of_its_covariance():
    matrix = np.array([[-1.0, 3.0], [-0.5, -0.8]])
    covariance = scipy.linalg.solve_continuous_lyapunov(matrix, -2.0 * T * np.eye(2))
    draws = with_moments(np.random.default_rng(0).standard_normal((500, 2)), covariance)
    form = tw.energies.Polynomial.full(2, 2)
    found = lyapunov_energy(Linear(matrix), draws, form, temperature=T)
    x = draws[:50]
    made = gradients(found.energy, x)
    np.testing.assert_allclose(made, T * np.linalg.solve(covariance, x.T).T, atol=1e-8)
    # f·∇E = −|∇E|²
    np.testing.assert_allclose(
        np.sum((x @ matrix.T) * made, axis=1), -np.sum(made**2, axis=1), atol=1e-8
    )
    assert found.rising == 0


@pytest.mark.long
def test_the_quartic_of_a_turning_flow_is_found_at_its_temperature(of_the_turning_flow):
    found, draws, made = of_the_turning_flow
    true = slopes(draws)
    error = np.sqrt(np.mean(np.sum((made - true) ** 2, axis=1)) / np.mean(np.sum(true**2, axis=1)))
    assert error <= 0.06
    assert len(found.rests) == 3


@pytest.mark.long
def test_the_flow_goes_down_it_at_every_draw(of_the_turning_flow):
    found, draws, made = of_the_turning_flow
    true = slopes(draws)
    velocity = -true - 2.0 * np.stack([true[:, 1], -true[:, 0]], axis=1)
    assert np.all(np.sum(velocity * made, axis=1) < 0.0)
    assert found.rising == 0
    assert found.worst < 0.0
    keeps_the_protocol(found)


@pytest.mark.long
def test_recovery_takes_it_as_a_candidate(of_the_turning_flow):
    found = of_the_turning_flow[0]
    box = tw.Box([-1.5, -1.5], [1.5, 1.5])
    verdict = tw.recover_energy(Turning(), box, candidates=[found.energy])
    (level,) = (level for level in verdict.levels if level.name == "candidate")
    assert level.outcome == "yes"


@pytest.mark.long
def test_what_is_no_flow_is_refused():
    draws = quartic_draws(50, 0)
    with pytest.raises(tw.InputError, match="flow must be a Flow"):
        lyapunov_energy(lambda t, x: -x, draws, temperature=T)  # type: ignore[arg-type]
    with pytest.raises(tw.InputError, match="temperature must be positive"):
        lyapunov_energy(Turning(), draws, temperature=0.0)
