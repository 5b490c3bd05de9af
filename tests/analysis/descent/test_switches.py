"""Where descent is checked: faces, corners, cells between switches, jumps, and along switches."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.results import through_json
from tests.zoo import Linear, square

import thalweg as tw
from thalweg.analysis import check_descent
from thalweg.core.level_sets import LevelSet


class Gated(tw.Flow):
    """−x, turned round where low < n·x + k|x|² < high."""

    normal: Any
    curvature: Any
    low: Any
    high: Any

    def velocity(self, t, state):
        s = self.normal @ state + self.curvature * jnp.sum(state**2)
        return -state * jnp.where((s > self.low) & (s < self.high), -1.0, 1.0)


class Stepped(eqx.Module):
    """½|x|², and a step where n·x < place and m·x > start."""

    normal: Any
    place: Any
    height: Any
    other: Any
    start: Any

    def __call__(self, x):
        is_on = (self.normal @ x < self.place) & (self.other @ x > self.start)
        return 0.5 * jnp.sum(x * x) + self.height * jnp.where(is_on, 1.0, 0.0)


def arrays(*values):
    return [np.asarray(value, dtype=float) for value in values]


NOWHERE = Gated(*arrays([1, 0], 0, 5, 6))
PLAIN = Stepped(*arrays([1, 0], 0, 0, [0, 1], -9))


@pytest.mark.long
@pytest.mark.parametrize(
    ("where", "worst"),
    [
        (([1, 0], 0, 0.999, 9), 2.0),  # a slab at a face
        (([1, 1], 0, 1.9999, 9), 2.0),  # a corner
        (([0, 0], 1, 0.25, 0.2502), 0.2502),  # a shell as thin as 2e-4
        (([-0.8, -0.6], 1, -0.25 - 1, -0.25 + 0.003**2), 0.503**2),  # a spot of radius .003
        (([1, 0], 0, 5, 6), None),
    ],
)
def test_faces_corners_and_switches_of_the_rule_are_looked_at(where, worst):
    found = check_descent(Gated(*arrays(*where)), PLAIN, square(1.0))
    assert found.holds is (worst is None)
    if worst is not None:
        assert found.worst == pytest.approx(worst, rel=1e-3)
        assert found.switches >= 1


class Celled(tw.Flow):
    """−x, turned round in a cell of side 2h round c that a conjunction or a product describes."""

    kind: Any = eqx.field(static=True)
    centre: Any
    half: Any

    def velocity(self, t, state):
        return -state * (1.0 - 2.0 * CELLS[self.kind](state - self.centre, self.half))


def product(z, h):
    return 1.5 * jnp.prod(jax.nn.relu(z + h) * jax.nn.relu(h - z) / h**2)


CELLS = {
    "comparisons": lambda z, h: jnp.where(jnp.all((z > -h) & (z < h)), 1.0, 0.0),
    "product": product,
    "tents": lambda z, h: 1.5 * jnp.prod(jax.nn.relu(h - jnp.abs(z)) / h),
    "squares": lambda z, h: jnp.where((z[0] ** 2 < h**2) & (z[1] ** 2 < h**2), 1.0, 0.0),
    "clip": lambda z, h: jnp.where(jnp.all(jnp.clip(z, -h, h) == z), 1.0, 0.0),
    "slanted": lambda z, h: jnp.where(
        (jnp.abs(z[0] + 0.7 * z[1]) < h) & (jnp.abs(z[1] - z[0] ** 2) < h), 1.0, 0.0
    ),
    "cond": lambda z, h: jax.lax.cond(jnp.all(jnp.abs(z) < h), lambda: 1.0, lambda: 0.0),
    "bar": lambda z, h: jnp.where(jnp.all(jnp.abs(z[:2]) < h), 1.0, 0.0),
}


def cell(kind, size, half=0.005):
    centre = np.array([0.318, -0.416, 0.157, 0.615, -0.7])[:size]
    return Celled(kind, centre, np.asarray(half)), centre


@pytest.mark.parametrize(
    ("kind", "size"),
    [
        ("comparisons", 2),
        pytest.param("comparisons", 3, marks=pytest.mark.long),
        pytest.param("comparisons", 4, marks=pytest.mark.long),
        pytest.param("product", 2, marks=pytest.mark.long),
        pytest.param("product", 3, marks=pytest.mark.long),
        pytest.param("tents", 2, marks=pytest.mark.long),
        pytest.param("squares", 2, marks=pytest.mark.long),
        pytest.param("clip", 2, marks=pytest.mark.long),
        pytest.param("slanted", 2, marks=pytest.mark.long),
        pytest.param("cond", 2, marks=pytest.mark.long),
        pytest.param("bar", 3, marks=pytest.mark.long),
    ],
)
def test_cells_between_switches_are_looked_into(kind, size):
    rule, centre = cell(kind, size)
    axis = np.eye(size)[0]
    plain = Stepped(*arrays(axis, 0, 0, axis, -9))
    for key in range(3):
        found = check_descent(rule, plain, square(1.0, size), key=jax.random.key(key))
        assert found.holds is False
        assert np.max(np.abs(found.where - centre)[:2]) < 4.0 * rule.half


class Raised(eqx.Module):
    """½|x|², and more in a cell."""

    rule: Any
    height: Any

    def __call__(self, x):
        inside = CELLS[self.rule.kind](x - self.rule.centre, self.rule.half)
        return 0.5 * jnp.sum(x * x) + self.height * inside


@pytest.mark.parametrize("size", [2, pytest.param(3, marks=pytest.mark.long)])
def test_an_energy_that_is_raised_in_a_cell_jumps(size):
    raised = Raised(cell("comparisons", size, 0.002)[0], np.asarray(0.1))
    found = check_descent(Linear(-np.eye(size)), raised, square(1.0, size))
    assert found.holds is False
    assert found.jump == pytest.approx(0.1, rel=1e-3)


@pytest.mark.long
@pytest.mark.parametrize(
    ("step", "jump"),
    [
        (([1, 0], 0.3, 0.1, [0, 1], -9), 0.1),  # on the way in the energy steps up
        (([1, 0], 0.3, -0.1, [0, 1], -9), 0.0),  # down
        (([1, 0], 0.3, 1e-4, [0, 1], 0.8), 1e-4),  # a small one, on a tenth of the line
    ],
)
def test_jumps_of_the_energy_itself_are_looked_at(step, jump):
    found = check_descent(NOWHERE, Stepped(*arrays(*step)), square(1.0))
    assert found.holds is (jump == 0.0)
    assert found.jump == pytest.approx(jump, rel=1e-3)
    if jump:
        assert found.worst == found.jump
        assert found.where[0] == pytest.approx(0.3, abs=1e-6)
        assert "jumps up by" in str(found)
        assert through_json(found) == found


class Counted(eqx.Module):
    """½|x|² and a step up by `height` where x₀ falls below .3, however that is counted."""

    count: Any = eqx.field(static=True)
    height: Any

    def __call__(self, x):
        return 0.5 * jnp.sum(x * x) + self.height * self.count(x[0] - 0.3)


@pytest.mark.long
@pytest.mark.parametrize(
    "count",
    [
        lambda s: -(s + 1.0).astype(int),
        lambda s: 1.0 - jnp.argmax(jnp.stack([0.0 * s, s])),
        lambda s: jax.lax.fori_loop(0, 4, lambda _, n: n + jnp.where(s < 0.0, 0.25, 0.0), 0.0),
        lambda s: jnp.arctan2(0.0 * s - s, -jnp.ones(())) / (2.0 * np.pi),
    ],
    ids=["whole numbers", "the largest", "a loop", "an angle"],
)
def test_small_jumps_are_seen_however_they_are_written(count):
    found = check_descent(NOWHERE, Counted(count, np.asarray(1e-3)), square(1.0))
    assert found.holds is False
    assert found.jump == pytest.approx(1e-3, rel=1e-3)


@pytest.mark.long
@pytest.mark.parametrize("at", [0.0, 0.1])
@pytest.mark.parametrize("tilt", [0.4, -0.4])
def test_along_a_switch_to_which_both_sides_lead_the_flow_slides(at, tilt):
    """f = (−3, 1) right of it and (1, 2) left: along it (0, 7/4), and dE/dt = 7/4 of the tilt.

    E = max(x, −3x) + tilt · y has a kink there, and falls on both sides.
    """

    def flow(x):
        return jnp.where(x[0] > at, jnp.array([-3.0, 1.0]), jnp.array([1.0, 2.0]))

    def energy(x):
        return jnp.maximum(x[0] - at, 3.0 * (at - x[0])) + tilt * x[1]

    check = tw.check_descent(tw.as_flow(flow), energy, tw.Box([-1.0, -1.0], [1.0, 1.0]))
    assert check.holds is (tilt < 0.0)
    if not check.holds:
        assert check.worst == pytest.approx(1.75 * tilt, rel=1e-3)
        assert np.asarray(check.where)[0] == pytest.approx(at, abs=1e-3)


class Pushed(tw.Flow):
    """−x, but uphill in a slab of some width, where a sigmoid turns."""

    width: Any
    push: Any

    def velocity(self, t, state):
        u = (state[0] - 0.3) / self.width
        return -state * (1.0 - self.push * jax.nn.sigmoid(u) * jax.nn.sigmoid(-u))


def half_square(x):
    return jnp.sum(x**2) / 2.0


@pytest.mark.long
@pytest.mark.parametrize("width", [1e-2, 1e-5, 1e-7])
def test_a_rise_where_a_steep_sigmoid_turns_is_found(width):
    found = check_descent(Pushed(np.array(width), np.array(8.0)), half_square, square(1.0))
    assert found.holds is False
    assert found.where[0] == pytest.approx(0.3, abs=4.0 * width)
    assert check_descent(Pushed(np.array(width), np.array(2.0)), half_square, square(1.0)).holds


@pytest.mark.long
def test_only_steep_sigmoids_are_followed():
    for scale, number in ((4.0, 0), (1e4, 2)):

        def level(x, scale=scale):
            return half_square(x) + jnp.sum(jnp.tanh(scale * x)) / (10.0 * scale)

        assert check_descent(Linear(-np.eye(2)), level, square(1.0)).switches == number


@pytest.mark.long
def test_what_would_have_been_missed_is_said():
    found = check_descent(NOWHERE, PLAIN, square(1.0))
    # A spot of share p is missed by n points with probability (1 − p)^n.
    assert (1.0 - found.smallest_share) ** 4096 == pytest.approx(0.05)
    assert np.pi * found.smallest_radius**2 == pytest.approx(found.smallest_share)
    assert "less than 0.073 % of the domain" in " ".join(str(found).split())
    simplex = tw.check_descent(tw.models.Replicator())
    assert len(simplex.about.names) == 3  # so a triangle of half a square
    assert np.pi * simplex.smallest_radius**2 == pytest.approx(0.5 * simplex.smallest_share)
    kept = LevelSet(tw.Box([0.0] * 3, [2.0] * 3), [[1.0, 1.0, 1.0]], [1.0], ["sum"])
    flow = tw.as_flow(lambda x: 1.0 / 3.0 - x)
    level = check_descent(flow, lambda x: 0.5 * jnp.sum(x**2), kept)
    assert level.holds
    assert np.isnan(level.smallest_radius)  # nobody knows the volume of a level set
    assert "of the domain may have been missed" in " ".join(str(level).split())


@pytest.mark.long
def test_the_worst_is_the_worst_rise_seen_along_a_trajectory_too():
    stepped = Stepped(*arrays([1, 0], 0.3, 0.1, [0, 1], -9))
    run = tw.simulate(NOWHERE, np.array([0.9, 0.1]), duration=4.0, save=5)
    found = check_descent(NOWHERE, stepped, run)
    assert found.holds is False
    x = np.asarray(run.states)
    rise = 0.1 + 0.5 * np.sum(x[2] ** 2) - 0.5 * np.sum(x[1] ** 2)
    assert found.rise_along == pytest.approx(rise)
    assert found.worst == pytest.approx(rise / 1.0)  # over one unit of time
    np.testing.assert_allclose(found.where, x[1])
