"""The classes of energies that data cannot tell apart, whoever learns."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from thalweg.core.about import UNSAID, About
from thalweg.core.reports import TableReport, about_in

DETERMINED: Mapping[str, tuple[str, str]] = {
    "steps": ("consecutive states, unknown step", "a factor > 0 and a constant: only ηE is seen"),
    "timed": ("consecutive states, known step or times", "a constant"),
    "paths": (
        "paths without times",
        "an increasing function on each edge of the tree of level-set components",
    ),
    "pairs": ("starts and their end points", "the minima, and on which side each start lies"),
    "points": ("end points, free starts", "the minima, nothing more"),
    "samples": ("samples at rest", "E/T up to a constant"),
    "langevin": ("Langevin states at known times", "a constant (E and T both)"),
    "density": (
        "snapshots of a density (JKO)",
        "a constant, biased by the order of τ off the JKO steps",
    ),
}
"""Kinds of data by name: each in words, and what an energy that fits it is fixed up to."""


@dataclass(frozen=True, eq=False, repr=False)
class Identified(TableReport):
    """The part of an energy that data determine: a row of a table.

    Attributes:
        kind: of the data, a key of `DETERMINED`.
        missing: what the data do not say that was asked for, in sentences.
        about: the rule.
    """

    kind: str
    missing: tuple[str, ...] = ()
    about: About = UNSAID

    @property
    def up_to(self) -> str:
        """The class of energies that remain."""
        return DETERMINED[self.kind][1]

    @property
    def is_scale_known(self) -> bool:
        """True where differences of the energy mean something in the units of the data."""
        return self.kind in ("timed", "langevin")

    @property
    def title(self) -> str:
        """The data, and what they fix."""
        return f"From {DETERMINED[self.kind][0]} the energy is known up to: {self.up_to}"

    def table(self) -> tuple[list[str], list[list[str]]]:
        """All kinds of data; an arrow marks these."""
        rows = [
            ["→" if kind == self.kind else "", data, up_to]
            for kind, (data, up_to) in DETERMINED.items()
        ]
        return ["", "data", "E is fixed up to"], rows

    def remarks(self) -> list[str]:
        """Sentences on what is missing."""
        return list(self.missing)

    def data(self) -> dict[str, Any]:
        """`kind`, `up_to` and `missing`."""
        return {"kind": self.kind, "up_to": self.up_to, "missing": list(self.missing)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "Identified":
        """The row that `to_dict` wrote."""
        return cls(data["kind"], tuple(data["missing"]), about_in(data, about))
