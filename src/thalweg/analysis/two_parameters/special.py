"""Special points on curves of bifurcations: seen by numbers that change sign, then refined.

What two curves of one state share (fold and Hopf, …) is only named, where halving finds it.
"""

from dataclasses import dataclass

import numpy as np

from thalweg.analysis.continuation.curves import LEFT, Place, between
from thalweg.analysis.continuation.defining import newton
from thalweg.analysis.continuation.traced import Curve, in_lanes, jacobians_at
from thalweg.analysis.two_parameters.defining import (
    cusp,
    double,
    generalised_flip,
    generalised_hopf,
)
from thalweg.analysis.two_parameters.indicators import left_vectors, own_jacobians, special_numbers
from thalweg.analysis.two_parameters.plane import Plane

# Halvings of a segment: a point that is only named is then known to rounding.
_HALVINGS = 46
# How far Newton may go from where a point was located, in units of the domain and the ranges, and
# how near two are that are one point.
_NEAR, _SAME = 1e-2, 1e-7
# How near a double eigenvalue, in units, other signs are rounding.
_BESIDE = 1e-3
# A curve that ends with its κ, or 1 − |k|, below this ends where the pair becomes real: halving
# finds the wall to rounding, and κ is linear along the curve there.
_REAL = 1e-6


@dataclass(frozen=True, eq=False)
class Located:
    """A special point on a curve.

    Attributes:
        kind: as in the result.
        z: the point, as a point of the curve.
        segment: the index of the point of the curve before it.
        chain: v and w of a double eigenvalue, `(2, d)`, in units of the domain; else empty.
    """

    kind: str
    z: np.ndarray
    segment: int
    chain: np.ndarray


def same(one: Located, other: Located, dimension: int) -> bool:
    """True where two are one point, seen from two curves."""
    places = [np.append(found.z[:dimension], found.z[-2:]) for found in (one, other)]
    return one.kind == other.kind and bool(np.max(np.abs(places[0] - places[1])) <= _SAME)


def find_special(plane: Plane, curve: Curve) -> list[Located]:
    """The special points on a curve, in its order."""
    reference = left_vectors(plane, curve.jacobian)
    numbers = special_numbers(plane, curve.z, curve.jacobian, _continued(reference))
    found = _at_ends(plane, curve)
    # Double eigenvalues first: what is seen beside one is not refined (`_is_real`).
    for name in sorted(numbers, key=lambda name: name not in _DOUBLES):
        values = numbers[name]
        is_count = values.dtype.kind == "i"
        change = np.diff(values)
        jumps = np.abs(change) == 2 if is_count else values[:-1] * values[1:] < 0.0
        segments = np.flatnonzero(jumps)
        if len(segments):
            places = _located(plane, curve, segments, name)
            doubles = [point.z for point in found if len(point.chain)]
            is_real = places.is_found & _is_real(plane, name, places.z, doubles)
            kept = np.flatnonzero(is_real)
            found += _refined(plane, name, places, segments, kept)
    doubles = [point.z for point in found if len(point.chain)]
    return sorted(
        (point for point in found if _is_real(plane, point.kind, point.z[None], doubles)[0]),
        key=lambda point: point.segment,
    )


def _is_real(plane: Plane, kind: str, z: np.ndarray, doubles: list[np.ndarray]) -> np.ndarray:
    """Truths `(n,)`: the places, `(n, …)`, that are no rounding beside a double eigenvalue.

    There l₁ grows without bound, and rounding gives what is zero its sign. A cusp may lie there.
    """
    if kind == "cusp" or kind in _DOUBLES or not doubles:
        return np.ones(len(z), bool)
    apart = [np.max(np.abs(plane.away(z, double)), axis=-1) for double in doubles]
    return np.min(apart, axis=0) > _BESIDE


def _continued(vectors: np.ndarray) -> np.ndarray:
    """Vectors along a curve, each of the sign that makes it like the one before."""
    like = np.sign(np.sum(vectors[1:] * vectors[:-1], axis=1))
    signs = np.cumprod(np.append(1.0, np.where(like == 0.0, 1.0, like)))
    return signs[:, None] * vectors


def _located(plane: Plane, curve: Curve, segments: np.ndarray, name: str) -> Place:
    """The points within segments at which a number changes, by halving."""
    z = np.stack([curve.z[segments], curve.z[segments + 1]], axis=1)
    tangent = np.stack([curve.tangent[segments], curve.tangent[segments + 1]], axis=1)
    first = left_vectors(plane, curve.jacobian[segments])

    def numbers(z: np.ndarray, jacobian: np.ndarray) -> np.ndarray:
        left = left_vectors(plane, jacobian)
        sign = np.where(np.sum(left * first, axis=1) < 0.0, -1.0, 1.0)
        return special_numbers(plane, z, jacobian, sign[:, None] * left)[name]

    before = numbers(z[:, 0], curve.jacobian[segments])
    low, high = np.zeros(len(segments)), np.ones(len(segments))
    found = None
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        found = in_lanes(between, plane, z, tangent, middle)
        here = numbers(found.z, np.where(np.isfinite(found.jacobian), found.jacobian, 0.0))
        is_count = here.dtype.kind == "i"
        is_before = (here == before) if is_count else here * before > 0.0
        is_before |= ~found.is_found
        low, high = np.where(is_before, middle, low), np.where(is_before, high, middle)
    assert found is not None
    return found


def _refined(
    plane: Plane, name: str, places: Place, segments: np.ndarray, kept: np.ndarray
) -> list[Located]:
    """The special points near the places that are kept, by Newton on their own equations."""
    found = []
    for k in kept.tolist():
        segment, z, jacobian = int(segments[k]), places.z[k], places.jacobian[k]
        if name in _DOUBLES:
            point = refined_double(plane, name, z, jacobian, segment)
        elif name in _EQUATIONS:
            c = left_vectors(plane, jacobian[None])[0]
            exact, step = newton(_EQUATIONS[name], plane, z[None], c[None])
            is_good = step[0] and np.max(np.abs(exact[0] - z)) <= _NEAR
            point = Located(name, exact[0], segment, _NONE) if is_good else None
        else:
            point = Located(name, z, segment, _NONE)
        found += [] if point is None else [point]
    return found


_DOUBLES = ("bogdanov-takens", "resonance-1-1", "resonance-1-2")
_EQUATIONS = {
    "cusp": cusp,
    "generalised-hopf": generalised_hopf,
    "generalised-flip": generalised_flip,
}
_NONE = np.zeros((0, 0))  # the chain of a point without one


def refined_double(
    plane: Plane, kind: str, z: np.ndarray, jacobian: np.ndarray, segment: int
) -> Located | None:
    """A point with a double eigenvalue near a place, or None."""
    d, scale = plane.dimension, np.asarray(plane.y_scale)
    sigma = {"bogdanov-takens": 0.0, "resonance-1-1": 1.0, "resonance-1-2": -1.0}[kind]
    own = own_jacobians(plane, jacobian[None])[0] * scale / scale[:, None]
    shifted = own / np.asarray(plane.rate) - sigma * np.eye(d)
    v = np.linalg.svd(shifted)[2][-1]
    w = np.linalg.lstsq(shifted, v, rcond=1e-6)[0]
    x = np.concatenate([z[:d], v, w - (w @ v) * v, z[-2:]])
    exact, is_found = newton(double, plane, x[None], np.array([[sigma]]))
    x, away = exact[0], np.abs(exact[0] - x)
    if not is_found[0] or max(np.max(away[:d]), np.max(away[-2:])) > _NEAR:
        return None
    chain = np.stack([x[d : 2 * d], x[2 * d : 3 * d]])
    if plane.has_pair:
        vector, number = vector_of_chain(plane, chain), [sigma]
        return Located(kind, np.concatenate([x[:d], vector, number, x[-2:]]), segment, chain)
    return Located(kind, np.concatenate([x[:d], chain[0], x[-2:]]), segment, chain)


def vector_of_chain(plane: Plane, chain: np.ndarray) -> np.ndarray:
    """v of length 1 at right angles to c in what both vectors of a chain span."""
    phase = np.asarray(plane.phase)
    v = (phase @ chain[1]) * chain[0] - (phase @ chain[0]) * chain[1]
    return v / np.linalg.norm(v)


def _at_ends(plane: Plane, curve: Curve) -> list[Located]:
    """The points at which a pair becomes real, which end a curve."""
    if not plane.has_pair:
        return []
    found = []
    for k, end in zip((0, -1), curve.ends, strict=True):
        number = float(plane.number(curve.z[k]))
        if plane.problem.rule.has_continuous_time:
            kind, distance = "bogdanov-takens", number
        else:
            kind = "resonance-1-1" if number > 0.0 else "resonance-1-2"
            distance = 1.0 - abs(number)
        if end == LEFT and distance <= _REAL:
            segment = 0 if k == 0 else len(curve) - 1
            jacobian = jacobians_at(plane, curve.z[[k]])[0]
            point = refined_double(plane, kind, curve.z[k], jacobian, segment)
            found += [] if point is None else [point]
    return found
