"""The question that every named measure is asked, and the words that they share."""

from typing import Any, NamedTuple

import numpy as np

from thalweg.core.checks import check_made
from thalweg.core.declared import declared_names
from thalweg.core.domains import Domain
from thalweg.dynamics import Rule, SteepestDescent

KINDS = {
    name: code for code, name in enumerate(("sink", "source", "saddle", "center", "non-hyperbolic"))
}


class Asked(NamedTuple):
    """The question of a measure.

    Attributes:
        rule: the rule, with the parameters that do not vary.
        domain: the region of the question.
        start: the state that a run begins with; None for a random point of the domain, the same
            for all parameters.
        duration: how long a run may take, of a flow; None for what the measure finds right.
        steps: how many steps it may take, of a map; None likewise.
        starts: how many random starts there are; None likewise.
    """

    rule: Any
    domain: Domain
    start: Any = None
    duration: float | None = None
    steps: int | None = None
    starts: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The labels of the coordinates of a state."""
        return tuple(declared_names(self.rule, self.domain.layout))


def rule_of(system: Any) -> Any:
    """The rule that a system stands for; of an energy its Euclidean steepest descent."""
    check_made("system", system)
    return system if isinstance(system, Rule) else SteepestDescent(system)


def rows(values: list[Any], most: int, like: np.ndarray) -> np.ndarray:
    """The first `most` of some arrays, stacked; where there are fewer, as in `like`."""
    found = np.repeat(like[None], most, axis=0)
    for index, value in enumerate(values[:most]):
        found[index] = value
    return found
