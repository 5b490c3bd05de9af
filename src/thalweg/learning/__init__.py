"""From data to an energy: layers that run to rest, gradients through them and through runs."""

from thalweg.learning.adjoints import (
    AdjointComparison,
    AdjointMethod,
    RunGradient,
    compare_adjoints,
    run_gradient,
)
from thalweg.learning.compare import GradientComparison, GradientRow, compare_gradients
from thalweg.learning.gradients import (
    EquilibriumPropagation,
    Gradient,
    Implicit,
    OneStep,
    SolveInfo,
    Truncated,
    Unrolled,
)
from thalweg.learning.relax import LossGradient, Relax
from thalweg.learning.runs import Relaxed

__all__ = [
    "AdjointComparison",
    "AdjointMethod",
    "EquilibriumPropagation",
    "Gradient",
    "GradientComparison",
    "GradientRow",
    "Implicit",
    "LossGradient",
    "OneStep",
    "Relax",
    "Relaxed",
    "RunGradient",
    "SolveInfo",
    "Truncated",
    "Unrolled",
    "compare_adjoints",
    "compare_gradients",
    "run_gradient",
]
