"""The interface of a level: one question about a rule, with its name and what it costs."""

from abc import ABC, abstractmethod
from enum import IntEnum
from typing import ClassVar

from thalweg.recovery.findings import Finding, Findings
from thalweg.recovery.question import Question


class Cost(IntEnum):
    """Time that a level takes beside the others; the cheap ones are asked first."""

    CHEAP = 0
    THOROUGH = 1


class Level(ABC):
    """One step of the ladder from a rule to its verdict (abstract).

    To add one, write a module with a final subclass, a `@dataclass(frozen=True)` whose fields are
    its tolerances, and give it a row in `ladder.LEVELS`: nothing else names it.

    Laws: `ask` returns the same finding for the same question; a finding with a `kind` is true of
    the whole region as far as it was looked at; a level that cannot tell says `"open"`.

    Attributes:
        name: the statement that the outcome is "yes" or "no" to, as the report shows it.
        cost: `Cost.THOROUGH` for those that take seconds.
        any_size: True if rules whose squares overflow are answered, too.
    """

    name: ClassVar[str]
    cost: ClassVar[Cost]
    any_size: ClassVar[bool] = False

    @abstractmethod
    def applies(self, question: Question, so_far: Findings) -> bool:
        """True if the answer could add to what the levels before it found."""

    @abstractmethod
    def ask(self, question: Question) -> Finding:
        """Look, and say what was found. Called in float64."""
