"""Places to look for a rise: random points, faces, edges and corners, both sides of switches."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.batches import in_batches
from thalweg.core.charts import Chart
from thalweg.dynamics.formulas.corners import find_corners, joint_zero
from thalweg.dynamics.formulas.programs import Program, read_program
from thalweg.dynamics.formulas.suspects import (
    arguments_of_ramps,
    is_suspect,
    may_be_steep,
    quantities_of,
)
from thalweg.dynamics.problem import Problem

_MOST_BORDER = 1024  # points on faces and edges: a quarter of what the inside has
_MOST_CORNERS = 256  # all corners up to eight coordinates; beyond they are drawn
_CONFIDENCE = 0.95  # of the statement which rises would have been seen, as everywhere in a report
# Of a program with many switches so many are followed, and all from so many places.
_MOST_SWITCHES = 48
# Places a switch, and for all: many for a single one, some for each of many.
_FEWEST_PLACES, _MOST_PLACES, _PLACES = 8, 128, 512
# Of one batch: it serves a rule with one switch and one with many, with little filling.
_LANES = 192
# The typical argument of a sigmoid that turns in less of the domain than random points are sure to
# meet: then it is followed like a switch.
_STEEP = 300.0
_PEAK_DIMENSION = 8  # beyond, neighbours are hardly nearer than others
_MOST_VALUES = 10_000_000  # of quantities at points: 80 MB
# Of a quarter of the widths at most: across the domain and down to a zero, also a flat one.
_NEWTON_STEPS = 30
_HALVINGS = 60  # of a segment: down to neighbouring numbers, however far apart its ends
# How far from a switch to look, in widths of the domain. The first two tell a jump from a slope.
OFFSETS = np.array([1e-9, 1e-8, 1e-6, 1e-4, 1e-3, 1e-2])


def border_points(chart: Chart, rng: np.random.Generator, drawn: np.ndarray) -> np.ndarray:
    """Points on faces, edges and corners, and some at all distances inside; `(n, d)`, n may be 0.

    Arguments:
        chart: of the domain.
        rng: the randomness.
        drawn: random points of the domain.
    """
    walled = np.flatnonzero(~np.isfinite(np.asarray(chart.period)))
    if not len(walled):
        return np.zeros((0, chart.dimension))
    low, high = (np.asarray(bound) for bound in chart.bounds)
    count = min(_MOST_BORDER, max(256, 16 * len(walled)))
    base = drawn[rng.integers(len(drawn), size=count)]
    number, order = len(walled), rng.random((count, len(walled)))
    first = np.arange(count) % number
    order[np.arange(count), first] = -1.0  # each face in its turn
    faces = np.where(rng.random(count) < 0.5, 1, rng.integers(1, number + 1, count))
    is_out = np.argsort(np.argsort(order, axis=1), axis=1) < faces[:, None]
    side = rng.random((count, number)) < 0.5
    side[:, :] = np.where(
        np.arange(number) == first[:, None], (np.arange(count) // number % 2 == 1)[:, None], side
    )
    outside = np.where(side, (2.0 * high - low)[walled], (2.0 * low - high)[walled])
    points = base.copy()
    points[:, walled] = np.where(is_out, outside, base[:, walled])
    if 2**number <= _MOST_CORNERS:
        bits = (np.arange(2**number)[:, None] >> np.arange(number)) & 1
        corners = np.repeat(base[:1], len(bits), axis=0)
        corners[:, walled] = np.where(bits, (2.0 * high - low)[walled], (2.0 * low - high)[walled])
        points = np.concatenate([points, corners])
    points = np.asarray(chart.clip(points))
    share = 10.0 ** -rng.uniform(1.0, 9.0, (count, 1))
    inner = points[:count] + share * (base - points[:count])
    return np.concatenate([points, inner])


def smallest_met(chart: Chart, count: int) -> tuple[float, float]:
    """The smallest part of the domain that random points meet with probability 0.95.

    Returns:
        Its share of the volume, and the radius of a ball of that volume in widths of the domain;
        NaN of a level set, whose volume nobody knows.
    """
    share, d = -np.expm1(np.log1p(-_CONFIDENCE) / count), chart.dimension
    if not (chart.is_product or chart.is_simplex):
        return share, np.nan
    volume = -math.lgamma(d + 1.0) if chart.is_simplex else 0.0  # of a simplex, a part of its box
    ball = 0.5 * d * np.log(np.pi) - math.lgamma(0.5 * d + 1.0)
    return share, float(np.exp((np.log(share) + volume - ball) / d))


def peaks(points: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Truths `(n,)`: points `(n, d)` higher than all their neighbours; none in many dimensions.

    A peak is where a hill begins to be seen, however low it is beside others.
    """
    n, d = points.shape
    if d > _PEAK_DIMENSION:
        return np.zeros(n, dtype=bool)
    from scipy.spatial import KDTree

    around = np.asarray(KDTree(points).query(points, min(n, 2 * d + 3))[1])[:, 1:]
    return heights > np.max(heights[around], axis=1, initial=-np.inf)


class Switches(NamedTuple):
    """Places where the rule or the energy may switch, jump or have a kink.

    Attributes:
        points: on the switches, shape `(n, d)`.
        normals: across them, of length one in widths of the domain, shape `(n, d)`.
        num_followed: how many of the program's operations vanish somewhere, as far as followed.
        between: points between neighbouring ones, and between corners, shape `(m, d)`.
    """

    points: np.ndarray
    normals: np.ndarray
    num_followed: int
    between: np.ndarray

    def sides(self, chart: Chart) -> np.ndarray:
        """Points on both sides at all `OFFSETS`, shape `(2, offsets, n, d)`; the far side first."""
        away = np.stack([OFFSETS, -OFFSETS])[..., None, None] * self.normals * chart.widths
        return np.asarray(chart.clip(self.points + away))


def find_switches(problem: Problem, energy: Callable[[Any], Any], points: np.ndarray) -> Switches:
    """Points at which operations of the rule and of the energy switch.

    The programs are read for comparisons, absolute values, maxima, denominators, … and for sigmoids
    that are steep; where such a quantity changes sign between points, or comes near zero, its zeros
    are followed.

    Arguments:
        problem: the rule and its chart.
        energy: the energy.
        points: random points of the domain, and points of its border, shape `(n, d)`.
    """
    nothing = np.zeros((0, problem.chart.dimension))
    program = _program(problem, energy)
    with_ramps = may_be_steep(program, _STEEP)
    if not with_ramps and not any(is_suspect(program, e) for e in program.equations):
        return Switches(nothing, nothing, 0, nothing)
    example = jax.ShapeDtypeStruct((problem.chart.dimension,), np.float64)
    count, size = (
        jax.eval_shape(lambda y, ramps=ramps: _quantities(program, y, ramps), example).size
        for ramps in (False, with_ramps)
    )
    points = points[:: -(-len(points) * size // _MOST_VALUES)]
    (values,) = in_batches(
        lambda some: (_quantities_at(problem, energy, some, with_ramps),), points, 512
    )
    # A sigmoid that turns slowly is no switch: random points see it turn.
    values[:, count:] *= np.median(np.abs(values[:, count:]), axis=0) > _STEEP
    starts, ends, columns = _lanes(points, values)
    if not len(columns):
        return Switches(nothing, nothing, 0, nothing)
    both = np.concatenate([starts, ends, columns[:, None]], axis=1)
    zeros, normals, is_found = in_batches(
        lambda some: _zeros(problem, energy, some, with_ramps), both, _LANES
    )
    zeros, normals, columns = zeros[is_found], normals[is_found], columns[is_found].astype(int)

    def solve(*lanes: np.ndarray) -> Any:
        return in_batches(
            lambda some: _joint_zeros(problem, energy, with_ramps, *some), lanes, _LANES
        )

    corners = find_corners(solve, problem.chart, zeros, columns)
    return Switches(
        np.concatenate([zeros, corners.points]),
        np.concatenate([normals, corners.normals]),
        len(np.unique(columns)),
        corners.between,
    )


def _lanes(points: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of points, between which or from the first of which a quantity may vanish."""
    rng = np.random.default_rng(0)
    values = np.where(np.isfinite(values), values, 0.0)
    crosses = np.any(values > 0.0, axis=0) & np.any(values < 0.0, axis=0)
    starts, ends, columns = [], [], []
    followed = max(1, min(2 * _MOST_SWITCHES, int(np.sum(np.any(values, axis=0)))))
    each = int(np.clip(_PLACES // followed, _FEWEST_PLACES, _MOST_PLACES))
    for group in (np.flatnonzero(crosses), np.flatnonzero(~crosses & np.any(values, axis=0))):
        few = group[np.linspace(0, len(group) - 1, min(len(group), _MOST_SWITCHES)).astype(int)]
        for column in few:
            q = values[:, column]
            if crosses[column]:
                below, above = np.flatnonzero(q < 0.0), np.flatnonzero(q > 0.0)
                near = below[np.argsort(-q[below])[: each // 4]]
                first = np.concatenate([near, rng.choice(below, each)])[:each]
                second = rng.choice(above, len(first))
            else:
                first = np.argsort(np.where(q == 0.0, np.inf, np.abs(q)))[:each]
                second = first
            starts.append(points[first])
            ends.append(points[second])
            columns.append(np.full(len(first), column, dtype=np.float64))
    if not columns:
        return points[:0], points[:0], np.zeros(0)
    return np.concatenate(starts), np.concatenate(ends), np.concatenate(columns)


def _program(problem: Problem, energy: Callable[[Any], Any]) -> Program:
    """The rule and the energy as one program: its switches are theirs."""

    def both(y: jax.Array) -> Any:
        chart, found = problem.chart, [problem.displacement(y)]
        found += [energy(chart.embed(y))]
        if not problem.rule.has_continuous_time:
            found.append(energy(chart.embed(y + problem.displacement(y))))
        return found

    return read_program(both, jax.ShapeDtypeStruct((problem.chart.dimension,), np.float64))


def _quantities(program: Program, y: jax.Array, with_ramps: bool) -> jax.Array:
    """All that switches of a program vanish with; the arguments of its sigmoids last."""
    ramps = arguments_of_ramps(program, y) if with_ramps else []
    return jnp.concatenate([*quantities_of(program, y), *ramps, y[:0]])


@eqx.filter_jit
def _quantities_at(problem: Problem, energy: Any, points: Any, with_ramps: bool) -> jax.Array:
    program = _program(problem, energy)
    return jax.vmap(lambda y: _quantities(program, y, with_ramps))(points)


@eqx.filter_jit
def _joint_zeros(problem: Problem, energy: Any, with_ramps: bool, starts: Any, columns: Any) -> Any:
    program = _program(problem, energy)

    def quantities(y: jax.Array) -> jax.Array:
        return _quantities(program, y, with_ramps)

    return jax.vmap(lambda y, c: joint_zero(quantities, problem.chart, y, c))(starts, columns)


@eqx.filter_jit
def _zeros(
    problem: Problem, energy: Any, lanes: Any, with_ramps: bool
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """A zero of a quantity for each lane (start, end, number of the quantity), and the normal."""
    program, chart = _program(problem, energy), problem.chart
    d, widths = chart.dimension, chart.widths

    def one(lane: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        start, end, column = lane[:d], lane[d : 2 * d], lane[2 * d].astype(jnp.int32)

        def quantity(y: jax.Array) -> jax.Array:
            return _quantities(program, y, with_ramps)[column]

        def newton(_: Any, carry: Any) -> Any:
            y, best, least = carry
            value, gradient = jax.value_and_grad(quantity)(y)
            gradient = gradient * widths
            step = -value * gradient / (jnp.sum(gradient**2) + 1e-300)
            step = step * jnp.minimum(1.0, 0.25 / (jnp.sqrt(jnp.sum(step**2)) + 1e-300))
            y = chart.clip(y + jnp.where(jnp.isfinite(step), step, 0.0) * widths)
            value = quantity(y) * jnp.sign(quantity(start))  # below zero: beyond the switch
            is_less = value < least
            return y, jnp.where(is_less, y, best), jnp.where(is_less, value, least)

        began, is_between = quantity(start), quantity(start) * quantity(end) < 0.0
        lowest = (start, start, jnp.abs(began))
        across = jax.lax.fori_loop(0, _NEWTON_STEPS, newton, lowest)[1]
        end = jnp.where(is_between, end, across)

        def halve(_: Any, carry: Any) -> Any:
            a, b = carry
            middle = 0.5 * (a + b)
            is_same = quantity(middle) * began > 0.0
            return jnp.where(is_same, middle, a), jnp.where(is_same, b, middle)

        a, b = jax.lax.fori_loop(0, _HALVINGS, halve, (start, end))
        is_zero = jnp.abs(quantity(end)) < 1e-9 * jnp.abs(began)
        normal = _first_direction(jax.grad(quantity)(a) * widths, (end - start) / widths)
        is_found = (quantity(b) * began <= 0.0) | is_zero
        return b, normal, is_found & jnp.all(jnp.isfinite(normal))

    return jax.vmap(one)(lanes)


def _first_direction(*vectors: jax.Array) -> jax.Array:
    """The first vector that has a direction, of length one."""
    found = jnp.full_like(vectors[0], jnp.nan)
    for vector in reversed(vectors):
        length = jnp.sqrt(jnp.sum(vector**2))
        found = jnp.where(jnp.isfinite(length) & (length > 0.0), vector / length, found)
    return found
