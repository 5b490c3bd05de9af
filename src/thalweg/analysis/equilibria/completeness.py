"""Confidence that no equilibrium was missed.

From independent random starts: the Good–Turing estimate of the probability that one more start
finds something new, and an upper bound on it that holds with the stated confidence. Zero singletons
are not certainty, so the bound comes from a split sample: what the first half had not seen, the
second half met k times, a binomial count with an exact (Clopper–Pearson) bound.
"""

import numpy as np


def unseen_mass(hits: np.ndarray) -> float:
    """The Good–Turing estimate: the share of starts whose class was found exactly once.

    Arguments:
        hits: the class that each start found, −1 for none, shape `(n,)`.

    References:
        Good (1953), Biometrika 40:237, eq. 9.
    """
    _, counts = np.unique(hits[hits >= 0], return_counts=True)
    return float(min(1.0, np.sum(counts == 1) / max(len(hits), 1)))


def unseen_upper(hits: np.ndarray, confidence: float = 0.95) -> float:
    """An upper bound on the probability that one more start finds a class not seen yet.

    What the first half of the starts did not see has a mass that bounds the mass that all of them
    did not see; the second half is an independent sample of it.

    Arguments:
        hits: the class that each start found, −1 for none, in the order drawn, shape `(n,)`.
        confidence: the probability with which the bound holds.

    References:
        Clopper & Pearson (1934), Biometrika 26:404.
    """
    half = len(hits) // 2
    if half == 0:
        return 1.0
    first, second = hits[:half], hits[half:]
    new = int(np.sum((second >= 0) & ~np.isin(second, first)))
    return binomial_upper(new, len(second), confidence)


def binomial_upper(successes: int, trials: int, confidence: float = 0.95) -> float:
    """The one-sided Clopper–Pearson upper bound on a probability."""
    if successes >= trials:
        return 1.0
    if successes == 0:
        return float(-np.expm1(np.log1p(-confidence) / trials))
    from scipy.special import betaincinv

    return float(betaincinv(successes + 1, trials - successes, confidence))
