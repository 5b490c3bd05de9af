"""The level that splits a flow, where it has no energy."""

from dataclasses import dataclass
from typing import ClassVar

from thalweg.core.about import About
from thalweg.geometry import Euclidean, Simplex
from thalweg.recovery.findings import Finding, Findings
from thalweg.recovery.level import Cost, Level
from thalweg.recovery.question import Question
from thalweg.recovery.split.boxes import TERMS, project_in_box
from thalweg.recovery.split.simplex import DEGREES, project_on_simplex
from thalweg.recovery.splits import Remainder, Split

_BOX = "Euclidean metric and the mean over the box"
_SIMPLEX = "metric diag(1/x) of Fisher and Shahshahani and the mean with density x₁⋯xₙ"


@dataclass(frozen=True)
class SplitLevel(Level):
    """A rule as −∇E and as little remainder as possible."""

    name: ClassVar[str] = "split"
    cost: ClassVar[Cost] = Cost.THOROUGH
    any_size: ClassVar[bool] = True

    def applies(self, question: Question, so_far: Findings) -> bool:
        """True of flows that have no energy."""
        return question.rule.has_continuous_time and not so_far.has_energy

    def ask(self, question: Question) -> Finding:
        """Project a flow on gradients, in up to three coordinates."""
        problem, is_simplex = question.problem, question.chart.is_simplex
        if question.size not in (DEGREES if is_simplex else TERMS):
            return Finding("open", None, "Not tried in so many coordinates.")
        if not (is_simplex or question.chart.is_product):
            return Finding("open", None, "Only in boxes and on the simplex.")
        part = project_on_simplex(problem) if is_simplex else project_in_box(problem)
        if part is None:
            return Finding("open", None, "The rule is not finite everywhere in the region.")
        metric = Simplex() if is_simplex else Euclidean()
        found = Split(
            energy=part.energy,
            remainder=Remainder(problem, part.energy, metric),
            metric=metric,
            metric_name=_SIMPLEX if is_simplex else _BOX,
            share=part.share,
            change=part.change,
            about=About.of(question.rule, question.domain),
        )
        return Finding("yes", found.share, found.note, split=found)
