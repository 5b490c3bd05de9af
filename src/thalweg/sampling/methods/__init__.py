"""Methods: ways to draw from the law of an energy at a temperature."""

from thalweg.sampling.methods.base import Method, Told
from thalweg.sampling.methods.hamiltonian import HMC, NUTS
from thalweg.sampling.methods.inertial import BAOAB
from thalweg.sampling.methods.metropolis import MALA
from thalweg.sampling.methods.sgld import SGLD, NoisyGradient

__all__ = ["BAOAB", "HMC", "MALA", "NUTS", "SGLD", "Method", "NoisyGradient", "Told"]
