"""Closed orbits of models that people bring: spikes, slow and fast parts, what nearly dies out."""

import jax
import numpy as np
import pytest
from tests.analysis.cycles import cycle_systems as systems

import thalweg as tw
from thalweg.analysis.cycles import flows
from thalweg.analysis.cycles.assemble import how_they_ended
from thalweg.analysis.cycles.maps_newton import close_orbits
from thalweg.analysis.cycles.recurrence import Frame
from thalweg.analysis.cycles.result import Recurrent
from thalweg.dynamics import make_problem

SQUARE = tw.Box([-3.0, -3.0], [3.0, 3.0])


def others(cycle):
    """The multipliers but for the trivial one."""
    return np.delete(cycle.multipliers, cycle.trivial)


@pytest.mark.long
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


@pytest.mark.long
def test_prey_that_nearly_die_out_come_back():
    """In logarithms SciPy gives the same; in plain coordinates errors of 1e-13 are prey enough."""
    (cycle,) = tw.find_cycles(systems.Grazing(0.8))
    assert cycle.period == pytest.approx(83.58266, abs=1e-5)
    assert others(cycle)[0].real == pytest.approx(1.671e-7, rel=1e-3)
    assert cycle.states[:, 0].min() < 1e-15
    assert cycle.stable


@pytest.mark.long
def test_slow_recovery_is_followed_all_the_way_round():
    (cycle,) = tw.find_cycles(systems.fitzhugh_nagumo(0.8, 300.0), SQUARE)
    assert cycle.period == pytest.approx(586.42653046, abs=1e-7)
    assert cycle.stable


@pytest.mark.parametrize(
    ("mu", "period", "rel"),
    [
        (100.0, 162.83707109, 1e-9),
        (1e3, 1614.40112581, 1e-9),
        (1e4, 16137.38122, 5e-9),
    ],
)
@pytest.mark.long
def test_a_relaxation_oscillator_is_followed_by_implicit_steps(mu, period, rel):
    """The last is (3 − 2 log 2)μ + 7.01432 μ^(−1/3) − (2 log μ/3 + 1.3246)/μ.

    There the period that is found says itself that it is known to 1e-9.
    """
    (cycle,) = tw.find_cycles(systems.relaxation(mu), SQUARE)
    assert cycle.period == pytest.approx(period, rel=rel)
    assert cycle.kind == "attracting"
    assert abs(others(cycle)[0]) < 1e-100
    assert cycle.accuracy < 1e-7 * period


@pytest.mark.long
def test_the_oregonator_has_its_published_period():
    (cycle,) = tw.find_cycles(systems.Oregonator(0.161))
    assert cycle.period == pytest.approx(302.85804403, abs=1e-6)
    assert cycle.stable


@pytest.mark.long
def test_isolated_cycles_with_multipliers_near_one_are_no_family():
    """Area-preserving, so multipliers are λ and 1/λ; near (0, 0) they are 1 ± 1.77e-4.

    Points of such a cycle lie on a curve along which seven steps miss by 1e-11 at most. By Poincaré
    and Birkhoff two cycles lie there, and their images under (x, y) → (−x, −y), which are others,
    since seven is odd: four.
    """
    found = tw.find_cycles(systems.StandardMap(0.8), max_period=7)
    sevens = [cycle for cycle in found if cycle.period == 7.0]
    assert not any(cycle.continuum for cycle in found)
    for cycle in sevens:
        assert np.prod(cycle.multipliers).real == pytest.approx(1.0, abs=1e-9)
        assert cycle.residual < 1e-15
    near = [c for c in sevens if abs(c.multipliers[0] - 1.0) < 1e-2]
    # Rounding moves these by 1e-15 over the 3e-8 by which seven steps turn a shift.
    assert all(any(_is_image(c.states, other.states, 1e-6) for other in near) for c in near)
    assert sorted(c.kind for c in near) == ["neutral", "neutral", "saddle", "saddle"]
    assert all(abs(c.multipliers[0] - 1.0) == pytest.approx(1.771e-4, abs=1e-7) for c in near)


def test_cycles_of_fifteen_steps_on_a_curve_that_nearly_consists_of_them():
    """There fifteen steps miss by 2e-13 at most: again two cycles, and their images."""
    rule = systems.StandardMap(0.8)
    with jax.enable_x64(True):
        problem = make_problem(rule, None)[0]
        frame = Frame.of(problem.chart)
        curve = np.array([[0.0, 0.1459292]])
        for _ in range(400):
            curve = np.concatenate([curve, rule_in_numpy(curve[-1:], 0.8)])
        starts = [curve[i : i + 15] for i in range(0, 384, 16)]
        starts += [np.mod(-z, 1.0) for z in starts]
        found = close_orbits(problem, frame, starts, [])
    assert [orbit.continuum for orbit in found] == [0] * len(found)
    assert 2 <= len(found) <= 4
    for orbit in found:
        assert orbit.residual < 1e-13
        values = np.linalg.eigvals(orbit.returned.jacobian)
        assert 2e-5 < np.max(np.abs(values - 1.0)) < 5e-5


def rule_in_numpy(state, kick):
    x, y = state.T
    after = y - kick / (2.0 * np.pi) * np.sin(2.0 * np.pi * x)
    return np.mod(np.stack([x + after, after], axis=1), 1.0)


def _is_image(states, others, tolerance):
    """Whether −x of the first point lies on the other cycle, modulo 1."""
    away = np.mod(np.asarray(others) + np.asarray(states)[0] + 0.5, 1.0) - 0.5
    return np.min(np.max(np.abs(away), axis=1)) < tolerance


def test_without_cycles_it_is_said_how_trajectories_ended():
    bowl = systems.planar({(1, 0): -1.0}, {(0, 1): -2.0})
    text = " ".join(str(tw.find_cycles(bowl, SQUARE)).split())
    assert "of 64 trajectories, forwards and backwards in time, 32 came to rest and 32 ran" in text
    said = [how_they_ended("9 orbits", *counts) for counts in ((9, 0, 0), (4, 3, 2))]
    assert said == [
        "of 9 orbits, 9 came to rest.",
        "of 9 orbits, 4 came to rest, 3 ran away and 2 did not finish.",
    ]


@pytest.mark.long
def test_a_plane_that_holds_a_cycle_none_of_which_was_closed_says_so(monkeypatch):
    rule = systems.van_der_pol(1.0)
    monkeypatch.setattr(flows, "close_orbits_of_flow", lambda *args: ([], 0))
    known = tw.find_equilibria(rule, SQUARE)
    found = tw.find_cycles(rule, SQUARE, equilibria=known)
    assert len(found) == 0
    assert any("a cycle must be there" in note for note in found.notes)
    unknown = tw.find_cycles(rule, SQUARE)
    assert not any("must be there" in note for note in unknown.notes)


@pytest.mark.parametrize("lost", [0.5, 2.0])
def test_a_heteroclinic_loop_is_no_cycle(lost):
    found = tw.find_cycles(systems.RockPaperScissors(lost))
    assert len(found) == 0
    assert found.recurrent == ()


def test_much_recurrence_is_summed_up():
    region = {"backwards": False, "lower": np.zeros(2), "upper": np.ones(2)}
    some = [Recurrent(2, 0.1 * i, 0.01, False, **region) for i in range(5)]
    lines = tw.Cycles(members=(), recurrent=tuple(some)).remarks()
    assert len(lines) == 4
    assert lines[3] == ("Undecided: 4 more in 2 other regions (largest exponents 0.3 to 0.4).")
