"""From a rule to its energy: a ladder of questions, and the verdict.

`recover.py` holds the verb, a loop over the levels of `ladder.py`. Each level is a module:
`metrics/` name a metric in which the rule is a gradient, `refutations/` exclude one or any energy,
`candidates/` are energies that fall in no metric that is known, `split/` is what is left.
"""

from typing import TYPE_CHECKING

from thalweg.core.nearby import offering
from thalweg.recovery.findings import Finding, Findings
from thalweg.recovery.kinds import Kind
from thalweg.recovery.ladder import LEVELS
from thalweg.recovery.level import Cost, Level
from thalweg.recovery.question import Question, make_question
from thalweg.recovery.recover import ask, recover_energy, with_landscape
from thalweg.recovery.splits import Split
from thalweg.recovery.verdict import LevelResult, Verdict

__all__ = [
    "LEVELS",
    "Cost",
    "Finding",
    "Findings",
    "Kind",
    "Level",
    "LevelResult",
    "Question",
    "Split",
    "Verdict",
    "ask",
    "make_question",
    "recover_energy",
    "with_landscape",
]

if not TYPE_CHECKING:  # to a type checker a missing name is missing
    __getattr__ = offering(__name__, __all__)
