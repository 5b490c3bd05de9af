"""Deep linear networks: their learning as rules, and its exact solutions."""

from thalweg.models.deep_linear.balance import deficiency_margin, imbalances, unbalancedness
from thalweg.models.deep_linear.covariances import Covariances
from thalweg.models.deep_linear.guarantees import Guarantee, convergence_guarantee, measured_rate
from thalweg.models.deep_linear.initialization import (
    balanced,
    lambda_balanced,
    orthogonal,
    small_gaussian,
)
from thalweg.models.deep_linear.kernel import (
    kernel_change,
    kernel_distance,
    tangent_kernel,
    tangent_kernel_from_grams,
)
from thalweg.models.deep_linear.layers import end_to_end, squared_error
from thalweg.models.deep_linear.modes import (
    Competition,
    Cooperation,
    DecoupledModes,
    ModeFlow,
    Modes,
    aligned_modes,
    mode_energy,
    mode_vectors,
)
from thalweg.models.deep_linear.network import DeepLinearNetwork, GradientDescent, OnlineDescent
from thalweg.models.deep_linear.riccati import ExactLearning
from thalweg.models.deep_linear.small_start import (
    effective_strengths,
    predict_small_start,
)
from thalweg.models.deep_linear.stability import largest_stable_step, sharpness
from thalweg.models.deep_linear.strengths import (
    balanced_strength,
    deep_strength,
    learning_time,
    shallow_strength,
    unbalanced_strengths,
)
from thalweg.models.deep_linear.whitening import Whitening, shared_input_modes, whiten

__all__ = [
    "Competition",
    "Cooperation",
    "Covariances",
    "DecoupledModes",
    "DeepLinearNetwork",
    "ExactLearning",
    "GradientDescent",
    "Guarantee",
    "ModeFlow",
    "Modes",
    "OnlineDescent",
    "Whitening",
    "aligned_modes",
    "balanced",
    "balanced_strength",
    "convergence_guarantee",
    "deep_strength",
    "deficiency_margin",
    "effective_strengths",
    "end_to_end",
    "imbalances",
    "kernel_change",
    "kernel_distance",
    "lambda_balanced",
    "largest_stable_step",
    "learning_time",
    "measured_rate",
    "mode_energy",
    "mode_vectors",
    "orthogonal",
    "predict_small_start",
    "shallow_strength",
    "shared_input_modes",
    "sharpness",
    "small_gaussian",
    "squared_error",
    "tangent_kernel",
    "tangent_kernel_from_grams",
    "unbalanced_strengths",
    "unbalancedness",
    "whiten",
]
