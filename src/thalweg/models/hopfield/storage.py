"""Storing patterns in a Hopfield network: Hebb's rule, Storkey's, and the pseudo-inverse."""

from typing import Any

import numpy as np

from thalweg.core.errors import InputError
from thalweg.energies.hopfield import HebbianCouplings, Hopfield, check_spins


def hebb(patterns: Any, bias: Any = 0.0) -> Hopfield:
    r"""A network with Hebb's couplings, W = (1/N) Σ_μ ξ^μ ξ^μᵀ, without diagonal.

    The couplings are kept as the patterns: rank P. Random patterns are retrieved up to about
    P = 0.138 N (see `capacity_limit`).

    Arguments:
        patterns: `(P, N)`, entries ±1.
        bias: of the energy.

    Raises:
        InputError: an entry is not ±1.
    """
    return Hopfield(HebbianCouplings(_patterns(patterns)), bias)


def storkey(patterns: Any, bias: Any = 0.0) -> Hopfield:
    r"""A network with Storkey's couplings: as local and incremental as Hebb's, of larger capacity.

        W_ij ← W_ij + (ξ_i ξ_j − ξ_i h_ji − h_ij ξ_j) / N,    h_ij = Σ_{k ≠ i, j} W_ik ξ_k

    Arguments:
        patterns: `(P, N)`, entries ±1, stored in this order.
        bias: of the energy.

    Raises:
        InputError: an entry is not ±1.

    References:
        Storkey (1997), *ICANN*, 451.
    """
    stored = _patterns(patterns).astype(np.float64)
    size = stored.shape[1]
    matrix = np.zeros((size, size))
    for pattern in stored:
        # The diagonal of W is zero, so only the term k = j is to be left out of the field.
        h = (matrix @ pattern)[:, None] - matrix * pattern[None, :]
        change = np.outer(pattern, pattern) - pattern[:, None] * h.T - h * pattern[None, :]
        matrix += change / size
        np.fill_diagonal(matrix, 0.0)
    return Hopfield(_without_rounding((matrix + matrix.T) / 2.0, len(stored) / size), bias)


def pseudo_inverse(patterns: Any, bias: Any = 0.0) -> Hopfield:
    r"""A network whose couplings project onto the span of the patterns, without diagonal.

        W = Ξᵀ(ΞΞᵀ)⁻¹Ξ − diag

    Every pattern is a fixed point as long as there are fewer than N independent ones.

    Arguments:
        patterns: `(P, N)`, entries ±1.
        bias: of the energy.

    Raises:
        InputError: an entry is not ±1, or the patterns span everything, so that nothing is stored.

    References:
        Personnaz, Guyon & Dreyfus (1985), *Journal de Physique Lettres* 46, L359.
    """
    stored = _patterns(patterns).astype(np.float64)
    _, values, right = np.linalg.svd(stored, full_matrices=False)
    rank = int(np.sum(values > 1e-10 * values[0]))
    if rank == stored.shape[1]:
        raise InputError(
            f"patterns span all {rank} dimensions: the projection is the identity, and stores "
            f"nothing. Store fewer than {rank} independent patterns."
        )
    matrix = right[:rank].T @ right[:rank]
    np.fill_diagonal(matrix, 0.0)
    return Hopfield(_without_rounding((matrix + matrix.T) / 2.0, 1.0), bias)


def _without_rounding(matrix: np.ndarray, scale: float) -> np.ndarray:
    """Couplings without those that are rounding of terms of that scale, whose sign means nothing.

    A spin that nothing pulls has a row of them, and would follow their sign.
    """
    return np.where(np.abs(matrix) < len(matrix) * np.finfo(np.float64).eps * scale, 0.0, matrix)


def _patterns(patterns: Any) -> np.ndarray:
    return np.asarray(check_spins("patterns", np.asarray(patterns), ndim=2), np.float32)
