"""The result of `lyapunov_exponents`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from thalweg.core.about import UNSAID, About
from thalweg.core.fields import from_fields, to_fields
from thalweg.core.plain import array
from thalweg.core.reports import Table, TableReport, about_in
from thalweg.core.tables import counted, format_number, format_state
from thalweg.dynamics.words import WORDS


@dataclass(frozen=True, eq=False, repr=False)
class Exponents(TableReport):
    """Lyapunov exponents of a trajectory, the largest first.

    Attributes:
        values: per unit of time (per step, of a map), shape `(k,)`.
        errors: their standard errors, from the spread over the trajectories, shape `(k,)`.
        divergence: the mean of div f along the trajectories (of log |det Dg|, of a map), which the
            sum of all exponents must equal; NaN unless all were asked for.
        trajectories: how many were followed from next to the start.
        duration: for how long each, after `transient`.
        transient: how long each ran before, so that it is on the attractor.
        point: where one of them was in the end, shape `(d,)`.
        is_chaotic: True if the largest exponent is positive by its error, and nearby trajectories
            part as fast in the second half of the run, which stays where it was: by e⁴ at least.
            (Where time only shears they part as t does, of which a half of the run has a factor 2.)
        about: the rule, and the domain whose widths lengths are measured in.
    """

    values: np.ndarray
    errors: np.ndarray
    divergence: float
    trajectories: int
    duration: float
    transient: float
    point: np.ndarray
    is_chaotic: bool
    about: About = UNSAID

    def data(self) -> dict[str, Any]:
        """A key for each field."""
        return to_fields(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> Self:
        """The result that `to_dict` wrote; an exponent that is null is −∞."""
        read = from_fields(cls, data, about=about_in(data, about))
        values = array([-np.inf if value is None else value for value in data["values"]])
        # The mean of log |det Dg| is −∞, too, where all were asked for.
        is_lost = len(values) == len(read.point) and bool(np.any(values == -np.inf))
        is_null = data["divergence"] is None and is_lost
        return replace(read, values=values, divergence=-np.inf if is_null else read.divergence)

    @property
    def sum(self) -> float:
        """The sum of the exponents found: the rate at which volumes grow, if these are all."""
        return float(np.sum(self.values))

    @property
    def dimension(self) -> float:
        """The Kaplan–Yorke dimension; NaN where the exponents found add up to no less than 0."""
        total = 0.0
        for index, value in enumerate(self.values):
            if total + value < 0.0:
                return index + total / abs(float(value)) if index else 0.0
            total += float(value)
        return np.nan

    @property
    def title(self) -> str:
        """A line: how many exponents of which rule, and whether it is chaotic."""
        count = len(self.values)
        number = counted(count, "Lyapunov exponent")
        return f"{number} of {self.about.words}: {'chaotic' if self.is_chaotic else 'not chaotic'}"

    def table(self) -> Table:
        """A row an exponent."""
        rows = [
            [format_number(value, 6), f"{error:.1g}"]
            for value, error in zip(self.values, self.errors, strict=True)
        ]
        return ["exponent", "standard error"], rows

    def remarks(self) -> list[str]:
        """Sentences on how they were found, their sum, the dimension of the attractor."""
        words = WORDS[self.about.rule_kind]
        said = [
            f"From {counted(self.trajectories, 'trajectory', 'trajectories')} of "
            f"{self.duration:.6g} {words.unit}{'' if self.duration == 1 else 's'} after "
            f"{self.transient:.6g}; one ended at {format_state(self.point)}."
        ]
        if np.isfinite(self.divergence):
            what = "the divergence" if words.is_continuous else "log |det Dg|"
            said.append(f"They add up to {self.sum:.7g}; the mean of {what} is "
                        f"{self.divergence:.7g}.")  # fmt: skip
        if np.any(self.values == -np.inf):
            said.append("An exponent is −∞ where a whole direction is lost in a step: the orbit is "
                        "superstable.")  # fmt: skip
        if np.isfinite(self.dimension):
            said.append(f"Kaplan–Yorke dimension {self.dimension:.4g}.")
        return said
