"""The result of learning the energy of a law."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from thalweg.core.about import UNSAID, About
from thalweg.core.fields import FieldsReport
from thalweg.core.reports import NotKept, Table
from thalweg.core.tables import counted, format_number

_SHOWN = 16  # numbers of a table


@dataclass(frozen=True, eq=False, repr=False)
class LearnedDensity(FieldsReport):
    """An energy learned from draws of its law, and the evidence.

    Attributes:
        method: how, in words.
        names: of the numbers that were learned, p of them.
        values: the numbers, `(p,)`.
        errors: their standard errors, `(p,)`; NaN where the method does not know.
        temperature: T.
        count: how many draws there were.
        loss: its mean at the end, in the method's own terms; NaN of chains.
        gradient_norm: of the gradient left over, of the loss or of the mean over updates of chains.
        num_steps: iterations or updates.
        is_converged: whether they came to an end.
        log_partition: log Z where the method learns it, else NaN.
        history: the loss at each evaluation, or the size of the slope at each update.
        sees: what such a method finds and what it does not see.
        no_law: a sentence on the direction in which no law belongs to the energy; "" if none.
        energy: the energy with these numbers.
        about: its name.
    """

    method: str
    names: tuple[str, ...]
    values: np.ndarray
    errors: np.ndarray
    temperature: float
    count: int
    loss: float
    gradient_norm: float
    num_steps: int
    is_converged: bool
    log_partition: float
    history: np.ndarray
    sees: str
    no_law: str
    energy: Any = field(default=NotKept("learned energy"), compare=False)
    about: About = UNSAID

    @property
    def title(self) -> str:
        """The energy, the method and the draws."""
        return f"{self.about.system} from {counted(self.count, 'draw')}, by {self.method}"

    def table(self) -> Table:
        """The first numbers and their errors."""
        rows = [
            [name, format_number(value), "" if np.isnan(error) else format_number(error, 2)]
            for name, value, error in zip(self.names, self.values, self.errors, strict=True)
        ]
        left = len(rows) - _SHOWN
        if left > 1:
            rows = [*rows[:_SHOWN], [f"… {left} more", "", ""]]
        return ["number", "value", "error"], rows

    def remarks(self) -> list[str]:
        """Sentences on how the search ended, and on what the method sees."""
        said = []
        if not self.is_converged:
            said.append(
                f"NOT converged after {counted(self.num_steps, 'step')}: a slope of "
                f"{format_number(self.gradient_norm, 2)} is left."
            )
        if np.isfinite(self.log_partition):
            said.append(f"log Z = {format_number(self.log_partition)}.")
        if self.no_law:
            said.append(f"{self.no_law} It is known where the draws are, no farther.")
        return [*said, self.sees]
