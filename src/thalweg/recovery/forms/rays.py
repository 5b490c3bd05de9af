"""Rays from the base of a region to where it ends: they show how many nodes an integral needs."""

from typing import NamedTuple

import numpy as np

from thalweg.recovery.region.region import Region

# Rays to each wall of a box of one or two coordinates. What lies between them all is too narrow
# for the most nodes as well; in three coordinates as many thousands would be wanted.
_TO_EACH_WALL = {1: 1, 2: 48}
# Rays in random directions elsewhere, which only tell of walls at which a rule is singular; none
# beyond so many coordinates, where all nodes at once would be hundreds of large evaluations.
_SOME, _MOST_SIZE = 24, 256
_HALVINGS = 50  # as many as a double has digits to tell an end by
# From the ends, in parts of the ray: where what is singular at an end shows.
_NEAREST, _FARTHEST = 1e-9, 1e-1


class Rays(NamedTuple):
    """Straight lines from the base to where a region ends.

    Attributes:
        ends: in coordinates, shape `(r, d)`.
        near: points near the ends, as many as are compared elsewhere, shape `(m, d)`.
        is_dense: whether what lies between them is as smooth as they are.
    """

    ends: np.ndarray
    near: np.ndarray
    is_dense: bool


def rays_from(region: Region, count: int) -> Rays:
    """The rays of a region, and `count` points near their ends."""
    chart = region.problem.chart
    size = chart.dimension
    is_dense = chart.is_product and size in _TO_EACH_WALL
    if is_dense:
        targets = _on_walls(region, _TO_EACH_WALL[size])
    else:
        drawn = chart.draw(np.random.default_rng(2), _SOME if size <= _MOST_SIZE else 0)
        targets = region.base + 2.0 * np.max(chart.widths) * _unit(drawn - region.base)
    ends = _cut(region, targets)
    parts = np.geomspace(_FARTHEST, _NEAREST, count)[:, None]
    # Ends of all walls at all distances: next to each other lie those of one wall.
    order = np.random.default_rng(3).permutation(
        np.arange(max(len(ends), count)) % max(len(ends), 1)
    )
    near = ends[order[:count]] if len(ends) else np.zeros((0, size))
    return Rays(ends, near + parts[: len(near)] * (region.base - near), is_dense)


def _unit(steps: np.ndarray) -> np.ndarray:
    return steps / np.maximum(np.linalg.norm(steps, axis=1, keepdims=True), 1e-300)


def _on_walls(region: Region, count: int) -> np.ndarray:
    """Points that lie evenly on the walls of a box."""
    chart = region.problem.chart
    size = chart.dimension
    unit = np.zeros((size, 2, count, size))
    for axis in range(size):
        unit[axis] = (np.arange(count)[:, None] + 0.5) / count
        unit[axis, :, :, axis] = np.array([[0.0], [1.0]])
    return np.asarray(chart.bounds[0]) + unit.reshape(-1, size) * np.asarray(chart.widths)


def _cut(region: Region, targets: np.ndarray) -> np.ndarray:
    """The last points of the region on the way to each target, by halving."""
    is_whole = _holds(region, targets)
    reached, beyond = np.zeros(len(targets)), np.ones(len(targets))
    for _ in range(0 if is_whole.all() else _HALVINGS):
        middle = (reached + beyond) / 2.0
        is_in = _holds(region, region.base + middle[:, None] * (targets - region.base))
        reached, beyond = np.where(is_in, middle, reached), np.where(is_in, beyond, middle)
    cut = region.base + reached[:, None] * (targets - region.base)
    return np.where(is_whole[:, None], targets, cut)


def _holds(region: Region, points: np.ndarray) -> np.ndarray:
    """Truths `(n,)`: points of one turn of each angle that are seen from the base."""
    chart = region.problem.chart
    lower, upper = (np.asarray(bound) for bound in chart.bounds)
    inside = np.all((points >= lower) & (points <= upper), axis=1)
    return inside & np.asarray(chart.inside(points)) & region.sees(points)
