"""Curves of bifurcations found so far in a plane, and how they become more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import jax
import numpy as np

from thalweg.analysis.continuation.collection import Collection
from thalweg.analysis.continuation.curves import are_inside, beside
from thalweg.analysis.continuation.family import Family, Line
from thalweg.analysis.continuation.special import Special
from thalweg.analysis.continuation.traced import (
    Curve,
    are_on,
    in_lanes,
    only_new,
    tangents,
    trace,
)
from thalweg.analysis.equilibria.conserved import on_level
from thalweg.analysis.equilibria.find import find_equilibria
from thalweg.analysis.equilibria.looks import look_around, typical_scales
from thalweg.analysis.two_parameters import plane as equations
from thalweg.analysis.two_parameters.plane import Plane, turning_vector
from thalweg.analysis.two_parameters.special import Located, find_special, same, vector_of_chain
from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.core.parameters import Parameter, find_parameter
from thalweg.core.trees import in_float64
from thalweg.dynamics import Rule
from thalweg.dynamics.autonomy import NUM_POINTS, time_change
from thalweg.dynamics.problem import Problem, make_problem

SYSTEMS = {
    "fold": equations.fold,
    "hopf": equations.pair,
    "neimark-sacker": equations.pair,
    "flip": equations.flip,
}
# Kinds of points that are not followed, because no small change of the rule keeps them.
_BROKEN = ("pitchfork", "transcritical", "degenerate")
# Curves that are followed together, each both ways: as many as one program takes.
_TOGETHER = 8
# How far from a point at which a pair becomes real its curve is looked for, in units.
_OFF = 1e-3
# Where on the diagonal of the plane a rule is asked whether it depends on time: in the middle what
# multiplies the time may be zero.
_ANYWHERE = np.array([0.5, 0.3137, 0.7719])
# Curves followed: more are no figure for a person, so what is left out is then said.
_MOST = 100


class Seed(NamedTuple):
    """A bifurcation on a line through the plane.

    Attributes:
        special: the bifurcation.
        share: where in the plane, as shares of the ranges, `(2,)`.
    """

    special: Special
    share: np.ndarray


@dataclass(eq=False)
class PlaneCollection:
    """Curves of bifurcations over two parameters, with their special points.

    Attributes:
        family: the rule along any line of the plane.
        box: the domain in which equilibria are looked for, totals apart.
        domain: the same with the totals.
        totals: the values of conserved totals.
        low: where the ranges begin, `(2,)`.
        width: how long they are, `(2,)`.
        key: of the searches.
        planes: the equations of each kind that was met.
        curves: those found so far, by kind.
        specials: the special points on each, likewise.
        broken: on how many lines branch points were met, which are not followed.
        refused: on how many lines equilibria could not be looked for everywhere.
        left: how many bifurcations were not followed, because curves of their kind are many.
    """

    family: Family
    box: Domain
    domain: Domain
    totals: dict[str, Any]
    low: np.ndarray
    width: np.ndarray
    key: jax.Array | None
    planes: dict[str, Plane] = field(default_factory=dict)
    curves: dict[str, list[Curve]] = field(default_factory=dict)
    specials: dict[str, list[list[Located]]] = field(default_factory=dict)
    broken: int = 0
    refused: int = 0
    left: int = 0

    @classmethod
    def begin(
        cls,
        rule: Rule,
        spans: Mapping[str, tuple[float, float]],
        domain: Domain | None,
        conserved: Mapping[str, Any] | None,
        key: jax.Array | None,
    ) -> "PlaneCollection":
        """A collection without curves yet; refuses what cannot be varied."""
        problem, box = make_problem(rule, domain)
        totals = dict(conserved or {})
        for name in spans:
            if name in totals:
                raise InputError(
                    f"{name} is a conserved total: of two parameters that vary both are numbers of "
                    f"the rule. bifurcation_diagram follows branches over a total."
                )
        first, second = (find_parameter(problem.rule, name) for name in spans)
        if first[1:] == second[1:]:
            raise InputError(f"{first.name} and {second.name} are one parameter: name two.")
        low, high = np.array(list(spans.values()), dtype=np.float64).T
        middle = Line((first, second), low, high - low)
        here = middle.put(problem.rule, np.asarray(0.5))
        for share in _ANYWHERE:
            _refuse_time(Problem(in_float64(middle.put(problem.rule, share)), box.chart()), key)
        _refuse(middle, problem.rule, box, totals, key)
        place = on_level(here, box, totals) if totals else box
        chart = place.chart()
        trial = Problem(in_float64(here), chart)
        scales = typical_scales(trial, look_around(trial, key))
        family = Family(
            problem=Problem(problem.rule, chart),
            varied=middle,
            y_scale=np.asarray(scales.y),
            f_scale=np.asarray(scales.f),
            low=np.asarray(0.0),
            width=np.asarray(1.0),
        )
        return cls(family, box, place, totals, low, high - low, key)

    @property
    def pair(self) -> tuple[Parameter, Parameter]:
        """Both parameters."""
        varied = self.family.varied
        assert isinstance(varied, Line)
        return varied.pair

    def look_along(self, start: np.ndarray, end: np.ndarray, values: np.ndarray) -> list[Seed]:
        """The bifurcations on a line.

        Arguments:
            start: one end of the line, as shares of the ranges, `(2,)`.
            end: the other.
            values: at which shares of the line equilibria are looked for.
        """
        collection = self._on_line(start, end)
        collection.sow(values)
        found = [special for each in collection.specials for special in each]
        self.broken += any(special.kind in _BROKEN for special in found)
        self.refused += bool(collection.refusals)
        shares = (start + special.z[-1] * (end - start) for special in found)
        return [Seed(s, share) for s, share in zip(found, shares, strict=True)]

    def follow(self, seeds: Sequence[Seed]) -> bool:
        """Follow the curves through bifurcations that are on none; True if all were on one."""
        by_kind = {k: [seed for seed in seeds if seed.special.kind == k] for k in SYSTEMS}
        # All points first: the frequencies among them are the units of what is followed.
        points = {kind: self._points(kind, some) for kind, some in by_kind.items() if some}
        followed = [self._follow(kind, some) for kind, some in points.items()]
        return not any(followed)

    def _on_line(self, start: np.ndarray, end: np.ndarray) -> Collection:
        line = Line(self.pair, self.low + self.width * start, self.width * (end - start))
        family = replace(self.family, varied=line)
        return Collection(family, self.box, self.domain, self.totals, self.key)

    def _points(self, kind: str, seeds: Sequence[Seed]) -> np.ndarray:
        """Bifurcations on lines as points of the plane's equations."""
        plane = self._plane(kind, [seed.special for seed in seeds])
        points = []
        for special, share in seeds:
            if kind == "fold":
                vector, number = np.linalg.svd(special.place.jacobian[:, :-1])[2][-1], []
            elif kind == "flip":
                vector, number = np.real(special.vector), []
            else:
                assert special.frequency is not None
                vector = turning_vector(plane, special.vector)
                ratio = special.frequency / float(plane.rate)
                number = [ratio**2 if kind == "hopf" else np.cos(special.frequency)]
            vector = vector / np.linalg.norm(vector)
            points.append(np.concatenate([special.z[:-1], vector, number, share[::-1]]))
        return np.array(points)

    def _plane(self, kind: str, seeds: Sequence[Special] = ()) -> Plane:
        """The equations of a kind; the largest frequency that begins a flow's is their unit."""
        if kind not in self.planes:
            d = self.family.dimension
            rates = [s.frequency for s in seeds if s.frequency and kind == "hopf"]
            known = [float(plane.rate) for plane in self.planes.values()]
            sizes = np.asarray(self.family.f_scale) / np.asarray(self.family.y_scale)
            rate = max(rates) if rates else max([*known, float(np.max(sizes))])
            rate = rate if self.family.problem.rule.has_continuous_time else 1.0
            # Numbers in no simple ratio, so that no symmetry of a rule puts c across its pair.
            phase = 1.0 + np.sqrt(np.arange(2.0, d + 2.0)) % 1.0
            self.planes[kind] = Plane(
                self.family.problem, self.pair, SYSTEMS[kind], self.family.y_scale,
                self.family.f_scale, self.low, self.width, np.asarray(rate),
                phase / np.linalg.norm(phase),
            )  # fmt: skip
        return self.planes[kind]

    def _follow(self, kind: str, points: np.ndarray) -> bool:
        """Follow the curves through points that are on none yet; True if there were any.

        A point at which a pair becomes real begins a curve of folds (flips), and one of pairs.
        """
        plane = self.planes[kind]
        points = self._polished(plane, points)
        is_any = False
        while len(points):
            known = self.curves.setdefault(kind, [])
            points = np.array([z for z in points if not any(are_on(plane, known, z))])
            if not len(points) or len(known) >= _MOST:
                self.left += len(points)
                break
            is_any = True
            some, points = points[:_TOGETHER], points[_TOGETHER:]
            for curve in only_new(plane, trace(plane, some), known):
                found = find_special(plane, curve)
                known.append(curve)
                self.specials.setdefault(kind, []).append(found)
                for special in found:
                    self._follow_others(kind, special)
        return is_any

    def _follow_others(self, kind: str, special: Located) -> None:
        """Follow the curves of other kinds that meet one at a double eigenvalue."""
        if not len(special.chain):
            return
        d, ends = self.family.dimension, special.z[-2:]
        is_flow = self.family.problem.rule.has_continuous_time
        single = "flip" if special.kind == "resonance-1-2" else "fold"
        turning = "hopf" if is_flow else "neimark-sacker"
        if kind == turning:
            self._plane(single)
            point = np.concatenate([special.z[:d], special.chain[0], ends])
            self._follow(single, point[None])
            return
        plane = self._plane(turning)
        number = {"resonance-1-1": 1.0, "resonance-1-2": -1.0}.get(special.kind, 0.0)
        vector = vector_of_chain(plane, special.chain)
        point = np.concatenate([special.z[:d], vector, [number], ends])[None]
        direction = tangents(plane, point)
        inward = -1.0 if number > 0.0 else 1.0
        direction = np.where(direction[:, [2 * d]] * inward < 0.0, -direction, direction)
        place = in_lanes(beside, plane, point + _OFF * direction, direction)
        if place.is_found[0]:
            self._follow(turning, place.z)

    def _polished(self, plane: Plane, points: np.ndarray) -> np.ndarray:
        """Points brought onto the curves by Newton; those in the plane and the domain."""
        along = tangents(plane, points)
        usable = np.all(np.isfinite(along), axis=1)
        if not np.any(usable):
            return points[:0]
        found = in_lanes(beside, plane, points[usable], along[usable])
        z = np.where(found.is_found[:, None], found.z, points[usable])
        return z[found.is_found & np.asarray(in_lanes(are_inside, plane, z))]

    def distinct(self) -> list[Located]:
        """The special points, each once."""
        kept: list[Located] = []
        for kind in self.specials:
            for point in (point for each in self.specials[kind] for point in each):
                if not any(same(point, other, self.family.dimension) for other in kept):
                    kept.append(point)
        return kept


def _refuse_time(problem: Problem, key: jax.Array | None) -> None:
    """Raise where a rule depends on time."""
    draws = jax.random.key(0) if key is None else key
    points = np.asarray(problem.chart.sample(draws, NUM_POINTS))
    time_change(problem, points).refuse(problem.rule, "it has no equilibria", "analyse")


def _refuse(
    line: Line, rule: Rule, box: Domain, totals: dict[str, Any], key: jax.Array | None
) -> None:
    """Raise what `find_equilibria` raises, unless it can search somewhere on a diagonal."""
    refusals = []
    for share in (0.5, 0.25, 0.75):
        try:
            find_equilibria(
                line.put(rule, np.asarray(share)), box, conserved=totals or None, key=key
            )
            return
        except InputError as error:
            refusals.append(error)
    raise refusals[0]
