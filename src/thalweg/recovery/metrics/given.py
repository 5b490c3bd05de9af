"""Is the rule a gradient in a metric that is named, by the caller or by the state space?"""

from thalweg.core.domains import ProbabilitySimplex
from thalweg.geometry import Geometry, Simplex
from thalweg.recovery.forms.exactness import examine
from thalweg.recovery.question import Finding, Question
from thalweg.recovery.verdict import Level

NAME = "given-metric"


def given_metrics(question: Question, geometries: tuple[Geometry, ...]) -> list[Finding]:
    """Ask for each given geometry, then for the one of the state space, until one fits."""
    named = [(geometry, type(geometry).__name__) for geometry in geometries]
    if isinstance(question.domain, ProbabilitySimplex):
        named.append((Simplex(), "Fisher (Shahshahani) metric of the simplex, diag(1/x)"))
    findings = []
    for geometry, name in named:
        findings.append(_ask(question, geometry, name))
        if findings[-1].kind is not None:
            break
    return findings


def _ask(question: Question, geometry: Geometry, name: str) -> Finding:
    exactness = examine(question.problem, geometry, question.sites)
    if exactness.is_exact:
        note = (
            f"{name}: M f is closed at {len(exactness.sites.points)} points, and −∇E = M f at "
            f"{len(exactness.sites.fresh)} others."
        )
        energy = exactness.energy(question.rule, question.chart, geometry)
        level = Level(NAME, "yes", exactness.residual, note)
        return Finding(level, NAME, energy, geometry, name)
    if exactness.undefined is not None:
        note = f"{name}: M f is not finite everywhere in the region."
        return Finding(Level(NAME, "open", exactness.asymmetry, note))
    if exactness.is_symmetric:
        note = f"{name}: M f is closed at every point probed, but its integral depends on the path."
        return Finding(Level(NAME, "open", exactness.residual, note))
    note = f"{name}: M f is not the differential of anything."
    return Finding(Level(NAME, "no", exactness.asymmetry, note))
