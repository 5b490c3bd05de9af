"""Maps by the batch: long orbits with a tangent, single steps with their Jacobians, and gⁿ.

But for gⁿ, lengths are in units of the domain: z = y / widths, so an angle has period one.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.analysis.cycles.shooting import Guess, Segments
from thalweg.core.batches import in_batches
from thalweg.core.charts import Chart
from thalweg.dynamics.problem import Problem

LANES = 32  # one program for all batches; maps are cheap, and more lanes would mostly be filling
STEPS = 64  # of one block: twice the longest period that a block can show


class Iterate(eqx.Module):
    """The n-step map, as the search for roots wants to see it: y ↦ gⁿ(y) − y.

    The number of steps is an array, so the search compiles once for all n.
    """

    problem: Problem
    steps: Any

    @property
    def chart(self) -> Chart:
        """The chart of the problem."""
        return self.problem.chart

    def displacement(self, y: jax.Array) -> jax.Array:
        """gⁿ(y) − y, angles shortened."""
        end = jax.lax.fori_loop(0, self.steps, lambda _, z: self.problem.step(z), y)
        return self.chart.difference(end, y)


@eqx.filter_jit
def iterate(problem: Problem, z: Any, tangents: Any) -> tuple[jax.Array, ...]:
    """Run a batch of points, and a unit tangent of each, for `STEPS` steps.

    Returns:
        The points after each step, `(n, STEPS, d)`; the tangents at the end, `(n, d)`; by how much,
        as a logarithm, each of them grew, `(n,)`.
    """
    widths = problem.chart.widths

    def step(z: jax.Array) -> jax.Array:
        return problem.step(z * widths) / widths

    def advance(carry: tuple, _: Any) -> tuple:
        z, tangent, growth = carry
        z, tangent = jax.jvp(step, (z,), (tangent,))
        size = jnp.linalg.norm(tangent)
        return (z, tangent / jnp.where(size > 0.0, size, 1.0), growth + jnp.log(size)), z

    def lane(z: jax.Array, tangent: jax.Array) -> tuple[jax.Array, ...]:
        carry = (z, tangent, jnp.zeros((), z.dtype))
        (_, tangent, growth), points = jax.lax.scan(advance, carry, None, length=STEPS)
        return points, tangent, growth

    return jax.vmap(lane)(z, tangents)


@eqx.filter_jit
def _step_all(problem: Problem, z: Any) -> tuple[jax.Array, jax.Array]:
    widths = problem.chart.widths

    def lane(z: jax.Array) -> tuple[jax.Array, jax.Array]:
        y = z * widths
        jacobian = problem.own_jacobian(y) * widths[None] / widths[:, None]
        return z + problem.displacement(y) / widths, jacobian

    return jax.vmap(lane)(z)


def orbits_of(problem: Problem, z: np.ndarray, steps: int) -> np.ndarray:
    """The first points of the orbits from `(n, d)`, these included, shape `(n, steps, d)`."""
    unit = np.ones_like(z) / np.sqrt(z.shape[1])
    later = in_batches(lambda part: iterate(problem, *part)[0], (z, unit), LANES)
    return np.concatenate([z[:, None], later[:, : steps - 1]], axis=1)


def run_steps(problem: Problem, guesses: list[Guess]) -> list[Segments]:
    """One step from every node of several cycles, in as few batches as they fit."""
    nodes = np.concatenate([g.nodes for g in guesses])
    ends, maps = in_batches(lambda part: _step_all(problem, part), nodes, LANES)
    cuts = np.cumsum([len(g.nodes) for g in guesses])[:-1]
    pairs = zip(np.split(ends, cuts), np.split(maps, cuts), strict=True)
    return [Segments(e, m, None, None) for e, m in pairs]
