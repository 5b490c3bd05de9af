"""Closed orbits of models that people bring: spikes, slow and fast parts, what nearly dies out."""

import numpy as np
import pytest
from tests.analysis.cycles import cycle_systems as systems

import thalweg as tw

SQUARE = tw.Box([-3.0, -3.0], [3.0, 3.0])


def others(cycle):
    """The multipliers but for the trivial one."""
    return np.delete(cycle.multipliers, cycle.trivial)


@pytest.mark.parametrize(
    ("current", "period", "multiplier"), [(7.0, 17.1446999, 0.08098), (6.5, 18.162895, 0.124)]
)
def test_an_axon_spikes_in_one_cycle(current, period, multiplier):
    (cycle,) = tw.find_cycles(systems.HodgkinHuxley(current))
    assert cycle.period == pytest.approx(period, abs=1e-6)
    assert cycle.kind == "attracting"
    assert others(cycle)[0].real == pytest.approx(multiplier, abs=1e-5)
    assert cycle.residual < 1e-10
    assert cycle.accuracy < 1e-9
    assert cycle.trivial_error is not None
    assert cycle.trivial_error < 1e-9


def test_prey_that_nearly_die_out_come_back():
    """In logarithms SciPy gives the same; in plain coordinates errors of 1e-13 are prey enough."""
    (cycle,) = tw.find_cycles(systems.Grazing(0.8))
    assert cycle.period == pytest.approx(83.58266, abs=1e-5)
    assert others(cycle)[0].real == pytest.approx(1.671e-7, rel=1e-3)
    assert cycle.states[:, 0].min() < 1e-15
    assert cycle.stable


def test_slow_recovery_is_followed_all_the_way_round():
    (cycle,) = tw.find_cycles(systems.fitzhugh_nagumo(0.8, 300.0), SQUARE)
    assert cycle.period == pytest.approx(586.42653046, abs=1e-7)
    assert cycle.stable


@pytest.mark.parametrize(
    ("mu", "period"), [(100.0, 162.83707109), (1e3, 1614.40112581), (1e4, 16137.38122)]
)
def test_a_relaxation_oscillator_is_followed_by_implicit_steps(mu, period):
    """The last is (3 − 2 log 2)μ + 7.01432 μ^(−1/3) − (2 log μ/3 + 1.3246)/μ."""
    (cycle,) = tw.find_cycles(systems.relaxation(mu), SQUARE)
    assert cycle.period == pytest.approx(period, rel=1e-9)
    assert cycle.kind == "attracting"
    assert abs(others(cycle)[0]) < 1e-100
    assert cycle.accuracy < 1e-7 * period


def test_the_oregonator_has_its_published_period():
    (cycle,) = tw.find_cycles(systems.Oregonator(0.161))
    assert cycle.period == pytest.approx(302.85804403, abs=1e-6)
    assert cycle.stable
