"""n-cycles of maps against polynomial roots, counts of symbolic dynamics, and iteration."""

import jax
import numpy as np
import pytest
from tests.analysis.cycles import cycle_systems as systems
from tests.zoo import polynomial_map, square

import thalweg as tw
from thalweg.models.classics.maps import Henon, Logistic

CUBE = tw.Box([-1.2] * 3, [1.2] * 3)


@pytest.fixture(scope="module")
def henon():
    return tw.find_cycles(Henon())


@pytest.fixture(scope="module")
def ergodic():
    return tw.find_cycles(Logistic(r=4.0))


def test_the_stable_3_cycle_of_the_logistic_map_and_its_partner():
    """Its points are roots of g³(x) = x, its multipliers slopes of g³, by NumPy's polynomials."""
    r = 1.0 + np.sqrt(8.0) + 1e-3
    found = tw.find_cycles(Logistic(r=r), max_period=3)
    threes = [c for c in found if c.period == 3.0]
    g = np.polynomial.Polynomial([0.0, r, -r])
    third = g(g(g))
    roots = (third - np.polynomial.Polynomial([0.0, 1.0])).roots()
    fixed = np.array([0.0, 1.0 - 1.0 / r])
    roots = np.sort([x.real for x in roots if np.abs(x - fixed).min() > 1e-6])
    assert len(roots) == 6
    np.testing.assert_allclose(np.sort(np.ravel([c.states for c in threes])), roots, atol=1e-9)
    for cycle in threes:
        slope = third.deriv()(float(cycle.point))
        assert cycle.multipliers[0].real == pytest.approx(slope, rel=1e-7)
        assert cycle.stable == (abs(slope) < 1.0)
    assert sorted(c.stable for c in threes) == [False, True]


@pytest.mark.long
def test_every_cycle_of_the_full_logistic_map(ergodic):
    """r = 4 is conjugate to doubling: Σ_{d|n} μ(n/d)2^d / n cycles, multipliers ±2ⁿ."""
    periods = [int(c.period) for c in ergodic]
    assert [periods.count(n) for n in range(2, 9)] == [1, 2, 3, 6, 9, 18, 30]
    for cycle in ergodic:
        assert abs(cycle.multipliers[0]) == pytest.approx(2.0**cycle.period, rel=1e-6)
        assert not cycle.stable


@pytest.mark.long
def test_the_exponent_of_the_full_logistic_map(ergodic):
    (recurrent,) = ergodic.recurrent
    assert recurrent.is_chaotic
    assert recurrent.error < 0.01
    assert abs(recurrent.exponent - np.log(2.0)) < 4.0 * recurrent.error


@pytest.mark.long
def test_every_cycle_of_the_henon_map(henon):
    """Counts up to period 8 by Biham & Wenzel (1989), Phys. Rev. Lett. 63:819, table I."""
    periods = [int(c.period) for c in henon]
    assert [periods.count(n) for n in range(2, 9)] == [1, 0, 1, 0, 2, 4, 7]
    for cycle in henon:
        x, y = cycle.states.T
        np.testing.assert_allclose(1.0 - 1.4 * x**2 + y, np.roll(x, -1), atol=1e-13)
        np.testing.assert_allclose(0.3 * x, np.roll(y, -1), atol=1e-13)
        assert np.prod(cycle.multipliers).real == pytest.approx((-0.3) ** cycle.period, rel=1e-6)


@pytest.mark.long
def test_the_2_cycle_of_the_henon_map(henon):
    """a²x² − a(1 − b)x + (1 − b)² − a = 0; the product of the Jacobians has trace 4a²xx' + 2b."""
    cycle = henon[0]
    np.testing.assert_allclose(cycle.states[:, 0], [0.97580005, -0.47580005], atol=1e-8)
    x = np.roots([1.4**2, -1.4 * 0.7, 0.7**2 - 1.4])
    np.testing.assert_allclose(np.sort(cycle.states[:, 0]), np.sort(x), atol=1e-13)
    trace = 4.0 * 1.4**2 * np.prod(x) + 2.0 * 0.3
    expected = np.roots(np.array([1.0, -float(np.real(trace)), 0.3**2]))
    np.testing.assert_allclose(np.sort(cycle.multipliers.real), np.sort(expected), rtol=1e-12)
    assert cycle.kind == "saddle"


@pytest.mark.long
def test_the_exponent_of_the_henon_map(henon):
    """0.41922 (Sprott, Chaos and Time-Series Analysis, 2003)."""
    (recurrent,) = henon.recurrent
    assert recurrent.is_chaotic
    assert abs(recurrent.exponent - 0.41922) < 4.0 * recurrent.error


@pytest.mark.long
def test_the_2_cycles_of_a_recurrent_network():
    """h⁺ = tanh(h W): six stable 2-cycles and five between them (SciPy finds no more)."""
    weights = np.array([-np.roll(np.linspace(-1.0, 1.0, 3), -i) for i in range(3)])
    found = tw.find_cycles(systems.Net(weights, np.array(True)), CUBE)
    assert [c.period for c in found] == [2.0] * 11
    assert sum(c.stable for c in found) == 6
    for cycle in found:
        assert np.abs(cycle.states[0] - cycle.states[1]).max() > 0.1
        np.testing.assert_allclose(np.tanh(cycle.states @ weights), cycle.states[::-1], atol=1e-12)
        slopes = [weights.T * (1.0 - y[:, None] ** 2) for y in np.roll(cycle.states, -1, axis=0)]
        expected = np.linalg.eigvals(slopes[1] @ slopes[0])
        expected = expected[np.argsort(-np.abs(expected))]
        np.testing.assert_allclose(cycle.multipliers, expected, atol=1e-12)


@pytest.mark.long
@pytest.mark.parametrize(("angle", "period", "dimension"), [(np.pi, 2, 2), (2 * np.pi / 3, 3, 2)])
def test_a_plane_of_cycles_is_one_family(angle, period, dimension):
    (cycle,) = tw.find_cycles(systems.linear_map(angle), CUBE)
    assert cycle.period == period
    assert cycle.continuum == dimension
    assert not cycle.stable
    np.testing.assert_allclose(np.sort(np.abs(cycle.multipliers)), [0.5**period, 1.0, 1.0])


@pytest.mark.long
def test_a_line_of_2_cycles_is_a_family_of_dimension_one():
    matrix = np.diag([-1.0, 0.5, 0.5])
    (cycle,) = tw.find_cycles(systems.Net(matrix, np.array(False)), CUBE)
    assert (cycle.period, cycle.continuum) == (2.0, 1)


@pytest.mark.long
def test_an_irrational_rotation_is_undecided_and_not_chaotic():
    found = tw.find_cycles(systems.linear_map(1.0), CUBE)
    assert len(found) == 0
    assert sum(r.trajectories for r in found.recurrent) == 32
    for recurrent in found.recurrent:
        assert not recurrent.is_chaotic
        assert recurrent.exponent == pytest.approx(0.0, abs=1e-12)


@pytest.mark.long
@pytest.mark.parametrize("last", [0.1, 0.0])
def test_contraction_has_no_cycles_also_where_its_rank_is_not_full(last):
    found = tw.find_cycles(systems.Net(np.diag([0.5, -0.5, last]), np.array(False)), CUBE)
    assert len(found) == 0
    assert found.recurrent == ()
    assert "of 32 orbits, 32 came to rest." in found.notes
    assert "No cycles" in str(found)


@pytest.mark.long
def test_long_orbits_find_stable_cycles_beyond_the_longest_searched():
    """r = 3.566 lies in the window of period 16."""
    found = tw.find_cycles(Logistic(r=3.566), max_period=2)
    (stable,) = (c for c in found if c.stable)
    assert stable.period == 16.0
    x = float(stable.point)
    orbit = [x]
    for _ in range(16):
        orbit.append(3.566 * orbit[-1] * (1.0 - orbit[-1]))
    np.testing.assert_allclose(orbit[:16], stable.states, atol=1e-12)
    assert orbit[16] == pytest.approx(x, abs=1e-12)
    slope = np.prod(3.566 * (1.0 - 2.0 * np.array(orbit[:16])))
    assert stable.multipliers[0].real == pytest.approx(slope, rel=1e-6)


@pytest.mark.long
def test_a_map_that_integrates_is_searched_where_its_orbits_pass():
    """The logistic map thrice a step at r = 3.5 has a stable 4-cycle and an unstable 2-cycle."""

    class Looped(tw.Map):
        domain = tw.Box(0.0, 1.0)

        def step(self, t, state):
            return jax.lax.fori_loop(0, 3, lambda _, x: 3.5 * x * (1.0 - x), state)

    found = tw.find_cycles(Looped())
    assert [c.period for c in found if c.stable] == [4.0]
    assert "max_period" in str(found)
    every = tw.find_cycles(Looped(), max_period=4)
    assert [(c.period, c.stable) for c in every] == [(2.0, False), (4.0, True)]
    assert "max_period" not in str(every)


@pytest.mark.long
@pytest.mark.parametrize("diagonal", [[2.0, 2.0, 2.0], [2.0, -3.0, 0.0], [2.0, 0.0, 0.0]])
def test_a_map_whose_orbits_all_run_away_has_no_cycles(diagonal):
    found = tw.find_cycles(systems.Net(np.diag(diagonal), np.array(False)), CUBE)
    assert len(found) == 0
    assert found.recurrent == ()
    assert "of 32 orbits, 32 ran away." in found.notes


@pytest.mark.long
def test_an_attracting_2_cycle_of_a_map_of_rank_one():
    """h⁺ = tanh(−2 v vᵀh) with v = (1, 1, −1)/√3: ±s (1, 1, −1) where s = tanh 2s."""
    v = np.array([1.0, 1.0, -1.0]) / np.sqrt(3.0)
    (cycle,) = tw.find_cycles(systems.Net(-2.0 * np.outer(v, v), np.array(True)), CUBE)
    s = 0.9575040240772687
    np.testing.assert_allclose(np.abs(cycle.states), s, atol=1e-12)
    assert (cycle.period, cycle.kind, cycle.continuum) == (2.0, "attracting", 0)
    multipliers = [(2.0 * (1.0 - s**2)) ** 2, 0.0, 0.0]
    np.testing.assert_allclose(cycle.multipliers, multipliers, atol=1e-12)


@pytest.mark.long
def test_a_family_of_2_cycles_of_a_map_of_rank_one():
    """h⁺ = −h v vᵀ with |v| = 1: every point of the line along v is on a 2-cycle."""
    v = np.array([2.0, -1.0, 2.0]) / 3.0
    (cycle,) = tw.find_cycles(systems.Net(-np.outer(v, v), np.array(False)), CUBE)
    assert (cycle.period, cycle.continuum) == (2.0, 1)
    np.testing.assert_allclose(np.abs(cycle.multipliers), [1.0, 0.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(cycle.point, (cycle.point @ v) * v, atol=1e-12)


@pytest.mark.parametrize("size", [0.01, 1.0, 5.0])
def test_a_semi_stable_2_cycle_is_neutral_though_it_closes_to_the_last_digit(size):
    """x⁺ = −x − c x(x² − ¼)²: ±½ change places, and draw from one side only."""
    rule = polynomial_map(lambda x: -x - size * x * (x * x - 0.25) ** 2, 1)
    found = tw.find_cycles(rule, square(1.0, 1), max_period=2)
    (cycle,) = [one for one in found if one.period == 2.0]
    np.testing.assert_allclose(np.sort(np.ravel(cycle.states)), [-0.5, 0.5], atol=1e-5)
    assert cycle.kind == "neutral"
    assert not cycle.stable
