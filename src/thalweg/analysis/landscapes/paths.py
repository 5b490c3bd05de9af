"""Short runs from many points at once: of a flow as far as some cells, of a map some steps."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.batches import in_batches
from thalweg.dynamics import Problem
from thalweg.simulation.methods import classical_step

BATCH = 1024  # runs of one compiled program: their pieces fit into the processor's cache
# Of the time in which the linear part changes: a step of the classical method is then off by 3e-4
# at most of what is left.
_PART = 0.5
# Of a width: a run along a wall is not outside for its rounding.
_ROUNDING = 1e-9


class Paths(NamedTuple):
    """Runs from many points.

    Attributes:
        states: the points in turn, the start first, shape `(m, pieces + 1, d)`; angles not wrapped.
        times: when, from 0 on, shape `(m, pieces + 1)`.
        left: truths `(m,)`: it left the region, or was not finite, and stays at its last point.
    """

    states: np.ndarray
    times: np.ndarray
    left: np.ndarray


def paths(
    problem: Problem, spacing: np.ndarray, slow: float, pieces: int, points: np.ndarray
) -> Paths:
    """Run from points `(m, d)`.

    Arguments:
        problem: the rule and its chart.
        spacing: the cells' sides, shape `(d,)`; no piece of a flow's run is longer. A piece of a
            map's run is a step of the map.
        slow: the longest time of a piece of a flow's run.
        pieces: their number.
        points: where to begin.
    """
    limits = spacing, np.asarray(slow)
    return Paths(*in_batches(lambda some: _paths(problem, limits, pieces, some), points, BATCH))


@eqx.filter_jit
def _paths(problem: Problem, limits: Any, pieces: int, points: Any) -> Any:
    spacing, slow = limits

    def step(y: jax.Array) -> tuple[jax.Array, jax.Array]:
        if not problem.rule.has_continuous_time:
            return y + problem.displacement(y), jnp.ones(())
        velocity = problem.displacement(y)
        slopes = problem.jacobian(y) * spacing[None] / spacing[:, None]
        rate = jnp.linalg.norm(velocity / spacing) + jnp.linalg.norm(slopes) / _PART
        h = 1.0 / (rate + 1.0 / slow)
        return classical_step(lambda share, z: problem.displacement(z), y, velocity, h), h

    def piece(carry: tuple[jax.Array, ...], _: None) -> tuple[tuple[jax.Array, ...], tuple]:
        y, t, left = carry
        new, h = step(y)
        left = left | ~problem.chart.inside(new, _ROUNDING)
        y, t = jnp.where(left, y, new), jnp.where(left, t, t + h)
        return (y, t, left), (y, t)

    def lane(start: jax.Array) -> Any:
        undefined = ~jnp.all(jnp.isfinite(problem.displacement(start)))
        begin = (start, jnp.zeros(()), undefined)
        (_, _, left), (y, t) = jax.lax.scan(piece, begin, None, length=pieces)
        times = jnp.concatenate([jnp.zeros(1), t])
        return jnp.concatenate([start[None], y]), times, left

    return jax.vmap(lane)(points)
