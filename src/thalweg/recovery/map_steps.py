"""A map as a step of descent: does the energy fall at the actual step size?"""

from dataclasses import replace

from thalweg.analysis import check_descent
from thalweg.recovery.question import Finding, Question
from thalweg.recovery.verdict import Level


def unless_too_long(question: Question, finding: Finding) -> Finding:
    """A finding about g(x) − x, kept only if its energy falls from x to g(x)."""
    if finding.kind is None or question.rule.rule_kind != "map":
        return finding
    level = finding.level
    check = check_descent(question.rule, finding.energy, question.domain, key=question.key)
    if check.holds:
        note = f"{level.note} The energy falls at the actual step."
        return replace(finding, level=Level(level.name, "yes", level.residual, note))
    note = (
        f"g(x) − x is a gradient in this metric, but a step from x to g(x) may go up: the energy "
        f"rises by {check.worst:.3g} somewhere in the region."
    )
    return Finding(Level(level.name, "yes", level.residual, note), warnings=finding.warnings)
