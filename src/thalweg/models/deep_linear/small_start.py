"""Predictions for a small random start, which is balanced only approximately."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.models.deep_linear.covariances import Covariances, require_white
from thalweg.models.deep_linear.modes import Modes, mode_vectors
from thalweg.models.deep_linear.riccati import ExactLearning


def predict_small_start(
    covariances: Covariances, weights: Sequence[Any], tau: float = 1.0
) -> ExactLearning:
    r"""Approximate learning from small random weights by the formula for the nearest λ.

    A start of scale σ departs from λ-balanced by `excess = O(σ²)`, which the flow conserves and the
    formula leaves out. Its error in W²W¹ is of that order: halving σ divides it by four (measured
    against simulation in the tests and the docs).
    """
    return ExactLearning(covariances, weights, tau, tolerance=math.inf)


def effective_strengths(covariances: Covariances, weights: Sequence[Any]) -> np.ndarray:
    r"""The start u_0 that gives each mode its own logistic curve (`balanced_strength`), `(r,)`.

    From a small start, `p^i = (a^i + b^i)/2` is the part of mode i that grows. By the time mode i
    rises, the stronger modes have risen and removed from it all that lies along them; what is left
    counts: u_0 is the squared distance of p^i from the span of `p^1 … p^{i−1}`. With this u_0, the
    error of the decoupled prediction vanishes with the scale of the start; with |p^i|² it does not.
    Modes of equal strength share a span and are not told apart.

    Raises:
        InputError: Σxx ≠ I, or not two layers of weights.
    """
    require_white(covariances, "The effective start of a mode")
    modes = Modes.of(covariances)
    a, b = (np.asarray(m, dtype=np.float64) for m in mode_vectors(modes.to_modes(weights)))
    r = len(modes.strengths)
    triangle = np.linalg.qr(0.5 * (a[:r] + b[:r]).T)[1]
    strengths = np.zeros(r)
    strengths[: min(triangle.shape)] = np.diag(triangle) ** 2
    return strengths
