"""Samplers: ways to draw from the law of an energy of real numbers at a temperature.

`base` says what a method is, `continuous` what those of real numbers share; then by family the
methods: `metropolis`, `hamiltonian`, `inertial` (underdamped), `sgld`, `tempering` (of any other).
To add one: a subclass of `PlainContinuousMethod` in a module here, and a name below.
"""

from thalweg.sampling.methods.base import Method, PlainMethod, Told, Warmed
from thalweg.sampling.methods.hamiltonian import HMC, NUTS
from thalweg.sampling.methods.inertial import BAOAB, OBABO
from thalweg.sampling.methods.metropolis import MALA
from thalweg.sampling.methods.sgld import SGLD, NoisyGradient
from thalweg.sampling.methods.tempering import ParallelTempering

__all__ = [
    "BAOAB",
    "HMC",
    "MALA",
    "NUTS",
    "OBABO",
    "SGLD",
    "Method",
    "NoisyGradient",
    "ParallelTempering",
    "PlainMethod",
    "Told",
    "Warmed",
]
