"""Balance of a start, and its distance from every rank-deficient solution."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.core.errors import InputError
from thalweg.models.deep_linear.layers import check_weights, end_to_end


def imbalances(weights: Sequence[Any]) -> list[np.ndarray]:
    """`Wˡ⁺¹ᵀWˡ⁺¹ − WˡWˡᵀ` of every hidden layer: gradient flow conserves them on any data."""
    check_weights(weights)
    arrays = [np.asarray(w, dtype=np.float64) for w in weights]
    return [above.T @ above - below @ below.T for below, above in itertools.pairwise(arrays)]


def unbalancedness(weights: Sequence[Any]) -> float:
    """The largest Frobenius norm of an imbalance: a start is δ-balanced when this is at most δ.

    References:
        Arora, Cohen, Golowich & Hu (2018), arXiv:1810.02281, definition 1.
    """
    return max((float(np.linalg.norm(d)) for d in imbalances(weights)), default=0.0)


def deficiency_margin(weights: Sequence[Any], target: Any) -> float:
    """`σ_min(Φ) − |Wᴺ⋯W¹ − Φ|_F`: when positive, no weights of less error lack rank.

    σ_min is the smallest of the min(rows, columns) singular values of the target Φ.

    References:
        Arora et al. (2018), definition 2.
    """
    target = np.asarray(target, dtype=np.float64)
    product = end_to_end([np.asarray(w, dtype=np.float64) for w in weights])
    if product.shape != target.shape:
        raise InputError(
            f"target must have the shape of Wᴺ⋯W¹, {product.shape}, got {target.shape}."
        )
    smallest = float(np.linalg.svd(target, compute_uv=False)[-1])
    return smallest - float(np.linalg.norm(product - target))


def nearest_balance(weights: Sequence[Any]) -> tuple[float, float]:
    """The λ nearest to `W²ᵀW² − W¹W¹ᵀ = λI` for two layers, and by how much it fails (a norm)."""
    imbalance = imbalances(weights)[0]
    hidden = len(imbalance)
    balance = float(np.trace(imbalance)) / hidden
    excess = float(np.linalg.norm(imbalance - balance * np.eye(hidden), 2))
    rounding = np.finfo(float).eps * hidden * _squared_size(weights)
    return (0.0 if abs(balance) <= rounding else balance), excess


def require_balanced(weights: Sequence[Any], tolerance: float = 1e-8) -> tuple[float, float]:
    """`nearest_balance`, refusing a failure above `tolerance` times the squared weights.

    Raises:
        InputError: no λ fits.
    """
    balance, excess = nearest_balance(weights)
    allowed = tolerance * _squared_size(weights)
    if excess > allowed:
        raise InputError(
            f"weights must be λ-balanced, W²ᵀW² − W¹W¹ᵀ = λI: the nearest λ is {balance:.4g}, from "
            f"which it departs by {excess:.3g} (allowed {allowed:.2g}). Start from `balanced` or "
            f"`lambda_balanced`, use `predict_small_start` for small random weights, or simulate."
        )
    return balance, excess


def _squared_size(weights: Sequence[Any]) -> float:
    return max(float(np.linalg.norm(np.asarray(w), 2)) for w in weights) ** 2
