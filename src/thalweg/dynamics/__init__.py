"""Rules: what changes a state. Flows (dx/dt), maps (x⁺), kernels, and rules made from energies."""

from thalweg.core.declared import declared_domain, declared_energy, declared_names
from thalweg.dynamics.covariant import CovariantDescent
from thalweg.dynamics.declared import resolve_domain
from thalweg.dynamics.descent import GradientStep, SteepestDescent
from thalweg.dynamics.functions import as_flow, as_map
from thalweg.dynamics.kernels import Kernel
from thalweg.dynamics.problem import Problem, covector, make_problem
from thalweg.dynamics.rules import Flow, Map, Rule
from thalweg.dynamics.spins import (
    DenseSpins,
    GlauberSpins,
    RandomOrderSpins,
    SequentialSpins,
    SynchronousSpins,
)

__all__ = [
    "CovariantDescent",
    "DenseSpins",
    "Flow",
    "GlauberSpins",
    "GradientStep",
    "Kernel",
    "Map",
    "Problem",
    "RandomOrderSpins",
    "Rule",
    "SequentialSpins",
    "SteepestDescent",
    "SynchronousSpins",
    "as_flow",
    "as_map",
    "covector",
    "declared_domain",
    "declared_energy",
    "declared_names",
    "make_problem",
    "resolve_domain",
]
