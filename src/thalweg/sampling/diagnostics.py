"""How far several chains can be trusted: effective sample size and R̂, by ranks.

In NumPy: what JAX would compile for every number of draws takes seconds, this milliseconds.
"""

from collections.abc import Callable

import numpy as np
import scipy.fft
import scipy.special
import scipy.stats

# Draws of half a chain below which there are no pairs of lags to add up.
_FEWEST = 4


def effective_sample_size(draws: np.ndarray) -> np.ndarray:
    """The number of independent draws that would tell the mean of the ranks as well (bulk ESS).

    Arguments:
        draws: shape `(chains, count, k)`, of k quantities.

    Returns:
        Shape `(k,)`; NaN where draws are not finite, are fewer than 8, or never changed.

    References:
        Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021), *Bayesian Analysis* 16, 667: eq. (10)
        to (13) of rank-normalized halves of the chains.
    """
    return _each(_ess_of_halves, draws)


def split_rhat(draws: np.ndarray) -> np.ndarray:
    """R̂ by ranks: by what factor the chains together are wider than each by itself; 1 is best.

    The larger of those of the draws and of their distances from the median. Halves of the chains
    are compared, so that one chain has an R̂ too.

    Arguments:
        draws: shape `(chains, count, k)`, of k quantities.

    Returns:
        Shape `(k,)`; NaN where draws are not finite, are fewer than 8, or never changed.

    References:
        Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021), *Bayesian Analysis* 16, 667, § 4.
    """

    def rhat(halves: np.ndarray) -> float:
        folded = np.abs(halves - np.median(halves))
        return max(_rhat_of(_normal_scores(halves)), _rhat_of(_normal_scores(folded)))

    return _each(rhat, draws)


def _each(of_halves: Callable[[np.ndarray], float], draws: np.ndarray) -> np.ndarray:
    """A number of each quantity, from the halves of its chains."""
    count = draws.shape[1] // 2
    if count < _FEWEST:
        return np.full(draws.shape[2], np.nan)
    # Of an odd number of draws the middle one is left out.
    halves = np.concatenate([draws[:, :count], draws[:, -count:]]).astype(np.float64)
    has_news = np.all(np.isfinite(halves), axis=(0, 1)) & (np.ptp(halves, axis=(0, 1)) > 0)
    return np.array(
        [of_halves(halves[..., k]) if has_news[k] else np.nan for k in range(draws.shape[2])]
    )


def _normal_scores(x: np.ndarray) -> np.ndarray:
    """Blom's normal scores of the ranks among all draws; ties share their mean rank."""
    ranks = scipy.stats.rankdata(x).reshape(x.shape)
    return scipy.special.ndtri((ranks - 0.375) / (x.size + 0.25))


def _rhat_of(x: np.ndarray) -> float:
    count = x.shape[1]
    within = np.mean(np.var(x, axis=1, ddof=1))
    if not within > 0:
        return np.inf
    between = np.var(np.mean(x, axis=1), ddof=1)
    return float(np.sqrt(between / within + (count - 1) / count))


def _ess_of_halves(halves: np.ndarray) -> float:
    x = _normal_scores(halves)
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
