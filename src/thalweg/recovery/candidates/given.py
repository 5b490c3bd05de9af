"""Energies that somebody proposes: does one of them fall along the rule?"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from thalweg.analysis import check_descent
from thalweg.recovery.findings import Finding, Findings
from thalweg.recovery.kinds import Kind
from thalweg.recovery.level import Cost, Level
from thalweg.recovery.question import Question


@dataclass(frozen=True)
class CandidateLevel(Level):
    """Descent of an energy that the caller proposes."""

    name: ClassVar[str] = "candidate"
    cost: ClassVar[Cost] = Cost.THOROUGH

    def applies(self, question: Question, so_far: Findings) -> bool:
        """Where one is proposed, no metric was found, and no energy is excluded."""
        is_settled = so_far.has_metric or so_far.excludes_energy
        return bool(question.candidates) and not is_settled

    def ask(self, question: Question) -> Finding:
        """Check each candidate, until one falls wherever the rule moves."""
        findings = []
        for candidate in question.candidates:
            findings.append(_ask(question, candidate))
            if findings[-1].kind is not None:
                break
        return replace(findings[-1], before=tuple(findings[:-1]))


def _ask(question: Question, candidate: Callable[[Any], Any]) -> Finding:
    check = check_descent(question.rule, candidate, question.domain, key=question.key)
    name = type(candidate).__name__ if type(candidate).__name__ != "function" else "it"
    if check.holds and check.strict:
        note = f"{name} falls wherever the rule moves (at {check.points} points; not proved)."
        aside = "Yet an energy falls along it (a candidate that was given)."
        return Finding("yes", 0.0, note, Kind.LYAPUNOV, candidate, aside=aside)
    if check.holds:
        note = f"{name} never rises, but does not fall everywhere: a weak Lyapunov energy."
        return Finding("open", 0.0, note)
    if check.holds is None:
        return Finding("open", None, f"{name} is not finite in the region.")
    return Finding("no", None, f"{name} rises by {check.worst:.3g} somewhere.")
