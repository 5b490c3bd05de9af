"""Views of state spaces: what is seen, and what is held."""

import jax.numpy as jnp
import numpy as np
import pytest
from tests.plot.plot_systems import Circle, Pole, view_of

import thalweg as tw
from thalweg.dynamics.problem import make_problem
from thalweg.plot.fields import sample, share_lost
from thalweg.plot.views import make_view


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


class Falling(tw.Flow):
    """x' = −x − y, y' = x − y, z' = −z: all states fall to 0."""

    domain = tw.Box([-1.0] * 3, [1.0] * 3)
    state_names = ("x", "y", "z")

    def velocity(self, t, state):
        x, y, z = state
        return jnp.stack([-x - y, x - y, -z])

    def energy(self, state):
        return 0.5 * jnp.sum(state**2)


class Pairs(tw.Flow):
    """The same of a state that is a tuple of numbers."""

    domain = tw.Box((np.array(-1.0),) * 3, (np.array(1.0),) * 3)

    def velocity(self, t, state):
        return tuple(-x for x in state)


def test_a_state_to_cut_through_may_be_a_list():
    view = view_of(Falling())
    for through in ([0.0, 0.0, 0.5], (0, 0, 0.5), np.array([0.0, 0.0, 0.5])):
        cut = view_of(Falling(), plane=("x", "y"), through=through)
        np.testing.assert_array_equal(cut.origin, [0.0, 0.0, 0.5])
    cut = view_of(Pairs(), plane=(0, 1), through=(0.0, 0.0, 0.5))
    np.testing.assert_array_equal(cut.origin, [0.0, 0.0, 0.5])
    for wrong in ([0.0, 1.0], [[0.0], [1.0, 2.0]], "here", {"x": 1.0}):
        with pytest.raises(tw.InputError, match=r"through must be .*state of 3 numbers, got"):
            view_of(Falling(), plane=("x", "y"), through=wrong)
    assert view.is_projection


@pytest.mark.long
def test_a_slice_says_what_it_does_not_show():
    rule = Falling()
    found = tw.find_equilibria(rule)
    (sink,) = found
    for z, is_shown in [(0.0, True), (1e-3, True), (0.1, False)]:
        data = tw.plot.portrait_data(
            rule, equilibria=found, plane=("x", "y"), through=[0.0, 0.0, z]
        )
        assert [kind for _, kind in data.equilibria] == ([sink.kind] if is_shown else [])
        assert data.left_out == ("" if is_shown else "1 equilibrium off the plane")
        landscape = tw.plot.energy_landscape(
            rule.energy, rule.domain, equilibria=found, plane=(0, 1), through=[0.0, 0.0, z]
        )
        assert ("1 equilibrium off the plane" in said(landscape)) == (not is_shown)
    asked = tw.plot.phase_portrait(
        rule, equilibria=(), plane=("x", "y"), through=[0.0, 0.0, 0.5], starts=3
    )
    assert said(asked) == "held: z = 0.5; no trajectories: they leave the plane"


@pytest.mark.long
def test_a_verdict_says_how_much_lies_off_its_plane():
    rule = Falling()
    levels = [x for x in tw.recovery.LEVELS if x.name == "equilibria exclude a metric"]
    found = tw.recover_energy(rule, levels=levels)
    equilibria = tw.find_equilibria(rule)
    axes = tw.plot.verdict(
        found, rule, equilibria=equilibria, plane=("x", "y"), through=[0.0, 0.0, 0.5]
    )
    assert "held: z = 0.5; 1 equilibrium off the plane" in said(axes)
    assert ("witness off the plane" in said(axes)) == bool(found.witnesses)


def test_a_plane_through_a_state_keeps_the_trajectories_of_two_coordinates():
    data = tw.plot.portrait_data(
        Circle(), equilibria=(), through=[0.0, 0.0], starts=2, basins=False
    )
    assert len(data.tracks) == 2


def test_a_figure_says_how_much_of_it_is_not_finite():
    data = tw.plot.portrait_data(Pole(), equilibria=(), starts=0)
    assert data.left_out == "not finite in 0.83 % of the view"  # one column of 121
    assert data.field is not None
    assert share_lost(data.view, data.field) == pytest.approx(1.0 / 121.0)
    whole = tw.plot.portrait_data(Circle(), equilibria=(), starts=0, basins=False)
    assert whole.left_out == ""


def said(axes):
    return " ".join(axes.get_title(loc="left").split())
