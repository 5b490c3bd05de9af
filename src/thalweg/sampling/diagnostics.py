"""Effective sample size and R̂ of several chains, by ranks.

In NumPy: what JAX would compile for every number of draws takes seconds, this milliseconds.
"""

import numpy as np
import scipy.fft
import scipy.special

# Draws of half a chain below which there are no pairs of lags to add up.
_FEWEST = 4


def diagnose(draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The effective sample size and R̂ of several quantities, each of shape `(k,)`.

    The first is the number of independent draws that would tell the mean of the ranks as well (bulk
    ESS). The second is the factor by which the chains together are wider than each by itself, in
    ranks of the draws or of their distances from the median, whichever is larger; 1 is best. Halves
    of the chains are compared, so that one chain has an R̂ too.

    Arguments:
        draws: shape `(chains, count, k)`, of k quantities.

    Returns:
        Both are NaN where draws are not finite, are fewer than 8, or never changed.

    References:
        Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021), *Bayesian Analysis* 16, 667: § 4, and
        eq. (10) to (13) of rank-normalized halves of the chains.
    """
    count, found = draws.shape[1] // 2, np.full((2, draws.shape[2]), np.nan)
    if count < _FEWEST:
        return found[0], found[1]
    # Of an odd number of draws the middle one is left out.
    halves = np.concatenate([draws[:, :count], draws[:, -count:]])
    has_news = np.all(np.isfinite(halves), axis=(0, 1)) & (np.ptp(halves, axis=(0, 1)) > 0)
    size = halves[..., 0].size
    # Blom's normal scores of all ranks and of those half way between two.
    table = scipy.special.ndtri((np.arange(2, 2 * size + 1) / 2.0 - 0.375) / (size + 0.25))
    for k in np.flatnonzero(has_news):
        x = np.ascontiguousarray(halves[..., k])
        scores = _normal_scores(x, table)
        folded = _normal_scores(np.abs(x - np.median(x)), table)
        found[:, k] = _ess_of(scores), max(_rhat_of(scores), _rhat_of(folded))
    return found[0], found[1]


def _normal_scores(x: np.ndarray, table: np.ndarray) -> np.ndarray:
    """The scores of the ranks among all draws; ties share their mean rank.

    Arguments:
        x: draws.
        table: the scores of the ranks 1, 1½, 2, ….
    """
    flat, scores = x.ravel(), np.empty(x.size)
    order = np.argsort(flat)
    ordered = flat[order]
    begins = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    if len(begins) == x.size:
        scores[order] = table[::2]
        return scores.reshape(x.shape)
    lengths = np.diff(np.append(begins, x.size))
    scores[order] = np.repeat(table[2 * begins + lengths - 1], lengths)
    return scores.reshape(x.shape)


def _rhat_of(x: np.ndarray) -> float:
    count = x.shape[1]
    within = np.mean(np.var(x, axis=1, ddof=1))
    if not within > 0:
        return np.inf
    between = np.var(np.mean(x, axis=1), ddof=1)
    return float(np.sqrt(between / within + (count - 1) / count))


def _ess_of(x: np.ndarray) -> float:
    chains, count = x.shape
    covariances = _autocovariances(x)
    within = np.mean(covariances[:, 0]) * count / (count - 1)
    total = within * (count - 1) / count + np.var(np.mean(x, axis=1), ddof=1)
    if not total > 0:
        return np.nan
    rho = 1.0 - (within - np.mean(covariances, axis=0)) / total
    rho[0] = 1.0
    time = _integrated_time(rho)
    most = chains * count * np.log10(chains * count)
    return float(min(chains * count / max(time, 1e-300), most))


def _integrated_time(rho: np.ndarray) -> float:
    """−1 + 2 Σ ρ over Geyer's initial monotone sequence: pairs while their sum is positive."""
    # The last lags are of too few products.
    pairs = rho[: (len(rho) - 1) // 2 * 2].reshape(-1, 2).sum(axis=1)
    ends = np.flatnonzero(pairs[1:] < 0) + 1
    last = int(ends[0]) if len(ends) else len(pairs) - 1
    kept = np.minimum.accumulate(pairs[:last])
    # One more even lag, where it is positive, makes the estimate of antithetic chains steadier.
    return float(-1.0 + 2.0 * kept.sum() + max(rho[2 * last], 0.0))


def _autocovariances(x: np.ndarray) -> np.ndarray:
    """Of each chain at each lag, divided by the number of draws."""
    count = x.shape[1]
    size = scipy.fft.next_fast_len(2 * count)
    spectrum = np.abs(np.fft.rfft(x - x.mean(axis=1, keepdims=True), size, axis=1)) ** 2
    return np.fft.irfft(spectrum, size, axis=1)[:, :count] / count
