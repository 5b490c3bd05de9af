"""n-cycles of maps over a parameter: fixed points of the n-th iterate, followed like any others."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import equinox as eqx
import jax
import numpy as np

from thalweg.analysis.continuation.curves import CLOSED, UNFINISHED, Place, beside, states_at
from thalweg.analysis.continuation.family import Family
from thalweg.analysis.continuation.indicators import eigenvalues_at
from thalweg.analysis.continuation.result import Bifurcation, Branch
from thalweg.analysis.continuation.special import Special, find_special, marked
from thalweg.analysis.continuation.traced import (
    ENDS,
    Curve,
    crossings,
    in_lanes,
    jacobians_at,
    trace,
    which_are_new,
)
from thalweg.analysis.cycles.result import Cycle
from thalweg.core.parameters import Parameter
from thalweg.dynamics import Map
from thalweg.dynamics.problem import Problem

# Doublings are followed up to cycles of so many steps; the next are too near to be drawn apart.
_LONGEST = 8
# How far from a flip its doubled cycle is looked for, in units of the domain.
_OFF = 1e-3
# A cycle whose points come as near to each other, in units, is a shorter one: flips are known to
# a thousandth of that, and cycles born there part as a square root.
_SHORTER = 1e-5
# What bifurcations of the iterate are of the cycle.
_KINDS = {"fold": "cycle-fold", "flip": "cycle-flip", "neimark-sacker": "torus"}


class Iterate(Map):
    """The n-th iterate of a map that does not depend on time.

    Attributes:
        rule: the map.
        count: n; an array compiles nothing anew for another n, a Python integer has derivatives in
            reverse, too.
    """

    rule: Map
    count: Any

    def step(self, t: Any, state: Any) -> Any:
        """n steps."""
        return jax.lax.fori_loop(0, self.count, lambda _, x: self.rule.step(t, x), state)


@dataclass(frozen=True, eq=False)
class MapCycles:
    """A curve of n-cycles, by one point of each.

    Attributes:
        family: the iterate and what varies.
        count: n.
        curve: the fixed points of the iterate.
        specials: the bifurcations on it.
        ends: why it ends at its first and at its last point, in words of `Branch.ends`, and
            `"flip"`.
        born: the flips of shorter cycles at which it begins or ends, `(d + 1,)` each.
        is_left_over: whether something changes on it at no bifurcation.
    """

    family: Family
    count: int
    curve: Curve
    specials: list[Special]
    ends: tuple[str, str]
    born: tuple[np.ndarray, ...]
    is_left_over: bool


def iterated(family: Family, count: int) -> Family:
    """The family of the n-th iterates."""
    rule, varied = family.problem.rule, family.varied
    assert isinstance(rule, Map)
    if isinstance(varied, Parameter):
        varied = Parameter(varied.name, ("rule", *varied.keys), varied.entry)
    problem = Problem(Iterate(rule, np.asarray(count)), family.problem.chart)
    return Family(problem, varied, family.y_scale, family.f_scale, family.low, family.width)


def doubled(
    family: Family, flips: Iterable[Special], known: list[MapCycles], count: int = 1
) -> list[MapCycles]:
    """The curves of cycles that are born at flips of n-cycles, and at theirs in turn.

    Arguments:
        family: the map and what varies.
        flips: of n-cycles.
        known: what was followed before; what ends at a flip is not followed from there again.
        count: n.
    """
    found: list[MapCycles] = []
    if 2 * count > _LONGEST:
        return found
    twice = iterated(family, 2 * count)
    for flip in flips:
        if any(_is_born_at(family, c, flip.z) for c in [*known, *found] if c.count == 2 * count):
            continue
        direction = np.append(np.real(flip.vector), 0.0)
        direction = direction / np.linalg.norm(direction)
        place = in_lanes(beside, twice, (flip.z + _OFF * direction)[None], direction[None])
        if not place.is_found[0]:
            continue
        for curve in trace(twice, place.z, _away(place.tangent, direction)):
            new = _cycles(family, twice, 2 * count, _from_origin(curve), flip.z)
            again = [s for s in new.specials if s.kind == "flip"]
            found += [new, *doubled(family, again, [*known, *found, new], 2 * count)]
    return found


def of_known(family: Family, cycle: Cycle, p: float, known: list[MapCycles]) -> list[MapCycles]:
    """The curve of a known cycle at a value, and those born at its flips.

    Nothing where it lies on one that is known.
    """
    count = int(cycle.period)
    twice, chart = iterated(family, count), family.problem.chart
    y = np.asarray(chart.coordinates(cycle.states), dtype=np.float64)[:count] / family.y_scale
    for other in (other for other in known if other.count == count):
        crossed = crossings(twice, [other.curve], p)
        if not np.all(which_are_new(family, y, crossed)):
            return []
    found: list[MapCycles] = []
    for curve in trace(twice, np.append(y[0], p)[None]):
        new = _cycles(family, twice, count, curve, None)
        flips = [s for s in new.specials if s.kind == "flip"]
        found += [new, *doubled(family, flips, [*known, new], count)]
    return found


def _cycles(
    base: Family, twice: Family, count: int, curve: Curve, begun: np.ndarray | None
) -> MapCycles:
    """The part of a curve of fixed points of the iterate that is of n-cycles, each once.

    At a flip of a shorter cycle the curve goes on along the same cycles by another of their points.

    Arguments:
        base: the map itself and what varies.
        twice: the iterate.
        count: n.
        curve: the curve.
        begun: the flip at which it begins, if it was begun at one.
    """
    specials, is_left_over = find_special(twice, curve)
    short = [s for s in specials if _is_shorter(base, count, s.z)]
    first, last = begun, None
    words = ["flip" if begun is not None else ENDS[curve.ends[0]], ENDS[curve.ends[1]]]
    if short:
        origin = int(np.argmin(np.max(np.abs(curve.z - curve.origin[0]), axis=1)))
        behind = [s for s in short if s.segment < origin]
        ahead = [s for s in short if s.segment >= origin]
        if curve.ends[1] == CLOSED and begun is None:
            behind = [short[-1]]
        begin = behind[-1].segment + 1 if behind else 0
        until = ahead[0].segment + 1 if ahead else len(curve)
        curve = _rows_of(curve, _rows_between(begin, until, len(curve)))
        specials, is_left_over = find_special(twice, curve)
        if behind:
            first, words[0] = behind[-1].z, "flip"
        if ahead:
            last, words[1] = ahead[0].z, "flip"
    curve = _between_flips(twice, marked(curve, specials), first, last)
    born = tuple(z for z in (first, last) if z is not None)
    ends = (words[0], words[1])
    return MapCycles(twice, count, curve, specials, ends, born, is_left_over)


def _is_shorter(base: Family, count: int, z: np.ndarray) -> bool:
    """True where a fixed point of the n-th iterate is one of an earlier iterate, too."""
    divisors = [m for m in range(1, count) if count % m == 0]
    return any(np.max(np.abs(_moves(iterated(base, m), z))) <= _SHORTER for m in divisors)


def _is_born_at(base: Family, cycles: MapCycles, z: np.ndarray) -> bool:
    """True where a curve of cycles begins or ends at a flip, by any point of its cycle."""
    for place in cycles.born:
        for _ in range(cycles.count):
            if np.max(np.abs(np.asarray(base.away(place, z)))) <= _SHORTER:
                return True
            place = np.asarray(_stepped(base, place[None]))[0]
    return False


def _rows_between(begin: int, until: int, count: int) -> np.ndarray:
    """The rows from one on to before another; of a closed curve, whose last is its first, round."""
    if begin < until:
        return np.arange(begin, until)
    return np.concatenate([np.arange(begin, count), np.arange(1, until)])


def _rows_of(curve: Curve, rows: np.ndarray) -> Curve:
    z, tangent, jacobian = curve.z[rows], curve.tangent[rows], curve.jacobian[rows]
    # A part of a closed curve ends at neither of its ends as that does.
    ends = tuple(UNFINISHED if end == CLOSED else end for end in curve.ends)
    return replace(curve, z=z, tangent=tangent, jacobian=jacobian, ends=ends)


def _between_flips(
    family: Family, curve: Curve, first: np.ndarray | None, last: np.ndarray | None
) -> Curve:
    """The curve with the flips at which it begins and ends, as marks."""
    for z, at in ((first, 0), (last, -1)):
        if z is None:
            continue
        way = curve.z[at] - z if at == 0 else z - curve.z[at]
        place = Place(z, way / np.linalg.norm(way), jacobians_at(family, z[None])[0], True)
        index, shift = (0, 1) if at == 0 else (len(curve), 0)
        marks = (*(k + shift for k in curve.marks), index)
        curve = replace(
            curve,
            z=np.insert(curve.z, index, place.z, axis=0),
            tangent=np.insert(curve.tangent, index, place.tangent, axis=0),
            jacobian=np.insert(curve.jacobian, index, place.jacobian, axis=0),
            marks=tuple(sorted(marks)),
        )
    return curve


def _away(tangent: np.ndarray, direction: np.ndarray) -> np.ndarray:
    return np.where(tangent @ direction < 0.0, -1.0, 1.0)[:, None] * tangent


def _from_origin(curve: Curve) -> Curve:
    """The part of a curve ahead of where it was begun."""
    first = int(np.argmin(np.max(np.abs(curve.z - curve.origin[0]), axis=1)))
    return replace(
        curve,
        z=curve.z[first:],
        tangent=curve.tangent[first:],
        jacobian=curve.jacobian[first:],
        ends=(UNFINISHED, curve.ends[1]),
    )


def map_cycle_branch(base: Family, cycles: MapCycles) -> Branch:
    """A branch of n-cycles."""
    family, z = cycles.family, cycles.curve.z
    multipliers = eigenvalues_at(family, cycles.curve.jacobian)
    stable = np.all(np.abs(multipliers) < 1.0, axis=1)
    stable[list(cycles.curve.marks)] = False
    orbit = [np.asarray(states_at(base, z))]
    for _ in range(cycles.count - 1):
        z = np.asarray(_stepped(base, z))
        orbit.append(np.asarray(states_at(base, z)))
    points = np.array(orbit)
    return Branch(
        values=np.asarray(family.value(cycles.curve.z)),
        states=points[0],
        stable=stable,
        eigenvalues=None,
        marks=cycles.curve.marks,
        ends=cycles.ends,
        periods=np.full(len(z), float(cycles.count)),
        multipliers=multipliers,
        extremes=np.stack([points.min(axis=0), points.max(axis=0)], axis=-1),
    )


@eqx.filter_jit
def _moves(family: Family, z: Any) -> jax.Array:
    """The displacement at a point."""
    return family(jax.numpy.asarray(z))


@eqx.filter_jit
def _stepped(family: Family, z: Any) -> jax.Array:
    """The images of points under the map, the parameter kept."""

    def lane(z: jax.Array) -> jax.Array:
        y = family.at(family.value(z)).step(family.coordinates(z))
        return jax.numpy.append(y / family.y_scale, z[-1])

    return jax.vmap(lane)(z)


def of_map_cycles(base: Family, cycles: MapCycles) -> list[Bifurcation]:
    """The bifurcations of cycles on a curve."""
    layout = base.problem.chart.layout
    return [
        Bifurcation(
            kind=_KINDS.get(special.kind, "degenerate"),
            value=float(base.value(special.z)),
            state=layout.unflatten(np.asarray(states_at(base, special.z[None]))[0]),
            frequency=special.frequency,
            coefficient=None,
        )
        for special in cycles.specials
    ]
