"""Ways to differentiate the state at rest, one class each."""

from thalweg.learning.gradients.base import Gradient, SolveInfo
from thalweg.learning.gradients.equilibrium_propagation import EquilibriumPropagation
from thalweg.learning.gradients.implicit import Implicit
from thalweg.learning.gradients.unrolled import OneStep, Truncated, Unrolled

__all__ = [
    "EquilibriumPropagation",
    "Gradient",
    "Implicit",
    "OneStep",
    "SolveInfo",
    "Truncated",
    "Unrolled",
]
