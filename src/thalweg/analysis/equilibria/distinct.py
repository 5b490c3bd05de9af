"""From where the search ended to distinct roots: what is a root, and which are the same.

Two points are one root when the displacement between them never rises above what rounding makes
indistinguishable from zero. So −x³, whose rounding ball is wide, is one root, and two simple roots
a millionth apart are two.
"""

from typing import NamedTuple

import numpy as np

from thalweg.analysis.equilibria.polish import Polished, polish
from thalweg.analysis.equilibria.search import Scales
from thalweg.dynamics.points import displacements_at
from thalweg.dynamics.problem import Problem

_EPS = np.finfo(np.float64).eps
# Scaled residual: flat places have as much, and are told from roots once polished.
_CANDIDATE = 1e-8
_NEAR = 1e-3  # of the widths: neighbours compared in pairs; those further apart are surely two
_FRACTIONS = np.array([0.25, 0.5, 0.75])  # of the way between two: a rise in either half is seen


class Roots(NamedTuple):
    """Distinct points at which the displacement vanishes.

    Attributes:
        y: shape `(k, d)`.
        polished: displacement, Jacobian and noise at each.
        tolerance: what counts as zero there, a component, shape `(k, d)`.
        spread: how far off each root may lie along each coordinate, shape `(k, d)`.
        hits: for each candidate, the index of its root, or −1 if it is none, shape `(n,)`.
    """

    y: np.ndarray
    polished: Polished
    tolerance: np.ndarray
    spread: np.ndarray
    hits: np.ndarray

    def at(self, chosen: np.ndarray) -> "Roots":
        """Some of the roots, by their indices."""
        polished = Polished(*(part[chosen] for part in self.polished))
        return Roots(
            self.y[chosen], polished, self.tolerance[chosen], self.spread[chosen], self.hits
        )

    def without(self, left_out: np.ndarray) -> "Roots":
        """The other roots, with the hits of those candidates that led to them or to none."""
        kept = np.flatnonzero(~left_out)
        number = np.full(len(left_out) + 1, -1)
        number[kept] = np.arange(len(kept))
        hits = self.hits[~np.append(left_out, False)[self.hits]]
        return self.at(kept)._replace(hits=number[hits])


def distinct_roots(
    problem: Problem, points: np.ndarray, residual: np.ndarray, scales: Scales
) -> Roots:
    """Polish candidates, keep those that are roots, and merge those that are the same.

    Arguments:
        problem: the rule and its chart.
        points: where the search ended, shape `(n, d)`.
        residual: the scaled residual there, shape `(n,)`.
        scales: typical sizes.
    """
    widths = np.asarray(scales.y)
    lanes = np.flatnonzero(residual < _CANDIDATE)
    lanes = lanes[np.argsort(residual[lanes], kind="stable")]
    cells = _rounded(points[lanes], widths)
    _, first, inverse = np.unique(cells, axis=0, return_index=True, return_inverse=True)
    hits = np.full(len(points), -1)
    if not len(first):
        return _pack(problem, np.empty((0, points.shape[1])), scales, hits)
    polished = polish(problem, points[lanes[first]], scales)
    tolerance = zero_tolerance(polished, scales)
    owner = _merge(problem, polished, tolerance, widths)
    hits[lanes] = owner[inverse.reshape(-1)]
    seeds = [polished.y[owner == k] for k in range(owner.max() + 1)]
    sizes = [np.max(np.abs(polished.displacement[owner == k]), axis=1) for k in range(len(seeds))]
    best = np.array([s[np.argmin(f)] for s, f in zip(seeds, sizes, strict=True)])
    return _pack(problem, best.reshape(-1, points.shape[1]), scales, hits)


def _rounded(points: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """Points to eleven significant digits, or to rounding next to the domain where that is more."""
    size = np.maximum(np.abs(points), 1e-5 * widths)
    unit = 10.0 ** (np.ceil(np.log10(size)) - 11.0)
    return np.round(points / unit) * unit + 0.0


def zero_tolerance(polished: Polished, scales: Scales) -> np.ndarray:
    """Size below which each component cannot be told from zero at each point, shape `(n, d)`."""
    reach = np.einsum("nij,nj->ni", np.abs(polished.jacobian), np.abs(polished.y))
    return 64.0 * (polished.noise + _EPS * reach) + 16.0 * _EPS * np.asarray(scales.f)


def _merge(
    problem: Problem, polished: Polished, tolerance: np.ndarray, widths: np.ndarray
) -> np.ndarray:
    """The index of each point's root, −1 where the displacement is not zero."""
    size = np.max(np.abs(polished.displacement) / tolerance, axis=1)
    owner = np.full(len(size), -1)
    open_lanes = [int(i) for i in np.argsort(size, kind="stable") if size[i] <= 1.0]
    count = 0
    while open_lanes:
        seed, others = open_lanes[0], np.array(open_lanes[1:], dtype=int)
        owner[seed] = count
        away = problem.chart.difference(polished.y[others], polished.y[seed])
        near = others[np.max(np.abs(away) / widths, axis=1) <= _NEAR] if len(others) else others
        if len(near):
            same = _indistinct(problem, polished, tolerance, seed, near)
            owner[near[same]] = count
        open_lanes = [int(i) for i in others if owner[i] < 0]
        count += 1
    return owner


def _indistinct(
    problem: Problem, polished: Polished, tolerance: np.ndarray, seed: int, others: np.ndarray
) -> np.ndarray:
    away = problem.chart.difference(polished.y[others], polished.y[seed])
    between = polished.y[seed] + _FRACTIONS[:, None, None] * away
    value = displacements_at(problem, between.reshape(-1, away.shape[1])).reshape(between.shape)
    allowed = np.maximum(tolerance[others], tolerance[seed])
    return np.all(np.abs(value) <= allowed, axis=(0, 2))


def _pack(problem: Problem, y: np.ndarray, scales: Scales, hits: np.ndarray) -> Roots:
    dimension = y.shape[1]
    if not len(y):
        empty = np.empty((0, dimension))
        return Roots(
            y, Polished(empty, empty, np.empty((0, dimension, dimension)), empty), empty,
            empty, hits,
        )  # fmt: skip
    y = _snap_zeros(problem, y, scales)
    polished = polish(problem, y, scales, steps=0)
    tolerance = zero_tolerance(polished, scales)
    spread = np.array([_spread(problem, polished, tolerance, scales, k) for k in range(len(y))])
    return Roots(y, polished, tolerance, spread, hits)


def _snap_zeros(problem: Problem, y: np.ndarray, scales: Scales) -> np.ndarray:
    """Set coordinates that are zero but for rounding to zero, where the root allows it."""
    snapped = np.where(np.abs(y) < 1e-14 * np.asarray(scales.y), 0.0, y)
    changed = np.any(snapped != y, axis=1)
    before = np.max(np.abs(displacements_at(problem, y)), axis=1)
    after = np.max(np.abs(displacements_at(problem, snapped)), axis=1)
    floor = 4.0 * _EPS * np.max(np.asarray(scales.f))
    keep = changed & (after <= np.maximum(before, floor))
    return np.where(keep[:, None], snapped, y)


def _spread(
    problem: Problem, polished: Polished, tolerance: np.ndarray, scales: Scales, k: int
) -> np.ndarray:
    """The longest step along the weakest direction that leaves the displacement at zero."""
    widths, typical = np.asarray(scales.y), np.asarray(scales.f)
    scaled = polished.jacobian[k] * widths / typical[:, None]
    weakest = np.linalg.svd(scaled)[2][-1] * widths
    lengths = 10.0 ** np.arange(-17, -1.75, 0.25)
    steps = np.concatenate([lengths, -lengths])[:, None] * weakest
    value = displacements_at(problem, polished.y[k] + steps)
    fits = np.all(np.abs(value) <= tolerance[k], axis=1).reshape(2, -1)
    # Without a gap: a step that lands on another root says nothing about this one.
    unbroken = np.logical_and.accumulate(fits, axis=1).reshape(-1)
    reached = np.max(np.abs(steps[unbroken]), axis=0, initial=0.0)
    return np.maximum(reached, _EPS * np.abs(polished.y[k]))
