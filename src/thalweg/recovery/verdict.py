"""The graded answer of energy recovery, with its evidence, and how it reads."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from thalweg.analysis import Landscape
from thalweg.core import html
from thalweg.core.about import UNSAID, About
from thalweg.core.reports import NotKept, Report, Table, about_all, about_in
from thalweg.core.tables import wrap
from thalweg.geometry import Geometry
from thalweg.recovery.kinds import AT_A_WALL, Kind
from thalweg.recovery.splits import Split
from thalweg.recovery.witnesses import Witness, witness_from

_FORMULA = re.compile(r"\bE\b")
_CALLABLES = ("energy", "metric", "candidate")  # what JSON cannot hold


@dataclass(frozen=True)
class LevelResult:
    """Line of the report about one level.

    Attributes:
        name: the level.
        outcome: `"yes"` (what the level is named after holds), `"no"`, or `"open"`.
        residual: the normalised residual, 0 where the level holds exactly, or None.
        note: what was found, in a sentence or two.
    """

    name: str
    outcome: str
    residual: float | None
    note: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "residual", _finite(self.residual))

    def to_dict(self) -> dict[str, Any]:
        """The line as JSON-ready data."""
        return asdict(self)


@dataclass(frozen=True, eq=False, repr=False)
class Verdict(Report):
    """Answer to whether a rule is steepest descent of something: of what, or why not.

    Attributes:
        kind: the strongest true statement, a string: `"euclidean"`, `"constant-metric"`,
            `"diagonal-metric"`, `"given-metric"`, `"lyapunov"`, `"refuted"` or `"undecided"`.
        energy: the energy recovered, a callable `state → scalar` up to a constant, or None.
        metric: the geometry in which the rule is its steepest descent, or None.
        residual: the normalised residual of that statement, or None.
        witnesses: what refutes an energy: equilibria, closed orbits, invariant measures.
        levels: what every level tried found; two can be true at once (no metric, yet an energy that
            falls).
        metric_name: the metric in words, or None.
        about: the rule, and the region of the question.
        warnings: what the reader should know, in sentences.
        asides: what else is true, in sentences: energies that fall although the rule is refuted.
        split: the rule as a gradient and a remainder, a `Split`, where nothing better was found, or
            None. Its energy need not fall along the rule.
        candidate: of an undecided question, the energy that came nearest to falling everywhere; it
            failed the check of it, or came too near. None where there is none.
        fall: how it is known that `energy` falls wherever the rule moves: `"proved"` (by interval
            arithmetic, all over the region), `"checked"` (at points, by hunts), or None where there
            is none.
        landscape: a function that falls wherever nothing recurs, a `Landscape`, where one was asked
            for; else None.
        share: the part of the domain on which the question was answered: less than 1 where poles of
            the rule cut it.
    """

    kind: Kind
    energy: Any = field(compare=False)
    metric: Geometry | NotKept | None = field(compare=False)
    residual: float | None
    witnesses: tuple[Witness, ...]
    levels: tuple[LevelResult, ...]
    metric_name: str | None = None
    about: About = UNSAID
    warnings: tuple[str, ...] = field(default_factory=tuple)
    asides: tuple[str, ...] = ()
    split: Split | None = None
    candidate: Any = field(default=None, compare=False)
    fall: str | None = None
    share: float = 1.0
    landscape: Landscape | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "residual", _finite(self.residual))
        if self.split is not None:
            object.__setattr__(self, "split", *about_all([self.split], self.about))
        if self.landscape is not None:
            object.__setattr__(self, "landscape", *about_all([self.landscape], self.about))

    @property
    def certified(self) -> bool:
        """True where the verdict hands out an energy, and it is proved that this one falls.

        The metric of which it is the energy is always checked only.
        """
        return self.fall == "proved" and self.kind not in (Kind.REFUTED, Kind.UNDECIDED)

    @property
    def is_fall_open(self) -> bool:
        """True of a refuted rule along which an energy may fall, where none was looked for."""
        if self.kind is not Kind.REFUTED or self.asides:
            return False
        asked = any(level.name == Kind.LYAPUNOV for level in self.levels)
        return not asked and not any(witness.excludes_energy for witness in self.witnesses)

    @property
    def cure(self) -> str:
        """A sentence on what would change the answer."""
        is_proved = self.certified and self.kind is Kind.LYAPUNOV
        return "a larger region; in this one it is proved." if is_proved else self.kind.cure

    @property
    def witness(self) -> Witness | None:
        """Witness against an energy: the first of `witnesses`."""
        return self.witnesses[0] if self.witnesses else None

    def data(self) -> dict[str, Any]:
        """The keys of the contract, then what reading it back needs.

        JSON cannot hold energies or metrics: `not_kept` names those that there were.
        """
        gone = [name for name in _CALLABLES if getattr(self, name) is not None]
        return {
            "kind": str(self.kind),
            "metric": self.metric_name,
            "residual": self.residual,
            "witness": None if self.witness is None else self.witness.to_dict(),
            "levels": [level.to_dict() for level in self.levels],
            "certified": self.certified,
            "fall": self.fall,
            "share": self.share,
            "witnesses": [witness.to_dict() for witness in self.witnesses],
            "asides": list(self.asides),
            "warnings": list(self.warnings),
            "split": None if self.split is None else self.split.data(),
            "landscape": None if self.landscape is None else self.landscape.data(),
            "not_kept": gone,
        }

    def to_dict(self) -> dict[str, Any]:
        """The verdict as JSON-ready data: `about`, and the keys of `data`."""
        return {"about": self.about.to_dict()} | self.data()

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "Verdict":
        """The verdict that `to_dict` wrote; its callables say that they are gone."""
        about = about_in(data, about)
        return cls(
            kind=Kind(data["kind"]),
            **{name: NotKept(name) if name in data["not_kept"] else None for name in _CALLABLES},
            residual=data["residual"],
            witnesses=tuple(witness_from(w, about.rule_kind) for w in data["witnesses"]),
            levels=tuple(LevelResult(**level) for level in data["levels"]),
            metric_name=data["metric"],
            about=about,
            warnings=tuple(data["warnings"]),
            asides=tuple(data["asides"]),
            fall=data["fall"],
            share=data["share"],
            split=None if data["split"] is None else Split.from_dict(data["split"], about),
            landscape=None
            if data["landscape"] is None
            else Landscape.from_dict(data["landscape"], about),
        )

    @property
    def title(self) -> str:
        """The rule and the kind of the verdict, in a line."""
        return f"Energy of {self.about.system} ({self.about.rule_kind}): {self.kind}"

    def sentences(self) -> list[str]:
        """The verdict in words: what is true, in which metric, by which witness, where."""
        said = [self.kind.sentence, *self.asides]
        if self.fall is not None:
            is_proved = self.fall == "proved"
            how = "proved, up to rounding at rests" if is_proved else "checked, not proved"
            # Where M vanishes E may stand still though the rule moves.
            inside = " inside the region" if (self.metric_name or "").endswith(AT_A_WALL) else ""
            said.append(f"That the energy falls wherever the rule moves{inside} is {how}.")
        if self.metric_name not in (None, "Euclidean"):
            said.append(f"Metric: {self.metric_name}.")
        said += [f"Witness: {witness}" for witness in self.witnesses]
        if self.is_fall_open:
            said.append(
                "An energy may fall along it all the same: none was looked for, as `thalweg "
                "recover` and recover_energy do."
            )
        domain = self.about.domain
        written = [*said, *(level.note for level in self.levels)]
        if "E" in self.about.names and any(_FORMULA.search(text) for text in written):
            said.append("In formulas here E is the energy, not the coordinate E.")
        part = "" if self.share == 1.0 else f"about {100 * self.share:.0f} % of "
        return said if domain is None else [*said, f"Region: {part}{domain.words}."]

    def remarks(self) -> list[str]:
        """The verdict in words, what would change it, and warnings."""
        cure = f"What would change this: {self.cure}"
        return [*self.sentences(), cure, *(f"Note: {warning}" for warning in self.warnings)]

    def table(self) -> Table:
        """Header and rows of a table of the levels, as texts."""
        rows = [
            [v.name, v.outcome, "" if v.residual is None else f"{v.residual:.1e}", v.note]
            for v in self.levels
        ]
        return ["level", "outcome", "residual", "what was found"], rows

    def __str__(self) -> str:
        lines = [wrap(self.title)]
        lines += [wrap(sentence, "  ", "    ") for sentence in self.sentences()]
        lines += _levels_as_text(self.levels)
        lines.append(wrap(f"What would change this: {self.cure}", "  ", "    "))
        for warning in self.warnings:
            lines.append(wrap(f"Note: {warning}"))
        if self.landscape is not None:
            lines += ["", str(self.landscape)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        said = html.paragraph("\n".join(self.sentences()))
        notes = html.listing(f"Note: {warning}" for warning in self.warnings)
        more = [] if self.landscape is None else [self.landscape._repr_html_()]
        return html.fragment(self.title, said, html.table(*self.table()), notes, *more)


def _levels_as_text(levels: tuple[LevelResult, ...]) -> list[str]:
    """One block a level: its name, outcome and residual, with the note beside them."""
    wide = max((len(level.name) for level in levels), default=0)
    lines = []
    for level in levels:
        residual = "" if level.residual is None else f"{level.residual:.1e}"
        head = f"  {level.name.ljust(wide)}  {level.outcome.ljust(4)}  {residual.ljust(8)}  "
        lines.append(wrap(level.note, head, " " * len(head)) or head.rstrip())
    return lines


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and np.isfinite(value) else None
