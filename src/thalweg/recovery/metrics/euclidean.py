"""Gradients as they stand: a yes settles the question, in any dimension."""

from dataclasses import dataclass
from typing import ClassVar

from thalweg.geometry import Euclidean
from thalweg.recovery.findings import Finding, Findings
from thalweg.recovery.forms.exactness import CONSISTENT
from thalweg.recovery.kinds import Kind
from thalweg.recovery.level import Cost, Level
from thalweg.recovery.metrics.confirmed import confirmed
from thalweg.recovery.question import Question


@dataclass(frozen=True)
class EuclideanLevel(Level):
    """Steepest descent in the Euclidean metric."""

    name: ClassVar[str] = "euclidean"
    cost: ClassVar[Cost] = Cost.CHEAP
    any_size: ClassVar[bool] = True

    def applies(self, question: Question, so_far: Findings) -> bool:
        """Always: nothing is cheaper."""
        return True

    def ask(self, question: Question) -> Finding:
        """Probe the symmetry of the Jacobian, integrate the rule, and compare."""
        return confirmed(question, _finding(question))


def _finding(question: Question) -> Finding:
    exactness = question.euclidean
    number = exactness.num_points
    if exactness.is_exact:
        note = (
            f"J = Jᵀ at {number} points; the line integral's gradient is −f at "
            f"{len(exactness.sites.fresh)} others, whatever the path."
        )
        energy = exactness.energy(question.rule, question.chart, Euclidean())
        kind = Kind.EUCLIDEAN
        return Finding("yes", exactness.residual, note, kind, energy, Euclidean(), "Euclidean")
    if exactness.undefined is not None:
        note = "The rule is not finite everywhere in the region."
        return Finding("open", exactness.asymmetry, note)
    if exactness.is_symmetric and exactness.winding > CONSISTENT:
        note = "J = Jᵀ at every point probed, but once round an angle the energy does not return."
        return Finding("no", exactness.residual, note)
    if exactness.is_symmetric:
        note = (
            "J = Jᵀ at every point probed, yet the line integral depends on its path: the rule, or "
            "a derivative of it, jumps or is too sharp for it, or the region has a hole."
        )
        return Finding("open", exactness.residual, note)
    if exactness.obstacle is not None:
        return Finding("no", None, exactness.obstacle.replace("M f", "f"))
    note = f"J is not symmetric, most clearly at {exactness.place}."
    return Finding("no", exactness.asymmetry, note)
