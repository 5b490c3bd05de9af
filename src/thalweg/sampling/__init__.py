"""Laws at a temperature: draws from them, and flows on densities that come to rest at them.

`sample.py` holds the verb and `samples.py` what it returns; `methods/` are the samplers of real
numbers, `discrete/` those of spins and units, `chains` runs either, `diagnostics` and `bias` say
whether to trust them, `runaways` which chains left and `ways_out` whether there is a law at all.
`boltzmann`, `finite` and `gaussians` are laws in closed form, `partition/` estimates their
constants, `fokker_planck` follows densities.
"""

from typing import TYPE_CHECKING

from thalweg.core.nearby import offering
from thalweg.sampling.bias import BiasLedger, bias_ledger
from thalweg.sampling.boltzmann import Boltzmann
from thalweg.sampling.discrete import BlockGibbs, DiscreteLangevin, Glauber
from thalweg.sampling.finite import FiniteBoltzmann, all_spins
from thalweg.sampling.fokker_planck import FokkerPlanck
from thalweg.sampling.gaussians import Gaussian, GaussianJKO
from thalweg.sampling.methods import (
    BAOAB,
    HMC,
    MALA,
    NUTS,
    OBABO,
    SGLD,
    Method,
    NoisyGradient,
    ParallelTempering,
    PlainMethod,
    Told,
    Warmed,
)
from thalweg.sampling.partition import (
    Annealed,
    Exact,
    LogPartition,
    PartitionMethod,
    Torus,
    free_energy,
    log_partition,
    spontaneous_magnetization,
)
from thalweg.sampling.quantiles import QuantileFreeEnergy, jko_step
from thalweg.sampling.sample import Starts, sample
from thalweg.sampling.samples import Samples

__all__ = [
    "BAOAB",
    "HMC",
    "MALA",
    "NUTS",
    "OBABO",
    "SGLD",
    "Annealed",
    "BiasLedger",
    "BlockGibbs",
    "Boltzmann",
    "DiscreteLangevin",
    "Exact",
    "FiniteBoltzmann",
    "FokkerPlanck",
    "Gaussian",
    "GaussianJKO",
    "Glauber",
    "LogPartition",
    "Method",
    "NoisyGradient",
    "ParallelTempering",
    "PartitionMethod",
    "PlainMethod",
    "QuantileFreeEnergy",
    "Samples",
    "Starts",
    "Told",
    "Torus",
    "Warmed",
    "all_spins",
    "bias_ledger",
    "free_energy",
    "jko_step",
    "log_partition",
    "sample",
    "spontaneous_magnetization",
]

if not TYPE_CHECKING:  # to a type checker a missing name is missing
    __getattr__ = offering(__name__, __all__)
