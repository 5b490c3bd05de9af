"""The sum of what a description costs."""

from dataclasses import dataclass, field
from typing import Any

from thalweg.core.about import UNSAID, About
from thalweg.core.fields import FieldsReport
from thalweg.core.reports import NotKept, Table
from thalweg.core.tables import counted, format_number


@dataclass(frozen=True, eq=False, repr=False)
class DescriptionLength(FieldsReport):
    """The length of a description of data by an energy, in bits.

    The residual is coded by a density: its bits are those of the data in units of one, and may be
    negative; differences between energies on the same data mean something.

    Attributes:
        numbers: bits of the energy's numbers, at a precision.
        residual: bits of what the energy leaves of the data.
        starts: bits of the basins in which the data begin.
        num_numbers: how many numbers the energy has.
        num_data: how many data there are.
        precision: to which numbers were coded; NaN: each as well as the data know it.
        energy: the energy whose bits these are.
        about: its name.
    """

    numbers: float
    residual: float
    starts: float
    num_numbers: int
    num_data: int
    precision: float
    energy: Any = field(default=NotKept("energy"), compare=False)
    about: About = UNSAID

    @property
    def total(self) -> float:
        """All bits."""
        return self.numbers + self.residual + self.starts

    @property
    def title(self) -> str:
        """The energy and the sum."""
        return (
            f"{self.num_data} data by {self.about.system}, {counted(self.num_numbers, 'number')}: "
            f"{format_number(self.total)} bits"
        )

    def table(self) -> Table:
        """The three parts."""
        cells = [self.numbers, self.residual, self.starts, self.total]
        return ["numbers", "residual", "starts", "bits"], [[format_number(c) for c in cells]]

    def remarks(self) -> list[str]:
        """A sentence on what may be compared."""
        return ["Of energies on the same data, the one with the fewest bits is the one to take."]
