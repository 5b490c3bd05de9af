"""A batch of trajectories moved by a block of steps, and the region that each is then in.

Coordinates are in units of the domain, z = y / widths. Lanes are the last axis of every array: a
step of a small system is then a few vector instructions long.
"""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.dynamics.problem import Problem
from thalweg.simulation.tsit5 import step_factor, take_step

# A block costs a call from the host and a look at the regions, so it is not short; a decided lane
# waits for its end, so it is not long.
BLOCK = 32
# Of maps it is a prime: an orbit that visits the pieces of a set in turn is then seen in them all.
MAP_BLOCK = 31
_FIRST = 1e-2  # of the time in which the fastest coordinate crosses the domain
# No step is longer: a system at rest lets any step pass, and what is longer overflows.
_LONGEST = 1e100
# Regions are filled up to a multiple of this, so that few numbers of them compile.
_ROOM = 16
# Of more regions than a tube has, V is taken in the nearest two only: in many dimensions V of all
# would take longer than the steps do.
_MANY = 32
_TINY = 1e-200  # in place of a speed that is 0
# What moves by no more than so many tolerances in a block is at rest: explicit steps keep a point
# at rest trembling by some of them, and a block is long beside the time that a saddle takes.
_STILL = 10.0


class Regions(NamedTuple):
    """Sets that a trajectory does not leave, about points: sublevel sets of quadratic functions.

    The function of a lane at z is V = eᵀ P e of its distance e from a point, once what lies along a
    closed orbit there (τ v + τ² a / 2, with its velocity v and acceleration a) is taken off.

    Attributes:
        center: the points, shape `(n, d)`.
        form: P, shape `(n, d, d)`.
        level: up to where V counts, shape `(n,)`; negative where there is no region.
        along: v, shape `(n, d)`; 0 of a point of rest.
        dual: v / |v|², shape `(n, d)`; 0 of a point of rest.
        bend: a, shape `(n, d)`.
        reach: the largest |τ| of each point, shape `(n,)`.
        owner: the attractor that each belongs to, shape `(n,)`.
    """

    center: Any
    form: Any
    level: Any
    along: Any
    dual: Any
    bend: Any
    reach: Any
    owner: Any


class Lanes(NamedTuple):
    """Trajectories under way.

    Attributes:
        t: the time of each, shape `(n,)`.
        h: its next step, 0 where none was taken yet, shape `(n,)`.
        z: its point, shape `(d, n)`.
        end: the time at which it ends, shape `(n,)`.
    """

    t: Any
    h: Any
    z: Any
    end: Any


class Looked(NamedTuple):
    """Lanes seen after a block of steps.

    Attributes:
        ratio: the least V / level over the regions, shape `(n,)`: at most 1 inside one.
        owner: the attractor whose region that is, shape `(n,)`.
        is_lost: beyond the bound, no longer finite, or about to be (no step is short enough: it
            blows up at once, or meets the edge of where the rule is finite), shape `(n,)`.
        is_over: at rest, shape `(n,)`.
    """

    ratio: Any
    owner: Any
    is_lost: Any
    is_over: Any


def no_regions(dimension: int, count: int = 1) -> Regions:
    """Regions that nothing is in."""
    flat, ones = np.zeros((count, dimension)), np.ones(count)
    form = np.zeros((count, dimension, dimension))
    owner = np.zeros(count, dtype=np.int64)
    return Regions(flat, form, -ones, flat, flat, flat, ones, owner)


def joined(parts: list[Regions], dimension: int) -> Regions:
    """Regions side by side, filled up with empty ones."""
    count = sum(len(part.level) for part in parts)
    room = max(-(-count // _ROOM), 1) * _ROOM
    whole = [*parts, no_regions(dimension, room - count)]
    return Regions(*(np.concatenate(column) for column in zip(*whole, strict=True)))


@eqx.filter_jit
def move_flow(
    problem: Problem, lanes: Lanes, regions: Regions, tolerance: Any, bound: Any
) -> tuple[Lanes, Looked]:
    """Move lanes of a flow by `BLOCK` adaptive steps of Tsit5.

    Arguments:
        problem: the flow.
        lanes: where they are.
        regions: where a lane is decided.
        tolerance: the error allowed a step, in units of the domain.
        bound: how far from the middle of the domain, in its widths, a lane counts as lost.
    """
    widths = problem.chart.widths

    def velocity(z: jax.Array) -> jax.Array:
        return jax.vmap(lambda z: problem.displacement(z * widths) / widths, -1, -1)(z)

    def attempt(carry: Any, _: Any) -> Any:
        t, h, z, first, met = carry
        step = jnp.minimum(h, lanes.end - t)
        there, last, error = take_step(velocity, z, first, step)
        size = jnp.max(jnp.abs(error), axis=0) / tolerance
        taken = size <= 1.0
        kept = [jnp.where(taken, a, b) for a, b in ((t + step, t), (there, z), (last, first))]
        # Before the first step of a block is taken, the step may only be too long.
        met = met | (~jnp.isfinite(size) & (t > lanes.t))
        return (kept[0], jnp.minimum(h * step_factor(size), _LONGEST), kept[1], kept[2], met), None

    first = velocity(lanes.z)
    pace = jnp.max(jnp.abs(first), axis=0)
    start = jnp.minimum(_FIRST / jnp.maximum(pace, _TINY), _LONGEST)
    h = jnp.where(lanes.h > 0.0, lanes.h, start)
    never = jnp.zeros_like(pace) > 0.0
    carry = (lanes.t, h, lanes.z, first, never)
    (t, h, z, _, met), _ = jax.lax.scan(attempt, carry, None, length=BLOCK)
    # Negated, so that NaN counts as stuck.
    stuck = ~(h > 4.0 * jnp.finfo(h.dtype).eps * jnp.abs(t))
    still = _moved(problem, z, lanes.z) < _STILL * tolerance
    # At the edge of where the rule is finite, steps too short to change a number are taken; outside
    # of it none is.
    stuck = stuck | (still & met) | ~jnp.isfinite(pace)
    return _seen(problem, Lanes(t, h, z, lanes.end), regions, bound, stuck, still & ~stuck)


@eqx.filter_jit
def move_map(
    problem: Problem, lanes: Lanes, regions: Regions, tolerance: Any, bound: Any
) -> tuple[Lanes, Looked]:
    """Move lanes of a map by up to `MAP_BLOCK` steps; `tolerance` is not needed."""
    widths = problem.chart.widths

    def once(carry: Any, _: Any) -> Any:
        t, z = carry
        new = jax.vmap(lambda z: problem.step(z * widths) / widths, -1, -1)(z)
        goes = t < lanes.end
        return (t + goes, jnp.where(goes, new, z)), None

    (t, z), _ = jax.lax.scan(once, (lanes.t, lanes.z), None, length=MAP_BLOCK)
    # A cycle whose period divides the block's length is no state of rest.
    never = jnp.zeros_like(t) > 0.0
    return _seen(problem, Lanes(t, lanes.h, z, lanes.end), regions, bound, never, never)


def _moved(problem: Problem, z: jax.Array, before: jax.Array) -> jax.Array:
    """The distances that lanes went in a block, `(n,)`, angles the shorter way round."""
    widths = problem.chart.widths
    away = jax.vmap(lambda a: problem.chart.shorten(a * widths) / widths, -1, -1)(z - before)
    return jnp.max(jnp.abs(away), axis=0)


def _seen(
    problem: Problem, lanes: Lanes, regions: Regions, bound: Any, is_stuck: Any, is_over: Any
) -> tuple[Lanes, Looked]:
    """The lanes, their angles wrapped, and what is seen of them."""
    widths, (lower, upper) = problem.chart.widths, problem.chart.bounds
    middle = (lower + upper) / 2.0 / widths
    z = jax.vmap(lambda z: problem.chart.wrap(z * widths) / widths, -1, -1)(lanes.z)
    far = ~(jnp.max(jnp.abs(z - middle[:, None]), axis=0) <= bound)
    ratio, owner = jax.vmap(lambda z: _nearest(problem, regions, z), -1, 0)(z)
    return lanes._replace(z=z), Looked(ratio, owner, far | is_stuck, is_over)


def _nearest(problem: Problem, regions: Regions, z: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The least V / level at a point (of many regions: of the two nearest), and whose it is."""
    widths = problem.chart.widths[None]
    away = problem.chart.shorten((z[None] - regions.center) * widths) / widths
    tau = jnp.sum(regions.dual * away, axis=1)
    along = tau[:, None] * (regions.along + 0.5 * tau[:, None] * regions.bend)
    across = away - along
    counts = (regions.level > 0.0) & (jnp.abs(tau) <= regions.reach)
    if len(across) > _MANY:
        # On its way to a point a trajectory comes to be nearest to it, wherever it was before.
        size = jnp.trace(regions.form, axis1=1, axis2=2) * jnp.sum(across**2, axis=1)
        far = jnp.where(counts, size / jnp.where(counts, regions.level, 1.0), jnp.inf)
        first = jnp.argmin(far)
        chosen = jnp.stack([first, jnp.argmin(far.at[first].set(jnp.inf))])
        across, counts = across[chosen], counts[chosen]
        regions = Regions(*(jnp.asarray(column)[chosen] for column in regions))
    value = jnp.sum(jnp.sum(regions.form * across[:, None, :], axis=2) * across, axis=1)
    ratio = jnp.where(counts, value / jnp.where(counts, regions.level, 1.0), jnp.inf)
    best = jnp.argmin(ratio)
    return ratio[best], jnp.asarray(regions.owner)[best]


@eqx.filter_jit
def jacobians(problem: Problem, z: Any) -> tuple[jax.Array, jax.Array]:
    """Displacements and their Jacobians in units of the domain at points `(n, d)`."""
    widths = problem.chart.widths

    def here(z: jax.Array) -> tuple[jax.Array, jax.Array]:
        value = problem.displacement(z * widths) / widths
        return value, value

    matrices, values = jax.vmap(jax.jacfwd(here, has_aux=True))(z)
    return values, matrices
