"""Laws at a temperature, and flows on densities that come to rest at them."""

from thalweg.sampling.boltzmann import Boltzmann
from thalweg.sampling.fokker_planck import FokkerPlanck
from thalweg.sampling.quantiles import QuantileFreeEnergy, jko_step

__all__ = ["Boltzmann", "FokkerPlanck", "QuantileFreeEnergy", "jko_step"]
