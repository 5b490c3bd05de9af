"""A rule on the points of a figure: its field on a grid, and an energy on one.

All values come from two compiled programs a system, one for the rule and one for an energy, which
take the points by blocks of one size.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import numpy as np

from thalweg.core.batches import in_batches
from thalweg.core.trees import in_float64
from thalweg.dynamics import Problem
from thalweg.dynamics.points import energies_at
from thalweg.plot.views import View

# Values an axis: on axes of the usual size they are three points apart.
GRID = 121
# Points that a compiled program takes at once.
BLOCK = 2048


@dataclass(frozen=True)
class Field:
    """A rule on a grid.

    Attributes:
        axes: the values along each axis, one or two arrays.
        values: the displacement along each axis, shape `(k, …)`, rows along the second axis (as
            matplotlib has it); NaN outside the domain.
    """

    axes: tuple[np.ndarray, ...]
    values: np.ndarray


@eqx.filter_jit
def _sampled(problem: Problem, basis: Any, inverse: Any, points: Any, t: Any) -> Any:
    def at(y: jax.Array) -> tuple[jax.Array, jax.Array]:
        value, derivatives = jax.vmap(
            lambda along: jax.jvp(lambda x: problem.displacement(x, t), (y,), (along,)),
            in_axes=1,
            out_axes=(None, 1),
        )(basis)
        return inverse @ value, inverse @ derivatives

    return jax.vmap(at)(points)


def sample(view: View, p: np.ndarray, t: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """The displacement `(n, k)` along the axes at places `(n, k)`, and its Jacobian `(n, k, k)`."""
    time = np.asarray(t, dtype=np.float64)

    def block(points: np.ndarray) -> Any:
        return _sampled(view.problem, view.basis, view.inverse, points, time)

    with jax.enable_x64(True):
        return in_batches(block, view.lift(p), BLOCK)


def velocities(problem: Problem, y: np.ndarray) -> np.ndarray:
    """The displacement `(n, d)` at points `(n, d)`."""
    every = np.eye(y.shape[1])
    with jax.enable_x64(True):
        return in_batches(
            lambda points: _sampled(problem, every[:, :1], every, points, np.asarray(0.0)), y, BLOCK
        )[0]


def jacobian_at(problem: Problem, y: np.ndarray) -> np.ndarray:
    """The Jacobian `(d, d)` of the displacement at a point `(d,)`."""
    every = np.eye(len(y))
    with jax.enable_x64(True):
        return np.asarray(_sampled(problem, every, every, y[None], np.asarray(0.0))[1][0])


def energy_at(problem: Problem, energy: Callable[[Any], Any], y: np.ndarray) -> np.ndarray:
    """An energy `(…)` at points `(…, d)`, NaN where it is not finite."""
    with jax.enable_x64(True):
        energy = in_float64(energy)
        flat = y.reshape(-1, y.shape[-1])
        found = energies_at(problem, energy, flat, BLOCK)
    return np.where(np.isfinite(found), found, np.nan).reshape(y.shape[:-1])


def _places(view: View, count: int) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    axes = view.grid(count)
    return axes, np.stack(np.meshgrid(*axes), axis=-1)


def field_on_grid(view: View, count: int = GRID) -> Field:
    """The displacement on a grid of `count` values an axis."""
    axes, places = _places(view, count)
    flat = places.reshape(-1, view.dimension)
    values = sample(view, flat)[0]
    values = np.where(view.contains(flat)[:, None] & np.isfinite(values), values, np.nan)
    return Field(axes, np.moveaxis(values.reshape(places.shape), -1, 0))


def share_lost(view: View, field: Field) -> float:
    """The share of a field's places in the domain where it is not finite."""
    places = np.stack(np.meshgrid(*field.axes), axis=-1)
    inside = view.contains(places.reshape(-1, view.dimension)).reshape(places.shape[:-1])
    lost = np.asarray(~np.isfinite(field.values).all(axis=0))
    return float(np.mean(lost[inside])) if inside.any() else 0.0


def energy_on_grid(
    view: View, energy: Callable[[Any], Any], count: int = GRID
) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """The axes of a grid, and an energy on it, rows along the second axis; NaN outside."""
    axes, places = _places(view, count)
    values = energy_at(view.problem, energy, view.lift(places))
    return axes, np.where(view.contains(places), values, np.nan)
