"""Energies that somebody proposes: does one of them fall along the rule?"""

from collections.abc import Callable
from typing import Any

from thalweg.analysis import check_descent
from thalweg.recovery.question import Finding, Question
from thalweg.recovery.verdict import Level

NAME = "candidate"


def candidate_energies(
    question: Question, candidates: tuple[Callable[[Any], Any], ...]
) -> list[Finding]:
    """Check each candidate for descent; one that falls wherever the rule moves is an answer."""
    findings = []
    for candidate in candidates:
        findings.append(_ask(question, candidate))
        if findings[-1].kind is not None:
            break
    return findings


def _ask(question: Question, candidate: Callable[[Any], Any]) -> Finding:
    check = check_descent(question.rule, candidate, question.domain, key=question.key)
    name = type(candidate).__name__ if type(candidate).__name__ != "function" else "it"
    if check.holds and check.strict:
        note = f"{name} falls wherever the rule moves (at {check.points} points; not proved)."
        return Finding(Level(NAME, "yes", 0.0, note), "lyapunov", candidate)
    if check.holds:
        note = f"{name} never rises, but does not fall everywhere: a weak Lyapunov energy."
        return Finding(Level(NAME, "open", 0.0, note))
    if check.holds is None:
        return Finding(Level(NAME, "open", None, f"{name} is not finite in the region."))
    return Finding(Level(NAME, "no", None, f"{name} rises by {check.worst:.3g} somewhere."))
