"""Energies as functions of the state: what a system goes down on.

`Energy` is the base for those with parameters; any callable `state → scalar` is an energy too.
"""

from thalweg.energies.associative import DenseAssociative, ModernHopfield
from thalweg.energies.base import Energy, Scaled, Sum
from thalweg.energies.hopfield import Couplings, DenseCouplings, HebbianCouplings, Hopfield
from thalweg.energies.lagrangian import (
    ContinuousHopfield,
    LagrangianHopfield,
    LogSumExp,
    half_rectified_square,
    half_square,
    log_cosh,
)
from thalweg.energies.neural import NeuralEnergy
from thalweg.energies.quadratic import Quadratic
from thalweg.energies.restriction import Restriction
from thalweg.energies.wells import DoubleWell, FourWells, MuellerBrown

__all__ = [
    "ContinuousHopfield",
    "Couplings",
    "DenseAssociative",
    "DenseCouplings",
    "DoubleWell",
    "Energy",
    "FourWells",
    "HebbianCouplings",
    "Hopfield",
    "LagrangianHopfield",
    "LogSumExp",
    "ModernHopfield",
    "MuellerBrown",
    "NeuralEnergy",
    "Quadratic",
    "Restriction",
    "Scaled",
    "Sum",
    "half_rectified_square",
    "half_square",
    "log_cosh",
]
