"""Basins of flows: known shares, wells, what diverges, leaves, or rests on no attractor."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.results import keeps_the_protocol
from tests.zoo import pendulum, polynomial_flow

import thalweg as tw
from thalweg.analysis import Following
from thalweg.analysis.basins.lanes import Regions
from thalweg.analysis.basins.regions import clear_of, rest_region
from thalweg.dynamics.problem import make_problem

REST = np.arcsin(0.5)
AROUND = tw.Box([REST - np.pi, -10.0], [REST + np.pi, 10.0], periodic=[True, False])
LINE = tw.Box([-2.0], [2.0])
SQUARE = tw.Box([-2.0, -2.0], [2.0, 2.0])


class Walled(tw.Flow):
    """x' = x³ − x, finite nowhere beyond √2."""

    domain = LINE

    def velocity(self, t, state):
        return jnp.where(state**2 < 2.0, state**3 - state, jnp.nan)


@pytest.fixture(scope="module")
def known():
    """The forced pendulum, its states of rest, and the cycle that goes round and round."""
    flow = pendulum(0.1, 0.5)
    equilibria = tw.find_equilibria(flow, AROUND)
    return {"equilibria": equilibria, "cycles": tw.find_cycles(flow, AROUND, equilibria=equilibria)}


@pytest.fixture(scope="module")
def on_a_grid(known):
    return tw.find_basins(pendulum(0.1, 0.5), AROUND, grid=1000, duration=1000.0, **known)


@pytest.mark.long
def test_the_forced_pendulum_comes_to_rest_from_a_known_share_of_starts(on_a_grid):
    rest, turning = on_a_grid.attractors
    assert (rest.kind, turning.kind) == ("equilibrium", "cycle")
    assert abs(rest.fraction - 0.1526) < 1e-4
    assert rest.fraction + turning.fraction == 1.0
    assert np.allclose(rest.point, [REST, 0.0], atol=1e-9)
    # Θ' averages torque / friction = 5.
    assert abs(turning.period - 2.0 * np.pi / 5.0) < 2e-3
    # An ellipsoid about the state of rest; a tube about the cycle, which no interval was asked of.
    assert [a.evidence for a in on_a_grid.attractors] == ["proved", "checked"]


@pytest.mark.long
def test_a_grid_is_followed_only_where_neighbours_differ(on_a_grid):
    assert on_a_grid.labels.shape == (1000, 1000)
    assert on_a_grid.followed < 0.2 * on_a_grid.starts
    # The boundary is the stable manifold of a saddle, a smooth curve.
    assert abs(on_a_grid.dimension - 1.0) < 0.02


@pytest.mark.long
def test_no_label_depends_on_stopping_early(known):
    asked = {"starts": 400, "duration": 400.0, **known}
    flow = pendulum(0.1, 0.5)
    early = tw.find_basins(flow, AROUND, **asked)
    late = tw.find_basins(flow, AROUND, following=Following(early=False), **asked)
    assert np.array_equal(early.labels, late.labels)
    assert early.steps < 0.1 * late.steps


@pytest.mark.long
def test_random_starts_agree_with_the_grid_within_their_interval(known):
    found = tw.find_basins(pendulum(0.1, 0.5), AROUND, starts=4000, **known)
    low, high = found.attractors[0].interval
    assert low < 0.1526 < high
    assert found.points is not None
    assert found.points.shape == (4000, 2)
    keeps_the_protocol(found)


@pytest.mark.long
def test_other_parameters_compile_nothing(count_compiles):
    tw.find_basins(pendulum(0.1, 0.5), AROUND, starts=100)
    with count_compiles() as compiled:
        tw.find_basins(pendulum(0.12, 0.5), AROUND, starts=100)
    assert compiled.count == 0


@pytest.mark.long
def test_two_wells_share_a_line_evenly():
    found = tw.find_basins(polynomial_flow(lambda x: x - x**3, 1), LINE, grid=100)
    assert [(a.point.round(9).tolist(), a.fraction) for a in found.attractors] == [
        ([-1.0], 0.5),
        ([1.0], 0.5),
    ]
    keeps_the_protocol(found)


@pytest.mark.long
def test_what_goes_to_infinity_diverged():
    found = tw.find_basins(polynomial_flow(lambda x: x**2 - 1.0, 1), LINE, grid=400)
    assert found.diverged == 0.25
    assert found.axes is not None
    assert np.array_equal(found.labels, np.where(found.axes[0] > 1.0, -1, 0))


@pytest.mark.long
def test_what_settles_outside_left_the_domain():
    found = tw.find_basins(polynomial_flow(lambda x: 5.0 - x, 1), LINE, grid=50)
    assert (found.left, found.attractors) == (1.0, ())


@pytest.mark.long
def test_a_sink_that_linearization_cannot_see_attracts_all():
    found = tw.find_basins(polynomial_flow(lambda x: -(x**3), 1), LINE, starts=200)
    assert [(a.kind, a.fraction) for a in found.attractors] == [("equilibrium", 1.0)]


@pytest.mark.long
def test_a_line_of_states_of_rest_is_no_attractor():
    valley = polynomial_flow(lambda s: np.stack([0.0 * s[0], -s[1]]), 2)
    found = tw.find_basins(valley, tw.Box([-2.0, -2.0], [2.0, 2.0]), starts=100)
    assert found.undecided == 1.0
    assert any("family of states of rest" in note for note in found.notes)


@pytest.mark.long
def test_a_line_of_states_of_rest_between_all_directions_looked_at_is_no_attractor():
    normal = np.array([-0.3, 1.0])
    leaning = polynomial_flow(lambda s: -normal * (normal @ s), 2)
    found = tw.find_basins(leaning, SQUARE, starts=100)
    assert found.attractors == ()
    assert found.undecided + found.left == 1.0


@pytest.mark.long
def test_a_saddle_that_is_slow_to_leave_is_no_attractor():
    turn = np.pi / 256.0
    turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix = turned @ np.diag([1e-7, -1.0]) @ turned.T
    starts = np.stack([np.linspace(-0.2, 0.2, 20), np.linspace(1.0, 1.5, 20)], axis=1)
    found = tw.find_basins(polynomial_flow(lambda s: matrix @ s, 2), SQUARE, starts=starts)
    assert (found.attractors, found.undecided) == ((), 1.0)


def test_a_region_holds_no_other_attractor():
    """Sinks at 0 and 1.47, 1.43 between them: all else far out runs towards 0."""
    bump = polynomial_flow(lambda x: -x * (x - 1.43) * (x - 1.47) * (1.0 + 4.0 * x**2), 1)
    with jax.enable_x64(True):
        problem, _ = make_problem(bump, LINE)
        region = rest_region(problem, np.zeros(1), 0)
    assert region is not None
    (level,) = region.level
    # In units of the width 4.
    assert 0.25 < level / (1.43 / 4.0) ** 2 < 1.0


def test_regions_shrink_until_points_lie_outside():
    flat, one = np.zeros((1, 2)), np.ones(1)
    found = Regions(flat, np.eye(2)[None], one, flat, flat, flat, one, np.zeros(1))
    with jax.enable_x64(True):
        problem, _ = make_problem(polynomial_flow(lambda s: -s, 2), SQUARE)
        other = np.array([[0.0, 0.5], [0.0, 0.0], [3.0, 0.0]])
        assert clear_of(problem, found, other).level == pytest.approx(0.8 * 0.25)
        assert clear_of(problem, found, other[1:]).level == 1.0


@pytest.mark.long
def test_a_start_on_the_boundary_belongs_to_no_basin_and_is_told_once():
    found = tw.find_basins(polynomial_flow(lambda x: x - x**3, 1), LINE, grid=105)
    assert found.undecided == 1.0 / 105.0
    assert found.dimension == pytest.approx(0.0, abs=1e-9)
    assert found.boundary_entropy < np.log(2.0)
    (note,) = found.notes
    assert note.startswith("1 of the 1 undecided trajectories looked at came to rest")


@pytest.mark.long
def test_orbits_without_friction_are_a_family_and_no_attractors():
    few = Following(max_steps=640)
    found = tw.find_basins(
        pendulum(0.0), tw.Box([-2.0, -1.0], [2.0, 1.0]), starts=64, following=few
    )
    assert found.attractors == ()
    assert found.undecided + found.left == 1.0
    assert any("on orbits of a family" in note for note in found.notes)


@pytest.mark.long
def test_what_goes_to_infinity_in_finite_time_diverged():
    found = tw.find_basins(polynomial_flow(lambda x: x**5, 1), LINE, starts=20)
    assert found.diverged == 1.0


@pytest.mark.long
def test_what_meets_the_edge_of_where_the_rule_is_finite_diverged():
    found = tw.find_basins(Walled(), grid=40)
    (sink,) = found.attractors
    assert np.allclose(sink.point, [0.0])
    assert (sink.fraction, found.diverged) == (0.5, 0.5)


@pytest.mark.long
def test_short_steps_are_no_state_of_rest():
    stiff = polynomial_flow(lambda s: np.stack([-1e5 * s[0], s[1] - s[1] ** 3]), 2)
    starts = np.array([[1.0, 0.01], [1.0, -0.02]])
    found = tw.find_basins(stiff, SQUARE, starts=starts)
    assert found.undecided == 1.0
    assert found.steps >= 2 * 20_000
    assert any("2 undecided trajectories looked at were still under way" in n for n in found.notes)


@pytest.mark.long
@pytest.mark.parametrize(
    ("rho", "kinds"), [(28.0, ["chaos"]), (24.4, ["equilibrium", "equilibrium", "chaos"])]
)
def test_lorenz_has_chaos_alone_or_beside_two_sinks(rho, kinds):
    found = tw.find_basins(tw.models.Lorenz(rho=rho), starts=1000)
    assert [a.kind for a in found.attractors] == kinds
    assert found.undecided == 0.0
    if len(kinds) == 3:  # x, y, z → −x, −y, z
        left, right = (a.interval for a in found.attractors[:2])
        assert max(left[0], right[0]) < min(left[1], right[1])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"starts": 0}, "starts must be at least 1"),
        ({"starts": 10**11}, "starts must be at most"),
        ({"grid": 3.0}, "grid must be a whole number"),
        ({"grid": (3,)}, "grid must be a whole number"),
        ({"grid": 0}, "grid must be a whole number"),
        ({"grid": 100_000}, "points"),
        ({"duration": -1.0}, "duration must be positive"),
        ({"following": Following(early=False)}, "duration must be given"),
        ({"starts": np.array([[np.nan, 0.0]])}, "finite"),
    ],
)
def test_what_makes_no_sense_is_refused(known, options, said):
    with pytest.raises(tw.InputError, match=said):
        tw.find_basins(pendulum(0.1, 0.5), AROUND, **known, **options)


def test_a_tolerance_must_be_positive():
    with pytest.raises(tw.InputError, match="tolerance must be positive"):
        Following(tolerance=0.0)
    with pytest.raises(tw.InputError, match="lanes must be a whole number"):
        Following(lanes=0.5)  # type: ignore[arg-type]


def test_a_grid_asks_for_a_box():
    with pytest.raises(tw.InputError, match="box"):
        tw.find_basins(tw.models.RockPaperScissors(), grid=5)


@pytest.mark.long
@pytest.mark.parametrize("rest", [-1.0, 0.0, 1.0])
def test_a_start_beside_a_state_of_rest_is_slow_and_not_lost(rest):
    """Its first step may be tried too long, so that the rule is not finite there."""
    wells = polynomial_flow(lambda x: x - x**3, 1)
    away = np.logspace(-12.0, -1.0, 50)
    near = rest + np.concatenate([away, -away])
    found = tw.find_basins(wells, LINE, starts=near[:, None])
    assert (found.diverged, found.undecided) == (0.0, 0.0)
    ends = np.array([a.point[0] for a in found.attractors])[found.labels]
    np.testing.assert_array_equal(np.sign(ends), np.sign(near))
