"""The parts of a two-parameter diagram: curves of bifurcations, and special points on them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.core.about import UNSAID, About
from thalweg.core.fields import to_fields
from thalweg.core.plain import array, flat, number
from thalweg.core.reports import Table, TableReport, about_all, about_in
from thalweg.core.tables import capitalized, counted, format_number, format_state, without_empty

# Digits of a parameter in the table: what Newton has, but for the last that rounding may change.
_DIGITS = 12
# What kinds are called in sentences and figures.
CALLED = {
    "hopf": "Hopf",
    "neimark-sacker": "Neimark–Sacker",
    "bogdanov-takens": "Bogdanov–Takens",
    "generalised-hopf": "generalised Hopf",
    "generalised-flip": "generalised flip",
    "fold-hopf": "fold–Hopf",
    "hopf-hopf": "Hopf–Hopf",
    "fold-flip": "fold–flip",
    "resonance-1-1": "1:1 resonance",
    "resonance-1-2": "1:2 resonance",
}
# Why a curve ends, where that is no special point.
_ENDS = {
    "range": "the edge of the ranges",
    "domain": "the edge of the domain",
    "undefined": "where the rule is not finite",
    "unfinished": "too many points",
}


@dataclass(frozen=True, eq=False, repr=False)
class BifurcationCurve(TableReport):
    """A curve of bifurcations of one kind in the plane of two parameters.

    Attributes:
        kind: `"fold"`, `"hopf"`, `"flip"` or `"neimark-sacker"`.
        values: both parameters along the curve, shape `(m, 2)`.
        states: the states, flat, shape `(m, n)`.
        frequencies: ω of Hopf points (radians in a unit of time), θ of Neimark–Sacker points
            (radians a step), `(m,)`; None of folds and flips.
        coefficients: l₁ of Hopf points (negative: the cycle attracts), c of flips (positive: the
            2-cycle attracts), `(m,)`, NaN where an eigenvalue is double; None of folds and
            Neimark–Sacker points.
        marks: which of the points are special ones, indices.
        ends: why it ends at its first and at its last point: `"range"` (of a parameter),
            `"domain"` (the states leave it), `"closed"` (it comes back to where it began), the kind
            of the special point it ends at, `"undefined"` (the rule is not finite beyond, or no
            step is short enough), `"unfinished"` (too many points).
        about: the rule, and the domain searched.
    """

    kind: str
    values: np.ndarray
    states: np.ndarray
    frequencies: np.ndarray | None
    coefficients: np.ndarray | None
    marks: tuple[int, ...]
    ends: tuple[str, str]
    about: About = UNSAID

    def __len__(self) -> int:
        return len(self.values)

    @property
    def is_closed(self) -> bool:
        """True for a curve that comes back to where it began."""
        return self.ends[0] == "closed"

    def runs(self) -> list[tuple[slice, bool | None]]:
        """Its parts: which points, and whether what is born there attracts; None where unsaid."""
        if self.coefficients is None:
            return [(slice(0, len(self)), None)]
        sign = -1.0 if self.kind == "hopf" else 1.0
        attracts = sign * self.coefficients > 0.0
        plain = np.setdiff1d(np.arange(len(self)), self.marks)
        turns = plain[:-1][attracts[plain[:-1]] != attracts[plain[1:]]]
        parts, start = [], 0
        for last in turns.tolist():
            # Up to the special point that parts them, which both have.
            parts.append((slice(start, last + 2), bool(attracts[last])))
            start = last + 1
        whole = bool(attracts[plain[-1]]) if len(plain) else None
        return [*parts, (slice(start, len(self)), whole)]

    def data(self) -> dict[str, Any]:
        """Its attributes, under their names; null where a special point has no coefficient."""
        found = to_fields(self)
        if self.coefficients is not None:
            found["coefficients"] = [None if np.isnan(c) else float(c) for c in self.coefficients]
        return found

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "BifurcationCurve":
        """The curve that `to_dict` wrote."""

        def numbers(key: str) -> np.ndarray | None:
            return None if data[key] is None else array(data[key])

        return cls(
            kind=data["kind"],
            values=array(data["values"]),
            states=array(data["states"]),
            frequencies=numbers("frequencies"),
            coefficients=numbers("coefficients"),
            marks=tuple(data["marks"]),
            ends=(data["ends"][0], data["ends"][1]),
            about=about_in(data, about),
        )

    @property
    def title(self) -> str:
        """Its kind, and the rule."""
        return f"Curve of {CALLED.get(self.kind, self.kind)} points of {self.about.system}"

    def row(self) -> list[str]:
        """Its cells in a table of curves."""
        low, high = self.values.min(axis=0), self.values.max(axis=0)
        spans = [
            f"{format_number(a)} to {format_number(b)}" for a, b in zip(low, high, strict=True)
        ]
        return [self.kind, *spans, self.ends_in_words(), str(len(self))]

    def ends_in_words(self) -> str:
        """The ends in words: "the edge of the ranges, both ways", "nowhere: it is closed"."""
        if self.is_closed:
            return "nowhere: it is closed"
        first, last = (_ENDS.get(end, end) for end in self.ends)
        return f"{first}, both ways" if first == last else f"{first} and {last}"

    def table(self) -> Table:
        """One row."""
        return ["kind", "first parameter", "second", "ends at", "points"], [self.row()]

    def remarks(self) -> list[str]:
        """Nothing."""
        return []


@dataclass(frozen=True, eq=False, repr=False)
class SpecialPoint(TableReport):
    """A point of the plane of two parameters at which a curve of bifurcations is special.

    Attributes:
        kind: `"cusp"` (two folds meet), `"bogdanov-takens"` (a Hopf curve ends on one of folds),
            `"generalised-hopf"` (l₁ = 0), of maps `"generalised-flip"` (c = 0),
            `"resonance-1-1"` and `"resonance-1-2"` (a double multiplier 1 or −1); named only,
            where two curves of one state meet: `"fold-hopf"`, `"hopf-hopf"`, `"fold-flip"`.
        values: both parameters, shape `(2,)`.
        state: where.
        frequency: ω of a generalised Hopf point, else None.
        about: the rule, and the domain searched.
    """

    kind: str
    values: np.ndarray
    state: Any
    frequency: float | None
    about: About = UNSAID

    def data(self) -> dict[str, Any]:
        """Its attributes, under their names."""
        return {
            "kind": self.kind,
            "values": self.values.tolist(),
            "state": flat(self.state),
            "frequency": self.frequency,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "SpecialPoint":
        """The point that `to_dict` wrote."""
        about, state = about_in(data, about), array(data["state"])
        frequency = None if data["frequency"] is None else number(data["frequency"])
        state = about.layout_for(state).unflatten(state)
        return cls(data["kind"], array(data["values"]), state, frequency, about)

    @property
    def name(self) -> str:
        """Its kind in words."""
        return CALLED.get(self.kind, self.kind)

    @property
    def title(self) -> str:
        """Its kind and where."""
        first, second = (format_number(x, _DIGITS) for x in self.values)
        return f"{capitalized(self.name)} at ({first}, {second})"

    def row(self) -> list[str]:
        """Its cells in a table."""
        frequency = "" if self.frequency is None else format_number(self.frequency, 9)
        values = [format_number(x, _DIGITS) for x in self.values]
        return [self.kind, *values, frequency, format_state(self.state)]

    def table(self) -> Table:
        """One row."""
        header = ["kind", "first parameter", "second", "frequency", "state"]
        return without_empty(header, [self.row()])

    def remarks(self) -> list[str]:
        """Nothing."""
        return []


@dataclass(frozen=True)
class LineChecks:
    """Evidence of completeness, from diagrams along fresh lines in the plane.

    Attributes:
        lines: how many lines were looked at on which a bifurcation was met.
        agree: on how many of them every bifurcation found lies on a curve.
        bare: on how many lines none was met, which says little of closed curves.
    """

    lines: int
    agree: int
    bare: int = 0


@dataclass(frozen=True, eq=False, repr=False)
class BifurcationCurves(TableReport):
    """Curves of bifurcations over two parameters, and the special points on them.

    Attributes:
        parameters: what varies, two names.
        ranges: from where to where, one pair each.
        points: the special points, by kind and first parameter.
        curves: the curves, by kind and where they begin.
        checks: how complete it is.
        about: the rule, and the domain searched.
        warnings: what the reader should know, in sentences.
    """

    parameters: tuple[str, str]
    ranges: tuple[tuple[float, float], tuple[float, float]]
    points: tuple[SpecialPoint, ...]
    curves: tuple[BifurcationCurve, ...]
    checks: LineChecks
    about: About = UNSAID
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", about_all(self.points, self.about))
        object.__setattr__(self, "curves", about_all(self.curves, self.about))

    def data(self) -> dict[str, Any]:
        """Its attributes, under their names."""
        return {
            "parameters": list(self.parameters),
            "ranges": [list(span) for span in self.ranges],
            "points": [point.data() for point in self.points],
            "curves": [curve.data() for curve in self.curves],
            "checks": to_fields(self.checks),
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "BifurcationCurves":
        """The diagram that `to_dict` wrote."""
        about = about_in(data, about)
        first, second = ((number(low), number(high)) for low, high in data["ranges"])
        return cls(
            parameters=(data["parameters"][0], data["parameters"][1]),
            ranges=(first, second),
            points=tuple(SpecialPoint.from_dict(p, about) for p in data["points"]),
            curves=tuple(BifurcationCurve.from_dict(c, about) for c in data["curves"]),
            checks=LineChecks(**data["checks"]),
            about=about,
            warnings=tuple(data["warnings"]),
        )

    def of_kind(self, kind: str) -> tuple[SpecialPoint, ...]:
        """The special points of one kind."""
        return tuple(point for point in self.points if point.kind == kind)

    def curves_of(self, kind: str) -> tuple[BifurcationCurve, ...]:
        """The curves of one kind."""
        return tuple(curve for curve in self.curves if curve.kind == kind)

    @property
    def title(self) -> str:
        """The numbers of curves and special points, and the ranges."""
        spans = [
            f"{name} from {format_number(low, _DIGITS)} to {format_number(high, _DIGITS)}"
            for name, (low, high) in zip(self.parameters, self.ranges, strict=True)
        ]
        curves, points = len(self.curves), len(self.points)
        found = f"{counted(curves, 'curve') if curves else 'no curves'} of bifurcations"
        found += f", {counted(points, 'special point') if points else 'no special points'}"
        return f"{self.about.words}, {' and '.join(spans)}: {found}"

    def table(self) -> Table | None:
        """A line a special point, then a line a curve."""
        rows = [point.row() for point in self.points]
        rows += [
            [f"{curve.kind} curve", *curve.row()[1:3], "", f"ends at {curve.row()[3]}"]
            for curve in self.curves
        ]
        header = ["kind", *self.parameters, "frequency", "state"]
        return without_empty(header, rows) if rows else None

    def remarks(self) -> list[str]:
        """Sentences on completeness, then the warnings."""
        said = []
        if self.checks.lines:
            is_one = self.checks.lines == 1
            agree = f"{self.checks.agree:,} of {self.checks.lines:,} other lines"
            every = "not every" if is_one and not self.checks.agree else "every"
            said.append(
                f"On {'another line' if is_one else agree} through the plane {every} bifurcation "
                f"found lies on a curve."
            )
        if self.checks.bare:
            said.append(
                f"On {counted(self.checks.bare, 'other line')} none was met: a closed curve "
                f"that none of the lines crosses is not seen."
            )
        if self.checks.agree < self.checks.lines:
            said.append("Where one does not, it was missed at first: take more lines.")
        return [*said, *self.warnings]
