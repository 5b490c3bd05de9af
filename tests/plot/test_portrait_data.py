"""The numbers behind phase portraits, against closed forms."""

import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from thalweg.dynamics.problem import make_problem
from thalweg.plot.curves import cycle_curve, flow_runs, hermite, map_orbits, spread_starts
from thalweg.plot.fields import field_on_grid, nullclines, sample
from thalweg.plot.portrait_data import portrait_data
from thalweg.plot.views import CORNERS, make_view


class Circle(tw.Flow):
    """r' = r(1 − r²), φ' = 1: the unit circle attracts."""

    domain = tw.Box([-2.0, -2.0], [2.0, 2.0])
    state_names = ("x", "y")

    def velocity(self, t, state):
        x, y = state
        pull = 1.0 - x**2 - y**2
        return jnp.stack([pull * x - y, pull * y + x])


class Spin(tw.Flow):
    """θ' = 1 + x, x' = −x, with θ an angle."""

    domain = tw.Box([-np.pi, -1.0], [np.pi, 1.0], periodic=[True, False])

    def velocity(self, t, state):
        return jnp.stack([1.0 + state[1], -state[1]])


class Pole(tw.Flow):
    """x' = 1/x changes sign at 0 without passing through zero; y' = y² − x has one branch."""

    domain = tw.Box([-1.0, -1.0], [1.0, 1.0])

    def velocity(self, t, state):
        x, y = state
        return jnp.stack([1.0 / x, y**2 - x])


def view_of(rule, **options):
    return make_view(make_problem(rule)[0], **options)


def branches_of(rule):
    view = view_of(rule)
    return nullclines(view, field_on_grid(view))


def test_nullclines_of_fitzhugh_nagumo_lie_on_their_curves():
    rule = tw.models.FitzHughNagumo()
    (cubic,), (line,) = branches_of(rule)
    v, w = cubic.T
    np.testing.assert_allclose(w, v - v**3 / 3 + rule.current, atol=1e-9)
    # From where the cubic enters the box to where it leaves it.
    top, bottom = (np.roots([1 / 3, 0.0, -1.0, level - 0.8]) for level in (3.0, -3.0))
    ends = [float(r[np.abs(r.imag) < 1e-9].real[0]) for r in (top, bottom)]
    assert sorted([v.min(), v.max()]) == pytest.approx(ends, abs=0.05)
    v, w = line.T
    np.testing.assert_allclose(w, (v + rule.a) / rule.b, atol=1e-9)
    assert v.min() == pytest.approx(-3.0, abs=0.2)


def test_a_nullcline_runs_straight_up_to_the_bound_that_is_one_too():
    """x' = x (1 − x − 1.5 y) vanishes on x = 0 and on a line that meets it at y = 2/3."""
    wall, line = branches_of(tw.models.Competition())[0]
    assert np.all(wall[:, 0] == 0.0)
    x, y = line.T
    np.testing.assert_allclose(x + 1.5 * y, 1.0, atol=1e-9)
    assert [x.min(), y.min()] == pytest.approx([0.0, 0.0], abs=1e-9)


def test_disconnected_branches_are_all_found_and_a_pole_is_none():
    flat, curved = branches_of(tw.models.VanDerPol(mu=1.0))
    assert len(flat) == 1
    assert len(curved) == 3  # y = x / (1 − x²) left of −1, between −1 and 1, and right of 1
    for branch in curved:
        x, y = branch.T
        np.testing.assert_allclose(y * (1.0 - x**2), x, atol=1e-8)
    assert sorted(int(np.sign(b[:, 0].mean().round(1))) for b in curved) == [-1, 0, 1]
    none, parabola = branches_of(Pole())
    assert none == []
    assert sum(map(len, parabola)) > 50
    for branch in parabola:
        np.testing.assert_allclose(branch[:, 1] ** 2, branch[:, 0], atol=1e-8)


def test_a_bound_along_which_nothing_changes_is_a_branch():
    prey, predators = branches_of(tw.models.PredatorPrey())
    assert [b[:, 0].max() for b in prey].count(0.0) == 1  # no prey
    assert any(np.allclose(b[:, 1], 2.0) for b in prey)
    assert [b[:, 1].max() for b in predators].count(0.0) == 1
    assert any(np.allclose(b[:, 0], 3.0) for b in predators)
    assert (len(prey), len(predators)) == (2, 2)


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


def test_nothing_is_drawn_across_the_wrap_of_an_angle():
    data = portrait_data(Spin(), equilibria=(), starts=3)
    assert len(data.runs) == 3
    for run in data.runs:
        assert np.isnan(run.y[:, 0]).any()
        assert np.nanmax(np.abs(np.diff(run.y[:, 0]))) < np.pi
        inside = run.y[np.isfinite(run.y[:, 0]), 0]
        assert inside.min() >= -np.pi
        assert inside.max() <= np.pi


def test_orbits_of_a_map_are_its_iterates_until_they_leave():
    rule = tw.models.Henon()
    start = np.array([[0.1, 0.2], [-1.9, -0.9]])
    orbit = map_orbits(make_problem(rule)[0], start, steps=20)
    x, y = start[0]
    for there in orbit[:, 0]:
        assert there == pytest.approx([x, y])
        x, y = 1.0 - 1.4 * x**2 + y, 0.3 * x
    assert np.isnan(orbit[-1, 1]).all()


def test_a_line_of_equilibria_is_a_curve_of_points_at_rest():
    rule = tw.models.DeepLinearMode(strength=3.0)
    data = portrait_data(rule, equilibria=tw.find_equilibria(rule), starts=0)
    pieces = np.concatenate(data.families)
    np.testing.assert_allclose(np.prod(pieces, axis=1), 3.0, atol=1e-6)
    assert {float(np.sign(p[0])) for p in pieces} == {-1.0, 1.0}  # both branches
    assert [kind for _, kind in data.equilibria] == ["saddle"]


def test_separatrices_of_the_double_well_are_its_axes():
    wells = tw.SteepestDescent(tw.energies.FourWells())
    data = portrait_data(wells, starts=0)
    stable = [curve for name, curve in data.separatrices if name == "stable"]
    assert len(data.equilibria) == 9
    assert len(stable) == 8
    for curve in stable:  # the basins' boundaries are the coordinate axes
        assert np.min(np.abs(curve), axis=1) == pytest.approx(0.0, abs=1e-6)


def test_a_simplex_of_three_is_a_triangle():
    view = view_of(tw.models.RockPaperScissors())
    shares = np.eye(3)[:, :2]
    np.testing.assert_allclose(view.place(shares), CORNERS, atol=1e-12)
    np.testing.assert_allclose(view.lift(CORNERS), shares, atol=1e-12)
    assert view.corners == ("rock", "paper", "scissors")
    data = portrait_data(tw.models.RockPaperScissors(), equilibria=(), starts=2)
    assert data.field is not None
    assert np.isnan(data.field.values[0, -1, 0])  # outside
    first = data.runs[0].y[np.isfinite(data.runs[0].y[:, 0])]
    product = np.prod(np.column_stack([s := view.lift(first), 1.0 - s.sum(axis=1)]), axis=1)
    np.testing.assert_allclose(product, product[0], rtol=1e-2)  # conserved where win = loss


def test_views_of_three_coordinates():
    problem, _ = make_problem(tw.models.Lorenz())
    # Two of the three coordinates go together: the third and one of them show the most.
    t = np.linspace(0.0, 6.0, 50)
    points = np.stack([10 * np.cos(t), 10 * np.cos(t), 10 * np.sin(t)], axis=1)
    seen = make_view(problem, points=points)
    assert seen.names == ("x", "z")
    assert (seen.is_projection, seen.held) == (True, "seen along y")
    cut = make_view(problem, plane=("z", 0), through=np.array([1.0, 2.0, 3.0]))
    assert (cut.names, cut.held, cut.is_slice) == (("z", "x"), "held: y = 2", True)
    np.testing.assert_allclose(cut.lift(np.array([5.0, 4.0])), [4.0, 2.0, 5.0])
    values, slopes = sample(cut, np.array([[5.0, 4.0]]))
    np.testing.assert_allclose(values, [[4.0 * 2.0 - 8.0 / 3.0 * 5.0, 10.0 * (2.0 - 4.0)]])
    np.testing.assert_allclose(slopes, [[[-8.0 / 3.0, 2.0], [0.0, -10.0]]])


def test_starts_are_spread_evenly_and_inside():
    problem, _ = make_problem(tw.models.VanDerPol())
    points = spread_starts(problem, 16)
    assert np.all(np.asarray(problem.chart.inside(points)))
    quadrants = {tuple(np.sign(p)) for p in points}
    assert len(quadrants) == 4
    shares = spread_starts(make_problem(tw.models.RockPaperScissors())[0], 16)
    assert np.all(shares > 0.0)
    assert np.all(shares.sum(axis=1) < 1.0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"plane": ("x", "q")}, ["plane", "x, y, z", "'q'"]),
        ({"plane": ("x", "x")}, ["plane"]),
        ({"plane": "xz"}, ["plane", "'xz'"]),
        ({"through": np.zeros(2)}, ["through", "3 numbers"]),
        ({"through": np.array([0.0, np.nan, 0.0])}, ["through", "finite"]),
        ({"starts": 65}, ["starts", "65"]),
    ],
)
def test_what_does_not_fit_is_refused(options, words):
    with pytest.raises(tw.InputError) as caught:
        portrait_data(tw.models.Lorenz(), equilibria=(), **options)
    for word in words:
        assert word in str(caught.value)


def test_a_flow_that_depends_on_time_is_refused():
    with pytest.raises(tw.InputError, match="depends on time"):
        portrait_data(tw.models.Duffing(), equilibria=())
