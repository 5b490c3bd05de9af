"""The curves found so far over a range of a parameter, and how they become more."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np

from thalweg.analysis.continuation.curves import (
    ACROSS,
    STRAY,
    STUCK,
    UNFINISHED,
    are_inside,
    beside,
)
from thalweg.analysis.continuation.cycle_curves import (
    CycleCurve,
    born_at,
    periods_at,
    through,
)
from thalweg.analysis.continuation.family import Family, Total
from thalweg.analysis.continuation.map_cycles import MapCycles, doubled, of_known
from thalweg.analysis.continuation.seeds import seeds
from thalweg.analysis.continuation.special import Special, find_special, marked, same
from thalweg.analysis.continuation.traced import (
    Curve,
    crossings,
    in_lanes,
    only_new,
    trace,
    which_are_new,
)
from thalweg.analysis.cycles.result import Cycle
from thalweg.analysis.equilibria.conserved import on_level
from thalweg.analysis.equilibria.find import find_equilibria
from thalweg.analysis.equilibria.looks import look_around, typical_scales
from thalweg.analysis.equilibria.result import Equilibria
from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.core.parameters import Parameter, find_parameter
from thalweg.core.tables import counted
from thalweg.core.trees import in_float64
from thalweg.dynamics import Rule
from thalweg.dynamics.problem import Problem, make_problem

# How often curves that leave branch points may have branch points themselves: a bound, so that a
# rule with infinitely many ends; published models need two or three.
_GENERATIONS = 6
# How far from a branch point its other curves are looked for, in units of the domain and the range:
# far enough to be off the first curve, and once more nearer, because some curves are short.
_OFF = (1e-3, 1e-5)
# A curve whose parameter moves by a smaller share of what its states do, in units, stands upright:
# what is left is how exactly Newton closes. One that is cut short beside its fold bends more.
_UPRIGHT = 1e-7
# Branches followed: more are no figure for a person, so what is left out is then said.
_MOST = 200
# A curve that shrinks to a point so near to a Hopf point, in units, ends at it: it is followed down
# to orbits of a few thousandths only, because smaller ones close trivially.
_AT_HOPF = 1e-2
# Two closed orbits at one value are one if their periods agree so far: those of `find_cycles` are
# known to more digits, and two orbits of one period to six digits would be by symmetry.
_SAME_PERIOD = 1e-6
# How much of a step the corrector may move its guess, where a curve seems to have jumped.
_CLOSER = (STRAY, 2e-3, 2e-5)


@dataclass(eq=False)
class Collection:
    """Curves of equilibria over a range, with their bifurcations.

    Attributes:
        family: the rule and what varies.
        box: the domain in which equilibria are looked for, totals apart.
        domain: the same with the totals.
        totals: the values of totals that do not vary.
        key: of the searches.
        curves: those found so far.
        specials: the bifurcations on each.
        searched: at how many values a search was possible.
        refusals: why it was not at others.
        continua: where equilibria came in families: values of the parameter.
        upright: values, in units of the range, at which whole curves of states are at rest.
        given_total: the value given to the total that varies, if one does.
        cycles: the curves of closed orbits found so far.
        map_cycles: the curves of n-cycles of a map found so far.
        doubts: on how many curves something changes at no bifurcation.
    """

    family: Family
    box: Domain
    domain: Domain
    totals: dict[str, Any]
    key: jax.Array | None
    curves: list[Curve] = field(default_factory=list)
    specials: list[list[Special]] = field(default_factory=list)
    searched: int = 0
    refusals: list[InputError] = field(default_factory=list)
    continua: list[float] = field(default_factory=list)
    doubts: int = 0
    upright: list[float] = field(default_factory=list)
    given_total: float = np.nan
    cycles: list[CycleCurve] = field(default_factory=list)
    map_cycles: list[MapCycles] = field(default_factory=list)

    @classmethod
    def begin(
        cls,
        rule: Rule,
        parameter: str,
        span: tuple[float, float],
        domain: Domain | None,
        conserved: Mapping[str, Any] | None,
        key: jax.Array | None,
    ) -> "Collection":
        """A collection without curves yet; refuses what cannot be varied."""
        problem, box = make_problem(rule, domain)
        middle = np.asarray(0.5 * (span[0] + span[1]))
        totals = dict(conserved or {})
        varied = None if parameter in totals else find_parameter(problem.rule, parameter)
        here = problem.rule if varied is None else varied.put(problem.rule, middle)
        level = totals if varied is not None else {**totals, parameter: float(middle)}
        place = on_level(here, box, level) if level else box
        chart = place.chart()
        trial = Problem(in_float64(here), chart)
        scales = typical_scales(trial, look_around(trial, key))
        if varied is None:
            varied = Total(parameter, list(chart.totals_at).index(parameter))
        family = Family(
            problem=Problem(problem.rule, chart),
            varied=varied,
            y_scale=np.asarray(scales.y),
            f_scale=np.asarray(scales.f),
            low=np.asarray(span[0]),
            width=np.asarray(span[1] - span[0]),
        )
        given = totals.pop(varied.name, np.nan) if isinstance(varied, Total) else np.nan
        return cls(family, box, place, totals, key, given_total=float(given))

    @property
    def own_value(self) -> float:
        """The value that the parameter has in the rule, or the total that was given."""
        varied = self.family.varied
        if isinstance(varied, Total):
            return self.given_total
        assert isinstance(varied, Parameter), (
            "a line through two parameters has no value of its own"
        )
        return varied.value(self.family.problem.rule)

    def search(self, p: float) -> None:
        """Look for all equilibria at a value, in units of the range; follow those on no curve."""
        found = self._equilibria(p)
        if found is not None:
            self._follow(p, self._points(p, found))

    def sow(self, values: np.ndarray) -> None:
        """Look for equilibria at many values in one batch; follow those on no curve."""
        for p, points in zip(values, seeds(self.family, values, self.key), strict=True):
            if len(points):
                self._follow(p, points)

    def check(self, p: float) -> tuple[bool, float | None] | None:
        """Compare a search at a value with what the curves pass through: agreement, and the bound.

        What it finds on no curve is followed. None where no search is possible.
        """
        found = self._equilibria(p)
        if found is None:
            return None
        points = self._points(p, found)
        crossed = crossings(self.family, self.curves, p)
        is_missed = np.any(which_are_new(self.family, points[:, :-1], crossed))
        is_extra = np.any(which_are_new(self.family, crossed, points[:, :-1]))
        self._follow(p, points)
        return not (is_missed or is_extra), found.search.unseen_upper

    def follow_cycles(self, known: Iterable[Cycle], p: float) -> None:
        """Follow the cycles born at Hopf points or flips, and those known at a value.

        Arguments:
            known: cycles at the value `p`.
            p: in units of the range; where it lies outside, they are left out.
        """
        if not self.family.problem.rule.has_continuous_time:
            self._follow_map_cycles(known, p)
            return
        for special in self._distinct("hopf"):
            if not any(_ends_at(curve, special) for curve in self.cycles):
                curve = born_at(self.family, special)
                self.cycles += [] if curve is None else [curve]
        for cycle in known if 0.0 <= p <= 1.0 else ():
            if cycle.continuum == 0 and not any(self._is_on(c, cycle, p) for c in self.cycles):
                curve = self._through(cycle, p)
                self.cycles += [] if curve is None else [curve]

    def _follow_map_cycles(self, known: Iterable[Cycle], p: float) -> None:
        """The same for a map: cycles born at flips, and known ones."""
        self.map_cycles += doubled(self.family, self._distinct("flip"), [])
        for cycle in known if 0.0 <= p <= 1.0 else ():
            if cycle.continuum == 0:
                self.map_cycles += of_known(self.family, cycle, p, self.map_cycles)

    def _distinct(self, kind: str) -> list[Special]:
        """The bifurcations of a kind, each once."""
        found: list[Special] = []
        for special in (s for each in self.specials for s in each):
            if special.kind == kind and not any(same(special, other) for other in found):
                found.append(special)
        return found

    def _is_on(self, curve: CycleCurve, cycle: Cycle, p: float) -> bool:
        """True where a curve passes through a closed orbit."""
        return any(
            abs(period / cycle.period - 1.0) <= _SAME_PERIOD
            for period in periods_at(self.family, curve, p)
        )

    def _through(self, cycle: Cycle, p: float) -> CycleCurve | None:
        chart = self.family.problem.chart
        y = np.asarray(chart.coordinates(cycle.states), dtype=np.float64) / self.family.y_scale
        return through(self.family, y, np.asarray(cycle.times), cycle.period, p)

    def notes(self) -> list[str]:
        """Sentences on what was not searched, not followed or not explained."""
        said = []
        if self.continua:
            said.append(
                f"At {self.family.varied.name} = {self.continua[0]:.6g} equilibria come in "
                f"families; these are not followed."
            )
        if self.refusals:
            said.append(
                f"At {counted(len(self.refusals), 'value')} no search was possible: "
                f"{self.refusals[0]}"
            )
        if self.upright:
            value = self._value(self.upright[0])
            said.append(
                f"At {self.family.varied.name} = {value:.6g} whole curves of states are at rest."
            )
        if len(self.curves) >= _MOST:
            said.append(f"More than {_MOST} branches; the others are not followed.")
        doubts = self.doubts + sum(cycles.is_left_over for cycles in self.map_cycles)
        if doubts:
            who = "it comes" if doubts == 1 else "they come"
            said.append(
                f"On {doubts} of the branches the stability changes where no bifurcation was "
                f"found: {who} so near to others that they could not be told apart."
            )
        return said

    def _equilibria(self, p: float) -> Equilibria | None:
        value = self._value(p)
        varied, rule, totals = self.family.varied, self.family.problem.rule, self.totals
        if isinstance(varied, Total):
            totals = {**totals, varied.name: value}
        else:
            rule = varied.put(rule, np.asarray(value))
        try:
            found = find_equilibria(rule, self.box, conserved=totals or None, key=self.key)
        except InputError as error:
            self.refusals.append(InputError(f"at {varied.name} = {value:.6g}, {error}"))
            return None
        self.searched += 1
        return found

    def _points(self, p: float, found: Equilibria) -> np.ndarray:
        """Isolated equilibria as points of the family, `(k, d + 1)`."""
        chart, d = self.family.problem.chart, self.family.dimension
        isolated = [e.state for e in found if not e.continuum]
        if len(isolated) < len(found):
            self.continua.append(self._value(p))
        y = [np.asarray(chart.coordinates(state), dtype=np.float64) for state in isolated]
        scaled = np.array(y).reshape(-1, d) / self.family.y_scale
        return np.column_stack([scaled, np.full(len(y), p)])

    def _value(self, p: float) -> float:
        return float(self.family.low + p * self.family.width)

    def _follow(self, p: float, points: np.ndarray) -> None:
        crossed = crossings(self.family, self.curves, p)
        fresh = which_are_new(self.family, points[:, :-1], crossed)
        self._add(trace(self.family, points[fresh]))

    def _add(self, curves: list[Curve]) -> None:
        """Keep curves that are new, with their bifurcations, and follow what branches off."""
        for _ in range(_GENERATIONS):
            new = only_new(self.family, self._crossing(curves), self.curves)
            if not new:
                return
            fresh: list[Special] = []
            for curve in new:
                looked, specials, is_again = self._looked_at(curve)
                if is_again and not only_new(self.family, [looked], self.curves):
                    continue
                self.curves.append(marked(looked, specials))
                self.specials.append(specials)
                fresh += specials
            curves = self._branching_off(fresh)

    def _crossing(self, curves: list[Curve]) -> list[Curve]:
        """Those along which the parameter moves; on others every state is at rest at one value."""
        upright = [curve for curve in curves if _is_upright(curve)]
        for p in {round(float(curve.z[0, -1]), 7) for curve in upright if len(curve) > 2}:
            self.upright.append(p)
        room = max(_MOST - len(self.curves), 0)
        return [curve for curve in curves if not _is_upright(curve)][:room]

    def _looked_at(self, curve: Curve) -> tuple[Curve, list[Special], bool]:
        """A curve, its bifurcations, and whether it was followed again: closer, as it jumped."""
        specials, is_left_over = find_special(self.family, curve)
        if not is_left_over:
            return curve, specials, False
        z, tangent = curve.origin
        for stray in _CLOSER:
            (again,) = trace(self.family, z[None], tangent[None], stray, ACROSS)
            if _is_cut_short(again) and not _is_cut_short(curve):
                break
            others, is_left_over = find_special(self.family, again)
            if not is_left_over:
                return again, others, True
        self.doubts += 1
        return curve, specials, False

    def _branching_off(self, specials: list[Special]) -> list[Curve]:
        """The curves through branch points, each followed from beside the point."""
        sides = [
            (s.z, sign * direction)
            for s in specials
            for direction in s.directions
            for sign in (1.0, -1.0)
        ]
        if not sides:
            return []
        z, along = (np.array(column) for column in zip(*sides, strict=True))
        z, along = np.tile(z, (len(_OFF), 1)), np.tile(along, (len(_OFF), 1))
        z = z + np.repeat(_OFF, len(sides))[:, None] * along
        found = in_lanes(beside, self.family, z, along)
        usable = found.is_found & in_lanes(are_inside, self.family, found.z)
        return trace(self.family, found.z[usable], found.tangent[usable])


def _is_upright(curve: Curve) -> bool:
    """True for a curve along which the parameter stands still."""
    extent = np.ptp(curve.z, axis=0)
    return bool(extent[-1] <= _UPRIGHT * np.max(extent))


def _is_cut_short(curve: Curve) -> bool:
    """True for a curve that ends where it could not be followed any further."""
    return UNFINISHED in curve.ends or STUCK in curve.ends


def _ends_at(curve: CycleCurve, special: Special) -> bool:
    """True where a curve of closed orbits begins or ends at a Hopf point."""
    return any(np.max(np.abs(z - special.z)) <= _AT_HOPF for z in curve.hopf)
