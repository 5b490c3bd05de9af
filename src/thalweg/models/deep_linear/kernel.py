"""The neural tangent kernel of a linear network, and how much learning changes it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.tables import counted
from thalweg.models.deep_linear.layers import check_weights


def tangent_kernel(weights: Sequence[Any], inputs: Any) -> np.ndarray:
    r"""The neural tangent kernel of a linear network of any depth.

        K = Σ_l (Wᴺ⋯Wˡ⁺¹)(Wᴺ⋯Wˡ⁺¹)ᵀ ⊗ Xᵀ (Wˡ⁻¹⋯W¹)ᵀ(Wˡ⁻¹⋯W¹) X

    Arguments:
        weights: the weights `(W¹, …, Wᴺ)`.
        inputs: samples in rows, `(n, N_1)`; X has them in columns.

    Returns:
        `(N_out·n, N_out·n)`, the output index first: entry (i·n + p, j·n + q) couples output i of
        sample p with output j of sample q.
    """
    check_weights(weights)
    arrays = [np.asarray(w, dtype=np.float64) for w in weights]
    x = _inputs(inputs, arrays[0].shape[1])
    above = [np.eye(arrays[-1].shape[0])]
    for weight in reversed(arrays[1:]):
        above.append(above[-1] @ weight)
    layer, kernel = x, 0.0
    for weight, jacobian in zip(arrays, reversed(above), strict=True):
        kernel = kernel + np.kron(jacobian @ jacobian.T, layer @ layer.T)
        layer = layer @ weight.T
    return np.asarray(kernel)


def tangent_kernel_from_grams(input_gram: Any, output_gram: Any, inputs: Any) -> np.ndarray:
    r"""The kernel of two layers from W¹ᵀW¹ and W²W²ᵀ, `I ⊗ XᵀW¹ᵀW¹X + W²W²ᵀ ⊗ XᵀX`.

    `ExactLearning` gives both Gram matrices at any time, so this is the kernel along the way.
    """
    first, second = np.asarray(input_gram), np.asarray(output_gram)
    x = _inputs(inputs, first.shape[0])
    return np.kron(np.eye(len(second)), x @ first @ x.T) + np.kron(second, x @ x.T)


def kernel_change(start: Any, now: Any) -> float:
    """`|K(t) − K(0)|_F / |K(0)|_F`: near zero in the lazy regime."""
    start = np.asarray(start)
    return float(np.linalg.norm(np.asarray(now) - start) / np.linalg.norm(start))


def kernel_distance(start: Any, now: Any) -> float:
    """`1 − ⟨K(0), K(t)⟩ / (|K(0)| |K(t)|)`: how far the kernel has turned, whatever its size."""
    start, now = np.asarray(start), np.asarray(now)
    return float(1.0 - np.sum(start * now) / (np.linalg.norm(start) * np.linalg.norm(now)))


def _inputs(inputs: Any, size: int) -> np.ndarray:
    x = np.asarray(inputs, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] != size:
        raise InputError(
            f"inputs must hold samples in rows of {counted(size, 'value')}, got the shape "
            f"{x.shape}."
        )
    return x
