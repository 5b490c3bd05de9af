"""Sharpness of the error, and the largest step for which gradient descent can converge."""

import functools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.models.deep_linear.covariances import Covariances
from thalweg.models.deep_linear.layers import check_weights, squared_error


def largest_stable_step(covariances: Covariances, depth: int) -> float:
    r"""The step η beyond which no minimum of the error attracts gradient descent.

    At a minimum that fits, the Hessian's largest eigenvalue is at least

        N (qᵀ Σxx q)^{1/N} |Σyx Σxx^{−1/2} q|^{2 − 2/N}

    for every unit vector q (arithmetic over geometric mean of the N layers' contributions), and
    descent needs η ≤ 2 over it. The bound is taken at the eigenvectors of Σxx and at the right
    singular vectors of Σyx Σxx^{−1/2}. For white inputs it is `2 / (N s_1^{2−2/N})`, which the
    balanced solution attains. It is necessary, not sufficient: unbalanced minima are sharper.

    References:
        Mulayoff & Michaeli (2020), "Unique properties of flat minima in deep networks" (white).
    """
    values, vectors = np.linalg.eigh(covariances.input_covariance())
    present = values > 1e-6 * max(values[-1], 0.0)
    inverse_root = (vectors[:, present] / np.sqrt(values[present])) @ vectors[:, present].T
    whitened = np.asarray(covariances.yx) @ inverse_root
    right = np.linalg.svd(whitened, full_matrices=False)[2].T
    candidates = np.concatenate([vectors, right], axis=1)
    power = np.einsum("ik,ij,jk->k", candidates, covariances.input_covariance(), candidates)
    strength = np.linalg.norm(whitened @ candidates, axis=0)
    sharpest = depth * np.max(np.maximum(power, 0.0) ** (1 / depth) * strength ** (2 - 2 / depth))
    return float(2.0 / sharpest) if sharpest > 0.0 else float("inf")


def sharpness(covariances: Covariances, weights: Sequence[Any]) -> float:
    """The largest eigenvalue of the error's Hessian at these weights.

    By Lanczos on Hessian–vector products; gradient descent is stable there iff η ≤ 2 over it.

    Raises:
        InputError: the weights do not chain or do not fit the covariances.
    """
    from scipy.sparse.linalg import LinearOperator, eigsh

    check_weights(weights)
    ends = (np.shape(weights[-1])[0], np.shape(weights[0])[1])
    if ends != covariances.yx.shape:
        raise InputError(
            f"weights map {ends[1]} inputs to {ends[0]} outputs, but Σyx has the shape "
            f"{covariances.yx.shape}."
        )
    with jax.enable_x64(True):
        point = tuple(jnp.asarray(np.asarray(w, dtype=np.float64)) for w in weights)
        sizes = np.cumsum([w.size for w in point])

        def multiply(vector: np.ndarray) -> np.ndarray:
            parts = np.split(np.asarray(vector, dtype=np.float64).ravel(), sizes[:-1])
            tangent = tuple(p.reshape(w.shape) for p, w in zip(parts, point, strict=True))
            image = _hessian_product(covariances, point, tangent)
            return np.concatenate([np.ravel(leaf) for leaf in image])

        total = int(sizes[-1])
        if total <= 64:
            return float(np.linalg.eigvalsh(np.stack([multiply(e) for e in np.eye(total)]))[-1])
        operator = LinearOperator((total, total), matvec=multiply, dtype=np.float64)  # type: ignore
        start = np.random.default_rng(0).standard_normal(total)
        return float(eigsh(operator, k=1, which="LA", v0=start, return_eigenvectors=False)[0])


@jax.jit
def _hessian_product(covariances: Covariances, weights: Any, tangent: Any) -> Any:
    gradient = jax.grad(functools.partial(squared_error, covariances))
    return jax.jvp(gradient, (weights,), (tangent,))[1]
