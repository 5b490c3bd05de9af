"""Continua: equilibria that are not isolated (a line, a ring, a sphere of them).

A root with a singular Jacobian lies on a continuum when a finite step along a null direction
re-converges where it landed, and so again, and again; from a merely degenerate root such as that of
−x³ it falls back. Points are joined into pieces where the middle between two of them re-converges
close to the middle.
"""

from typing import NamedTuple

import numpy as np

from thalweg.analysis.equilibria.continua_outside import joined_outside
from thalweg.analysis.equilibria.polish import polish
from thalweg.analysis.equilibria.search import Scales, SearchEnd, search_all
from thalweg.core.charts import Chart
from thalweg.core.graphs import components
from thalweg.dynamics.problem import Problem

_SINGULAR = 1e-4  # a double root found to a residual of 1e-8 still has a singular value of 1e-4
# Of the widths: above what re-convergence moves along the way, below where curves bend.
_STEP = 0.01
_STEPS = 3  # a degenerate point can be left once by chance, hardly thrice in one direction
# Of the scaled residual: a hundred times the search's end, since singular steps stop early.
_CONVERGED = 1e-12
# A search that ends above this residual has not arrived, however slow it is.
_NEARLY = 1e-6
# Curves are followed in short strides, because they bend; a dozen of them across the domain fit.
_MOST_ON_CURVES, _MOST_POINTS = 2_000, 400
_SEEN = 128  # spread points of a continuum that are polished and classified
_TESTED = 32  # of those, which walk in every null direction: each walk is three searches
# Rounds: strides of two `_STEP`s along a curve lead 1.2 widths each way from every point.
_GROWTHS = 60


class Continuum(NamedTuple):
    """One family of equilibria that are not isolated.

    It may consist of several pieces inside the domain that are one outside it (`beyond`).

    Attributes:
        dimension: 1 for a curve, 2 for a surface, ….
        points: points on it inside the domain and a little beyond, shape `(m, d)`, in coordinates.
        piece: the piece that each point belongs to, shape `(m,)`.
        links: pairs of neighbouring points, shape `(l, 2)`: a curve drawn by its segments.
        leaves: whether it runs out of the domain.
        reach: how close to a point a state must be to be tried for joining on, in domain widths.
    """

    dimension: int
    points: np.ndarray
    piece: np.ndarray
    links: np.ndarray
    leaves: bool
    reach: float


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
    """Truths `(n,)`: lanes that can step along a continuum, re-converge and go on the same way."""
    widths, chart = np.asarray(scales.y), problem.chart
    here, alive = starts, np.ones(len(starts), dtype=bool)
    for _ in range(_STEPS):
        end = _arrive(problem, here + _STEP * directions * widths, scales)
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


def gather(
    problem: Problem, seeds: np.ndarray, others: np.ndarray, dimension: int, scales: Scales
) -> list[Continuum]:
    """Grow continua of one dimension from points on them, and join them into families.

    Arguments:
        problem: the rule and its chart.
        seeds: points known to lie on continua of this dimension, shape `(n, d)`.
        others: points that may.
        dimension: that dimension.
        scales: typical sizes.
    """
    widths, chart = np.asarray(scales.y), problem.chart
    points = _grow(problem, np.concatenate([seeds, others]), dimension, scales)
    edges = _spanning_tree(chart, points, widths)
    kept = edges[_joined(problem, points, edges, scales)]
    piece = components(kept, len(points))
    leaves = np.isin(piece, np.unique(piece[~chart.inside(points, 1e-9)]))
    pairs = joined_outside(problem, points, kept, piece, scales) if dimension == 1 else []
    family = components(np.array(pairs), piece.max() + 1)[piece]
    rooted = np.unique(family[: len(seeds)])
    chosen = [np.flatnonzero(family == f) for f in rooted]
    return [_family(points, piece, kept, c, dimension, bool(leaves[c[0]]), widths) for c in chosen]


def absorb(
    problem: Problem, ends: np.ndarray, residual: np.ndarray, family: np.ndarray,
    families: tuple[Continuum, ...], scales: Scales,
) -> np.ndarray:  # fmt: skip
    """Assign each search end that has no family yet to the continuum that it joins onto.

    Arguments:
        problem: the rule and its chart.
        ends: shape `(n, d)`.
        residual: the scaled residual there, shape `(n,)`.
        family: the family of each end so far, −1 for none.
        families: the continua known.
        scales: typical sizes.
    """
    widths, chart, new = np.asarray(scales.y), problem.chart, family.copy()
    for index, known in enumerate(families):
        lanes = np.flatnonzero((new < 0) & (residual < _CONVERGED))
        if not len(lanes):
            break
        away = chart.difference(ends[lanes][:, None], known.points) / widths
        distance = np.linalg.norm(away, axis=-1)
        nearest = np.argmin(distance, axis=1)
        near = distance[np.arange(len(lanes)), nearest] <= known.reach
        lanes, nearest = lanes[near], nearest[near]
        if len(lanes):
            both = np.concatenate([ends[lanes], known.points[nearest]])
            pairs = np.arange(2 * len(lanes)).reshape(2, -1).T
            new[lanes[_joined(problem, both, pairs, scales)]] = index
    return new


def discover(problem: Problem, points: np.ndarray, scales: Scales) -> list[Continuum]:
    """The continua among roots of shape `(n, d)` that belong to no known one.

    A few of the singular roots, far apart, are tested; the others will join onto what they show.
    """
    if not len(points):
        return []
    widths = np.asarray(scales.y)
    jacobians = polish(problem, points, scales, steps=0).jacobian
    singular = np.array([len(null_space(j, scales)) > 0 for j in jacobians])
    points = points[singular]
    if not len(points):
        return []
    points = points[spread(points, _SEEN, widths)]
    tested, others = points[:_TESTED], points[_TESTED:]
    dimension = dimensions(problem, tested, scales)
    found = []
    for size in np.unique(dimension[dimension > 0]):
        found += gather(problem, tested[dimension == size], others, int(size), scales)
    return found


def _family(
    points: np.ndarray, piece: np.ndarray, links: np.ndarray, chosen: np.ndarray, dimension: int,
    leaves: bool, widths: np.ndarray,
) -> Continuum:  # fmt: skip
    place = np.full(len(points), -1)
    place[chosen] = np.arange(len(chosen))
    own = place[links[np.isin(links[:, 0], chosen)]]
    lengths = np.linalg.norm(
        (points[chosen][own[:, 1]] - points[chosen][own[:, 0]]) / widths, axis=1
    )
    reach = 1.5 * float(np.median(lengths)) if len(own) else 0.0
    piece = np.unique(piece[chosen], return_inverse=True)[1].reshape(-1)
    reach = max(reach, 2.0 * _stride(dimension))
    return Continuum(dimension, points[chosen], piece, own, leaves, reach)


def spread(points: np.ndarray, count: int, widths: np.ndarray) -> np.ndarray:
    """The indices of `count` points far apart, the first the one lowest in the order of states."""
    scaled = points / widths
    chosen = [int(np.lexsort(np.round(scaled, 6).T[::-1])[0])]
    distance = np.linalg.norm(scaled - scaled[chosen[0]], axis=1)
    while len(chosen) < min(count, len(points)) and distance.max() > 1e-6:
        chosen.append(int(np.argmax(distance)))
        distance = np.minimum(distance, np.linalg.norm(scaled - scaled[chosen[-1]], axis=1))
    return np.array(chosen)


def _arrive(problem: Problem, points: np.ndarray, scales: Scales) -> SearchEnd:
    """Search from points; where roots are degenerate, so that it is slow, polish its ends too."""
    end = search_all(problem, points, scales)
    slow = np.flatnonzero((end.residual >= _CONVERGED) & (end.residual < _NEARLY))
    if not len(slow):
        return end
    done = polish(problem, end.y[slow], scales)
    y, residual = end.y.copy(), end.residual.copy()
    size = np.linalg.norm(done.displacement / np.asarray(scales.f), axis=1)
    y[slow], residual[slow] = done.y, np.minimum(size, residual[slow])
    return SearchEnd(y, residual, end.steps)


def _stride(dimension: int) -> float:
    """Distance that is wanted between points on a continuum, in units of the domain."""
    return _STEP * (2.0, 8.0, 20.0)[min(dimension, 3) - 1]


def _grow(problem: Problem, points: np.ndarray, dimension: int, scales: Scales) -> np.ndarray:
    """Walk on from every point in all null directions until the domain is covered, or enough is."""
    widths, chart, stride = np.asarray(scales.y), problem.chart, _stride(dimension)
    most = _MOST_ON_CURVES if dimension == 1 else _MOST_POINTS
    frontier = points
    for _ in range(_GROWTHS):
        jacobians = polish(problem, frontier, scales, steps=0).jacobian
        starts = [
            point + sign * stride * direction * widths
            for point, jacobian in zip(frontier, jacobians, strict=True)
            for direction in null_space(jacobian, scales)
            for sign in (1.0, -1.0)
        ]
        if not starts or len(points) >= most:
            break
        end = _arrive(problem, np.array(starts), scales)
        arrived = (end.residual < _CONVERGED) & chart.inside(end.y, 0.05)
        frontier = _far_from(chart, points, end.y[arrived], 0.6 * stride, widths)
        if not len(frontier):
            break
        points = np.concatenate([points, frontier])
    return points


def _far_from(
    chart: Chart, points: np.ndarray, candidates: np.ndarray, least: float, widths: np.ndarray
) -> np.ndarray:
    """The candidates that are not close to any point, nor to a candidate chosen before them."""
    chosen: list[np.ndarray] = []
    taken = points
    for candidate in candidates:
        if np.min(_distance(chart, taken, candidate, widths)) > least:
            chosen.append(candidate)
            taken = np.concatenate([taken, candidate[None]])
    return np.array(chosen).reshape(-1, points.shape[1])


def _spanning_tree(chart: Chart, points: np.ndarray, widths: np.ndarray) -> np.ndarray:
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


def _distance(
    chart: Chart, points: np.ndarray, point: np.ndarray, widths: np.ndarray
) -> np.ndarray:
    return np.linalg.norm(chart.difference(points, point) / widths, axis=1)


def _joined(problem: Problem, points: np.ndarray, edges: np.ndarray, scales: Scales) -> np.ndarray:
    """Truths, one an edge: the edge runs along a continuum, its middle re-converging close by."""
    if not len(edges):
        return np.zeros(0, dtype=bool)
    widths, chart = np.asarray(scales.y), problem.chart
    step = chart.difference(points[edges[:, 1]], points[edges[:, 0]])
    middle = points[edges[:, 0]] + 0.5 * step
    end = _arrive(problem, middle, scales)
    off = np.linalg.norm(chart.difference(np.asarray(end.y), middle) / widths, axis=1)
    length = np.linalg.norm(step / widths, axis=1)
    return (end.residual < _CONVERGED) & (off <= 0.3 * length + 1e-6)
