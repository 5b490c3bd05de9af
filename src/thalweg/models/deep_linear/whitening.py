"""Correlated inputs: how to whiten them, and what stays true when they are not white."""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import numpy as np

from thalweg.core.errors import InputError
from thalweg.models.deep_linear.covariances import Covariances
from thalweg.models.deep_linear.layers import Weights, check_weights
from thalweg.models.deep_linear.modes import Modes

_RANK = 1e-6  # of the largest eigenvalue: whitening would magnify rounding in what is below by 1e3


class Whitening(eqx.Module):
    r"""White inputs `x̃ = Σxx^{−1/2} x`, and the weights that belong to them, `W̃¹ = W¹ Σxx^{1/2}`.

    The network's output and its error are the same in both. Gradient flow is not: in white
    coordinates, the flow of the original weights is `τ dW̃¹/dt = W²ᵀ(Σ̃yx − W²W̃¹) Σxx`, with a factor
    Σxx that learning on whitened inputs does not have. Directions without variance are dropped.

    What needs no white inputs: the error falls; every `Wˡ⁺¹ᵀWˡ⁺¹ − WˡWˡᵀ` is conserved by the flow;
    the least error is at `Σyx Σxx⁺`; and when Σxx is diagonal in the input modes of Σyx, modes
    still decouple (`shared_input_modes`).

    Attributes:
        covariances: those of the white inputs, `Σ̃yx = Σyx Σxx^{−1/2}`.
        root: Σxx^{1/2}.
        inverse_root: Σxx^{−1/2}, zero along directions without variance.
    """

    covariances: Covariances
    root: Any
    inverse_root: Any

    def to_white(self, weights: Sequence[Any]) -> Weights:
        """The weights that compute the same outputs from whitened inputs."""
        check_weights(weights)
        return (weights[0] @ self.root, *weights[1:])

    def from_white(self, weights: Sequence[Any]) -> Weights:
        """The weights that compute the same outputs from the original inputs."""
        check_weights(weights)
        return (weights[0] @ self.inverse_root, *weights[1:])


def whiten(covariances: Covariances) -> Whitening:
    """Whiten the inputs of a problem."""
    values, vectors = np.linalg.eigh(covariances.input_covariance())
    present = values > _RANK * max(values[-1], 0.0)
    spread = np.sqrt(np.where(present, values, 0.0))
    root = (vectors * spread) @ vectors.T
    inverse = (vectors * np.where(present, 1.0 / np.where(present, spread, 1.0), 0.0)) @ vectors.T
    white = Covariances(np.asarray(covariances.yx) @ inverse, None, covariances.yy)
    return Whitening(white, root, inverse)


def shared_input_modes(
    covariances: Covariances, tolerance: float = 1e-9
) -> tuple[Modes, np.ndarray]:
    """The modes of Σyx and the input variance d_i along each, when Σxx is diagonal in them.

    Where singular values coincide, the modes are turned to suit Σxx.

    Returns:
        The modes, and `d` of shape `(r,)`; `DecoupledModes(modes.strengths, tau, d)` is exact.

    Raises:
        InputError: Σxx couples input modes; the message gives the largest coupling.
    """
    modes = Modes.of(covariances)
    left, strengths, right = np.array(modes.left), modes.strengths, np.array(modes.right)
    xx, r = covariances.input_covariance(), len(modes.strengths)
    levels = np.zeros(right.shape[1])
    levels[:r] = strengths
    top, start = max(float(strengths[0]), np.finfo(float).tiny), 0
    while start < len(levels):
        stop = start + 1
        while stop < len(levels) and levels[start] - levels[stop] <= tolerance * top:
            stop += 1
        block = right[:, start:stop]
        turn = np.linalg.eigh(block.T @ xx @ block)[1]
        right[:, start:stop] = block @ turn
        if levels[start] > tolerance * top:
            left[:, start:stop] = left[:, start:stop] @ turn
        start = stop
    inside = right.T @ xx @ right
    coupling = float(np.abs(inside - np.diag(np.diag(inside))).max())
    if coupling > tolerance * max(float(np.abs(xx).max()), np.finfo(float).tiny):
        raise InputError(
            f"Σxx is not diagonal in the input modes of Σyx: two modes are coupled by "
            f"{coupling:.3g}. Whiten the inputs, or simulate."
        )
    return Modes(left, strengths, right), np.diag(inside)[:r].copy()
