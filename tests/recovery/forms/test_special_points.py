"""Points that random ones miss: equilibria, walls, corners, and the sides of switches."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.recovery.recovery_systems import Replicator, cube, values

import thalweg as tw
from thalweg import recovery
from thalweg.dynamics.problem import make_problem
from thalweg.recovery.forms.special_points import special_points
from thalweg.recovery.region.region import make_region

EUCLIDEAN = [recovery.LEVELS[0]]


class Spot(tw.Flow):
    """−x + a·relu(1 − |x − c|²/r²)³·R(x − c), R turning the first two coordinates."""

    centre: jax.Array
    radius: float = 0.3
    amount: float = 3.0

    def velocity(self, t, state):
        z = state - self.centre
        inside = jax.nn.relu(1.0 - jnp.sum(z**2) / self.radius**2)
        turned = jnp.zeros_like(z).at[0].set(-z[1]).at[1].set(z[0])
        return -state + self.amount * inside**3 * turned


class Slab(tw.Flow):
    """−x, and beyond a wall of the first coordinate also `turn` @ x."""

    wall: float
    turn: jax.Array

    def velocity(self, t, state):
        return -state + jnp.where(state[0] > self.wall, self.turn @ state, 0.0 * state)


class Stairs(tw.Flow):
    """−x, with a bend of third order at each step, and a turn by the walls of some in between."""

    steps: jax.Array
    walls: jax.Array

    def velocity(self, t, state):
        bends = jnp.stack([jax.nn.relu(state[0] - step) ** 3 for step in self.steps])
        beyond = jnp.stack([jnp.where(state[0] > wall, 1.0, 0.0) for wall in self.walls])
        x = -state + jnp.sum(bends) * jnp.array([1e-3, 0.0])
        return x + jnp.sum(beyond) * jnp.array([-state[1], state[0]])


def first(rule, box):
    verdict = tw.recover_energy(rule, box, levels=EUCLIDEAN)
    return verdict.levels[0]


@pytest.mark.long
def test_a_spot_at_an_equilibrium_is_seen_in_eight_dimensions():
    """The rest at 0 has the eigenvalues −1 ± 3i; no random point lies within .3 of it."""
    verdict = tw.recover_energy(Spot(jnp.zeros(8)), cube(-1.0, 1.0, 8), cycles=(), thorough=True)
    assert verdict.kind == "refuted"
    assert verdict.levels[0].outcome == "no"
    nothing = first(Spot(jnp.zeros(8), amount=0.0), cube(-1.0, 1.0, 8))
    assert nothing.outcome == "yes"


def test_a_spot_in_a_corner_is_seen():
    assert first(Spot(jnp.ones(2), radius=0.1), cube(-1.0, 1.0, 2)).outcome == "no"


@pytest.mark.long
@pytest.mark.parametrize("key", [0, 1])
def test_a_spot_that_no_random_point_meets_is_seen_at_its_smooth_edge(key):
    """It holds 4e-4 of the region; relu³ is C² at the edge, but another rule begins there."""
    spot = Spot(jnp.full(5, 0.5), radius=0.3, amount=2.0)
    verdict = tw.recover_energy(spot, cube(-1.0, 1.0, 5), levels=EUCLIDEAN, key=jax.random.key(key))
    assert verdict.levels[0].outcome == "no"


@pytest.mark.long
@pytest.mark.parametrize(
    ("turn", "outcome"),
    [
        ([[-0.5, 0.0], [0.0, -0.5]], "no"),  # symmetric, yet the jump has a part along the wall
        # A jump across the wall alone: E has a kink, which no line integral by nodes follows.
        ([[-0.5, 0.0], [0.0, 0.0]], "open"),
        ([[0.0, 0.0], [0.0, 0.0]], "yes"),
    ],
)
def test_a_jump_is_that_of_a_gradient_only_across_its_surface(turn, outcome):
    found = first(Slab(0.995, jnp.asarray(turn)), cube(-1.0, 1.0, 2))
    assert found.outcome == outcome
    assert ("not only across its surface" in found.note) == (outcome == "no")
    for place in (0.2, 0.99995):
        assert first(Slab(place, jnp.asarray(turn)), cube(-1.0, 1.0, 2)).outcome == outcome


def test_a_turn_beyond_a_switch_near_a_wall_is_seen():
    turn = jnp.array([[0.0, 1.0], [-1.0, 0.0]])
    assert first(Slab(0.9999, turn), cube(-1.0, 1.0, 2)).outcome == "no"


@pytest.mark.long
def test_no_jump_is_passed_over_among_many_smooth_switches():
    """Between the rightmost random points and the wall; half of 60 switches are not looked at."""
    rule = Stairs(jnp.linspace(-0.9, 0.9, 60), jnp.array([0.9999, 0.9998]))
    verdict = first(rule, cube(-1.0, 1.0, 2))
    assert verdict.outcome == "no"
    with jax.enable_x64(True):
        region = make_region(make_problem(rule, cube(-1.0, 1.0, 2))[0], None)
        points = special_points(region, np.zeros((0, 2)))
    for wall in (0.9999, 0.9998):
        assert np.any(np.abs(points[:, 0] - wall) < 1.5e-5)


class Cell(tw.Flow):
    """−x, and in a cell of side .01 also a push and a turn."""

    low: jax.Array
    push: jax.Array
    turn: jax.Array
    is_smooth: jax.Array

    def velocity(self, t, state):
        z = (state - self.low) / 0.01
        sharp = jnp.where(jnp.all((z > 0.0) & (z < 1.0)), 1.0, 0.0)
        smooth = 4e3 * jnp.prod(jax.nn.relu(z) ** 3 * jax.nn.relu(1.0 - z) ** 3)
        turned = jnp.zeros_like(z).at[0].set(0.5 - z[1]).at[1].set(z[0] - 0.5)
        share = jnp.where(self.is_smooth > 0.0, smooth, sharp)
        return -state + share * (self.turn * turned + self.push * jnp.eye(len(z))[0])


@pytest.mark.parametrize("size", [2, pytest.param(3, marks=pytest.mark.long)])
def test_what_happens_in_a_cell_between_switches_is_seen(size):
    low = jnp.array([0.313, -0.421, 0.152])[:size]
    for push, turn, is_smooth in [(0.3, 0.0, 0.0), (0.0, 0.01, 0.0), (0.0, 0.01, 1.0)]:
        rule = Cell(low, *(jnp.asarray(v) for v in (push, turn, is_smooth)))
        for key in range(3):
            verdict = tw.recover_energy(
                rule, cube(-1.0, 1.0, size), levels=EUCLIDEAN, key=jax.random.key(key)
            )
            assert verdict.levels[0].outcome == "no", (push, turn, is_smooth, key)
    nothing = Cell(low, *(jnp.zeros(()) for _ in range(3)))
    assert first(nothing, cube(-1.0, 1.0, size)).outcome == "yes"


@pytest.mark.long
def test_a_constant_covector_is_closed_whatever_rounding_makes_of_its_derivatives():
    """The replicator of u1ᵀ − 1uᵀ climbs u·x: of Dω nothing is left but rounding."""
    worth = np.array([0.3, 1.0, -0.5])
    with jax.enable_x64(True):
        rule = Replicator(jnp.asarray(worth[:, None] - worth[None, :]))
    verdict = tw.recover_energy(rule, tw.ProbabilitySimplex(3), thorough=False)
    assert verdict.kind == "given-metric"
    points = np.random.default_rng(0).dirichlet(np.ones(3), 20)
    assert np.ptp(values(verdict.energy, points) + points @ worth) < 1e-12


COUPLED = np.array([[2.0, 1.0], [1.0, 2.0]])


@pytest.mark.long
@pytest.mark.parametrize(
    ("fn", "width"),
    [
        (lambda x: -(COUPLED @ x + x * jnp.abs(x)), 1.0),
        (lambda x: -COUPLED @ x - jax.nn.relu(x) ** 3, 1.0),
        (lambda x: jnp.where(jnp.all(x > 0.0), -COUPLED @ x, -COUPLED @ x), 1.0),
        (lambda x: -COUPLED @ (x - np.array([0.3, -0.2])) - jax.nn.relu(x) ** 3 / 1e3, 1e3),
    ],
)
def test_what_changes_fast_beside_a_rest_is_no_jump(fn, width):
    """At a corner of switches that is, or is near, a rest: there ω is small, not torn."""
    box = tw.Box([-width] * 2, [width] * 2)
    assert tw.recover_energy(tw.as_flow(fn), box, cycles=(), thorough=False).kind == "euclidean"
