"""The derivatives of an energy in coordinates, at any number of points."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np

from thalweg.core.batches import in_batches
from thalweg.core.charts import Chart
from thalweg.recovery.candidates.tensors import TensorEnergy

_Field = Callable[[np.ndarray], np.ndarray]


class Derivatives(NamedTuple):
    """The derivatives of an energy as functions of coordinates `(n, d)`.

    Attributes:
        gradients: ∇E, `(n, d)`.
        hessians: its Hessian, `(n, d, d)`.
    """

    gradients: _Field
    hessians: _Field


def derivatives_of(chart: Chart, energy: Callable[[Any], Any]) -> Derivatives:
    """The derivatives of an energy: on the host where it knows them, else by JAX."""
    if isinstance(energy, TensorEnergy):
        return Derivatives(energy.gradients, energy.hessians)

    def gradients(points: np.ndarray) -> np.ndarray:
        return in_batches(lambda some: (_gradients(chart, energy, some),), points)[0]

    def hessians(points: np.ndarray) -> np.ndarray:
        return in_batches(lambda some: (_hessians(chart, energy, some),), points)[0]

    return Derivatives(gradients, hessians)


@eqx.filter_jit
def _gradients(chart: Chart, energy: Any, points: Any) -> jax.Array:
    return jax.vmap(jax.grad(lambda y: energy(chart.embed(y))))(points)


@eqx.filter_jit
def _hessians(chart: Chart, energy: Any, points: Any) -> jax.Array:
    return jax.vmap(jax.hessian(lambda y: energy(chart.embed(y))))(points)
