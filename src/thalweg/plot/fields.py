"""A rule on the points of a figure: its field on a grid, the nullclines, an energy.

All values come from two compiled programs a system, one for the rule and one for an energy, which
take the points by blocks of one size.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import numpy as np

from thalweg.core.trees import in_float64
from thalweg.dynamics import Problem
from thalweg.plot.views import View

GRID = 121
_BLOCK = 2048
_POLISH = 4


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
        value, slopes = jax.vmap(
            lambda along: jax.jvp(lambda x: problem.displacement(x, t), (y,), (along,)),
            in_axes=1,
            out_axes=(None, 1),
        )(basis)
        return inverse @ value, inverse @ slopes

    return jax.vmap(at)(points)


@eqx.filter_jit
def _energies(problem: Problem, energy: Any, points: Any) -> jax.Array:
    return jax.vmap(lambda y: energy(problem.chart.embed(y)))(points)


def in_blocks(fn: Callable[[np.ndarray], Any], points: np.ndarray) -> Any:
    """A function of many points, by blocks of one size: one program however many there are."""
    count = -(-len(points) // _BLOCK) * _BLOCK
    padded = np.concatenate([points, np.repeat(points[-1:], count - len(points), axis=0)])
    parts = [fn(padded[i : i + _BLOCK]) for i in range(0, count, _BLOCK)]
    return jax.tree.map(
        lambda *xs: np.concatenate([np.asarray(x) for x in xs])[: len(points)], *parts
    )


def sample(view: View, p: np.ndarray, t: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """The displacement `(n, k)` along the axes at places `(n, k)`, and its slopes `(n, k, k)`."""
    time = np.asarray(t, dtype=np.float64)

    def block(points: np.ndarray) -> Any:
        return _sampled(view.problem, view.basis, view.inverse, points, time)

    with jax.enable_x64(True):
        return in_blocks(block, view.lift(p))


def velocities(problem: Problem, y: np.ndarray) -> np.ndarray:
    """The displacement `(n, d)` at points `(n, d)`."""
    every = np.eye(y.shape[1])
    with jax.enable_x64(True):
        return in_blocks(
            lambda points: _sampled(problem, every[:, :1], every, points, np.asarray(0.0)), y
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
        found = in_blocks(lambda points: _energies(problem, energy, points), flat)
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


def energy_on_grid(
    view: View, energy: Callable[[Any], Any], count: int = GRID
) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """The axes of a grid, and an energy on it, rows along the second axis; NaN outside."""
    axes, places = _places(view, count)
    values = energy_at(view.problem, energy, view.lift(places))
    return axes, np.where(view.contains(places), values, np.nan)


def nullclines(view: View, field: Field) -> tuple[list[np.ndarray], ...]:
    """Where each component of the displacement vanishes: all branches, each of shape `(m, 2)`.

    Contours on the grid find the branches, however many there are; Newton's method then puts their
    points on the curve, and drops those where a component changes sign without passing through
    zero (a pole, or half a turn of an angle).

    Arguments:
        view: a plane.
        field: the rule on a grid of it.

    Returns:
        The branches of the first component and of the second.
    """
    import contourpy

    cell = np.array([axis[1] - axis[0] for axis in field.axes])
    found = []
    for index, values in enumerate(field.values):
        branches, inner = _along_bounds(field, values)
        x, y = field.axes
        lines = contourpy.contour_generator(x, y, np.ma.masked_invalid(inner)).lines(0.0)
        for line in lines:
            polished = _polished(view, np.asarray(line), index, cell)
            branches += [part for part in _runs(polished) if len(part) > 1]
        found.append(branches)
    return tuple(found)


def _along_bounds(field: Field, values: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """The bounds of the figure along which a component vanishes, and the values without them.

    Contours lie between points of different sign, and may miss a bound such as "no prey". Divided
    by the distance from it, the values keep their sign and lead right up to it.
    """
    (x, y), size = field.axes, np.nanmax(np.abs(values), initial=0.0)
    found, inner = [], values.T
    for is_second, along, across in ((True, x, y), (False, y, x)):
        inner = inner.T  # now its rows run along the bounds
        for end in (0, -1):
            edge = values[end] if is_second else values[:, end]
            if size > 0.0 and np.all(np.abs(edge) <= 1e-12 * size):
                line = (along, np.full_like(along, across[end]))
                found.append(np.stack(line if is_second else line[::-1], axis=1))
                inner = _divided(inner, across, end)
    return found, inner.T


def _divided(values: np.ndarray, across: np.ndarray, end: int) -> np.ndarray:
    """Values that vanish on the first row or the last, over the distance from it."""
    away = np.abs(across - across[end])[:, None]
    quotient = values / np.where(away > 0.0, away, 1.0)
    one, two = (1, 2) if end == 0 else (-2, -3)
    quotient[end] = 2.0 * quotient[one] - quotient[two]
    return quotient


def _polished(view: View, line: np.ndarray, index: int, cell: np.ndarray) -> np.ndarray:
    """Points of a contour brought onto the zero of a component; NaN where there is none near."""
    p = line
    for _ in range(_POLISH):
        values, slopes = sample(view, p)
        slope = slopes[:, index] * cell
        steepness = np.sum(slope**2, axis=1)
        step = np.where(
            steepness > 0.0, values[:, index] / np.where(steepness > 0.0, steepness, 1.0), 0.0
        )
        # Where the slope vanishes too (a crossing of branches) Newton's step may be anything.
        length = np.abs(step) * np.sqrt(steepness)
        step = np.where(length > 1.0, step / np.where(length > 1.0, length, 1.0), step)
        p = p - step[:, None] * slope * cell
    moved = np.max(np.abs(p - line) / cell, axis=1)
    values, slopes = sample(view, p)
    steepness = np.linalg.norm(slopes[:, index] * cell, axis=1)
    is_zero = np.abs(values[:, index]) <= 1e-3 * steepness + 1e-300
    good = np.isfinite(p).all(axis=1) & (moved <= 1.5) & is_zero
    return np.where(good[:, None], p, np.nan)


def _runs(line: np.ndarray) -> list[np.ndarray]:
    """The stretches of a curve between rows of NaN."""
    good = np.isfinite(line[:, 0])
    cuts = np.flatnonzero(np.diff(good.astype(int))) + 1
    return [part for part in np.split(line, cuts) if np.isfinite(part[0, 0])]
