"""Gradients in a metric that is named, by the caller or by the state space."""

from dataclasses import dataclass, replace
from typing import ClassVar

from thalweg.geometry import Geometry, Simplex
from thalweg.recovery.findings import Finding, Findings
from thalweg.recovery.kinds import Kind
from thalweg.recovery.level import Cost, Level
from thalweg.recovery.metrics.confirmed import confirmed, is_metric_open
from thalweg.recovery.question import Question


@dataclass(frozen=True)
class GivenMetricLevel(Level):
    """Steepest descent in a metric that the caller names, or in that of the state space."""

    name: ClassVar[str] = "given-metric"
    cost: ClassVar[Cost] = Cost.CHEAP

    def applies(self, question: Question, so_far: Findings) -> bool:
        """While a metric may exist, none was found, and one is named."""
        return bool(_named(question)) and is_metric_open(question, so_far)

    def ask(self, question: Question) -> Finding:
        """Ask for each given geometry, then for the one of the state space, until one fits."""
        findings = []
        for geometry, name in _named(question):
            findings.append(_ask(question, geometry, name))
            if findings[-1].kind is not None:
                break
        return confirmed(question, replace(findings[-1], before=tuple(findings[:-1])))


def _named(question: Question) -> list[tuple[Geometry, str]]:
    """The geometries to ask for, in words."""
    named = [(geometry, type(geometry).__name__) for geometry in question.geometries]
    if question.chart.is_simplex:
        named.append((Simplex(), "Fisher (Shahshahani) metric of the simplex, diag(1/x)"))
    return named


def _ask(question: Question, geometry: Geometry, name: str) -> Finding:
    exactness = question.examine(geometry)
    if exactness.is_exact:
        note = (
            f"{name}: M f is closed at {exactness.num_points} points, and −∇E = M f at "
            f"{len(exactness.sites.fresh)} others."
        )
        energy = exactness.energy(question.rule, question.chart, geometry)
        kind = Kind.GIVEN_METRIC
        return Finding("yes", exactness.residual, note, kind, energy, geometry, name)
    if exactness.undefined is not None:
        note = f"{name}: M f is not finite everywhere in the region."
        return Finding("open", exactness.asymmetry, note)
    if exactness.is_symmetric:
        note = f"{name}: M f is closed at every point probed, but its integral depends on the path."
        return Finding("open", exactness.residual, note)
    note = f"{name}: M f is not the differential of anything."
    return Finding("no", exactness.asymmetry, note)
