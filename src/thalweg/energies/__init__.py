"""Energies as functions of the state: what a system goes down on.

`Energy` is the base for those with parameters; any callable `state → scalar` is an energy too.
"""

from typing import TYPE_CHECKING

from thalweg.core.nearby import offering
from thalweg.energies.activations import Activation, ClippedLinear, Smooth
from thalweg.energies.associative import DenseAssociative, ModernHopfield
from thalweg.energies.base import Energy, Scaled, Sum
from thalweg.energies.couplings import LatticeCouplings, LayeredCouplings, SparseCouplings
from thalweg.energies.equilibrium_network import EquilibriumNetwork
from thalweg.energies.hopfield import Couplings, DenseCouplings, HebbianCouplings, Hopfield
from thalweg.energies.lagrangian import (
    ContinuousHopfield,
    LagrangianHopfield,
    LogSumExp,
    half_rectified_square,
    half_square,
    log_cosh,
)
from thalweg.energies.neural import ConfinedNetwork, NeuralEnergy
from thalweg.energies.pairwise import Pairwise
from thalweg.energies.polynomial import Polynomial
from thalweg.energies.quadratic import Quadratic
from thalweg.energies.restriction import Restriction
from thalweg.energies.unit_laws import Binary, GaussianBinary, Potts, Units
from thalweg.energies.wells import DoubleWell, FourWells, MuellerBrown

__all__ = [
    "Activation",
    "Binary",
    "ClippedLinear",
    "ConfinedNetwork",
    "ContinuousHopfield",
    "Couplings",
    "DenseAssociative",
    "DenseCouplings",
    "DoubleWell",
    "Energy",
    "EquilibriumNetwork",
    "FourWells",
    "GaussianBinary",
    "HebbianCouplings",
    "Hopfield",
    "LagrangianHopfield",
    "LatticeCouplings",
    "LayeredCouplings",
    "LogSumExp",
    "ModernHopfield",
    "MuellerBrown",
    "NeuralEnergy",
    "Pairwise",
    "Polynomial",
    "Potts",
    "Quadratic",
    "Restriction",
    "Scaled",
    "Smooth",
    "SparseCouplings",
    "Sum",
    "Units",
    "half_rectified_square",
    "half_square",
    "log_cosh",
]

if not TYPE_CHECKING:  # to a type checker a missing name is missing
    __getattr__ = offering(__name__, __all__)
