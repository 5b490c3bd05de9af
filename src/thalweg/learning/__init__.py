"""From data to an energy: layers that run to rest and their gradients, runs, laws, machines.

`relax` runs a layer to rest; `gradients/` are methods of its gradient and `losses/` what a layer
may be trained by. `runs` differentiates what is not at rest (`adjoints`, `continuous`), `compare`
holds gradients beside each other. `inverse/` learns the energy that made observed states, moves or
ends (`inverse/data/` are the kinds of data, each with its loss), `densities/` the energy of a law
that draws came from, `series/` a machine from a history; `descriptions/` count bits.
"""

from typing import TYPE_CHECKING

from thalweg.core.nearby import offering
from thalweg.learning.adjoints import (
    AdjointComparison,
    AdjointMethod,
    RunGradient,
    compare_adjoints,
    run_gradient,
)
from thalweg.learning.compare import GradientComparison, GradientRow, compare_gradients
from thalweg.learning.densities import (
    ContrastiveDivergence,
    DenoisingScoreMatching,
    DensityMethod,
    ExactLikelihood,
    LearnedDensity,
    LyapunovEnergy,
    NoiseContrastive,
    PersistentDivergence,
    PseudoLikelihood,
    SampledLikelihood,
    ScoreMatching,
    SlicedScoreMatching,
    SnapshotEnergy,
    Updates,
    learn_density,
    learn_snapshots,
    lyapunov_energy,
)
from thalweg.learning.descriptions import (
    DescriptionLength,
    Normal,
    describe_ends,
    describe_gradients,
    start_bits,
)
from thalweg.learning.gradients import (
    EquilibriumPropagation,
    Gradient,
    Implicit,
    OneStep,
    SolveInfo,
    Truncated,
    Unrolled,
)
from thalweg.learning.inverse import (
    DETERMINED,
    Certificates,
    Data,
    Demands,
    GraphEnergy,
    Identified,
    Langevin,
    LearnedEnergy,
    Learning,
    Pairs,
    Paths,
    Points,
    Samples,
    Training,
    Trajectories,
    certify,
    learn_energy,
    learn_graph_energy,
)
from thalweg.learning.losses import (
    AnswerLoss,
    CollapseCheck,
    EnergyLoss,
    HingeLoss,
    LogLoss,
    LVQ2Loss,
    MCELoss,
    NLLLoss,
    PerceptronLoss,
    SquareExponentialLoss,
    SquareSquareLoss,
    check_collapse,
)
from thalweg.learning.relax import LossGradient, Relax
from thalweg.learning.runs import Relaxed
from thalweg.learning.series import DynamicMachine, LearnedSeries, learn_series

__all__ = [
    "DETERMINED",
    "AdjointComparison",
    "AdjointMethod",
    "AnswerLoss",
    "Certificates",
    "CollapseCheck",
    "ContrastiveDivergence",
    "Data",
    "Demands",
    "DenoisingScoreMatching",
    "DensityMethod",
    "DescriptionLength",
    "DynamicMachine",
    "EnergyLoss",
    "EquilibriumPropagation",
    "ExactLikelihood",
    "Gradient",
    "GradientComparison",
    "GradientRow",
    "GraphEnergy",
    "HingeLoss",
    "Identified",
    "Implicit",
    "LVQ2Loss",
    "Langevin",
    "LearnedDensity",
    "LearnedEnergy",
    "LearnedSeries",
    "Learning",
    "LogLoss",
    "LossGradient",
    "LyapunovEnergy",
    "MCELoss",
    "NLLLoss",
    "NoiseContrastive",
    "Normal",
    "OneStep",
    "Pairs",
    "Paths",
    "PerceptronLoss",
    "PersistentDivergence",
    "Points",
    "PseudoLikelihood",
    "Relax",
    "Relaxed",
    "RunGradient",
    "SampledLikelihood",
    "Samples",
    "ScoreMatching",
    "SlicedScoreMatching",
    "SnapshotEnergy",
    "SolveInfo",
    "SquareExponentialLoss",
    "SquareSquareLoss",
    "Training",
    "Trajectories",
    "Truncated",
    "Unrolled",
    "Updates",
    "certify",
    "check_collapse",
    "compare_adjoints",
    "compare_gradients",
    "describe_ends",
    "describe_gradients",
    "learn_density",
    "learn_energy",
    "learn_graph_energy",
    "learn_series",
    "learn_snapshots",
    "lyapunov_energy",
    "run_gradient",
    "start_bits",
]

if not TYPE_CHECKING:  # to a type checker a missing name is missing
    __getattr__ = offering(__name__, __all__)
