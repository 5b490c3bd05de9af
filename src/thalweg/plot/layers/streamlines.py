"""Streamlines of a field on a grid, evenly spread over the figure.

All seeds run at once through the interpolated field, a step of one length each; then lines are
taken one after the other, each as far as no other has been before.
"""

from typing import TYPE_CHECKING

import numpy as np

from thalweg.plot.fields import Field
from thalweg.plot.scenes import Portrait, Scene
from thalweg.plot.style import GREY, lifted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# How dense lines are, by eye: one a cell of a grid of `_CELLS` by `_CELLS`, with nearly as many
# seeds; lengths are in widths of the figure.
_SEEDS = 26
_CELLS = 30  # a side: lines are a thirtieth of the figure apart
_STEP = 0.008  # of the figure's side: a quarter of a cell, so that no cell is jumped over
_STEPS = 160  # each way: longer than a line through all of the figure
_SHORTEST = 0.09  # of the figure's side: shorter ones look like specks


def compute(scene: Scene) -> list[np.ndarray]:
    """The streamlines `(m, 2)` of a flow on a plane; else none."""
    if scene.field is None or scene.view.dimension != 2 or not scene.view.is_flow:
        return []
    return streamlines(scene.field)


def draw(axes: "Axes", data: Portrait, colour: str = GREY) -> "Axes":
    """Draw each line with the head of an arrow at its middle."""
    return draw_lines(axes, data.streams, colour)


def draw_lines(axes: "Axes", lines: list[np.ndarray], colour: str = GREY) -> "Axes":
    """Draw curves `(m, 2)`, each with the head of an arrow at its middle."""
    from matplotlib.collections import LineCollection

    if not lines:
        return axes
    around = lifted(colour)
    axes.add_collection(
        LineCollection(lines, colors=colour, linewidths=0.7, zorder=2, path_effects=around)
    )
    middles = [(line[len(line) // 2], line[len(line) // 2 - 1]) for line in lines]
    at, before = np.array(middles).swapaxes(0, 1)
    along = (at - before) / np.linalg.norm(at - before, axis=1, keepdims=True)
    # All head: the length of an arrow is that of its head.
    axes.quiver(
        *at.T, *along.T, angles="xy", units="inches", scale_units="inches", scale=1.0 / 0.08,
        width=0.012, headlength=6.7, headaxislength=5.8, headwidth=5.0, minlength=0.0,
        pivot="mid", color=colour, zorder=2, path_effects=around,
    )  # fmt: skip
    return axes


def streamlines(field: Field) -> list[np.ndarray]:
    """Curves `(m, 2)` along a field of the plane, in the direction of the flow.

    Lengths are in units of the figure, so that axes of different units count alike.
    """
    lower = np.array([axis[0] for axis in field.axes])
    width = np.array([axis[-1] - axis[0] for axis in field.axes])
    u, v = field.values / width[:, None, None]
    if not np.nanmax(np.hypot(u, v), initial=0.0) > 0.0:
        return []
    paths = _paths(u + 1j * v, _seeds())
    return [lower + width * path for path in _spread(paths)]


def _seeds() -> np.ndarray:
    """Places x + iy of the unit square, those near its border first: their lines are longer."""
    ticks = (np.arange(_SEEDS) + 0.5) / _SEEDS
    x, y = np.meshgrid(ticks, ticks)
    depth = np.minimum(np.minimum(x, 1.0 - x), np.minimum(y, 1.0 - y)).ravel()
    return (x + 1j * y).ravel()[np.argsort(np.round(depth, 9), kind="stable")]


def _paths(speed: np.ndarray, seeds: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """From every seed the path backwards and the path forwards, each `(m, 2)`, the seed first."""
    here, sign = np.concatenate([seeds, seeds]), np.repeat([-1.0, 1.0], len(seeds))
    before, alive = np.zeros_like(here), np.ones(len(here), dtype=bool)
    points, length = [here], np.ones(len(here), dtype=int)
    for _ in range(_STEPS):
        direction = sign * _direction(speed, here)
        direction = sign * _direction(speed, here + 0.5 * _STEP * direction)
        # At a sink the steps turn round: the line has arrived.
        turned = np.real(direction * np.conj(before)) < 0.0
        here = here + _STEP * direction
        inside = np.maximum(np.abs(np.real(here) - 0.5), np.abs(np.imag(here) - 0.5)) <= 0.5
        alive &= inside & ~turned
        if not alive.any():
            break
        points.append(here)
        length += alive
        before = direction
    whole = np.stack(points, axis=1)
    whole = np.stack([np.real(whole), np.imag(whole)], axis=-1)
    halves = [path[:count] for path, count in zip(whole, length, strict=True)]
    return list(zip(halves[: len(seeds)], halves[len(seeds) :], strict=True))


def _direction(speed: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The unit vectors `(n,)` of a field on a grid of the unit square; NaN where it has none."""
    rows, columns = speed.shape
    known = np.isfinite(places)
    x = np.clip(np.where(known, np.real(places), 0.0), 0.0, 1.0) * (columns - 1)
    y = np.clip(np.where(known, np.imag(places), 0.0), 0.0, 1.0) * (rows - 1)
    i = np.minimum(x.astype(int), columns - 2)
    j = np.minimum(y.astype(int), rows - 2)
    x, y = x - i, y - j
    corner, flat = j * columns + i, speed.ravel()
    low = flat[corner] * (1.0 - x) + flat[corner + 1] * x
    high = flat[corner + columns] * (1.0 - x) + flat[corner + columns + 1] * x
    found = low * (1.0 - y) + high * y
    length = np.abs(found)
    good = known & (length > 0.0)
    return np.where(good, found, np.nan) / np.where(good, length, 1.0)


def _spread(paths: list[tuple[np.ndarray, np.ndarray]]) -> list[np.ndarray]:
    """The paths one after the other, cut where a cell is taken; short remains are left out."""
    taken, lines = np.zeros(_CELLS * _CELLS, dtype=bool), []
    for back, on in paths:
        if taken[_cells(on[:1])[0]]:
            continue
        own: set[int] = set()
        parts = [half[: _free(_cells(half), taken, own)] for half in (back, on)]
        line = np.concatenate([parts[0][:0:-1], parts[1]])
        if len(line) * _STEP < _SHORTEST:
            continue
        taken[list(own)] = True
        lines.append(line)
    return lines


def _cells(path: np.ndarray) -> np.ndarray:
    column, row = np.minimum((path * _CELLS).astype(int), _CELLS - 1).T
    return row * _CELLS + column


def _free(cells: np.ndarray, taken: np.ndarray, own: set[int]) -> int:
    """Length of a path before it meets another line or itself; `own` gathers its cells."""
    starts = np.concatenate([[0], np.flatnonzero(np.diff(cells)) + 1])
    for number, start in enumerate(starts):
        cell = int(cells[start])
        is_first = number == 0
        if taken[cell] or (cell in own and not is_first):
            return int(start)
        own.add(cell)
    return len(cells)
