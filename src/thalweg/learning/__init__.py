"""From data to an energy: gradients through a run."""

from thalweg.learning.adjoints import (
    AdjointComparison,
    AdjointMethod,
    RunGradient,
    compare_adjoints,
    run_gradient,
)

__all__ = [
    "AdjointComparison",
    "AdjointMethod",
    "RunGradient",
    "compare_adjoints",
    "run_gradient",
]
