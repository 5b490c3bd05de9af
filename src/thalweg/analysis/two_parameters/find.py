"""The verb: curves of bifurcations over two parameters, and the special points on them."""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from thalweg.analysis.continuation.curves import LEFT, RANGE_END
from thalweg.analysis.continuation.diagram import checked_range, seed_of
from thalweg.analysis.continuation.seeds import shares
from thalweg.analysis.continuation.traced import ENDS, Curve
from thalweg.analysis.two_parameters.collection import PlaneCollection
from thalweg.analysis.two_parameters.indicators import coefficients
from thalweg.analysis.two_parameters.plane import Plane, states_at
from thalweg.analysis.two_parameters.result import (
    BifurcationCurve,
    BifurcationCurves,
    LineChecks,
    SpecialPoint,
)
from thalweg.analysis.two_parameters.special import Located
from thalweg.core.about import About
from thalweg.core.batches import in_batches
from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.core.tables import counted
from thalweg.core.trees import is_integer
from thalweg.dynamics import Rule

# At how many values of a line equilibria are looked for: curves of equilibria cross most of it.
_VALUES = 6
# A curve that ends this near a side of the plane, in its units, ends there: halving finds it.
_AT_SIDE = 1e-9
# Coordinates and parameters below this share of the domain, or of their range, are rounding: a few
# units in the last place, which Newton's last step leaves.
_EPS = 8.0 * float(np.finfo(np.float64).eps)


def bifurcation_curves(
    rule: Rule,
    spans: Mapping[str, tuple[float, float]],
    domain: Domain | None = None,
    *,
    lines: int = 4,
    checks: int = 2,
    conserved: Mapping[str, Any] | None = None,
    key: jax.Array | None = None,
) -> BifurcationCurves:
    """Find curves of folds, Hopf points, flips and Neimark–Sacker points over two parameters.

    Along straight lines through the plane, some for each parameter, all branches of equilibria and
    their bifurcations are found as by `bifurcation_diagram`; the curve through each bifurcation is
    followed both ways by pseudo-arclength until it leaves the plane or the domain, or closes. On
    the curves cusps, Bogdanov–Takens points, generalised Hopf points and flips, and resonances are
    seen where a number changes its sign, and refined by Newton on equations of their own. Where a
    pair of eigenvalues becomes real the curves of the other kind are followed from there. In the
    end the bifurcations on fresh lines tell whether a curve was missed, and those are followed too.

    Arguments:
        rule: a `Flow` or a `Map` that does not depend on time.
        spans: the two parameters and their ranges, such as `{"current": (0.0, 1.5), "b": (0.1,
            4.0)}`; named like those of `bifurcation_diagram`.
        domain: where equilibria are looked for; None means the domain that the rule declares.
        lines: how many lines there are along each parameter, at least 1; from 3 on the sides of the
            plane are among them.
        checks: how many fresh lines, in random directions, the curves are checked on.
        conserved: the values of totals that the rule conserves, as for `find_equilibria`.
        key: a `jax.random` key; None means a fixed one.

    Returns:
        The curves, their special points, and the evidence of completeness; a table when printed, a
        figure by `thalweg.plot.bifurcation_curves`.

    Raises:
        InputError: `spans` are not the ranges of two floating numbers of the rule; the rule can
            not be analysed (as for `find_equilibria`).

    Example:
        >>> import thalweg as tw
        >>> class Cusp(tw.Flow):
        ...     h: float = 0.0
        ...     r: float = 1.0
        ...     def velocity(self, t, state):
        ...         return self.h + self.r * state - state**3
        >>> plane = {"h": (-1.0, 1.0), "r": (-1.0, 1.0)}
        >>> found = tw.bifurcation_curves(Cusp(), plane, tw.Box([-2.0], [2.0]), lines=2)
        >>> [curve.kind for curve in found.curves], [point.kind for point in found.points]
        (['fold'], ['cusp'])

    References:
        Kuznetsov (2004), chapters 8 to 10.
    """
    spans = _two_ranges(spans)
    for name, count, least in (("lines", lines, 1), ("checks", checks, 0)):
        if not is_integer(count) or count < least:
            raise InputError(f"{name} must be a whole number from {least} on, got {count!r}.")
    with jax.enable_x64(True):
        collection = PlaneCollection.begin(rule, spans, domain, conserved, key)
        values = shares(_VALUES)
        straight = [_straight_line(axis, share) for share in shares(lines) for axis in (0, 1)]
        seeds = [seed for line in straight for seed in collection.look_along(*line, values)]
        collection.follow(seeds)
        rng = np.random.default_rng(seed_of(key))
        fresh = [collection.look_along(*_random_line(rng), values) for _ in range(checks)]
        agree = [collection.follow(seeds) for seeds in fresh if seeds]
        met = LineChecks(len(agree), sum(agree), checks - len(agree))
        return _assembled(collection, spans, met)


def _two_ranges(spans: Any) -> dict[str, tuple[float, float]]:
    if not isinstance(spans, Mapping) or len(spans) != 2:
        raise InputError(
            f"spans must be the ranges of two parameters by their names, such as "
            f"{{'current': (0.0, 1.5), 'b': (0.1, 4.0)}}, got {spans!r}."
        )
    return {name: checked_range(span) for name, span in spans.items()}


def _straight_line(axis: int, share: float) -> tuple[np.ndarray, np.ndarray]:
    """The line along one parameter at a share of the other's range."""
    start, end = np.zeros(2), np.ones(2)
    start[1 - axis] = end[1 - axis] = share
    return start, end


def _random_line(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A chord of the unit square between two of its sides."""
    first, second = rng.choice(4, size=2, replace=False)
    ends = []
    for side in (first, second):
        point = rng.uniform(0.0, 1.0, 2)
        point[side % 2] = side // 2
        ends.append(point)
    return ends[0], ends[1]


def _assembled(
    collection: PlaneCollection, spans: dict[str, tuple[float, float]], checks: LineChecks
) -> BifurcationCurves:
    """The result: each curve with its special points among its points."""
    curves = []
    for kind, plane in collection.planes.items():
        followed = zip(
            collection.curves.get(kind, []), collection.specials.get(kind, []), strict=True
        )
        curves += [_curve(plane, kind, curve, found) for curve, found in followed]
    points = [_point(collection, found) for found in collection.distinct()]
    first, second = spans
    return BifurcationCurves(
        parameters=(first, second),
        ranges=(spans[first], spans[second]),
        points=tuple(sorted(points, key=lambda point: (point.kind, *point.values.tolist()))),
        curves=tuple(sorted(curves, key=lambda c: (c.kind, *c.values.min(axis=0).tolist()))),
        checks=checks,
        about=About.of(collection.family.problem.rule, collection.domain),
        warnings=tuple(_warnings(collection, curves)),
    )


def _curve(plane: Plane, kind: str, curve: Curve, found: list[Located]) -> BifurcationCurve:
    z, marks = _marked(plane, curve, found)
    is_flow = plane.problem.rule.has_continuous_time
    frequencies = None
    if plane.has_pair:
        number = plane.number(z)
        turn = float(plane.rate) * np.sqrt(np.maximum(number, 0.0))
        frequencies = turn if is_flow else np.arccos(np.clip(number, -1.0, 1.0))
    ends = tuple(_end(plane, curve, found, k) for k in (0, 1))
    return BifurcationCurve(
        kind=kind,
        values=_values(plane, z),
        states=_states(plane, z),
        frequencies=frequencies,
        coefficients=coefficients(plane, z),
        marks=marks,
        ends=(ends[0], ends[1]),
    )


def _marked(plane: Plane, curve: Curve, found: list[Located]) -> tuple[np.ndarray, tuple[int, ...]]:
    """The points of a curve with its special points among them, and the indices of these."""
    z = curve.z.copy()
    ends = [_end_at(plane, curve, point) for point in found]
    for k, point in zip(ends, found, strict=True):
        if k is not None:
            z[k] = point.z
    inner = [point for k, point in zip(ends, found, strict=True) if k is None]
    inner.sort(key=lambda point: (point.segment, np.linalg.norm(point.z - curve.z[point.segment])))
    at = np.array([point.segment + 1 for point in inner], dtype=int)
    if len(inner):
        z = np.insert(z, at, np.array([point.z for point in inner]), axis=0)
    marks = (at + np.arange(len(at))).tolist()
    marks += [k % len(z) for k in ends if k is not None]
    return z, tuple(sorted(marks))


def _end_at(plane: Plane, curve: Curve, point: Located) -> int | None:
    """The index of the end of a curve that a special point is, 0 or −1."""
    for k, end in zip((0, -1), curve.ends, strict=True):
        if end == LEFT and np.max(np.abs(plane.away(point.z, curve.z[k]))) <= _AT_END:
            return k
    return None


# A special point is an end of a curve where it is so near: halving finds the end to rounding, and
# Newton the point, but both lose half the digits where the pair's eigenvalues meet.
_AT_END = 1e-5


def _end(plane: Plane, curve: Curve, found: list[Located], which: int) -> str:
    """The reason why a curve ends at its first or its last point."""
    end, z = curve.ends[which], curve.z[-which]
    for point in found:
        if _end_at(plane, curve, point) == -which:
            return point.kind
    sides = np.minimum(np.abs(z[-2:]), np.abs(1.0 - z[-2:]))
    if end == LEFT and np.min(sides) <= _AT_SIDE:
        return ENDS[RANGE_END]
    return ENDS[end]


def _point(collection: PlaneCollection, found: Located) -> SpecialPoint:
    plane = next(iter(collection.planes.values()))
    layout, d = plane.problem.chart.layout, plane.dimension
    frequency = None
    if found.kind == "generalised-hopf":
        turning = collection.planes["hopf"]
        frequency = float(turning.rate * np.sqrt(turning.number(found.z)))
    place = np.concatenate([found.z[:d], np.zeros(d), found.z[-2:]])
    state = layout.unflatten(_states(plane, place[None])[0])
    return SpecialPoint(found.kind, _values(plane, found.z), state, frequency)


def _values(plane: Plane, z: np.ndarray) -> np.ndarray:
    """The parameters at points; what is zero but for rounding is zero."""
    values = np.asarray(plane.values(z))
    return np.where(np.abs(values) <= _EPS * np.asarray(plane.width), 0.0, values) + 0.0


def _states(plane: Plane, z: np.ndarray) -> np.ndarray:
    """The states at points, flat; what is zero but for rounding is zero."""
    d = plane.dimension
    z = np.concatenate([np.where(np.abs(z[:, :d]) <= _EPS, 0.0, z[:, :d]), z[:, d:]], axis=1)
    return in_batches(lambda part: (states_at(plane, part),), z)[0] + 0.0


def _warnings(collection: PlaneCollection, curves: list[BifurcationCurve]) -> list[str]:
    said = []
    first, second = (parameter.name for parameter in collection.pair)
    if collection.broken:
        said.append(
            f"On {counted(collection.broken, 'line')} branches cross or several eigenvalues "
            f"are neutral at once; such points are no folds, and are not followed."
        )
    if collection.refused:
        said.append(
            f"On {counted(collection.refused, 'line')} equilibria could not be looked for "
            f"everywhere: the rule is not defined there, or depends on time."
        )
    if collection.left:
        said.append(
            f"{counted(collection.left, 'more bifurcation')} "
            f"{'was' if collection.left == 1 else 'were'} met whose curves were not followed: "
            f"there are too many. Take smaller ranges."
        )
    for curve in curves:
        for end, k in zip(curve.ends, (0, -1), strict=True):
            where = f"at {first} = {curve.values[k, 0]:.6g}, {second} = {curve.values[k, 1]:.6g}"
            if end == "undefined":
                said.append(
                    f"A curve of kind {curve.kind} ends {where}: the rule is not finite beyond, or "
                    f"it turns too sharply to be followed."
                )
            elif end == "unfinished":
                said.append(f"A curve of kind {curve.kind} was left {where}, after its points.")
    return list(dict.fromkeys(said))
