"""Continua: equilibria that are not isolated (a line, a ring, a sphere of them).

A root with a singular Jacobian lies on a continuum when a finite step along a null direction
re-converges where it landed, and so again, and again; from a merely degenerate root such as that
of −x³ it falls back. Points are joined into pieces where the middle between two of them re-converges
to the middle.
"""

from typing import NamedTuple

import numpy as np

from thalweg.analysis.polish import polish
from thalweg.analysis.problem import Problem
from thalweg.analysis.search import Scales, search_all

_SINGULAR = 1e-4
_STEP = 0.01
_STEPS = 3
_CONVERGED = 1e-12
_MOST_POINTS = 400


class Continuum(NamedTuple):
    """One family of equilibria that are not isolated.

    Pieces that run out of the domain may be joined outside it, so they count as one family; a piece
    that closes inside is a family of its own.

    Attributes:
        dimension: 1 for a curve, 2 for a surface, ….
        points: points on it inside the domain and a little beyond, shape `(m, d)`, in coordinates.
        piece: the piece that each point belongs to, shape `(m,)`.
        links: pairs of neighbouring points, shape `(l, 2)`: a curve drawn by its segments.
        leaves: whether it runs out of the domain.
    """

    dimension: int
    points: np.ndarray
    piece: np.ndarray
    links: np.ndarray
    leaves: bool


def null_space(jacobian: np.ndarray, scales: Scales, limit: float = _SINGULAR) -> np.ndarray:
    """An orthonormal basis `(k, d)` of the nearly null directions, in units of the domain."""
    scaled = jacobian * np.asarray(scales.y) / np.asarray(scales.f)[:, None]
    values, right = np.linalg.svd(scaled)[1:]
    return right[values <= limit * max(values[0], 1e-2)]


def dimensions(problem: Problem, points: np.ndarray, scales: Scales) -> np.ndarray:
    """The dimension of the continuum through each root, 0 where it is isolated, shape `(n,)`.

    Arguments:
        problem: the rule and its chart.
        points: roots, shape `(n, d)`.
        scales: typical sizes.
    """
    jacobians = polish(problem, points, scales, steps=0).jacobian
    owners, directions = [], []
    for index, jacobian in enumerate(jacobians):
        for direction in null_space(jacobian, scales):
            owners += [index, index]
            directions += [direction, -direction]
    if not owners:
        return np.zeros(len(points), dtype=int)
    alive = _walk(problem, points[owners], np.array(directions), scales)
    passed = alive.reshape(-1, 2).any(axis=1)
    return np.bincount(np.array(owners[::2])[passed], minlength=len(points))


def _walk(
    problem: Problem, starts: np.ndarray, directions: np.ndarray, scales: Scales
) -> np.ndarray:
    """Which lanes can walk along a continuum: step, re-converge, and go on the same way."""
    widths, chart = np.asarray(scales.y), problem.host_chart
    here, alive = starts, np.ones(len(starts), dtype=bool)
    for _ in range(_STEPS):
        end = search_all(problem, here + _STEP * directions * widths, scales)
        there = np.asarray(end.y)
        moved = chart.difference(there, here) / widths
        ahead = np.sum(moved * directions, axis=1)
        alive &= (end.residual < _CONVERGED) & (ahead > 0.5 * _STEP) & (ahead < 2.0 * _STEP)
        if not alive.any():
            break
        jacobians = polish(problem, there, scales, steps=0).jacobian
        for lane in np.flatnonzero(alive):
            basis = null_space(jacobians[lane], scales)
            along = basis.T @ (basis @ directions[lane])
            length = np.linalg.norm(along)
            alive[lane] = length > 0.5
            directions[lane] = along / max(length, 1e-300)
        here = there
    return alive


def gather(problem: Problem, points: np.ndarray, dimension: int, scales: Scales) -> list[Continuum]:
    """Join points of continua of one dimension into families.

    Arguments:
        problem: the rule and its chart.
        points: shape `(n, d)`, all on continua of this dimension.
        dimension: that dimension.
        scales: typical sizes.
    """
    widths, chart = np.asarray(scales.y), problem.host_chart
    points = _thin(points / widths, _MOST_POINTS) * widths
    points = _extend(problem, points, scales) if len(points) < _MOST_POINTS else points
    edges = _spanning_tree(chart, points, widths)
    kept = edges[_joined(problem, points, edges, scales)]
    piece = _components(len(points), kept)
    leaving = {int(p) for p in piece[~chart.inside(points, 1e-9)]}
    families = [[p] for p in range(piece.max() + 1) if p not in leaving]
    families += [sorted(leaving)] if leaving else []
    return [_family(points, piece, kept, f, dimension, f[0] in leaving) for f in families]


def _family(
    points: np.ndarray, piece: np.ndarray, links: np.ndarray, members: list[int], dimension: int,
    leaves: bool,
) -> Continuum:  # fmt: skip
    chosen = np.flatnonzero(np.isin(piece, members))
    place = np.full(len(points), -1)
    place[chosen] = np.arange(len(chosen))
    own = links[np.isin(links[:, 0], chosen)]
    return Continuum(dimension, points[chosen], piece[chosen], place[own], leaves)


def spread(points: np.ndarray, count: int, widths: np.ndarray) -> np.ndarray:
    """The indices of `count` points far apart, the first the one lowest in the order of states."""
    scaled = points / widths
    chosen = [int(np.lexsort(np.round(scaled, 6).T[::-1])[0])]
    distance = np.linalg.norm(scaled - scaled[chosen[0]], axis=1)
    while len(chosen) < min(count, len(points)) and distance.max() > 1e-6:
        chosen.append(int(np.argmax(distance)))
        distance = np.minimum(distance, np.linalg.norm(scaled - scaled[chosen[-1]], axis=1))
    return np.array(chosen)


def _thin(scaled: np.ndarray, count: int) -> np.ndarray:
    return scaled if len(scaled) <= count else scaled[spread(scaled, count, np.ones(1))]


def _extend(problem: Problem, points: np.ndarray, scales: Scales) -> np.ndarray:
    """Add what a walk of a few steps either way from every point reaches."""
    widths = np.asarray(scales.y)
    found = [points]
    frontier = points
    for _ in range(2):
        jacobians = polish(problem, frontier, scales, steps=0).jacobian
        starts = [
            point + sign * 2.0 * _STEP * direction * widths
            for point, jacobian in zip(frontier, jacobians, strict=True)
            for direction in null_space(jacobian, scales)
            for sign in (1.0, -1.0)
        ]
        if not starts:
            break
        end = search_all(problem, np.array(starts), scales)
        frontier = np.asarray(end.y)[end.residual < _CONVERGED]
        if not len(frontier):
            break
        found.append(frontier)
    together = np.concatenate(found)
    return _thin(together / widths, _MOST_POINTS) * widths


def _spanning_tree(chart: object, points: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """The edges `(n − 1, 2)` of a minimum spanning tree (Prim), lengths relative to the domain."""
    count = len(points)
    nearest = np.zeros(count, dtype=int)
    distance = _distance(chart, points, points[0], widths)
    distance[0] = np.inf
    inside = np.zeros(count, dtype=bool)
    inside[0] = True
    edges = []
    for _ in range(count - 1):
        new = int(np.argmin(np.where(inside, np.inf, distance)))
        edges.append((nearest[new], new))
        inside[new] = True
        away = _distance(chart, points, points[new], widths)
        closer = away < distance
        nearest[closer], distance[closer] = new, away[closer]
    return np.array(edges, dtype=int).reshape(-1, 2)


def _distance(chart: object, points: np.ndarray, point: np.ndarray, widths: np.ndarray) -> np.ndarray:
    return np.linalg.norm(chart.difference(points, point) / widths, axis=1)  # type: ignore[attr-defined]


def _joined(problem: Problem, points: np.ndarray, edges: np.ndarray, scales: Scales) -> np.ndarray:
    """Which edges run along a continuum: their middle re-converges close to the middle."""
    if not len(edges):
        return np.zeros(0, dtype=bool)
    widths, chart = np.asarray(scales.y), problem.host_chart
    step = chart.difference(points[edges[:, 1]], points[edges[:, 0]])
    middle = points[edges[:, 0]] + 0.5 * step
    end = search_all(problem, middle, scales)
    off = np.linalg.norm(chart.difference(np.asarray(end.y), middle) / widths, axis=1)
    length = np.linalg.norm(step / widths, axis=1)
    return (end.residual < _CONVERGED) & (off <= 0.3 * length)


def _components(count: int, edges: np.ndarray) -> np.ndarray:
    label = np.arange(count)
    for a, b in edges:
        old, new = label[b], label[a]
        label[label == old] = new
    return np.unique(label, return_inverse=True)[1].reshape(-1)
