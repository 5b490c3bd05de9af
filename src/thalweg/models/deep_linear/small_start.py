"""What to expect from a small random start, which is balanced only approximately."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.models.deep_linear.covariances import Covariances, require_white
from thalweg.models.deep_linear.layers import Weights
from thalweg.models.deep_linear.modes import Modes, mode_vectors
from thalweg.models.deep_linear.riccati import ExactLearning


def growing_part(covariances: Covariances, weights: Sequence[Any]) -> Weights:
    r"""The balanced start that shares the growing part of a small one.

    Near the origin, `τ dQ/dt = FQ`: of every mode, the part `p^i = (a^i + b^i)/2` grows as
    e^{s_i t/τ} and `(a^i − b^i)/2` decays. Setting `a^i = b^i = p^i` keeps the first and is exactly
    balanced.

    Raises:
        InputError: Σxx ≠ I, or not two layers of weights.
    """
    require_white(covariances, "The growing part of a start")
    modes = Modes.of(covariances)
    a, b = (np.asarray(m, dtype=np.float64) for m in mode_vectors(modes.to_modes(weights)))
    r = len(modes.strengths)
    shared = 0.5 * (a[:r] + b[:r])
    first, second = np.zeros_like(a), np.zeros_like(b)
    first[:r] = second[:r] = shared
    return modes.from_modes((first.T, second))


def predict_small_start(
    covariances: Covariances, weights: Sequence[Any], tau: float = 1.0
) -> ExactLearning:
    r"""Approximate learning from small random weights: the exact solution from their growing part.

    It keeps how modes compete. Its error is that of forgetting weights of the start's own size:
    the prediction of W²W¹ is off by O(σ²) for a start of scale σ (measured in the docs and the
    tests), so it becomes exact as σ → 0.
    """
    return ExactLearning(covariances, growing_part(covariances, weights), tau)


def effective_strengths(covariances: Covariances, weights: Sequence[Any]) -> np.ndarray:
    """The start u_0 of every mode's own logistic curve, `|a^i + b^i|²/4`, `(r,)`.

    With `balanced_strength` this is the simplest prediction: it leaves out how modes compete.
    """
    modes = Modes.of(covariances)
    first = modes.to_modes(growing_part(covariances, weights))[0]
    return np.sum(first.T[: len(modes.strengths)] ** 2, axis=1)
