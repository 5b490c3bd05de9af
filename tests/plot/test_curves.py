"""Curves in the state space, against closed forms."""

import numpy as np
import pytest
from tests.plot.plot_systems import Circle

import thalweg as tw
from thalweg.dynamics.problem import make_problem
from thalweg.plot.curves import cycle_curve, flow_runs, hermite, map_orbits, spread_starts


def test_the_cubic_between_steps_is_exact_for_cubics():
    t = np.array([0.0, 0.4, 1.5, 2.0])
    z = np.stack([t**3 - t, 2 * t**2], axis=1)
    fine, curve = hermite(t, z, np.stack([3 * t**2 - 1, 4 * t], axis=1))
    np.testing.assert_allclose(curve, np.stack([fine**3 - fine, 2 * fine**2], axis=1), atol=1e-13)
    assert len(fine) == 8 * 3 + 1
    assert np.all(np.diff(fine) > 0)


def test_runs_follow_the_flow_both_ways_and_stop_outside():
    problem, _ = make_problem(Circle())
    inner, outer = flow_runs(problem, np.array([[0.1, 0.0], [1.1, 0.0]]), np.array([1.0, -1.0]))
    r = np.linalg.norm(inner.y, axis=1)
    expected = 1.0 / np.sqrt(1.0 + (1.0 / 0.01 - 1.0) * np.exp(-2.0 * inner.times))
    np.testing.assert_allclose(r, expected, atol=2e-4)
    np.testing.assert_allclose(np.unwrap(np.arctan2(*inner.y.T[::-1])), inner.times, atol=2e-3)
    assert np.abs(outer.y).max() < 4.0 + 1.0  # backwards it grows without bound
    assert np.linalg.norm(outer.y[-1]) > 2.0


def test_a_closed_orbit_is_a_fine_closed_curve():
    rule = Circle()
    (cycle,) = tw.find_cycles(rule)
    curve = cycle_curve(make_problem(rule)[0], cycle)
    np.testing.assert_allclose(np.linalg.norm(curve, axis=1), 1.0, atol=1e-3)
    np.testing.assert_allclose(curve[0], curve[-1], atol=1e-7)
    angle = np.unwrap(np.arctan2(*curve.T[::-1]))
    assert abs(angle[-1] - angle[0]) == pytest.approx(2 * np.pi)
    assert np.max(np.abs(np.diff(angle))) < 0.2


def test_orbits_of_a_map_are_its_iterates_until_they_leave():
    rule = tw.models.Henon()
    start = np.array([[0.1, 0.2], [-1.9, -0.9]])
    orbit = map_orbits(make_problem(rule)[0], start, steps=20)
    x, y = start[0]
    for there in orbit[:, 0]:
        assert there == pytest.approx([x, y])
        x, y = 1.0 - 1.4 * x**2 + y, 0.3 * x
    assert np.isnan(orbit[-1, 1]).all()


@pytest.mark.long
def test_starts_are_spread_evenly_and_inside():
    problem, _ = make_problem(tw.models.VanDerPol())
    points = spread_starts(problem, 16)
    assert np.all(np.asarray(problem.chart.inside(points)))
    quadrants = {tuple(np.sign(p)) for p in points}
    assert len(quadrants) == 4
    shares = spread_starts(make_problem(tw.models.RockPaperScissors())[0], 16)
    assert np.all(shares > 0.0)
    assert np.all(shares.sum(axis=1) < 1.0)
