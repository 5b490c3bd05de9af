r"""The covector field ω = M f of a rule in a geometry, and its line integral.

A rule is steepest descent of E in the metric M exactly when M f = −∇E, that is, when ω is the
differential of −E. Everything is in the coordinates `y` of a chart, into which covectors are pulled
back, so one code serves boxes, angles and the simplex.
"""

import functools
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.charts import Chart
from thalweg.dynamics import Deterministic, Problem, covector
from thalweg.energies import Energy
from thalweg.geometry import Geometry

# Coordinates: beyond, all nodes at once would be hundreds of large evaluations in memory.
_VECTORIZED_SIZE = 256
# Numbers of nodes: not all, as each makes another program. A coefficient that is smaller beside the
# largest is not looked at: rounding leaves some 1e-14. A series that falls on at its pace is at
# 1e-18 half as many orders further: its derivatives, too, are then exact but for rounding.
_FEWER, _NEGLIGIBLE, _FURTHER = (4, 8, 16, 24, 32), 1e-12, 1.5
# Logarithm of the least distance from a singularity that is resolved, 1e-12 of the way; with a
# larger one 64 nodes would not reach rounding.
_DECADES = 28.0
_NEWTON_STEPS = 6  # from the asymptotic guess four reach rounding, for any number of nodes


def integrate_along(
    fn: Callable[[jax.Array], jax.Array],
    start: jax.Array,
    end: jax.Array,
    nodes: jax.Array,
    weights: jax.Array,
) -> jax.Array:
    """∫ fn(y)·dy along the straight line from `start` to `end`, by a rule on [0, 1].

    Large states go one node at a time and are computed again on the way back, so that memory stays
    linear in the dimension.
    """
    if start.shape[0] <= _VECTORIZED_SIZE:
        return jnp.dot(weights, works_along(fn, start, end, nodes))
    step = end - start

    def work(node: jax.Array) -> jax.Array:
        return jnp.dot(fn(_place(start, end, node)), step)

    def add(total: jax.Array, at: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, None]:
        node, weight = at
        return total + weight * work(node), None

    zero = jnp.zeros((), start.dtype)
    return jax.lax.scan(jax.checkpoint(add), zero, (nodes, weights))[0]


def works_along(
    fn: Callable[[jax.Array], jax.Array], start: jax.Array, end: jax.Array, nodes: jax.Array
) -> jax.Array:
    """fn(y)·(end − start) at nodes on the straight line from `end` to `start`, all at once."""
    step = end - start
    return jax.vmap(lambda node: jnp.dot(fn(_place(start, end, node)), step))(nodes)


def _place(start: jax.Array, end: jax.Array, node: jax.Array) -> jax.Array:
    """A place on the way from `end` to `start`.

    Near a wall at 0 it keeps its digits; and bounds of its slopes are those of one product, where
    the change of a difference would count twice.
    """
    return node * start + (1.0 - node) * end


@functools.cache
def gauss_legendre(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of the Gauss–Legendre rule on [0, 1], by Newton's method."""
    x = np.cos(np.pi * (np.arange(count, 0, -1) - 0.25) / (count + 0.5))
    for _ in range(_NEWTON_STEPS):
        value, slope = _legendre(count, x)
        x = x - value / slope
    slope = _legendre(count, x)[1]
    nodes, weights = (x + 1.0) / 2.0, 1.0 / ((1.0 - x**2) * slope**2)
    nodes.setflags(write=False)
    weights.setflags(write=False)
    return nodes, weights


@functools.cache
def graded(count: int) -> tuple[np.ndarray, np.ndarray]:
    r"""Nodes and weights on [0, 1] for functions with a singularity just below 0, as 1/(u + δ).

    With u = e^{−v} less its least value, the Gauss–Legendre rule in v. Whatever δ is, what is
    integrated is analytic in v where |Im v| < π.
    """
    v, weights = gauss_legendre(count)
    least = np.exp(-_DECADES)
    nodes = least * np.expm1(_DECADES * (1.0 - v)) / (1.0 - least)
    weights = weights * _DECADES * np.exp(-_DECADES * v) / (1.0 - least)
    nodes.setflags(write=False)
    weights.setflags(write=False)
    return nodes, weights


def fewest_nodes(works: np.ndarray) -> int:
    """Number of nodes whose rule integrates functions and their derivatives to rounding.

    Arguments:
        works: their values at the nodes of `gauss_legendre`, shape `(n, count)`.

    Returns:
        Such a number, or `count` where there is no smaller one among those that are tried.
    """
    count = works.shape[1]
    nodes, weights = gauss_legendre(count)
    orders = np.arange(count)
    sums = works[np.isfinite(works).all(axis=1)] * weights
    # A rule of k nodes is exact for polynomials up to degree 2k − 1.
    parts = np.abs(sums @ np.polynomial.legendre.legvander(2.0 * nodes - 1.0, count - 1))
    sizes = np.max(parts * (2.0 * orders + 1.0), axis=0, initial=0.0)
    seen = orders[sizes > _NEGLIGIBLE * np.max(sizes)]
    wanted = _FURTHER * np.max(seen, initial=0)
    return next((k for k in _FEWER if 2 * k - 1 >= wanted), count) if len(sums) else count


def _legendre(count: int, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """P_n and its derivative inside (−1, 1), by the three-term recurrence."""
    before, value = np.ones_like(x), x
    for k in range(2, count + 1):
        before, value = value, ((2 * k - 1) * x * value - (k - 1) * before) / k
    return value, count * (before - x * value) / (1.0 - x**2)


class LineIntegral(Energy):
    r"""The energy of a rule in a metric, by integration from a base point.

        E(x) = −∫₀¹ M f(x₀ + s (x − x₀)) · (x − x₀) ds

    It is an energy only where the integral does not depend on the path, which recovery checks.
    Angles are brought into the domain first.
    """

    rule: Deterministic
    chart: Chart
    geometry: Geometry
    base: Any
    nodes: Any
    weights: Any

    def __call__(self, state: Any) -> jax.Array:
        """E(x), zero at the base point."""
        chart = self.chart
        problem = Problem(self.rule, chart)
        if chart.is_simplex:
            # A small last share is lost in what the others leave of one.
            end = chart.layout.flatten(state)
            fn = eqx.Partial(_covector_of_shares, problem, self.geometry)
        else:
            end = jnp.asarray(chart.wrap(chart.coordinates(state)))
            fn = eqx.Partial(covector, problem, self.geometry)
        base, nodes, weights = (
            jnp.asarray(a, dtype=end.dtype) for a in (self.base, self.nodes, self.weights)
        )
        start = chart.layout.flatten(chart.embed(base)) if chart.is_simplex else base
        return -integrate_along(fn, start, end, nodes, weights)


def _covector_of_shares(problem: Problem, geometry: Geometry, shares: jax.Array) -> jax.Array:
    """M f at a point of the simplex, for tangent vectors in all coordinates."""
    layout = problem.chart.layout
    state = layout.unflatten(shares)
    return layout.flatten(geometry.flat(state, problem.rule.displacement(0.0, state)))
