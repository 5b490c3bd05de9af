"""Findings of the levels of a question, and what is known once some of them were asked."""

from dataclasses import dataclass
from typing import Any

from thalweg.geometry import Geometry
from thalweg.recovery.certificates.descent import Certificate
from thalweg.recovery.kinds import Kind
from thalweg.recovery.splits import Split
from thalweg.recovery.witnesses import Witness


@dataclass(frozen=True)
class Finding:
    """Answer of one level: its line in the report and, if it settles something, what it settles.

    Attributes:
        outcome: `"yes"` (what the level is named after holds), `"no"`, or `"open"`.
        residual: the normalised residual, 0 where the level holds exactly, or None.
        note: what was found, in a sentence or two.
        kind: the kind of verdict that it supports, or None.
        energy: the energy, or None.
        metric: the metric, or None.
        metric_name: the metric in words, or None.
        is_gradient: True where the displacement is a gradient in a metric, even if no energy need
            fall in full steps.
        witness: what excludes a metric or an energy, or None.
        split: the rule as a gradient and a remainder, or None.
        candidate: the best energy that was tried and is none, as far as seen; or None.
        proof: the attempt to prove that an energy falls, or None.
        aside: a sentence for verdicts of another kind, or "".
        before: what the same level found of other geometries or energies that it tried first.
    """

    outcome: str
    residual: float | None
    note: str
    kind: Kind | None = None
    energy: Any = None
    metric: Geometry | None = None
    metric_name: str | None = None
    is_gradient: bool = False
    witness: Witness | None = None
    split: Split | None = None
    candidate: Any = None
    proof: Certificate | None = None
    aside: str = ""
    before: tuple["Finding", ...] = ()


class Findings(tuple[Finding, ...]):
    """Findings of the levels that were asked so far."""

    @property
    def has_metric(self) -> bool:
        """True if the rule is steepest descent in a metric that was found."""
        return any(f.metric is not None for f in self)

    @property
    def has_energy(self) -> bool:
        """True if an energy was found."""
        return any(f.energy is not None for f in self)

    @property
    def is_gradient(self) -> bool:
        """True if the displacement is a gradient in a metric that was found."""
        return any(f.is_gradient for f in self)

    @property
    def excludes_metric(self) -> bool:
        """True if the displacement is known to be a gradient in no metric."""
        return any(f.witness is not None and f.witness.excludes_metric for f in self)

    @property
    def excludes_energy(self) -> bool:
        """True if it is known that no energy falls wherever the rule moves."""
        return any(f.witness is not None and f.witness.excludes_energy for f in self)
