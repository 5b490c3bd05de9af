"""The ratios of opposite Jacobian entries, and what they say about a diagonal metric.

In a metric diag(m_i(x_i)), m_i J_ij = m_j J_ji: opposite entries have one sign, the products round
every cycle agree (Kolmogorov's criterion), and log(J_ij / J_ji) = log m_j(x_j) − log m_i(x_i).
"""

from dataclasses import dataclass

import numpy as np

from thalweg.recovery.forms.exactness import NOISE

# What is below this part of the largest coupling of its pair counts as zero there.
_NEGLIGIBLE = 1e-9
_TINY = float(np.finfo(float).tiny)


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
    coupled = np.maximum(typical, typical.T) > NOISE * whole
    i, j = np.nonzero(np.triu(coupled, 1))
    pairs = np.stack([i, j], axis=1) if len(i) else np.zeros((0, 2), dtype=int)
    forward, backward = jacobians[:, i, j], jacobians[:, j, i]
    scale = np.maximum(np.maximum(typical[i, j], typical[j, i]), _TINY)
    # One-way coupling shows against the pair's own scales, signs only above the noise of both.
    unequal = np.minimum(typical[i, j], typical[j, i]) < 1e-11 * scale
    noisy = _noisy(jacobians, i, j, scale)
    weak = np.minimum(np.abs(forward), np.abs(backward)) / noisy
    opposed = (forward * backward < 0.0) & (weak > _NEGLIGIBLE)
    sizes = (np.abs(forward) + np.abs(backward)) / noisy
    defect, reason = _excluded(pairs, sizes, unequal, opposed)
    used = (weak > _NEGLIGIBLE) & (forward * backward > 0.0)
    logs = np.log(np.abs(np.where(used, forward, 1.0)) / np.abs(np.where(used, backward, 1.0)))
    # The rounding of a log-ratio grows as 1 / weak: no weight times its square may matter.
    weights = np.where(used, weak**2 / (weak**2 + 1e-12), 0.0)
    if size == 1:
        defect, reason = 0.0, None
    return Ratios(pairs, logs, weights, defect, reason)


def _noisy(jacobians: np.ndarray, i: np.ndarray, j: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """The size whose rounding a coupling may carry at each point, `(n, p)`.

    It is the pair's own over the region, but where all that happens between the two coordinates is
    smaller, that: near a pole the couplings may be a million times those elsewhere.
    """
    sizes = np.abs(jacobians)
    here = sizes[:, i, i] + sizes[:, j, j] + sizes[:, i, j] + sizes[:, j, i]
    return np.maximum(np.minimum(scale, here), _TINY)


def _excluded(
    pairs: np.ndarray, sizes: np.ndarray, unequal: np.ndarray, opposed: np.ndarray
) -> tuple[float, str | None]:
    if np.any(unequal):
        a, b = pairs[int(np.argmax(unequal))]
        return 1.0, f"coordinates {a} and {b} act on each other in one direction only"
    if not np.any(opposed):
        return 0.0, None
    gap = np.sum(np.where(opposed, sizes**2, 0.0))
    a, b = pairs[int(np.argmax(np.sum(opposed, axis=0)))]
    return float(np.sqrt(gap / np.sum(sizes**2))), f"J[{a},{b}] and J[{b},{a}] have opposite signs"


def cycle_defect(ratios: Ratios, size: int) -> float:
    """Normalised defect of the log-ratios, which must add up to zero round triangles."""
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


def rectangle_defect(ratios: Ratios, size: int) -> float:
    """Distance of log(J_ij / J_ji) from sums of any function of x_i and any of x_j.

    If L = φ_j(x_j) − φ_i(x_i), then for any two points x and y

        L(x) = L(y with its i-th coordinate from x) + L(y with its j-th from x) − L(y).

    Arguments:
        ratios: at the points x, then at the points y, then for each k in turn at the points y with
            the k-th coordinate from x.
        size: the number of coordinates.

    Returns:
        The rms of tanh(gap / 2), weighted by how much the ratios can be trusted.
    """
    pairs = np.arange(len(ratios.pairs))
    i, j = ratios.pairs.T
    number = len(ratios.logs) // (size + 2)
    logs = ratios.logs.reshape(size + 2, number, len(pairs))
    trusts = ratios.weights.reshape(logs.shape)
    gaps = logs[0] + logs[1] - logs[2 + i, :, pairs].T - logs[2 + j, :, pairs].T
    trust = trusts[0] * trusts[1] * trusts[2 + i, :, pairs].T * trusts[2 + j, :, pairs].T
    total = float(np.sum(trust))
    return float(np.sqrt(np.sum(trust * np.tanh(gaps / 2.0) ** 2) / total)) if total else 0.0
