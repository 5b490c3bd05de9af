"""Streamlines of a field on a grid, evenly spread over the figure.

All seeds run at once through the interpolated field, a step of one length each; then lines are
taken one after the other, each as far as no other has been before.
"""

import numpy as np

from thalweg.plot.fields import Field

_SEEDS = 26
_CELLS = 30
_STEP = 0.008
_STEPS = 160
_SHORTEST = 0.09


def streamlines(field: Field) -> list[np.ndarray]:
    """Curves `(m, 2)` along a field of the plane, in the direction of the flow.

    Lengths are in units of the figure, so that axes of different units count alike.
    """
    lower = np.array([axis[0] for axis in field.axes])
    width = np.array([axis[-1] - axis[0] for axis in field.axes])
    speed = np.moveaxis(field.values, 0, -1) / width
    if not np.nanmax(np.abs(speed), initial=0.0) > 0.0:
        return []
    paths = _paths(speed, _seeds())
    return [lower + width * path for path in _spread(paths)]


def _seeds() -> np.ndarray:
    """Places of the unit square, those near its border first: lines from there are longer."""
    ticks = (np.arange(_SEEDS) + 0.5) / _SEEDS
    places = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    depth = np.min(np.minimum(places, 1.0 - places), axis=1)
    return places[np.argsort(np.round(depth, 9), kind="stable")]


def _paths(speed: np.ndarray, seeds: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """From every seed the way back and the way on, each `(m, 2)`, the seed first."""
    ways = []
    for sign in (-1.0, 1.0):
        here, before, alive = seeds, np.zeros_like(seeds), np.ones(len(seeds), dtype=bool)
        points, length = [here], np.ones(len(seeds), dtype=int)
        for _ in range(_STEPS):
            direction = sign * _direction(speed, here)
            direction = sign * _direction(speed, here + 0.5 * _STEP * direction)
            # At a sink the steps turn round: the line has arrived.
            turned = np.sum(direction * before, axis=1) < 0.0
            here = here + _STEP * direction
            alive &= np.all(np.isfinite(here) & (here >= 0.0) & (here <= 1.0), axis=1) & ~turned
            if not alive.any():
                break
            points.append(here)
            length += alive
            before = direction
        whole = np.stack(points, axis=1)
        ways.append([path[:count] for path, count in zip(whole, length, strict=True)])
    return list(zip(*ways, strict=True))


def _direction(speed: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The unit vectors `(n, 2)` of a field on a grid of the unit square; NaN where it has none."""
    size = np.array(speed.shape[1::-1]) - 1
    scaled = np.clip(np.nan_to_num(places, nan=0.0), 0.0, 1.0) * size
    corner = np.minimum(scaled.astype(int), size - 1)
    x, y = (scaled - corner).T[:, :, None]
    i, j = corner.T
    found = (
        (1.0 - x) * (1.0 - y) * speed[j, i]
        + x * (1.0 - y) * speed[j, i + 1]
        + (1.0 - x) * y * speed[j + 1, i]
        + x * y * speed[j + 1, i + 1]
    )
    length = np.linalg.norm(found, axis=1, keepdims=True)
    good = (length > 0.0) & np.isfinite(places).all(axis=1, keepdims=True)
    return np.where(good, found / np.where(length > 0.0, length, 1.0), np.nan)


def _spread(paths: list[tuple[np.ndarray, np.ndarray]]) -> list[np.ndarray]:
    """The paths one after the other, cut where a cell is taken; short remains are left out."""
    taken, lines = np.zeros(_CELLS * _CELLS, dtype=bool), []
    for back, on in paths:
        if taken[_cells(on[:1])[0]]:
            continue
        own: set[int] = set()
        parts = [way[: _free(_cells(way), taken, own)] for way in (back, on)]
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
    """How far a path goes before it meets another line or itself; `own` gathers its cells."""
    starts = np.concatenate([[0], np.flatnonzero(np.diff(cells)) + 1])
    for number, start in enumerate(starts):
        cell = int(cells[start])
        is_first = number == 0
        if taken[cell] or (cell in own and not is_first):
            return int(start)
        own.add(cell)
    return len(cells)
