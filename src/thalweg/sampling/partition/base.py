"""Methods of partition functions (abstract)."""

from abc import abstractmethod
from typing import NamedTuple

import equinox as eqx
import jax
import numpy as np

from thalweg.energies import Pairwise


class Estimate(NamedTuple):
    """The finding of a method.

    Attributes:
        value: log Z.
        error: its standard error, or what rounding may have done to it.
        mean_energy: ⟨E⟩, or NaN.
        share: of an estimate by weights, 1/(n Σ w²) for weights that sum to 1; else 1.
    """

    value: float
    error: float
    mean_energy: float = np.nan
    share: float = 1.0


class PartitionMethod(eqx.Module):
    """A way to log Z = log Σ_x e^{−E(x)/T} (abstract).

    Law: the value is within a few errors of the truth.
    """

    @abstractmethod
    def estimate(self, energy: Pairwise, temperature: float, key: jax.Array | None) -> Estimate:
        """log Z and its error; called on the host."""
