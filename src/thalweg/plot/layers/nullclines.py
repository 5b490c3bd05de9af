"""Nullclines: the curves on which one coordinate does not change."""

from typing import TYPE_CHECKING

import numpy as np

from thalweg.plot.fields import Field, sample
from thalweg.plot.scenes import Portrait, Scene
from thalweg.plot.style import BLUE, VERMILLION
from thalweg.plot.views import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# A contour lies within a cell of the curve, from where Newton's method gains digits by doubling.
_NEWTON_STEPS = 4


def compute(scene: Scene) -> tuple[list[np.ndarray], ...]:
    """The branches `(m, 2)` of each component's nullcline, on a plane with two axes; else none."""
    if scene.field is None or scene.view.dimension != 2 or scene.view.corners:
        return ()
    return nullclines(scene.view, scene.field)


def draw(axes: "Axes", data: Portrait) -> "Axes":
    """Draw the first coordinate's branches solid, the second's dashed."""
    words = "{}′ = 0" if data.view.is_flow else "{0}⁺ = {0}"
    looks = ((BLUE, "-"), (VERMILLION, (0, (5, 1.5))))
    for name, branches, (colour, dashes) in zip(
        data.view.names, data.nullclines, looks, strict=False
    ):
        for branch in branches:
            axes.plot(
                *branch.T, color=colour, linewidth=1.6, zorder=3, label=words.format(name),
                linestyle=dashes,
            )  # fmt: skip
    return axes


def nullclines(view: View, field: Field) -> tuple[list[np.ndarray], ...]:
    """Zero lines of each component of the displacement: all branches, each of shape `(m, 2)`.

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
            branches += [part for part in _stretches(polished) if len(part) > 1]
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
    for _ in range(_NEWTON_STEPS):
        values, jacobian = sample(view, p)
        gradient = jacobian[:, index] * cell
        squared = np.sum(gradient**2, axis=1)
        step = np.where(
            squared > 0.0, values[:, index] / np.where(squared > 0.0, squared, 1.0), 0.0
        )
        # Where the gradient vanishes too (a crossing of branches) Newton's step may be anything.
        length = np.abs(step) * np.sqrt(squared)
        step = np.where(length > 1.0, step / np.where(length > 1.0, length, 1.0), step)
        with np.errstate(invalid="ignore"):  # where the rule is not finite, there is no zero
            p = p - step[:, None] * gradient * cell
    moved = np.max(np.abs(p - line) / cell, axis=1)
    values, jacobian = sample(view, p)
    steepness = np.linalg.norm(jacobian[:, index] * cell, axis=1)
    is_zero = np.abs(values[:, index]) <= 1e-3 * steepness + 1e-300
    good = np.isfinite(p).all(axis=1) & (moved <= 1.5) & is_zero
    return np.where(good[:, None], p, np.nan)


def _stretches(line: np.ndarray) -> list[np.ndarray]:
    """The stretches of a curve between rows of NaN."""
    good = np.isfinite(line[:, 0])
    cuts = np.flatnonzero(np.diff(good.astype(int))) + 1
    return [part for part in np.split(line, cuts) if np.isfinite(part[0, 0])]
