"""Effective sample size and R̂ of several chains, by ranks.

In NumPy: what JAX would compile for every number of draws takes seconds, this milliseconds.
"""

from typing import NamedTuple

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
    # Of an odd number of draws the middle one is left out. A quantity a row, for the cache.
    halves = np.stack([draws[:, :count], draws[:, -count:]]).transpose(3, 0, 1, 2)
    rows = np.ascontiguousarray(halves).reshape(len(halves), -1, count)
    flat = rows.reshape(len(rows), -1)
    has_news = np.all(np.isfinite(flat), axis=1) & (np.ptp(flat, axis=1) > 0)
    size = flat.shape[1]
    # Blom's normal scores of all ranks and of those half way between two.
    table = scipy.special.ndtri((np.arange(2, 2 * size + 1) / 2.0 - 0.375) / (size + 0.25))
    for k in np.flatnonzero(has_news):
        order = np.argsort(flat[k])
        ordered = flat[k, order]
        spread = _spread(_normal_scores(order, ordered, table).reshape(rows[k].shape))
        far = np.abs(flat[k] - np.mean(ordered[size // 2 - 1 : size // 2 + 1]))
        order = np.argsort(far)
        folded = _spread(_normal_scores(order, far[order], table).reshape(rows[k].shape))
        found[:, k] = _ess_of(spread), max(_rhat_of(spread), _rhat_of(folded))
    return found[0], found[1]


class _Spread(NamedTuple):
    """Several chains of numbers, about their means.

    Attributes:
        away: the numbers less the mean of their chain, `(chains, count)`.
        within: the mean of the chains' variances.
        between: the variance of their means.
    """

    away: np.ndarray
    within: float
    between: float


def _spread(x: np.ndarray) -> _Spread:
    means = x.mean(axis=1)
    away = x - means[:, None]
    within = np.vdot(away, away) / (len(x) * (x.shape[1] - 1))
    return _Spread(away, float(within), float(np.var(means, ddof=1)))


def _normal_scores(order: np.ndarray, ordered: np.ndarray, table: np.ndarray) -> np.ndarray:
    """The scores of the ranks among all draws; ties share their mean rank.

    Arguments:
        order: the indices that sort the draws.
        ordered: the draws, sorted.
        table: the scores of the ranks 1, 1½, 2, ….
    """
    scores, is_new = np.empty(len(order)), np.ones(len(order), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=is_new[1:])
    begins = np.flatnonzero(is_new)
    if len(begins) == len(order):
        scores[order] = table[::2]
        return scores
    lengths = np.diff(begins, append=len(order))
    scores[order] = np.repeat(table[2 * begins + lengths - 1], lengths)
    return scores


def _rhat_of(spread: _Spread) -> float:
    count = spread.away.shape[1]
    if not spread.within > 0:
        return np.inf
    return float(np.sqrt(spread.between / spread.within + (count - 1) / count))


def _ess_of(spread: _Spread) -> float:
    chains, count = spread.away.shape
    total = spread.within * (count - 1) / count + spread.between
    if not total > 0:
        return np.nan
    rho = 1.0 - (spread.within - _autocovariance(spread.away)) / total
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


def _autocovariance(away: np.ndarray) -> np.ndarray:
    """Covariances at each lag, divided by the number of draws, the mean of all chains."""
    count = away.shape[1]
    size = scipy.fft.next_fast_len(2 * count, real=True)
    spectra = np.asarray(scipy.fft.rfft(away, size, axis=1))
    power = np.mean(np.abs(spectra) ** 2, axis=0)
    return np.asarray(scipy.fft.irfft(power, size))[:count] / count
