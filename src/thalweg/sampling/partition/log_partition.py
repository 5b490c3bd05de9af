"""The verb: an energy at a temperature and its partition function."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from thalweg.core.about import UNSAID, About
from thalweg.core.checks import check_made
from thalweg.core.errors import InputError
from thalweg.core.plain import number
from thalweg.core.reports import TableReport, about_in
from thalweg.core.tables import counted, format_number
from thalweg.energies import Hopfield, Pairwise
from thalweg.sampling.methods.base import check_temperature
from thalweg.sampling.partition.base import PartitionMethod
from thalweg.sampling.partition.exact import Exact

# Below this share of chains the weights are few that count, and their standard error is too small.
_FEW = 0.1


@dataclass(frozen=True, eq=False, repr=False)
class LogPartition(TableReport):
    """log Z of an energy at a temperature.

    Attributes:
        value: log Σ_x e^{−E(x)/T}, an integral over units that take any number.
        error: its standard error; of an exact method what rounding may have done to it.
        method: how it was had.
        temperature: T.
        size: the number of units.
        mean_energy: ⟨E⟩, NaN where the method does not know.
        share: the effective share of the chains of an estimate by weights, 1 of an exact method.
        about: the energy.
    """

    value: float
    error: float
    method: str
    temperature: float
    size: int
    mean_energy: float = np.nan
    share: float = 1.0
    about: About = UNSAID

    @property
    def free_energy(self) -> float:
        """−T log Z."""
        return -self.temperature * self.value

    @property
    def title(self) -> str:
        """The energy and the method."""
        return (
            f"log Z of {self.about.system}, {counted(self.size, 'unit')} at T = "
            f"{format_number(self.temperature)}, by {self.method}"
        )

    def table(self) -> tuple[list[str], list[list[str]]]:
        """log Z, its error, and a unit's free and mean energy."""
        cells = [self.value, self.error, self.free_energy / self.size]
        header = ["log Z", "error", "−T log Z a unit"]
        if np.isfinite(self.mean_energy):
            header, cells = [*header, "⟨E⟩ a unit"], [*cells, self.mean_energy / self.size]
        return header, [[f"{self.value:.12g}", *map(format_number, cells[1:])]]

    def remarks(self) -> list[str]:
        """A warning where few chains count."""
        if self.share >= _FEW:
            return []
        return [
            f"Only {100 * self.share:.2g} % of the chains count: the error is too small. Take more "
            f"temperatures, or more sweeps."
        ]

    def data(self) -> dict[str, Any]:
        """The fields."""
        return {
            "value": self.value,
            "error": self.error,
            "method": self.method,
            "temperature": self.temperature,
            "size": self.size,
            "mean_energy": self.mean_energy,
            "share": self.share,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "LogPartition":
        """The result that `to_dict` wrote."""
        return cls(
            value=number(data["value"]),
            error=number(data["error"]),
            method=data["method"],
            temperature=number(data["temperature"]),
            size=data["size"],
            mean_energy=number(data["mean_energy"]),
            share=number(data["share"]),
            about=about_in(data, about),
        )


def log_partition(
    energy: Pairwise | Hopfield,
    temperature: float,
    method: PartitionMethod | None = None,
    *,
    key: jax.Array | None = None,
) -> LogPartition:
    """Compute or estimate log Z = log Σ_x e^{−E(x)/T} of a machine.

    Arguments:
        energy: the machine.
        temperature: T > 0, in units of the energy.
        method: `Exact()` unless given, which enumerates; `Torus()`, of a square lattice of any
            size; or `Annealed()`, an estimate.
        key: the randomness of an estimate; None means a fixed one.

    Returns:
        A `LogPartition`: the value, its error, and ⟨E⟩ where the method knows it.

    Raises:
        InputError: the energy is no machine of pairs, the temperature is not positive, or the
            method has no answer for it.

    Example:
        >>> import thalweg as tw
        >>> torus = tw.energies.Pairwise.lattice(4, coupling=1.0)
        >>> round(tw.sampling.log_partition(torus, 2.0, tw.sampling.Torus()).value, 6)
        17.105367
    """
    check_made("log_partition: energy", energy)
    if isinstance(energy, Hopfield):
        energy = Pairwise(energy.weights, energy.bias)
    if not isinstance(energy, Pairwise):
        raise InputError(
            f"log_partition: the energy must be thalweg.energies.Pairwise or Hopfield, got "
            f"{type(energy).__name__}; of an energy of few real numbers take "
            f"thalweg.sampling.Boltzmann(…).log_partition."
        )
    method = Exact() if method is None else method
    check_made("log_partition: method", method)
    if not isinstance(method, PartitionMethod):
        raise InputError(
            f"log_partition: method must be Exact(), Annealed() or Torus(), got {method!r}."
        )
    check_temperature("log_partition", temperature)
    found = method.estimate(energy, float(temperature), key)
    return LogPartition(
        value=found.value,
        error=found.error,
        method=type(method).__name__,
        temperature=float(temperature),
        size=energy.size,
        mean_energy=found.mean_energy,
        share=found.share,
        about=About(type(energy).__name__, "kernel"),
    )
