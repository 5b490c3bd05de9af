"""Laws at a temperature: draws from them, and flows on densities that come to rest at them."""

from thalweg.sampling.boltzmann import Boltzmann
from thalweg.sampling.discrete import BlockGibbs, Glauber
from thalweg.sampling.fokker_planck import FokkerPlanck
from thalweg.sampling.methods import BAOAB, HMC, MALA, NUTS, SGLD, Method, NoisyGradient, Told
from thalweg.sampling.quantiles import QuantileFreeEnergy, jko_step
from thalweg.sampling.sample import Starts, sample
from thalweg.sampling.samples import Samples

__all__ = [
    "BAOAB",
    "HMC",
    "MALA",
    "NUTS",
    "SGLD",
    "BlockGibbs",
    "Boltzmann",
    "FokkerPlanck",
    "Glauber",
    "Method",
    "NoisyGradient",
    "QuantileFreeEnergy",
    "Samples",
    "Starts",
    "Told",
    "jko_step",
    "sample",
]
