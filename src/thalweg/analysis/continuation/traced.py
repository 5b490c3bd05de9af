"""Curves on the host: traced both ways from a point, cut at the walls, crossed at a parameter."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np

from thalweg.analysis.continuation.curves import (
    CLOSED,
    LEFT,
    RANGE_END,
    STRAY,
    STUCK,
    UNFINISHED,
    Curves,
    Place,
    between,
    derivatives,
    follow,
    last_inside,
    pinned,
)
from thalweg.analysis.continuation.family import Equations, Family
from thalweg.core.batches import in_batches
from thalweg.core.cubics import bends

ENDS = {
    RANGE_END: "range",
    LEFT: "domain",
    CLOSED: "closed",
    STUCK: "undefined",
    UNFINISHED: "unfinished",
}
# Lanes, and points, that go through one program together.
LANES, _POINTS = 16, 256
# Two states at one parameter are one equilibrium when they differ by less, in units of the domain.
_SAME = 1e-6
# The error of a root of a cubic, on a segment of length 1.
_ROUNDED = 1e-9
# How many points of a curve are looked for on others: an odd number, so that most decide.
_WITNESSES = 3
# How far a curve bulges from its chord, whose length is 1: a turn of .3 makes a twenty-fifth.
_BULGE = 0.1
# Newton's approaches to the nearest point of a curve: each squares an error of a twentieth.
_APPROACHES = 4


@dataclass(frozen=True, eq=False)
class Curve:
    """A curve of equilibria, in the order in which it was followed.

    Attributes:
        z: its points, shape `(m, d + 1)`.
        tangent: the unit tangents, likewise.
        jacobian: the derivatives, `(m, d, d + 1)`.
        ends: why it ends at its first and at its last point (codes of `curves`).
        origin: the point from which it was followed, and the tangent there.
        marks: the points that are bifurcations, indices.
    """

    z: np.ndarray
    tangent: np.ndarray
    jacobian: np.ndarray
    ends: tuple[int, int]
    origin: tuple[np.ndarray, np.ndarray]
    marks: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.z)

    def with_points(self, segments: np.ndarray, places: Place) -> "Curve":
        """The curve with bifurcations inserted, each after the point that begins its segment."""
        order = np.lexsort((self._progress(segments, places.z), segments))
        at = segments[order] + 1
        marks = tuple(int(i) for i in at + np.arange(len(at)))
        return replace(
            self,
            z=np.insert(self.z, at, places.z[order], axis=0),
            tangent=np.insert(self.tangent, at, places.tangent[order], axis=0),
            jacobian=np.insert(self.jacobian, at, places.jacobian[order], axis=0),
            marks=marks,
        )

    def without_marks(self) -> "Curve":
        """The curve as it was followed: at a branch point the tangent may be another curve's."""
        kept = np.setdiff1d(np.arange(len(self)), self.marks)
        z, tangent, jacobian = self.z[kept], self.tangent[kept], self.jacobian[kept]
        return replace(self, z=z, tangent=tangent, jacobian=jacobian, marks=())

    def _progress(self, segments: np.ndarray, z: np.ndarray) -> np.ndarray:
        """The positions of points along their segments, `(k,)`."""
        chords = self.z[segments + 1] - self.z[segments]
        return np.sum((z - self.z[segments]) * chords, axis=1)


def in_lanes(fn: Callable, family: Equations, *arrays: np.ndarray, size: int = LANES) -> Any:
    """`fn(family, *arrays)` for any number of rows, a fixed number at a time; in NumPy."""
    parts = []
    for start in range(0, len(arrays[0]), size):
        rows = np.minimum(np.arange(start, start + size), len(arrays[0]) - 1)
        found = jax.tree.map(np.asarray, fn(family, *(a[rows] for a in arrays)))
        parts.append(jax.tree.map(lambda a, k=start: a[: len(arrays[0]) - k], found))
    return jax.tree.map(lambda *columns: np.concatenate(columns), *parts)


def trace(
    family: Equations,
    starts: np.ndarray,
    along: np.ndarray | None = None,
    stray: float = STRAY,
    across: float | None = None,
) -> list[Curve]:
    """The curves through points `(n, d + 1)`, followed both ways (along tangents, if given).

    `stray` and `across` are those of `follow`, for all curves.
    """
    if not len(starts):
        return []
    if along is None:
        along = tangents(family, starts)
    usable = np.all(np.isfinite(along), axis=1)
    starts, along = starts[usable], along[usable]
    if not len(starts):
        return []
    directions = np.stack([along, -along], axis=1).reshape(-1, starts.shape[1])
    limits = [np.full(len(directions), limit) for limit in (stray, across) if limit is not None]
    both = in_lanes(follow, family, np.repeat(starts, 2, axis=0), directions, *limits)
    return [_joined(family, both, 2 * i) for i in range(len(starts))]


def _joined(family: Equations, lanes: Curves, forward: int) -> Curve:
    """One curve of two lanes that go opposite ways; the first alone where that is closed."""
    ahead = _cut(family, lanes, forward)
    if ahead[2] == CLOSED:
        z, tangent = ahead[0], ahead[1]
        ends = (CLOSED, CLOSED)
    else:
        back = _cut(family, lanes, forward + 1)
        z = np.concatenate([back[0][:0:-1], ahead[0]])
        tangent = np.concatenate([-back[1][:0:-1], ahead[1]])
        ends = (back[2], ahead[2])
    origin = (ahead[0][0], ahead[1][0])
    return Curve(z, tangent, jacobians_at(family, z), ends, origin)


def tangents(family: Equations, z: np.ndarray) -> np.ndarray:
    """Unit tangents `(n, d + 1)` at points `(n, d + 1)`, the parameter growing along them.

    NaN where the derivatives are not finite.
    """
    jacobian = jacobians_at(family, z)
    is_known = np.all(np.isfinite(jacobian), axis=(1, 2))
    tangent = np.full(z.shape, np.nan)
    tangent[is_known] = np.linalg.svd(jacobian[is_known])[2][:, -1]
    return np.where(tangent[:, -1:] < 0.0, -tangent, tangent)


def jacobians_at(family: Equations, z: np.ndarray) -> np.ndarray:
    """The derivatives at any number of points."""
    return in_batches(lambda part: (derivatives(family, part),), z, _POINTS)[0]


def _cut(family: Equations, lanes: Curves, lane: int) -> tuple[np.ndarray, np.ndarray, int]:
    """The points of a lane, its tangents and its end; the last point on the wall that it passed."""
    count, end = int(lanes.count[lane]), int(lanes.end[lane])
    z, tangent = lanes.z[lane, :count].copy(), lanes.tangent[lane, :count].copy()
    if end == CLOSED:
        z[-1], tangent[-1] = z[0], tangent[0]
        # All round an angle, the last point is the first one some periods further.
        last = lanes.z[lane, count - 1]
        z[-1] += (last - z[0]) - np.asarray(family.away(last, z[0]))
    if end not in (RANGE_END, LEFT) or count < 2:
        return z, tangent, end
    place = jax.tree.map(np.asarray, last_inside(family, z[-2:], tangent[-2:]))
    if end == RANGE_END:
        wall = np.round(place.z[-1])
        exact = in_lanes(pinned, family, np.append(place.z[:-1], wall)[None])
        if exact.is_found[0] and np.linalg.norm(exact.z[0] - place.z) < _SAME:
            place = place._replace(z=exact.z[0])
    z[-1], tangent[-1] = place.z, place.tangent
    return z, tangent, end


def crossings(family: Family, curves: list[Curve], p: float) -> np.ndarray:
    """The states, `(n, d)` in units, at which curves cross a parameter in units of the range."""
    guesses = []
    for curve in curves:
        is_before, along = curve.z[:, -1] <= p, curve.tangent[:, -1]
        crosses = is_before[:-1] != is_before[1:]
        turns = along[:-1] * along[1:] < 0.0
        for k in np.flatnonzero(crosses | turns).tolist():
            guesses += [np.append(point[:-1], p) for point in _between(curve, k, p)]
    if not guesses:
        return np.zeros((0, family.dimension))
    found = in_lanes(pinned, family, np.array(guesses))
    return found.z[found.is_found, :-1]


def _between(curve: Curve, k: int, p: float) -> list[np.ndarray]:
    """The points between two at which the cubic through both, with their tangents, crosses p.

    Close to a pitchfork a chord would lead Newton to the other curve, and past a fold it would
    cross nothing.
    """
    z, length = curve.z[k : k + 2], np.linalg.norm(curve.z[k + 1] - curve.z[k])
    first, last = length * curve.tangent[k], length * curve.tangent[k + 1]
    c, d = bends(z[0], z[1], first, last)
    powers = np.array([d, c, first, z[0]])
    at = np.roots(np.append(powers[:3, -1], z[0, -1] - p))
    shares = at.real[(np.abs(at.imag) <= _ROUNDED) & (at.real >= -_ROUNDED) & (at.real <= 1.0)]
    return [np.polyval(powers, share) for share in shares]


def which_are_new(family: Family, states: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Truths `(n,)`: the states, `(n, d)` in units, that are none of the known ones."""
    if not len(known) or not len(states):
        return np.ones(len(states), dtype=bool)
    scale = np.asarray(family.y_scale)
    away = family.problem.chart.shorten((states[:, None] - known[None]) * scale) / scale
    return np.min(np.max(np.abs(away), axis=-1), axis=1) > _SAME


def only_new(family: Equations, curves: list[Curve], known: list[Curve]) -> list[Curve]:
    """Those of some curves that are none of the known ones, nor of one another, and not points."""
    kept = []
    for curve in curves:
        if len(curve) < 3:
            continue
        # Curves that cross share one point, so most of a few decide.
        some = np.unique(np.linspace(1, len(curve) - 2, _WITNESSES).round().astype(int))
        is_new = [not any(are_on(family, [*known, *kept], curve.z[k])) for k in some]
        if sum(is_new) > len(is_new) / 2:
            kept.append(curve)
    return kept


def are_on(family: Equations, curves: list[Curve], z: np.ndarray) -> list[bool]:
    """A truth for each of the curves: it passes through a point, `(d + 1,)`.

    The nearest point of the nearest segment is found by Newton at right angles to the curve, so
    that it does not matter which way the curve goes, nor how little of the range it spans.
    """
    curves = [curve.without_marks() for curve in curves]
    near = [_nearest(family, curve, z) for curve in curves]
    rows = [i for i, (_, share) in enumerate(near) if np.isfinite(share)]
    if not rows:
        return [False] * len(curves)
    pairs = [(curves[i], near[i][0]) for i in rows]
    ends = np.stack([curve.z[k : k + 2] for curve, k in pairs])
    tangents = np.stack([curve.tangent[k : k + 2] for curve, k in pairs])
    share = np.array([near[i][1] for i in rows])
    length = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1)
    found, away = None, np.full((len(rows), len(z)), np.inf)
    for _ in range(_APPROACHES):
        found = in_lanes(between, family, ends, tangents, share)
        away = np.asarray(family.away(np.broadcast_to(z, found.z.shape), found.z))
        ahead = np.where(found.is_found, np.sum(away * found.tangent, axis=1) / length, 0.0)
        share = np.clip(share + ahead, -_BULGE, 1.0 + _BULGE)
    assert found is not None
    is_on = found.is_found & (np.max(np.abs(away), axis=1) <= _SAME)
    passes = np.zeros(len(curves), dtype=bool)
    passes[rows] = is_on
    return passes.tolist()


def _nearest(family: Equations, curve: Curve, z: np.ndarray) -> tuple[int, float]:
    """The segment nearest to a point, and the share of it before the point; NaN if it is far."""
    chord = np.diff(curve.z, axis=0)
    away = np.asarray(family.away(np.broadcast_to(z, chord.shape), curve.z[:-1]))
    square = np.sum(chord**2, axis=1)
    share = np.sum(away * chord, axis=1) / np.where(square > 0.0, square, np.inf)
    share = np.clip(share, 0.0, 1.0)
    distance = np.linalg.norm(away - share[:, None] * chord, axis=1)
    k = int(np.argmin(np.where(square > 0.0, distance, np.inf)))
    is_near = square[k] > 0.0 and distance[k] <= _BULGE * np.sqrt(square[k]) + _SAME
    return k, float(share[k]) if is_near else np.nan
