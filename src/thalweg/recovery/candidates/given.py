"""Energies that somebody proposes: does one of them fall along the rule?

They pass the check of those that a search found, apart from its margin: what was not fitted to the
points where it was looked at may fall as little as it likes, if that is told from rounding.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from thalweg.analysis import check_descent
from thalweg.core.tables import capitalized
from thalweg.recovery.candidates.acceptance import Acceptance, check_accepted
from thalweg.recovery.candidates.derivatives import derivatives_of
from thalweg.recovery.candidates.hunts import LEAST_FALL, centres_of, in_words
from thalweg.recovery.findings import Finding, Findings
from thalweg.recovery.kinds import Kind
from thalweg.recovery.level import Cost, Level
from thalweg.recovery.question import Question

# A cosine below this, of either sign, is rounding.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class CandidateLevel(Level):
    """Descent of an energy that the caller proposes."""

    name: ClassVar[str] = "candidate"
    cost: ClassVar[Cost] = Cost.THOROUGH

    def applies(self, question: Question, so_far: Findings) -> bool:
        """True if one is proposed, no metric was found, and no energy is excluded."""
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
    name = type(candidate).__name__ if type(candidate).__name__ != "function" else "it"
    check = check_descent(question.rule, candidate, question.domain, key=question.key)
    if check.holds is None:
        return Finding("open", None, f"{name} is not finite in the region.")
    if not check.holds:
        return Finding("no", None, f"{name} rises by {check.worst:.3g} somewhere.")
    if not check.strict:
        note = f"{name} never rises, but does not fall everywhere: a weak Lyapunov energy."
        return Finding("open", 0.0, note)
    return accept(question, candidate, name)


def accept(question: Question, candidate: Callable[[Any], Any], name: str) -> Finding:
    """Ask of a given energy, called `name`, what is asked of those that were found."""
    derivatives = derivatives_of(question.chart, candidate)
    centres = centres_of(question)
    checked = check_accepted(question, candidate, derivatives, centres, LEAST_FALL**2)
    if not checked.holds:
        return _failed(question, name, checked)
    aside = "Yet an energy falls along it (a candidate that was given)."
    note = in_words(question, capitalized(name), checked, checked.worst)
    return Finding("yes", checked.worst, note, Kind.LYAPUNOV, candidate, aside=aside)


def _failed(question: Question, name: str, checked: Acceptance) -> Finding:
    """A sentence on why an energy that a first look saw rise nowhere is none that falls."""
    where = ", ".join(f"{v:.4g}" for v in checked.where[0][:4])
    if checked.num_moving:
        note = f"{name} does not fall at ({where}): its gradient vanishes, and the rule moves."
        return Finding("no", None, note)
    what = "rises" if checked.worst < 0.0 else "falls too little to be told from none"
    note = f"{name} {what}: −∇E and the rule are at a cosine of {checked.worst:.1e} at ({where})."
    return Finding("no" if checked.worst < -_ROUNDING else "open", None, note)
