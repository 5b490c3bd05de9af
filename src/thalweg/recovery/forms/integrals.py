"""Line integrals of ω beside the rule, by rules of more and more nodes."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.dynamics import Problem, covector
from thalweg.geometry import Geometry
from thalweg.recovery.forms.one_forms import (
    LineIntegral,
    gauss_legendre,
    graded,
    integrate_along,
    works_along,
)

# Coordinates from which fewer points are probed: each costs a row of Jacobian products.
LARGE_SIZE = 64
# Of line integrals, more where fewer do not agree: sharp rules need 1,024.
NODE_COUNTS = (64, 256, 1024)
# Of ω, what a gradient near a wall may miss: with less no other rule is tried; with more, rules of
# more nodes are, which cost another program.
_GOOD, _POOR = 1e-9, 1e-6
# Where ω vanishes its gradient is compared with this part of what it is elsewhere: far above what
# rounding leaves there, far below what matters.
_FLOOR = 1e-6


class Quadrature(NamedTuple):
    """A rule of integration on [0, 1].

    Attributes:
        num_nodes: how many nodes it has.
        is_graded: whether they crowd at the end, where what is integrated may be singular.
    """

    num_nodes: int
    is_graded: bool = False

    def nodes(self) -> tuple[np.ndarray, np.ndarray]:
        """Nodes and weights."""
        return (graded if self.is_graded else gauss_legendre)(self.num_nodes)


class Integrals(NamedTuple):
    """The line integral beside the rule; NumPy once it leaves `integrate`.

    Attributes:
        covectors: ω at fresh points, shape `(m, d)`.
        gradients: −∇E there, E being the line integral.
        levels: E there, shape `(m,)`.
        loops: the work of ω round triangles through the base point, shape `(m,)`.
        works: the size of the terms that add up to it, likewise.
        windings: the work of ω once round each angle, shape `(a,)`.
        rays: what is integrated along the rays, at each node, shape `(r, n)`.
    """

    covectors: Any
    gradients: Any
    levels: Any
    loops: Any
    works: Any
    windings: Any
    rays: Any


@eqx.filter_jit
def integrate(
    problem: Problem,
    geometry: Geometry,
    fresh: Any,
    ends: Any,
    base: Any,
    nodes: Any,
    weights: Any,
    angles: tuple[int, ...],
) -> Integrals:
    """Compare the line integral with the rule: its gradient, and its value by other paths.

    What is integrated is returned along the rays to `ends`.
    """
    chart = problem.chart
    few = chart.dimension <= LARGE_SIZE
    energy = LineIntegral(problem.rule, chart, geometry, base, nodes, weights)
    descend = jax.value_and_grad(lambda y: energy(chart.embed(y)))

    def form(y: jax.Array) -> jax.Array:
        return covector(problem, geometry, y)

    def compare(y: jax.Array) -> tuple[jax.Array, ...]:
        level, gradient = descend(y)
        return form(y), -gradient, level

    def work(start: jax.Array, end: jax.Array) -> jax.Array:
        return integrate_along(form, start, end, nodes, weights)

    forms, gradients, levels = each(few, compare)(fresh)
    before = jnp.roll(fresh, 1, axis=0)
    # From the middle to both ends: a rule may have most of its nodes near an end.
    middle = (fresh + before) / 2.0
    halves = each(few, work)(jnp.tile(middle, (2, 1)), jnp.concatenate([before, fresh]))
    works = halves[: len(fresh)] - halves[len(fresh) :]
    others = jnp.roll(levels, 1)
    windings = [work(base, base.at[i].add(chart.widths[i])) for i in angles]
    return Integrals(
        forms,
        gradients,
        levels,
        others - levels + works,
        abs(others) + abs(levels) + abs(works),
        jnp.stack(windings) if angles else jnp.zeros(0),
        jax.vmap(lambda end: works_along(form, base, end, nodes))(ends),
    )


def each(vectorized: bool, fn: Any) -> Any:
    """`fn` over the rows of its arguments, at once or one after the other (less memory)."""
    if vectorized:
        return jax.vmap(fn)
    return lambda *rows: jax.lax.map(lambda row: fn(*row), rows)


def best_near_ends(
    measure: Callable[[Quadrature], Integrals],
    agrees: Callable[[Quadrature], bool],
    rule: Quadrature,
) -> tuple[Quadrature, float]:
    """The rule whose gradients are nearest to ω near the ends of rays, and what they miss.

    Arguments:
        measure: the integrals at points near the ends.
        agrees: whether a rule says the same as that one elsewhere: graded nodes are far apart
            there, and step over a layer.
        rule: an even one that is right elsewhere.
    """
    best, least = rule, _misses(measure(rule))
    counts = [count for count in NODE_COUNTS if count >= rule.num_nodes]
    for tried in [Quadrature(n, is_graded) for n in counts for is_graded in (False, True)]:
        if least <= _GOOD or (tried.num_nodes > rule.num_nodes and least <= _POOR):
            break
        missed = _misses(measure(tried)) if tried != rule else least
        if missed < least and agrees(tried):
            best, least = tried, missed
    return best, least


def _misses(integrals: Integrals) -> float:
    """The largest gap between gradients and ω, relative to ω where it is finite."""
    sizes = np.linalg.norm(integrals.covectors, axis=1)
    gaps = np.linalg.norm(integrals.gradients - integrals.covectors, axis=1)
    is_seen = np.isfinite(sizes)
    if not np.any(is_seen & (sizes > 0.0)):
        return 0.0
    floor = _FLOOR * float(np.median(sizes[is_seen])) + np.finfo(float).tiny
    return float(np.max(np.nan_to_num(gaps / (sizes + floor), nan=np.inf)[is_seen]))
