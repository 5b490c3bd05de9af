"""Dynamic machines: autoregressions, spins with known couplings, and exact conditional laws."""

import itertools

import equinox as eqx
import jax
import numpy as np
import pytest
from tests.results import keeps_the_protocol

import thalweg as tw
from thalweg.learning import DynamicMachine, learn_series

RNG = np.random.default_rng(0)
# One unit leads the other; both remember, one by a trace.
BIAS = np.array([0.1, -0.2])
NEAR = np.array([[[0.4, 0.0], [0.7, -0.3]]])
OLDER = np.array([[[-0.2, 0.1], [0.0, 0.15]]])
DECAYS = np.array([0.6])


def run(count: int, draw) -> np.ndarray:
    """A series of the machine, its next state drawn by `draw(field)`."""
    x, trace = np.zeros((count, 2)), np.zeros(2)
    x[0] = 1.0
    for t in range(1, count):
        x[t] = draw(BIAS + NEAR[0] @ x[t - 1] + OLDER[0] @ trace)
        trace = DECAYS[0] * trace + x[t - 1]
    return x


def spin(field: np.ndarray) -> np.ndarray:
    return np.where(RNG.random(2) < 1.0 / (1.0 + np.exp(-2.0 * field)), 1.0, -1.0)


NUMBERS = run(4000, lambda field: field + np.array([1.0, 0.5]) * RNG.standard_normal(2))
SPINS = run(4000, spin)
TRUTH = np.concatenate([BIAS[:, None], NEAR[0], OLDER[0]], axis=1)


@pytest.mark.parametrize("delays", [1, 3])
def test_numbers_without_traces_are_a_vector_autoregression(delays):
    found = learn_series(NUMBERS, delays=delays)
    # By the normal equations, from lags that are built row by row.
    lags = np.array([
        np.concatenate([[1.0], *(NUMBERS[t - k] for k in range(1, delays + 1))])
        for t in range(delays, len(NUMBERS))
    ])  # fmt: skip
    expected = np.linalg.solve(lags.T @ lags, lags.T @ NUMBERS[delays:]).T
    np.testing.assert_allclose(found.coefficients, expected, rtol=0, atol=1e-10)
    left = NUMBERS[delays:] - lags @ expected.T
    np.testing.assert_allclose(found.machine.variances, np.mean(left**2, axis=0), rtol=1e-10)


@pytest.mark.parametrize("spins", [False, True], ids=["numbers", "spins"])
def test_known_couplings_are_found_within_their_errors(spins):
    series = SPINS if spins else NUMBERS
    found = learn_series(series, delays=1, decays=DECAYS, spins=spins)
    assert np.max(np.abs(found.coefficients - TRUTH) / found.errors) < 4.0
    assert np.max(found.errors) < 0.1
    if not spins:
        np.testing.assert_allclose(found.machine.variances, [1.0, 0.25], rtol=0.1)
    keeps_the_protocol(found)


@eqx.filter_jit
def log_p(machine, states, past):
    return jax.vmap(lambda x: machine.log_probability(x, past))(states)


@eqx.filter_jit
def one_after_another(machine, series, counts):
    return [machine.log_probability(series[t], series[:t]) for t in counts]


def test_the_conditional_likelihood_is_exact():
    machine = learn_series(SPINS, delays=2, decays=(0.3, 0.8), spins=True).machine
    states = np.array(list(itertools.product([-1.0, 1.0], repeat=2)))
    with jax.enable_x64(True):
        shares = np.exp(np.asarray(log_p(machine, states, SPINS[:50])))
    assert shares.sum() == pytest.approx(1.0, abs=1e-12)
    # Numbers: a Riemann sum over the plane.
    machine = learn_series(NUMBERS, delays=1, decays=DECAYS).machine
    grid = np.linspace(-9.0, 9.0, 181)
    plane = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    with jax.enable_x64(True):
        density = np.exp(np.asarray(log_p(machine, plane, NUMBERS[:50])))
    assert density.sum() * (grid[1] - grid[0]) ** 2 == pytest.approx(1.0, abs=1e-9)


@pytest.mark.long
@pytest.mark.parametrize("spins", [False, True], ids=["numbers", "spins"])
def test_the_likelihood_of_a_series_is_the_sum_of_its_machine(spins):
    series = (SPINS if spins else NUMBERS)[:40]
    found = learn_series(series, delays=2, decays=(0.5,), spins=spins)
    with jax.enable_x64(True):
        logs = one_after_another(found.machine, series, range(2, 40))
    assert found.log_likelihood == pytest.approx(float(np.mean(logs)), rel=1e-12)


def test_what_is_refused():
    with pytest.raises(tw.InputError, match=r"spins are ±1, but the entry at \[1, 0\] is 0.5"):
        learn_series(np.array([[1.0], [0.5], [1.0]]), spins=True)
    with pytest.raises(tw.InputError, match=r"decays must be numbers in \[0, 1\)"):
        learn_series(NUMBERS, decays=(1.0,))
    with pytest.raises(tw.InputError, match="decays must differ"):
        learn_series(NUMBERS, decays=(0.5, 0.5))
    with pytest.raises(tw.InputError, match="4 states cannot fix"):
        learn_series(NUMBERS[:4], delays=2)
    with pytest.raises(tw.ConvergenceError, match="fixes 2 of the 3 numbers"):
        learn_series(np.stack([NUMBERS[:, 0], np.ones(4000)], axis=1))
    # Spins that always turn: the more negative the coupling, the likelier.
    with pytest.raises(tw.ConvergenceError, match="without a mistake"):
        learn_series(np.tile([[1.0], [-1.0], [-1.0]], (20, 1)), delays=2, spins=True)
    with pytest.raises(tw.InputError, match="must fit"):
        DynamicMachine(BIAS, NEAR[0], OLDER, DECAYS)
