"""From a change of an indicator along a curve to a bifurcation with its kind and numbers."""

from dataclasses import dataclass, field

import jax
import numpy as np

from thalweg.analysis.continuation import defining
from thalweg.analysis.continuation.branching import branch_directions
from thalweg.analysis.continuation.coefficients import (
    flip_coefficient,
    fold_coefficient,
    hopf_coefficient,
)
from thalweg.analysis.continuation.curves import RANGE_END, Place, between
from thalweg.analysis.continuation.family import Family
from thalweg.analysis.continuation.indicators import eigenvalues_at, indicators
from thalweg.analysis.continuation.traced import Curve, in_lanes, jacobians_at

# Halvings of a segment, to rounding: what is degenerate no Newton refines.
_HALVINGS = 46
# Singular values of J below this share of the largest are zero at a point that was found by them.
_KERNEL = 1e-6
# A branch point's μ, in units of the displacement, where it is zero but for rounding.
_UNPERTURBED = 1e-11
# Near zero, at a located point: the growth of a pair, in units of its eigenvalue.
_NEUTRAL = 1e-4
# An eigenvalue turns when its imaginary part is more of it; one this share of the largest is zero.
_TURNS, _ROUNDED = 1e-6, 1e-11
# How far Newton may go from where a point was located, in units of the domain and the range.
_NEAR = 1e-3
# A bifurcation this near an end of the range, in its units, lies on it.
_ON_WALL = 1e-9
# One bifurcation seen from two curves, in units of the range, and of the domain where Newton has
# refined it and where it has not (a square root of rounding, and something to spare).
_SAME, _SAME_STATE = 1e-6, (1e-6, 1e-3)


@dataclass(frozen=True, eq=False)
class Special:
    """A bifurcation on a curve.

    Attributes:
        kind: as in the contract of `analyze --vary`.
        z: the point, `(d + 1,)`.
        frequency: ω of a Hopf point, θ of a Neimark–Sacker point, else None.
        coefficient: of the normal form, where one is computed.
        directions: unit tangents of the curves through a branch point, `(k, d + 1)`.
        vector: q of a Hopf point, complex, or v of a flip, in units of the domain, `(d,)`; else
            empty.
        segment: the index of the point of the curve before it.
        place: the point with its tangent and derivatives.
    """

    kind: str
    z: np.ndarray
    frequency: float | None
    coefficient: float | None
    directions: np.ndarray
    segment: int
    place: Place
    vector: np.ndarray = field(default_factory=lambda: np.zeros(0, complex))


def find_special(family: Family, curve: Curve) -> tuple[list[Special], bool]:
    """The bifurcations on a curve, each once, in its order; and whether anything is left over.

    An indicator that changes at no bifurcation means that the curve jumped to another one.
    """
    signs = indicators(family, curve.tangent, curve.jacobian)
    segments, names = [], []
    for name in ("branch", "fold", "pair", "flip"):
        changed = np.flatnonzero(np.diff(getattr(signs, name)))
        segments += changed.tolist()
        names += [name] * len(changed)
    # Two at once leave the products as they are.
    jumps = np.flatnonzero(np.abs(np.diff(signs.unstable)) >= 2)
    hidden = [k for k in jumps if k not in segments]
    segments, names = [*segments, *hidden], [*names, *["unstable"] * len(hidden)]
    found = _at_ends(family, curve)
    if not segments:
        return found, False
    places = _located(family, curve, np.array(segments), names, signs)
    is_whole = True
    for k, (segment, name) in enumerate(zip(segments, names, strict=True)):
        place = Place(*(part[k] for part in places))
        special = _named(family, name, place, segment) if place.is_found else None
        # A pair of which nothing comes is a neutral saddle, unless the stability changes.
        is_neutral_saddle = (
            name == "pair" and signs.unstable[segment] == signs.unstable[segment + 1]
        )
        is_whole &= special is not None or bool(is_neutral_saddle)
        if special is not None and not any(same(special, other) for other in found):
            found.append(special)
    found = [s for s in found if s.kind != "fold" or not _near_other(s, found)]
    return sorted(found, key=lambda s: s.segment), not is_whole


def _at_ends(family: Family, curve: Curve) -> list[Special]:
    """Bifurcations at the very ends of the range, where no indicator need change its sign."""
    rule, found = family.problem.rule, []
    last = len(curve) - 1
    for k, segment in ((0, 0), (last, last - 1)):
        if curve.ends[min(k, 1)] != RANGE_END:
            continue
        place = Place(curve.z[k], curve.tangent[k], curve.jacobian[k], True)
        values = eigenvalues_at(family, curve.jacobian[[k]])[0]
        size = np.maximum(np.abs(values), 1.0)
        is_flip = ~np.asarray(rule.has_continuous_time) & (np.abs(values + 1.0) <= _NEUTRAL)
        is_neutral = np.abs(rule.growth(values)) <= _NEUTRAL * size
        names = ["branch"] if _kernel_size(place.jacobian) else []
        names += ["pair"] if np.any(is_neutral & (np.imag(values) > 0.0)) else []
        names += ["flip"] if np.any(is_flip) else []
        for name in names:
            special = _named(family, name, place, segment)
            is_here = special is not None and abs(special.z[-1] - place.z[-1]) <= _ON_WALL
            if special is not None and is_here and not any(same(special, s) for s in found):
                found.append(special)
    return found


def _located(family: Family, curve: Curve, segments: np.ndarray, names: list[str], signs) -> Place:
    """The points within segments at which indicators change, by halving."""
    z = np.stack([curve.z[segments], curve.z[segments + 1]], axis=1)
    tangent = np.stack([curve.tangent[segments], curve.tangent[segments + 1]], axis=1)
    before = np.array([getattr(signs, n)[k] for n, k in zip(names, segments, strict=True)])
    low, high = np.zeros(len(segments)), np.ones(len(segments))
    found = Place(z[:, 0], tangent[:, 0], curve.jacobian[segments], np.zeros(len(segments), bool))
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        new = in_lanes(between, family, z, tangent, middle)
        fine = new.is_found
        safe = np.where(np.isfinite(new.jacobian), new.jacobian, 0.0)
        here = indicators(family, np.where(fine[:, None], new.tangent, tangent[:, 0]), safe)
        values = np.array([getattr(here, n)[k] for k, n in enumerate(names)])
        is_before = np.where(fine, values == before, True)
        low, high = np.where(is_before, middle, low), np.where(is_before, high, middle)
        found = jax.tree.map(lambda a, b, ok=fine: np.where(_like(ok, a), a, b), new, found)
    return found


def _like(mask: np.ndarray, values: np.ndarray) -> np.ndarray:
    """A mask of rows, for values of more axes."""
    return mask.reshape(-1, *[1] * (values.ndim - 1))


def same(one: Special, other: Special) -> bool:
    """True where two are one bifurcation, seen from two curves."""
    away = np.abs(one.z - other.z)
    return one.kind == other.kind and bool(
        away[-1] <= _SAME and np.max(away) <= _SAME_STATE[one.kind == "degenerate"]
    )


def _near_other(special: Special, others: list[Special]) -> bool:
    """True for a fold where a branch point or a degenerate one is."""
    return any(
        other.kind in ("pitchfork", "transcritical", "degenerate")
        and np.max(np.abs(special.z - other.z)) <= 1e-5
        for other in others
    )


def _named(family: Family, name: str, place: Place, segment: int) -> Special | None:
    """The bifurcation at a located point, refined; None where an indicator changed for none."""
    if name == "flip":
        return _flip(family, place, segment)
    if name in ("fold", "branch"):
        return _of_one_kernel(family, place, segment, may_turn=name == "fold")
    return _of_pair(family, place, segment)


def _kernel_size(jacobian: np.ndarray) -> int:
    values = np.linalg.svd(jacobian[:, :-1], compute_uv=False)
    return int(np.sum(values <= _KERNEL * max(values[0], 1.0)))


def _plain(kind: str, place: Place, segment: int) -> Special:
    none = np.zeros((0, len(place.z)))
    return Special(kind, place.z, None, None, none, segment, place)


def _of_one_kernel(family: Family, place: Place, segment: int, may_turn: bool) -> Special | None:
    """A branch point, or else a fold if the curve turns there."""
    if _kernel_size(place.jacobian) > 1:
        return _plain("degenerate", place, segment)
    left, _, right = np.linalg.svd(place.jacobian[:, :-1])
    psi, phi = left[:, -1], right[-1]
    one = np.zeros(1)
    found = defining.solve(defining.branch_point, family, place.z[None], psi[None], one)
    is_branch = (
        found.is_found[0] and abs(found.number[0]) <= _UNPERTURBED and _is_near(found.z[0], place.z)
    )
    if is_branch:
        exact = _placed(family, found.z[0], place)
        directions, kind = branch_directions(family, exact.z, exact.jacobian)
        return Special(kind, exact.z, None, None, directions, segment, exact)
    if not may_turn:
        return None
    found = defining.solve(defining.fold, family, place.z[None], phi[None], one)
    none = np.zeros((0, len(place.z)))
    if not found.is_found[0] or not _is_near(found.z[0], place.z):
        # The curve turns back there all the same, if its derivatives are those of a fold.
        is_fold = _kernel_size(place.jacobian) == 1
        return Special("fold", place.z, None, None, none, segment, place) if is_fold else None
    exact = _placed(family, found.z[0], place)
    a = fold_coefficient(family, *_point(family, exact))
    return Special("fold", exact.z, None, a, none, segment, exact)


def _flip(family: Family, place: Place, segment: int) -> Special | None:
    own = family.own_jacobians(place.jacobian[None])[0] * np.asarray(family.y_scale)
    own = own / np.asarray(family.y_scale)[:, None]
    vector = np.linalg.svd(own + np.eye(len(own)))[2][-1]
    found = defining.solve(defining.flip, family, place.z[None], vector[None], np.zeros(1))
    if not found.is_found[0] or not _is_near(found.z[0], place.z):
        return None
    exact = _placed(family, found.z[0], place)
    c = flip_coefficient(family, *_point(family, exact))
    none = np.zeros((0, len(exact.z)))
    return Special("flip", exact.z, None, c, none, segment, exact, found.vector[0])


def _of_pair(family: Family, place: Place, segment: int) -> Special | None:
    """A Hopf or Neimark–Sacker point; a neutral saddle (λ, −λ) is none."""
    rule, scale = family.problem.rule, np.asarray(family.y_scale)
    own = family.own_jacobians(place.jacobian[None])[0]
    values, vectors = np.linalg.eig(own)
    size = np.max(np.abs(values))
    # Which of them are neutral: growth is a logarithm for maps, and in the unit of λ for flows.
    own_size = np.maximum(np.abs(values), _ROUNDED * size)
    unit = own_size if rule.has_continuous_time else 1.0
    is_neutral = np.abs(rule.growth(values)) <= _NEUTRAL * unit
    turning = np.flatnonzero(is_neutral & (np.imag(values) > _TURNS * np.abs(values)))
    if len(turning) != 1:
        is_many = np.sum(is_neutral) > 1 or _kernel_size(place.jacobian) > 1
        return _plain("degenerate", place, segment) if is_many else None
    k = int(turning[0])
    system = defining.hopf if rule.has_continuous_time else defining.neimark_sacker
    number = np.array([rule.turning_rate(values[k])])
    found = defining.solve(system, family, place.z[None], (vectors[:, k] / scale)[None], number)
    if not found.is_found[0] or not _is_near(found.z[0], place.z):
        return None
    exact, omega = _placed(family, found.z[0], place), abs(float(found.number[0]))
    kind, coefficient = "neimark-sacker", None
    if rule.has_continuous_time:
        kind, coefficient = "hopf", hopf_coefficient(family, *_point(family, exact), omega)
    none = np.zeros((0, len(exact.z)))
    return Special(kind, exact.z, omega, coefficient, none, segment, exact, found.vector[0])


def _is_near(z: np.ndarray, located: np.ndarray) -> bool:
    return bool(np.max(np.abs(z - located)) <= _NEAR)


def _placed(family: Family, z: np.ndarray, near: Place) -> Place:
    """A refined point with its derivatives; the tangent is the located one's."""
    return Place(z, near.tangent, jacobians_at(family, z[None])[0], True)


def _point(family: Family, place: Place) -> tuple[np.ndarray, float, np.ndarray]:
    """Coordinates, parameter and own Jacobian at a point."""
    y, value = family.coordinates(place.z), float(family.value(place.z))
    return np.asarray(y), value, family.own_jacobians(place.jacobian[None])[0]


def marked(curve: Curve, specials: list[Special]) -> Curve:
    """The curve with its bifurcations among its points."""
    if not specials:
        return curve
    segments = np.array([s.segment for s in specials])
    columns = zip(*(s.place for s in specials), strict=True)
    return curve.with_points(segments, Place(*(np.array(column) for column in columns)))
