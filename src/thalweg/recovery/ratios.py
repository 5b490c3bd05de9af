"""The ratios of opposite Jacobian entries, and what they say about a diagonal metric.

In a metric diag(m_i(x_i)), m_i J_ij = m_j J_ji: opposite entries have one sign, the products round
every cycle agree (Kolmogorov's criterion), and log(J_ij / J_ji) = log m_j(x_j) − log m_i(x_i).
"""

from dataclasses import dataclass

import numpy as np

# What is below this part of the largest coupling of its pair counts as zero there.
_NEGLIGIBLE = 1e-9


@dataclass(frozen=True)
class Ratios:
    """Coupled pairs and their log-ratios at some points.

    Attributes:
        pairs: shape `(p, 2)`, i < j.
        logs: log(J_ij / J_ji), shape `(n, p)`; 0 where it has no weight.
        weights: how much each can be trusted, in [0, 1], shape `(n, p)`.
        defect: the normalised amount by which a sign or a one-way coupling excludes the metric, 0
            if none does.
        reason: which pair excludes it, in words, or None.
    """

    pairs: np.ndarray
    logs: np.ndarray
    weights: np.ndarray
    defect: float
    reason: str | None


def ratios_of(jacobians: np.ndarray) -> Ratios:
    """Opposite entries of `(n, d, d)` Jacobians, compared."""
    size = jacobians.shape[1]
    typical = np.sqrt(np.mean(jacobians**2, axis=0))
    whole = np.sqrt(np.sum(typical**2))
    coupled = np.maximum(typical, typical.T) > 1e-12 * whole
    i, j = np.nonzero(np.triu(coupled, 1))
    pairs = np.stack([i, j], axis=1) if len(i) else np.zeros((0, 2), dtype=int)
    forward, backward = jacobians[:, i, j], jacobians[:, j, i]
    scale = np.maximum(np.maximum(typical[i, j], typical[j, i]), np.finfo(float).tiny)
    # One-way coupling shows against the pair's own scales, signs only above the noise of both.
    unequal = np.minimum(typical[i, j], typical[j, i]) < 1e-11 * scale
    weak = np.minimum(np.abs(forward), np.abs(backward)) / scale
    opposed = (forward * backward < 0.0) & (weak > _NEGLIGIBLE)
    defect, reason = _excluded(pairs, forward, backward, unequal, opposed)
    used = (weak > _NEGLIGIBLE) & (forward * backward > 0.0)
    logs = np.log(np.abs(np.where(used, forward, 1.0)) / np.abs(np.where(used, backward, 1.0)))
    weights = np.where(used, weak / (weak + 1e-6), 0.0)
    if size == 1:
        defect, reason = 0.0, None
    return Ratios(pairs, logs, weights, defect, reason)


def _excluded(
    pairs: np.ndarray,
    forward: np.ndarray,
    backward: np.ndarray,
    unequal: np.ndarray,
    opposed: np.ndarray,
) -> tuple[float, str | None]:
    if np.any(unequal):
        a, b = pairs[int(np.argmax(unequal))]
        return 1.0, f"coordinates {a} and {b} act on each other in one direction only"
    if not np.any(opposed):
        return 0.0, None
    gap = np.sum(np.where(opposed, (np.abs(forward) + np.abs(backward)) ** 2, 0.0))
    total = np.sum((np.abs(forward) + np.abs(backward)) ** 2)
    a, b = pairs[int(np.argmax(np.sum(opposed, axis=0)))]
    return float(np.sqrt(gap / total)), f"J[{a},{b}] and J[{b},{a}] have opposite signs"


def cycle_defect(ratios: Ratios, size: int) -> float:
    """How far the log-ratios fail to add up to zero round triangles, as a normalised number."""
    number = len(ratios.logs)
    logs, weights = np.zeros((number, size, size)), np.zeros((number, size, size))
    i, j = ratios.pairs.T
    logs[:, i, j], logs[:, j, i] = ratios.logs, -ratios.logs
    weights[:, i, j] = weights[:, j, i] = ratios.weights
    worst = 0.0
    for k in range(size):
        sums = logs - logs[:, :, k, None] - logs[:, k, None, :]
        trust = weights * weights[:, k, None, :] * weights[:, :, k, None]
        total = np.sum(trust)
        if total > 0.0:
            worst = max(worst, float(np.sqrt(np.sum(trust * np.tanh(sums / 2.0) ** 2) / total)))
    return worst
