"""Result of a search for conserved totals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np

from thalweg.analysis.equilibria.totals import shortened_text
from thalweg.core.about import UNSAID, About
from thalweg.core.fields import FieldsReport
from thalweg.core.reports import Table, TableReport, about_in
from thalweg.core.tables import format_number

# A total is confirmed at so many points, half of them uniform, half of all sizes.
POINTS = 1_000


@dataclass(frozen=True, eq=False, repr=False)
class ConservedQuantity(FieldsReport):
    """A linear total Σ cᵢxᵢ of the state that a rule never changes.

    Attributes:
        name: the total in the names of the state, such as `A + 2 B`.
        coefficients: cᵢ, shape `(n,)`, in the order of the raveled state.
        lower: its least value in the domain.
        upper: its greatest value there.
        confirmed: `"formulas"` where Σ cᵢfᵢ = 0 follows from the rule's formulas, `"points"` where
            it was seen at 1,000 points, to rounding.
        about: the rule, and the domain.
    """

    name: str
    coefficients: np.ndarray
    lower: float
    upper: float
    confirmed: str
    about: About = UNSAID

    def __call__(self, state: Any) -> float:
        """The value of the total at a state."""
        layout = self.about.layout
        return float(self.coefficients @ np.asarray(layout.flatten(state), dtype=np.float64))

    @property
    def title(self) -> str:
        """The total, and of which rule."""
        return f"Conserved by {self.about.system}: {self.name}"

    def table(self) -> None:
        """Nothing: the title says it all."""

    def remarks(self) -> list[str]:
        """Sentences on how it was confirmed, and on its values."""
        return [f"{_HOW[self.confirmed]}; from {self.lower:.6g} to {self.upper:.6g} in the domain."]


_HOW = {"formulas": "By the formulas", "points": f"At {POINTS:,} points, to rounding"}


@dataclass(frozen=True, eq=False, repr=False)
class ConservedQuantities(TableReport, Sequence[ConservedQuantity]):
    """Totals that generate all linear totals which a rule conserves; prints as a table.

    Attributes:
        members: the totals.
        about: the rule, and the domain.
    """

    members: tuple[ConservedQuantity, ...]
    about: About = UNSAID

    @overload
    def __getitem__(self, index: int) -> ConservedQuantity: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[ConservedQuantity, ...]: ...
    def __getitem__(self, index: int | slice) -> ConservedQuantity | tuple[ConservedQuantity, ...]:
        return self.members[index]

    def __len__(self) -> int:
        return len(self.members)

    def data(self) -> dict[str, Any]:
        """`conserved`, a list."""
        return {"conserved": [member.data() for member in self.members]}

    @classmethod
    def from_dict(
        cls, data: Mapping[str, Any], about: About | None = None
    ) -> "ConservedQuantities":
        """The quantities that `to_dict` wrote."""
        about = about_in(data, about)
        return cls(tuple(ConservedQuantity.from_dict(m, about) for m in data["conserved"]), about)

    @property
    def title(self) -> str:
        """A line: the number of conserved totals, and of which rule."""
        count = len(self.members)
        said = f"{count or 'No'} conserved linear {'total' if count == 1 else 'totals'}"
        return f"{said} of {self.about.words}"

    def table(self) -> Table | None:
        """A line a total."""
        rows = [
            [shortened_text(m.name), format_number(m.lower), format_number(m.upper), m.confirmed]
            for m in self.members
        ]
        return (["total", "from", "to", "confirmed by"], rows) if rows else None

    def remarks(self) -> list[str]:
        """A sentence: only linear totals were looked for."""
        return ["Only linear totals, with constant coefficients, were looked for."]
