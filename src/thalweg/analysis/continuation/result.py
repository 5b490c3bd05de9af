"""The parts of a bifurcation diagram: branches, bifurcations, evidence of completeness."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from thalweg.analysis.continuation.gaps import without_attractor
from thalweg.core.about import UNSAID, About
from thalweg.core.plain import array, flat, from_pairs, number, pairs
from thalweg.core.reports import Table, TableReport, about_all, about_in
from thalweg.core.tables import counted, format_number, format_state, without_empty

# Digits of a parameter in the table: what Newton has, but for the last that rounding may change.
_DIGITS = 12


@dataclass(frozen=True, eq=False, repr=False)
class Bifurcation(TableReport):
    """A value of the parameter at which equilibria meet, vanish or change their stability.

    Attributes:
        kind: `"fold"`, `"transcritical"`, `"pitchfork"`, `"hopf"`, `"flip"`, `"neimark-sacker"`; of
            cycles `"cycle-fold"`, `"cycle-flip"`, `"torus"`; or `"degenerate"`: several
            eigenvalues, or pairs, are neutral at once, or branches touch.
        value: of the parameter.
        state: where.
        frequency: ω of a Hopf point (radians in a unit of time), θ of a Neimark–Sacker point or a
            torus (radians a step, or a turn), else None.
        coefficient: of the normal form, with unit null vectors: a of a fold (x' = β + ax²), l₁ of a
            Hopf point (negative: the cycle attracts), c of a flip (positive: the 2-cycle
            attracts); else None.
        about: the rule, and the domain searched.
    """

    kind: str
    value: float
    state: Any
    frequency: float | None
    coefficient: float | None
    about: About = UNSAID

    def data(self) -> dict[str, Any]:
        """Its attributes, under their names."""
        return {
            "kind": self.kind,
            "value": self.value,
            "state": flat(self.state),
            "frequency": self.frequency,
            "coefficient": self.coefficient,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "Bifurcation":
        """The bifurcation that `to_dict` wrote."""
        about, state = about_in(data, about), array(data["state"])
        own = {key: data[key] for key in ("kind", "frequency", "coefficient")}
        state = about.layout_for(state).unflatten(state)
        return cls(value=number(data["value"]), state=state, about=about, **own)

    def row(self) -> list[str]:
        """Its cells in the table of a diagram."""
        numbers = [
            "" if x is None else format_number(x, 9) for x in (self.frequency, self.coefficient)
        ]
        return [self.kind, format_number(self.value, _DIGITS), *numbers, format_state(self.state)]

    @property
    def title(self) -> str:
        """Its kind and where."""
        return f"{self.kind.capitalize()} at {format_number(self.value, _DIGITS)}"

    def table(self) -> Table:
        """One row."""
        return without_empty(_HEADER, [self.row()])

    def remarks(self) -> list[str]:
        """A sentence on the cycle that is born, for the two kinds whose coefficient decides it."""
        if self.coefficient is None or self.kind not in ("hopf", "flip"):
            return []
        what = "cycle" if self.kind == "hopf" else "2-cycle"
        if abs(self.coefficient) <= _UNDECIDED:
            return [f"Whether the {what} born there attracts is not decided by its coefficient."]
        attracts = self.coefficient < 0.0 if self.kind == "hopf" else self.coefficient > 0.0
        return [
            f"The {what} born there {'attracts' if attracts else 'repels'}, as far as the modes "
            f"that are neutral decide it."
        ]


# Coefficients below this are zero but for rounding.
_UNDECIDED = 1e-10


def _listed(values: np.ndarray | None) -> Any:
    return None if values is None else values.tolist()


def _rows(values: np.ndarray | None) -> Any:
    return None if values is None else [pairs(row) for row in values]


_HEADER = ["kind", "value", "frequency", "coefficient", "state"]


@dataclass(frozen=True, eq=False, repr=False)
class Branch(TableReport):
    """A curve of equilibria, or of closed orbits, in the parameter.

    Attributes:
        values: the parameter along the curve, shape `(m,)`; it may turn back.
        states: the states, flat, shape `(m, n)`; of cycles a state on each.
        stable: where they are stable, booleans `(m,)`; False at bifurcations.
        eigenvalues: of the rule's own Jacobian, `(m, d)`, by descending growth; None of cycles.
        marks: which of the points are bifurcations, indices.
        ends: why it ends at its first and at its last point: `"range"` (the parameter's),
            `"domain"` (the states leave it), `"closed"` (it comes back to where it began),
            `"undefined"` (the rule is not finite beyond, or no step is short enough),
            `"unfinished"` (too many points); of cycles also `"hopf"` (they shrink to a point),
            `"flip"` (to a cycle of half the period) and `"homoclinic"` (the period grows without
            bound).
        periods: of cycles, how long a turn takes, `(m,)`; None of equilibria.
        multipliers: of cycles, `(m, d)`, the one along the orbit last; None of equilibria.
        extremes: of cycles, the least and largest value of each coordinate, `(m, n, 2)`; None of
            equilibria.
        about: the rule, and the domain searched.
    """

    values: np.ndarray
    states: np.ndarray
    stable: np.ndarray
    eigenvalues: np.ndarray | None
    marks: tuple[int, ...]
    ends: tuple[str, str]
    periods: np.ndarray | None = None
    multipliers: np.ndarray | None = None
    extremes: np.ndarray | None = None
    about: About = UNSAID

    def __len__(self) -> int:
        return len(self.values)

    @property
    def of(self) -> str:
        """`"equilibria"` or `"cycles"`."""
        return "equilibria" if self.periods is None else "cycles"

    @property
    def is_closed(self) -> bool:
        """True for an isola."""
        return self.ends[0] == "closed"

    def runs(self) -> list[tuple[slice, bool]]:
        """Its parts of one stability: which points, and whether they are stable.

        A bifurcation belongs to the parts on both of its sides.
        """
        plain = np.setdiff1d(np.arange(len(self)), self.marks)
        is_last = np.diff(plain, append=len(self) + 1) > 1
        is_last[:-1] |= self.stable[plain[:-1]] != self.stable[plain[1:]]
        ends = plain[is_last]
        starts = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
        parts = []
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            # Up to the bifurcation, or where none was found to the first point of the next part.
            until = len(self) if end == ends[-1] else end + 2
            parts.append((slice(start, until), bool(self.stable[end])))
        return parts

    def data(self) -> dict[str, Any]:
        """The keys of the contract, then `eigenvalues`, `marks` and `ends`."""
        return {
            "of": self.of,
            "values": self.values.tolist(),
            "states": self.states.tolist(),
            "stable": self.stable.tolist(),
            "periods": _listed(self.periods),
            "multipliers": _rows(self.multipliers),
            "extremes": _listed(self.extremes),
            "eigenvalues": _rows(self.eigenvalues),
            "marks": list(self.marks),
            "ends": list(self.ends),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "Branch":
        """The branch that `to_dict` wrote."""

        def rows(key: str) -> np.ndarray | None:
            read = data[key]
            return None if read is None else np.array([from_pairs(row) for row in read])

        def numbers(key: str) -> np.ndarray | None:
            return None if data[key] is None else array(data[key])

        return cls(
            values=array(data["values"]),
            states=array(data["states"]),
            stable=np.asarray(data["stable"], dtype=bool),
            eigenvalues=rows("eigenvalues"),
            marks=tuple(data["marks"]),
            ends=(data["ends"][0], data["ends"][1]),
            periods=numbers("periods"),
            multipliers=rows("multipliers"),
            extremes=numbers("extremes"),
            about=about_in(data, about),
        )

    @property
    def title(self) -> str:
        """The rule."""
        return f"Branch of {self.of} of {self.about.system}"

    def row(self) -> list[str]:
        """Its cells in a table of branches."""
        share = float(np.mean(self.stable)) if len(self) else 0.0
        low, high = float(np.min(self.values)), float(np.max(self.values))
        ends = "closed" if self.is_closed else " and ".join(self.ends)
        stable = {0.0: "nowhere", 1.0: "everywhere"}.get(share, "in part")
        return [format_number(low), format_number(high), stable, ends, str(len(self))]

    def table(self) -> Table:
        """One row."""
        return ["from", "to", "stable", "ends at", "points"], [self.row()]

    def remarks(self) -> list[str]:
        """Nothing."""
        return []


@dataclass(frozen=True)
class Checks:
    """Evidence of completeness, from searches at fresh values of the parameter.

    Attributes:
        values: how many values were looked at.
        agree: at how many of them the equilibria found are those that branches pass through.
        unseen_upper: a 95 % upper bound on the probability that one more random start finds an
            equilibrium not seen yet, the largest over these values; None where none was looked at.
    """

    values: int
    agree: int
    unseen_upper: float | None


@dataclass(frozen=True, eq=False, repr=False)
class BifurcationDiagram(TableReport):
    """Every branch of equilibria over a parameter, of cycles, and the bifurcations on them.

    Attributes:
        parameter: what varies.
        range: from where to where.
        bifurcations: ordered by value.
        branches: ordered by where they begin.
        checks: how complete it is.
        about: the rule, and the domain searched.
        warnings: what the reader should know, in sentences.
    """

    parameter: str
    range: tuple[float, float]
    bifurcations: tuple[Bifurcation, ...]
    branches: tuple[Branch, ...]
    checks: Checks
    about: About = UNSAID
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "bifurcations", about_all(self.bifurcations, self.about))
        object.__setattr__(self, "branches", about_all(self.branches, self.about))

    def data(self) -> dict[str, Any]:
        """The keys of the contract, then `warnings`."""
        return {
            "parameter": self.parameter,
            "range": list(self.range),
            "bifurcations": [b.data() for b in self.bifurcations],
            "branches": [b.data() for b in self.branches],
            "checks": asdict(self.checks),
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "BifurcationDiagram":
        """The diagram that `to_dict` wrote."""
        about = about_in(data, about)
        return cls(
            parameter=data["parameter"],
            range=(number(data["range"][0]), number(data["range"][1])),
            bifurcations=tuple(Bifurcation.from_dict(b, about) for b in data["bifurcations"]),
            branches=tuple(Branch.from_dict(b, about) for b in data["branches"]),
            checks=Checks(**data["checks"]),
            about=about,
            warnings=tuple(data["warnings"]),
        )

    def of_kind(self, kind: str) -> tuple[Bifurcation, ...]:
        """The bifurcations of one kind."""
        return tuple(b for b in self.bifurcations if b.kind == kind)

    @property
    def title(self) -> str:
        """The numbers of branches and bifurcations, and the range."""
        low, high = (format_number(x, _DIGITS) for x in self.range)
        cycles = sum(branch.of == "cycles" for branch in self.branches)
        others = len(self.branches) - cycles
        branches = f"{counted(others, 'branch', 'branches')}"
        branches += f" and {cycles} of cycles" if cycles else ""
        count = len(self.bifurcations)
        found = f"{counted(count, 'bifurcation') if count else 'no bifurcations'}"
        over = f"{self.parameter} from {low} to {high}"
        return f"{self.about.words}, {over}: {branches}, {found}"

    def table(self) -> Table | None:
        """A line a bifurcation."""
        rows = [bifurcation.row() for bifurcation in self.bifurcations]
        return without_empty(_HEADER, rows) if rows else None

    def remarks(self) -> list[str]:
        """Sentences on completeness, then the warnings."""
        said = []
        if self.checks.values:
            bound = self.checks.unseen_upper
            more = (
                ""
                if bound is None
                else f"; a random start there finds a new one with probability below "
                f"{100 * bound:.2g} % (95 % confidence)"
            )
            said.append(
                f"At {self.checks.agree} of {counted(self.checks.values, 'other value')} the "
                f"equilibria found are those that the branches pass through{more}."
            )
        if self.checks.agree < self.checks.values:
            said.append(
                "Where they differ something was missed: take more slices, or a smaller domain."
            )
        closed = sum(branch.is_closed for branch in self.branches)
        if closed:
            said.append(f"{closed} of the branches {'is' if closed == 1 else 'are'} closed.")
        stable = [
            (float(np.min(branch.values[part])), float(np.max(branch.values[part])))
            for branch in self.branches
            for part, is_stable in branch.runs()
            if is_stable
        ]
        gaps = without_attractor(stable, *self.range) if self.branches else []
        if gaps:
            spans = " and ".join(
                f"from {format_number(begin, _DIGITS)} to {format_number(end, _DIGITS)}"
                for begin, end in gaps
            )
            said.append(
                f"Of what was followed nothing is sure to attract where {self.parameter} is "
                f"{spans}. What was not followed may: a cycle (from find_cycles, as `cycles=`), "
                f"or chaos."
            )
        return [*said, *self.warnings]
