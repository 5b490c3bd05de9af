"""Values of a rule and of an energy at many points, through one compiled program each."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import numpy as np

from thalweg.core.batches import BATCH, in_batches
from thalweg.dynamics.problem import Problem


def displacements_at(problem: Problem, points: np.ndarray, size: int = BATCH) -> np.ndarray:
    """The displacements `(n, d)` at any number of points `(n, d)`, `size` at a time."""
    if not len(points):
        return points
    return in_batches(lambda some: _displacements(problem, some), points, size)


def energies_at(
    problem: Problem, energy: Callable[[Any], Any], points: np.ndarray, size: int = BATCH
) -> np.ndarray:
    """An energy of the state at any number of points `(n, d)`, shape `(n,)`, `size` at a time."""
    if not len(points):
        return np.zeros(0)
    return in_batches(lambda some: _energies(problem, energy, some), points, size)


@eqx.filter_jit
def _displacements(problem: Problem, points: Any) -> jax.Array:
    return jax.vmap(problem.displacement)(points)


@eqx.filter_jit
def _energies(problem: Problem, energy: Any, points: Any) -> jax.Array:
    return jax.vmap(lambda y: energy(problem.chart.embed(y)))(points)
