"""Curves of equilibria that run out of the domain: which of them are one curve outside it.

The two branches of a hyperbola are one family, two parallel lines are two. So every end of a curve
is followed outwards with growing strides: two pieces are one family where one end meets the other,
or where both run along one asymptote, to opposite ends of it.
"""

import numpy as np

from thalweg.analysis.equilibria.search import Scales, search_all
from thalweg.dynamics.problem import Problem

_FIRST = 0.02  # widths, while near the domain: there the curve may turn back
_GROWTH = 0.3  # of the distance: far away a curve is as smooth as it is far
# Widths from the middle: beyond, curves that meet at infinity are compared by direction.
_FAR = 20.0
# Strides: from the middle of a wall 26 reach `_FAR`, from a place nearer to the middle some more.
_STEPS = 40
_CONVERGED = 1e-9  # of the scaled residual: outside the domain its scale may be far too small
_ASYMPTOTE = 0.02  # widths between two opposite ends that are one line through infinity


def joined_outside(
    problem: Problem, points: np.ndarray, links: np.ndarray, piece: np.ndarray, scales: Scales
) -> list[tuple[int, int]]:
    """Pairs of pieces of curves that are one beyond the domain.

    Arguments:
        problem: the rule and its chart.
        points: points on curves of equilibria, shape `(n, d)`.
        links: neighbours, shape `(l, 2)`.
        piece: the piece that each point belongs to, shape `(n,)`.
        scales: typical sizes.
    """
    widths, chart = np.asarray(scales.y), problem.chart
    outside = ~np.asarray(chart.inside(points, 1e-9))
    ends, before = _free_ends(links, outside)
    if len(np.unique(piece[ends])) < 2:
        return []
    owner, middle = piece[ends], np.mean(points, axis=0)
    here = points[ends]
    heading = chart.difference(here, points[before]) / widths
    heading /= np.linalg.norm(heading, axis=1, keepdims=True)
    starts, alive, pairs = here.copy(), np.ones(len(ends), dtype=bool), []
    far = np.zeros(len(ends), dtype=bool)
    for _ in range(_STEPS):
        going = alive & ~far
        if not np.any(going):
            break
        distance = np.linalg.norm((here - middle) / widths, axis=1)
        stride = np.maximum(_FIRST, _GROWTH * np.maximum(distance - 0.5, 0.0))
        here, heading, going = _advance(problem, here, heading, going, stride, scales)
        alive = going | (alive & far)
        far = np.linalg.norm((here - middle) / widths, axis=1) > _FAR
        for i in np.flatnonzero(going):
            gap = np.linalg.norm((starts - here[i]) / widths, axis=1)
            for j in np.flatnonzero((owner != owner[i]) & (gap < 1.5 * stride[i])):
                pairs.append((int(owner[i]), int(owner[j])))
                alive[i] = False
    lanes = np.flatnonzero(alive & far)
    for i in lanes:
        for j in lanes:
            if owner[i] < owner[j] and heading[i] @ heading[j] < -0.999:
                gap = (here[i] - here[j]) / widths
                across = gap - (gap @ heading[i]) * heading[i]
                if np.linalg.norm(across) < _ASYMPTOTE:
                    pairs.append((int(owner[i]), int(owner[j])))
    return pairs


def _free_ends(links: np.ndarray, outside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The points outside the domain with one neighbour, and that neighbour."""
    degree = np.bincount(links.ravel(), minlength=len(outside))
    ends = np.flatnonzero((degree == 1) & outside)
    neighbour = {int(a): int(b) for a, b in [*links, *links[:, ::-1]]}
    return ends, np.array([neighbour[int(e)] for e in ends], dtype=int)


def _advance(
    problem: Problem, here: np.ndarray, heading: np.ndarray, alive: np.ndarray, stride: np.ndarray,
    scales: Scales,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    widths, lanes = np.asarray(scales.y), np.flatnonzero(alive)
    end = search_all(problem, (here + stride[:, None] * heading * widths)[lanes], scales)
    moved = (end.y - here[lanes]) / widths
    ahead, stride = np.sum(moved * heading[lanes], axis=1), stride[lanes]
    keep = (end.residual < _CONVERGED) & (ahead > 0.3 * stride) & (ahead < 3.0 * stride)
    turned = moved / np.maximum(np.linalg.norm(moved, axis=1), 1e-300)[:, None]
    here, heading, alive = here.copy(), heading.copy(), np.zeros_like(alive)
    alive[lanes[keep]] = True
    here[alive], heading[alive] = np.asarray(end.y)[keep], turned[keep]
    return here, heading, alive
