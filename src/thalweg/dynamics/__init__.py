"""Rules: what changes a state. Flows, maps, diffusions, kernels, and rules made from energies."""

from typing import TYPE_CHECKING

from thalweg.core.declared import declared_domain, declared_energy, declared_names
from thalweg.core.nearby import offering
from thalweg.dynamics.block_descent import BlockDescent
from thalweg.dynamics.covariant import CovariantDescent
from thalweg.dynamics.declared import resolve_domain
from thalweg.dynamics.descent import GradientStep, SteepestDescent
from thalweg.dynamics.diffusions import Diffusion, Drift
from thalweg.dynamics.flows import Flow
from thalweg.dynamics.functions import as_flow, as_map
from thalweg.dynamics.kernels import Kernel, MemoryKernel, Transition
from thalweg.dynamics.langevin import Langevin, Phase, Underdamped
from thalweg.dynamics.maps import Map
from thalweg.dynamics.operators import MemoryMap, MirrorStep, Momentum, Moving, ProximalStep
from thalweg.dynamics.problem import Problem, covector, make_problem
from thalweg.dynamics.rules import Deterministic, Random, Rule
from thalweg.dynamics.spins import (
    DenseSpins,
    GlauberSpins,
    RandomOrderSpins,
    SequentialSpins,
    SynchronousSpins,
)
from thalweg.dynamics.words import WORDS, Words

__all__ = [
    "WORDS",
    "BlockDescent",
    "CovariantDescent",
    "DenseSpins",
    "Deterministic",
    "Diffusion",
    "Drift",
    "Flow",
    "GlauberSpins",
    "GradientStep",
    "Kernel",
    "Langevin",
    "Map",
    "MemoryKernel",
    "MemoryMap",
    "MirrorStep",
    "Momentum",
    "Moving",
    "Phase",
    "Problem",
    "ProximalStep",
    "Random",
    "RandomOrderSpins",
    "Rule",
    "SequentialSpins",
    "SteepestDescent",
    "SynchronousSpins",
    "Transition",
    "Underdamped",
    "Words",
    "as_flow",
    "as_map",
    "covector",
    "declared_domain",
    "declared_energy",
    "declared_names",
    "make_problem",
    "resolve_domain",
]

if not TYPE_CHECKING:  # to a type checker a missing name is missing
    __getattr__ = offering(__name__, __all__)
