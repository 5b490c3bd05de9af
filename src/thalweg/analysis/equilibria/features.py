"""The sizes at which a rule has features: where the domain is much larger, the search goes there.

Near a simple root a rule is linear, up to some distance: its linear reach. Where all roots and
their linear reaches are small next to the domain, the domain's own sizes say nothing about what
lies between the roots, and the search is done again with theirs.
"""

from typing import Any

import numpy as np

from thalweg.analysis.equilibria.distinct import Roots
from thalweg.analysis.equilibria.search import ROUND, Scales
from thalweg.dynamics.points import displacements_at
from thalweg.dynamics.problem import Problem

# Along how many random directions a root is looked at: the median of them counts.
_DIRECTIONS = 8
# Distances tried, in widths of the domain: three a decade, from rounding to the whole.
_DISTANCES = 10.0 ** (np.arange(-45, 1) / 3.0)
# A rule counts as linear where it is off by less than this share.
_LINEAR = 0.5
# The region of features: so many times the extent of the roots, or the linear reach of one.
_ROOM, _REACHES = 4.0, 8.0
# Coordinates in which that region is wider than this share of the domain keep the domain's width.
_MUCH_SMALLER = 1.0 / 16.0
# An extent that is smaller than this share of the domain is that of a point.
_POINT = 1e-10
# Starts close to a root or to zero are log-uniform over so many decades below the domain.
_DECADES = 12.0
_MOST_ROOTS = 64  # each is probed along rays over twelve decades, which is dearer than finding it


def linear_reach(problem: Problem, roots: Roots, widths: np.ndarray) -> np.ndarray:
    """Radius of linearity round each root, in widths, `(k,)`; 0 where the root is degenerate.

    Returns:
        Shape `(k,)`.
    """
    if not len(roots.y):
        return np.zeros(0)
    count, dimension = roots.y.shape
    drawn = np.random.default_rng(1).normal(size=(_DIRECTIONS, dimension))
    drawn /= np.max(np.abs(drawn), axis=1, keepdims=True)
    steps = _DISTANCES[:, None, None] * drawn * widths
    shape = (count, len(_DISTANCES), _DIRECTIONS, dimension)
    points = roots.y[:, None, None] + steps
    values = displacements_at(problem, points.reshape(-1, dimension)).reshape(shape)
    expected = np.einsum("kij,sqj->ksqi", roots.polished.jacobian, steps)
    size = np.sum(np.abs(roots.polished.jacobian) * widths, axis=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.abs(values - expected) / (_DISTANCES[:, None, None] * size[:, None, None])
    off = np.where(size[:, None, None] > 0.0, off, 0.0)
    is_linear = np.median(np.max(off, axis=3), axis=2) < _LINEAR
    is_linear &= np.any(size > 0.0, axis=1)[:, None]
    return np.max(np.where(is_linear, _DISTANCES, 0.0), axis=1)


def finer_scales(
    problem: Problem, roots: Roots, inside: np.ndarray, ends: np.ndarray, scales: Scales
) -> tuple[Scales, np.ndarray, np.ndarray] | None:
    """The scales of the region of features, with its bounds; None where the domain's serve.

    Arguments:
        problem: the rule and its chart.
        roots: the isolated roots found so far.
        inside: which of them lie in the domain, shape `(k,)`.
        ends: other points that belong to the region, shape `(m, d)`.
        scales: those used so far.
    """
    chart, widths = problem.chart, np.asarray(scales.y)
    chosen = np.flatnonzero(inside)[:_MOST_ROOTS]
    points = np.concatenate([roots.y[inside], ends])
    if not len(points):
        return None
    low, high = np.min(points, axis=0), np.max(points, axis=0)
    reach = np.max(linear_reach(problem, roots.at(chosen), widths), initial=0.0)
    extent = (high - low) / np.asarray(chart.widths)
    size = np.where(extent > _POINT, _ROOM * (high - low) / widths, 0.0)
    size = np.maximum(size, _REACHES * reach)
    is_angle = np.abs(chart.shorten(widths)) < 0.5 * widths
    size = np.where(is_angle | (size > _MUCH_SMALLER), 1.0, size)
    if np.all(size == 1.0) or np.all(size == 0.0):
        return None
    size = np.where(size == 0.0, 1.0, size)
    middle, half = 0.5 * (low + high), 0.5 * size * widths
    region = middle - half, middle + half
    drawn = np.random.default_rng(2).uniform(*region, size=(ROUND, len(widths)))
    value = np.abs(displacements_at(problem, chart.clip(drawn)))
    value = value[np.all(np.isfinite(value), axis=1)]
    if not len(value):
        return None
    typical = np.mean(value, axis=0)
    typical = np.maximum(typical, 1e-12 * max(float(np.max(typical)), 1e-300))
    return Scales(size * widths, np.minimum(typical, np.asarray(scales.f))), *region


def starts_near(
    problem: Problem, points: np.ndarray, region: tuple[Any, Any], count: int, seed: int = 0
) -> np.ndarray:
    """Starts at all distances from given points and from zero, and uniform ones in a region.

    Arguments:
        problem: the rule and its chart.
        points: shape `(k, d)`.
        region: its lower and upper corner.
        count: how many starts, half of them in the region.
        seed: another one gives other starts.
    """
    rng = np.random.default_rng([3, seed])
    dimension = problem.chart.dimension
    widths = np.asarray(problem.chart.widths)
    uniform = rng.uniform(*region, size=(count - count // 2, dimension))
    centers = np.concatenate([np.zeros((1, dimension)), points])
    centers = centers[np.arange(count // 2) % len(centers)]
    size = 10.0 ** -rng.uniform(0.0, _DECADES, size=centers.shape) * widths
    sign = np.where(rng.random(centers.shape) < 0.5, -1.0, 1.0)
    return problem.chart.clip(np.concatenate([centers + sign * size, uniform]))
