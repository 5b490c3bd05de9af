"""Special points on curves of bifurcations: seen by numbers that change sign, then refined.

    cusp              fold, ψ·B(v, v) = 0
    Bogdanov–Takens   F = 0, Av = 0, Aw = v, v·v = 1, v·w = 0     (σ = 1, −1 of a map: A − σ for A)
    generalised Hopf  Hopf, l₁ = 0
    generalised flip  flip, c = 0

Each is as many equations as unknowns, regular at such a point. What two curves of one state share
(fold and Hopf, …) is only named, where halving finds it.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.analysis.continuation.coefficients import flip_form, hopf_form
from thalweg.analysis.continuation.curves import LEFT, Place, between
from thalweg.analysis.continuation.defining import newton
from thalweg.analysis.continuation.traced import Curve, in_lanes, jacobians_at
from thalweg.analysis.two_parameters.plane import Plane, eigenvector, flip, fold, pair

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
class Found:
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


def same(one: Found, other: Found, dimension: int) -> bool:
    """True where two are one point, seen from two curves."""
    places = [np.append(found.z[:dimension], found.z[-2:]) for found in (one, other)]
    return one.kind == other.kind and bool(np.max(np.abs(places[0] - places[1])) <= _SAME)


def cusp(plane: Plane, x: jax.Array, c: jax.Array) -> jax.Array:
    """The fold's equations and ψ·B(v, v) = 0, with Jᵀψ = 0 and c·ψ = 1 by a bordered system."""
    d, v = plane.dimension, plane.vector(x)
    displacement, y = plane.displacement(x), x[:d]
    matrix = jnp.concatenate([jax.jacfwd(displacement)(y).T, v[:, None]], axis=1)
    matrix = jnp.concatenate([matrix, jnp.append(c, 0.0)[None]], axis=0)
    psi = jnp.linalg.solve(matrix, jnp.zeros(d + 1).at[-1].set(1.0))[:d]
    slope = lambda y: jax.jvp(displacement, (y,), (v,))[1]  # noqa: E731
    second = jax.jvp(slope, (y,), (v,))[1]
    return jnp.append(fold(plane, x), psi @ second)


def double(plane: Plane, x: jax.Array, c: jax.Array) -> jax.Array:
    """Unknowns y, v, w and the parameters; c has the eigenvalue σ."""
    d = plane.dimension
    v, w = plane.vector(x), x[2 * d : 3 * d]
    first, second = plane.own(x, v) - c[0] * v, plane.own(x, w) - c[0] * w - v
    ends = jnp.array([v @ v - 1.0, v @ w])
    return jnp.concatenate([plane.displacement(x)(x[:d]), first, second, ends])


def generalised_hopf(plane: Plane, x: jax.Array, c: jax.Array) -> jax.Array:
    """The Hopf point's equations and l₁ = 0."""
    return jnp.append(pair(plane, x), _lyapunov(plane, x))


def generalised_flip(plane: Plane, x: jax.Array, c: jax.Array) -> jax.Array:
    """The flip's equations and c = 0."""
    return jnp.append(flip(plane, x), _doubling(plane, x))


def _lyapunov(plane: Plane, z: jax.Array) -> jax.Array:
    return hopf_form(plane.at(z), plane.coordinates(z), *eigenvector(plane, z))


def _doubling(plane: Plane, z: jax.Array) -> jax.Array:
    return flip_form(plane.at(z), plane.coordinates(z), plane.y_scale * plane.vector(z))


@eqx.filter_jit
def _many(fn: Callable, plane: Plane, z: jax.Array) -> jax.Array:
    return jax.vmap(lambda point: fn(plane, point))(z)


def coefficients(plane: Plane, z: np.ndarray) -> np.ndarray | None:
    """l₁ of Hopf points, c of flips, `(m,)`; None of folds and Neimark–Sacker points.

    NaN where a double eigenvalue leaves none.
    """
    is_flow = plane.problem.rule.has_continuous_time
    fn = _doubling if plane.system is flip else _lyapunov if plane.has_pair and is_flow else None
    if fn is None:
        return None
    together = functools.partial(_many, fn)
    values = np.asarray(in_lanes(together, plane, z, size=_TOGETHER))
    return np.where(np.isfinite(values), values, np.nan)


# Points whose coefficients go through one program together.
_TOGETHER = 64


def find_special(plane: Plane, curve: Curve) -> list[Found]:
    """The special points on a curve, in its order."""
    reference = _left_vectors(plane, curve.jacobian)
    numbers = _numbers(plane, curve.z, curve.jacobian, _continued(reference))
    found = []
    for name, values in numbers.items():
        is_count = values.dtype.kind == "i"
        change = np.diff(values)
        jumps = np.abs(change) == 2 if is_count else values[:-1] * values[1:] < 0.0
        segments = np.flatnonzero(jumps)
        if len(segments):
            places = _located(plane, curve, segments, name)
            found += _refined(plane, name, places, segments)
    found += _at_ends(plane, curve)
    doubles = [point for point in found if len(point.chain)]
    # Beside a double eigenvalue l₁ grows without bound, and rounding gives what is zero its sign.
    kept = [
        point
        for point in found
        if len(point.chain)
        or point.kind == "cusp"
        or not any(_is_beside(plane, point, double) for double in doubles)
    ]
    return sorted(kept, key=lambda point: point.segment)


def _is_beside(plane: Plane, one: Found, other: Found) -> bool:
    return bool(np.max(np.abs(plane.away(one.z, other.z))) <= _BESIDE)


def _numbers(
    plane: Plane, z: np.ndarray, jacobian: np.ndarray, left: np.ndarray
) -> dict[str, np.ndarray]:
    """Numbers `(m,)` along a curve, each zero at (a count: jumping by two at) special points."""
    d, rule = plane.dimension, plane.problem.rule
    v = plane.vector(z)
    weight = np.asarray(plane.y_scale) / np.asarray(plane.f_scale)
    own = _own_jacobians(plane, jacobian)
    if plane.system is fold:
        second = np.einsum("mij,mj->mi", jacobian[:, d : 2 * d, :d], v)
        others = _others(plane, own, 1)
        double = "bogdanov-takens" if rule.has_continuous_time else "resonance-1-1"
        found = {
            "cusp": np.sum(left * second, axis=1),
            double: np.sum(left * v * weight, axis=1),
        }
        if rule.has_continuous_time:
            return found | {"fold-hopf": _growing(plane, others)}
        return found | {"fold-flip": _crossing(others + 1.0)}
    if plane.system is flip:
        return {
            "generalised-flip": _known(coefficients(plane, z)),
            "resonance-1-2": np.sum(left * v, axis=1),
            "fold-flip": np.linalg.slogdet(jacobian[:, :d, :d])[0],
        }
    if not rule.has_continuous_time:
        return {}
    return {
        "generalised-hopf": _known(coefficients(plane, z)),
        "fold-hopf": np.linalg.slogdet(jacobian[:, :d, :d])[0],
        "hopf-hopf": _growing(plane, _others(plane, own, 2)),
    }


def _known(values: np.ndarray | None) -> np.ndarray:
    assert values is not None
    return values


def _own_jacobians(plane: Plane, jacobian: np.ndarray) -> np.ndarray:
    """The rule's own Jacobians `(m, d, d)`, of those of a curve."""
    d = plane.dimension
    unit = np.asarray(plane.f_scale)[:, None] / np.asarray(plane.y_scale)
    return np.asarray(plane.problem.rule.own_jacobian(jacobian[:, :d, :d] * unit))


def _others(plane: Plane, own: np.ndarray, count: int) -> np.ndarray:
    """The eigenvalues besides those that the curve is about, `(m, d − count)`."""
    values = np.linalg.eigvals(own).astype(np.complex128)
    size = np.abs(plane.problem.rule.growth(values))
    order = np.argsort(size, axis=1, kind="stable")
    return np.take_along_axis(values, order[:, count:], axis=1)


def _growing(plane: Plane, values: np.ndarray) -> np.ndarray:
    return np.sum(plane.problem.rule.growth(values) > 0.0, axis=1).astype(int)


def _crossing(values: np.ndarray) -> np.ndarray:
    """The sign of the product of what are real numbers or come in conjugate pairs."""
    return np.sign(np.prod(values, axis=1).real)


def _left_vectors(plane: Plane, jacobian: np.ndarray) -> np.ndarray:
    """Left null vectors, `(m, d)`: of J in its units at folds, of A + 1 at flips."""
    d = plane.dimension
    if plane.system is not flip:
        return np.linalg.svd(jacobian[:, :d, :d])[0][:, :, -1]
    scale = np.asarray(plane.y_scale)
    own = _own_jacobians(plane, jacobian) * scale / scale[:, None]
    return np.linalg.svd(own + np.eye(d))[0][:, :, -1]


def _continued(vectors: np.ndarray) -> np.ndarray:
    """Vectors along a curve, each of the sign that makes it like the one before."""
    like = np.sign(np.sum(vectors[1:] * vectors[:-1], axis=1))
    signs = np.cumprod(np.append(1.0, np.where(like == 0.0, 1.0, like)))
    return signs[:, None] * vectors


def _located(plane: Plane, curve: Curve, segments: np.ndarray, name: str) -> Place:
    """The points within segments at which a number changes, by halving."""
    z = np.stack([curve.z[segments], curve.z[segments + 1]], axis=1)
    tangent = np.stack([curve.tangent[segments], curve.tangent[segments + 1]], axis=1)
    first = _left_vectors(plane, curve.jacobian[segments])

    def numbers(z: np.ndarray, jacobian: np.ndarray) -> np.ndarray:
        left = _left_vectors(plane, jacobian)
        sign = np.where(np.sum(left * first, axis=1) < 0.0, -1.0, 1.0)
        return _numbers(plane, z, jacobian, sign[:, None] * left)[name]

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


def _refined(plane: Plane, name: str, places: Place, segments: np.ndarray) -> list[Found]:
    """The special points near places, by Newton on their own equations."""
    found = []
    for k, segment in enumerate(segments.tolist()):
        if not places.is_found[k]:
            continue
        z, jacobian = places.z[k], places.jacobian[k]
        if name in ("bogdanov-takens", "resonance-1-1", "resonance-1-2"):
            point = refined_double(plane, name, z, jacobian, segment)
        elif name in _EQUATIONS:
            c = _left_vectors(plane, jacobian[None])[0]
            exact, step = newton(_EQUATIONS[name], plane, z[None], c[None])
            is_good = step[0] and np.max(np.abs(exact[0] - z)) <= _NEAR
            point = Found(name, exact[0], segment, _NONE) if is_good else None
        else:
            point = Found(name, z, segment, _NONE)
        found += [] if point is None else [point]
    return found


_EQUATIONS = {
    "cusp": cusp,
    "generalised-hopf": generalised_hopf,
    "generalised-flip": generalised_flip,
}
_NONE = np.zeros((0, 0))


def refined_double(
    plane: Plane, kind: str, z: np.ndarray, jacobian: np.ndarray, segment: int
) -> Found | None:
    """A point with a double eigenvalue near a place, or None."""
    d, rule, scale = plane.dimension, plane.problem.rule, np.asarray(plane.y_scale)
    sigma = {"bogdanov-takens": 0.0, "resonance-1-1": 1.0, "resonance-1-2": -1.0}[kind]
    own = _own_jacobians(plane, jacobian[None])[0] * scale / scale[:, None]
    own = own / np.asarray(plane.rate) if rule.has_continuous_time else own
    shifted = own - sigma * np.eye(d)
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
        return Found(kind, np.concatenate([x[:d], vector, number, x[-2:]]), segment, chain)
    return Found(kind, np.concatenate([x[:d], chain[0], x[-2:]]), segment, chain)


def vector_of_chain(plane: Plane, chain: np.ndarray) -> np.ndarray:
    """v of length 1 at right angles to c in what both vectors of a chain span."""
    phase = np.asarray(plane.phase)
    v = (phase @ chain[1]) * chain[0] - (phase @ chain[0]) * chain[1]
    return v / np.linalg.norm(v)


def _at_ends(plane: Plane, curve: Curve) -> list[Found]:
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
