"""Symmetries that a rule is seen to have, and parts into which it falls.

A root goes to a root under a symmetry. Flips of coordinates and a few permutations are tried at
random points; what passes there is used to propose starts, which the search then confirms.
"""

import itertools
from typing import NamedTuple

import numpy as np

from thalweg.analysis.equilibria.polish import polish
from thalweg.analysis.equilibria.search import Scales
from thalweg.core.graphs import components
from thalweg.dynamics.points import displacements_at
from thalweg.dynamics.problem import Problem

_PROBES = 8  # random points: an entry of J or an image that agrees at all of them agrees everywhere
_AGREES = 1e-9  # relative: images differ by rounding of the rule, seldom above 1e-12
# Single coordinates are flipped and swapped in turn up to so many of them.
_MOST_SINGLE = 48
_MOST_IMAGES = 256  # a product of parts has their product of roots: the rest is left to the search
_SAME = 1e-7  # in widths: images of polished roots are as exact as those, 1e-10 or better


class Symmetry(NamedTuple):
    """The map y ↦ sign · y[order], seen to carry the rule to itself.

    Attributes:
        order: a permutation of the coordinates, shape `(d,)`.
        sign: 1 or −1 for each, shape `(d,)`.
    """

    order: np.ndarray
    sign: np.ndarray

    def image(self, y: np.ndarray) -> np.ndarray:
        """The images of points `(…, d)`; of displacements, too."""
        return self.sign * y[..., self.order]


def independent_parts(problem: Problem, scales: Scales) -> list[np.ndarray]:
    """The coordinates of each part of a rule that does not feel the others."""
    points = problem.chart.draw(np.random.default_rng(4), _PROBES)
    jacobians = polish(problem, points, scales, steps=0).jacobian
    jacobians = np.where(np.isfinite(jacobians), jacobians, 1.0)
    joined = np.any(jacobians != 0.0, axis=0)
    label = components(np.argwhere(joined), len(joined))
    return [np.flatnonzero(label == part) for part in range(label.max() + 1)]


def symmetries(problem: Problem, parts: list[np.ndarray]) -> list[Symmetry]:
    """The symmetries among flips (of all, of parts, of one) and simple permutations.

    Arguments:
        problem: the rule and its chart.
        parts: the independent parts of the rule.
    """
    dimension = problem.chart.dimension
    tried = _candidates(dimension, parts)
    points = problem.chart.draw(np.random.default_rng(5), _PROBES)
    moved = np.concatenate([points, *(s.image(points) for s in tried)])
    values = displacements_at(problem, moved).reshape(len(tried) + 1, *points.shape)
    scale = np.max(np.abs(values[0]), axis=0)
    return [
        s
        for s, value in zip(tried, values[1:], strict=True)
        if np.all(np.abs(value - s.image(values[0])) <= _AGREES * (scale + s.image(scale) * s.sign))
    ]


def images(
    problem: Problem, points: np.ndarray, found: list[Symmetry], parts: list[np.ndarray]
) -> np.ndarray:
    """Points that symmetries and recombined parts make of given ones, and that are not among them.

    Arguments:
        problem: the rule and its chart.
        points: roots, shape `(k, d)`.
        found: the symmetries of the rule.
        parts: its independent parts.
    """
    widths = np.asarray(problem.chart.widths)
    fresh = [_recombined(points, parts, widths)] if len(parts) > 1 else []
    fresh += [s.image(points) for s in found]
    if not fresh or not len(points):
        return points[:0]
    new = np.asarray(problem.chart.wrap(np.concatenate(fresh)))
    new = new[np.asarray(problem.chart.inside(new, 1e-9))]
    kept: list[np.ndarray] = []
    taken = points
    for point in new:
        away = np.max(np.abs(problem.chart.difference(taken, point)) / widths, axis=1)
        if np.min(away) > _SAME and len(kept) < _MOST_IMAGES:
            kept.append(point)
            taken = np.concatenate([taken, point[None]])
    return np.array(kept).reshape(-1, points.shape[1])


def _candidates(dimension: int, parts: list[np.ndarray]) -> list[Symmetry]:
    plain, ones = np.arange(dimension), np.ones(dimension)
    flips = [plain, *parts]
    if dimension <= _MOST_SINGLE:
        flips += [np.array([i]) for i in range(dimension)]
    tried = {tuple(np.where(np.isin(plain, flip), -1.0, 1.0)) for flip in flips}
    found = [Symmetry(plain, np.array(sign)) for sign in sorted(tried)]
    if dimension == 1:
        return found
    orders = [plain[::-1], np.roll(plain, 1)]
    if dimension <= _MOST_SINGLE:
        for i in range(dimension - 1):
            swapped = plain.copy()
            swapped[[i, i + 1]] = swapped[[i + 1, i]]
            orders.append(swapped)
    return found + [Symmetry(order, ones) for order in orders]


def _recombined(points: np.ndarray, parts: list[np.ndarray], widths: np.ndarray) -> np.ndarray:
    """Points `(m, d)` whose parts come from different roots, in all allowed combinations."""
    own = []
    for part in parts:
        cells = np.round(points[:, part] / widths[part], 6) + 0.0
        first = np.unique(cells, axis=0, return_index=True)[1]
        own.append(points[np.sort(first)][:, part])
    made = []
    for choice in itertools.islice(itertools.product(*own), 4 * _MOST_IMAGES):
        point = np.empty(points.shape[1])
        for part, values in zip(parts, choice, strict=True):
            point[part] = values
        made.append(point)
    return np.array(made).reshape(-1, points.shape[1])
