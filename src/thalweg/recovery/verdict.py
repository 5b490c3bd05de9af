"""The graded answer of energy recovery, with its evidence, and how it reads."""

import textwrap
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from thalweg.core import html
from thalweg.geometry import Geometry
from thalweg.recovery.kinds import Kind

_WIDTH = 80


class Witness(Protocol):
    """Evidence against a metric or an energy that anyone can check again."""

    @property
    def excludes_metric(self) -> bool:
        """Whether the displacement is a gradient in no metric that is continuous there."""
        ...

    @property
    def excludes_energy(self) -> bool:
        """Whether no energy falls wherever the rule moves, whatever the metric."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """The witness as JSON-ready data."""
        ...


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

    def to_dict(self) -> dict[str, Any]:
        """The line as JSON-ready data."""
        return {
            "name": self.name,
            "outcome": self.outcome,
            "residual": _finite(self.residual),
            "note": self.note,
        }


@dataclass(frozen=True)
class Verdict:
    """Answer to whether a rule is steepest descent of something: of what, or why not.

    Attributes:
        kind: the strongest true statement, a string: `"euclidean"`, `"constant-metric"`,
            `"diagonal-metric"`, `"given-metric"`, `"lyapunov"`, `"refuted"` or `"undecided"`.
        energy: the energy recovered, a callable `state → scalar` up to a constant, or None.
        metric: the geometry in which the rule is its steepest descent, or None.
        residual: the normalised residual of that statement, or None.
        witnesses: what refutes an energy: an equilibrium, a closed orbit, or both.
        levels: what every level tried found; two can be true at once (no metric, yet an energy that
            falls).
        metric_name: the metric in words, or None.
        system: the name of the rule.
        rule_kind: `"flow"` or `"map"`.
        region: where the statement was checked, in words.
        warnings: what the reader should know, in sentences.
        asides: what else is true, in sentences: energies that fall although the rule is refuted.
        split: the Helmholtz–Hodge split (`energy`, `share` of the remainder), where nothing better
            was found, or None. Its energy need not fall along the rule.
    """

    kind: Kind
    energy: Any
    metric: Geometry | None
    residual: float | None
    witnesses: tuple[Witness, ...]
    levels: tuple[LevelResult, ...]
    metric_name: str | None = None
    system: str = ""
    rule_kind: str = "flow"
    region: str = ""
    warnings: tuple[str, ...] = field(default_factory=tuple)
    asides: tuple[str, ...] = ()
    split: Any = None

    @property
    def witness(self) -> Witness | None:
        """What refutes an energy: the equilibrium where there is one, else the closed orbit."""
        return self.witnesses[0] if self.witnesses else None

    def to_dict(self) -> dict[str, Any]:
        """The verdict as JSON-ready data, with the keys of the contract."""
        return {
            "kind": str(self.kind),
            "metric": self.metric_name,
            "residual": _finite(self.residual),
            "witness": None if self.witness is None else self.witness.to_dict(),
            "levels": [level.to_dict() for level in self.levels],
        }

    @property
    def title(self) -> str:
        """The rule and the kind of the verdict, in a line."""
        return f"Energy of {self.system} ({self.rule_kind}): {self.kind}"

    def sentences(self) -> list[str]:
        """The verdict in words: what is true, in which metric, by which witness, where."""
        said = [self.kind.sentence, *self.asides]
        if self.metric_name not in (None, "Euclidean"):
            said.append(f"Metric: {self.metric_name}.")
        said += [f"Witness: {witness}" for witness in self.witnesses]
        return [*said, f"Region: {self.region}."] if self.region else said

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Header and rows of a table of the levels, as texts."""
        rows = [
            [v.name, v.outcome, "" if v.residual is None else f"{v.residual:.1e}", v.note]
            for v in self.levels
        ]
        return ["level", "outcome", "residual", "what was found"], rows

    def __str__(self) -> str:
        lines = _wrap(self.title)
        for sentence in self.sentences():
            lines += _wrap(sentence, "  ")
        lines += _levels_as_text(self.levels)
        lines += _wrap(f"What would change this: {self.kind.cure}", "  ")
        for warning in self.warnings:
            lines += _wrap(f"Note: {warning}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        said = html.paragraph("\n".join(self.sentences()))
        notes = html.listing(f"Note: {warning}" for warning in self.warnings)
        return html.fragment(self.title, said, html.table(*self.table()), notes)


def _levels_as_text(levels: tuple[LevelResult, ...]) -> list[str]:
    """One block a level: its name, outcome and residual, with the note beside them."""
    wide = max((len(level.name) for level in levels), default=0)
    lines = []
    for level in levels:
        residual = "" if level.residual is None else f"{level.residual:.1e}"
        head = f"  {level.name.ljust(wide)}  {level.outcome.ljust(4)}  {residual.ljust(8)}  "
        body = textwrap.wrap(level.note, max(_WIDTH - len(head), 24)) or [""]
        lines += [(head if i == 0 else " " * len(head)) + text for i, text in enumerate(body)]
    return [line.rstrip() for line in lines]


def _wrap(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=indent + "  ")


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and np.isfinite(value) else None
