"""Numbers on basins and their boundaries: intervals of fractions, entropy, dimension."""

import numpy as np

from thalweg.analysis.basins.follow import UNDECIDED

# Boxes of five points a side, as in the paper that defines the entropy.
_BOX = 5
_CONFIDENCE = 0.95  # of all intervals in the results
# Distances at which points are compared: up to a hundredth of the shortest side, beyond which
# neighbouring stripes of a basin meet, but three of them at least.
_FARTHEST = 100
_FEWEST_SCALES = 3  # a slope of the boundary's scaling needs three points to show that it is one
# Points along the shortest side: of fewer, distances that differ enough are not to be had.
_FEWEST_POINTS = 64


def binomial_interval(count: int, total: int) -> tuple[float, float]:
    """The exact (Clopper–Pearson) 95 % interval of a probability, of `count` hits in `total`."""
    from scipy.special import betaincinv

    tail = (1.0 - _CONFIDENCE) / 2.0
    low = 0.0 if count == 0 else float(betaincinv(count, total - count + 1, tail))
    high = 1.0 if count == total else float(betaincinv(count + 1, total - count, 1.0 - tail))
    return low, high


def basin_entropy(labels: np.ndarray) -> tuple[float, float]:
    """The basin entropy of labels on a grid, and the boundary basin entropy.

    The grid is cut into boxes of five points a side; of a box with shares p of the labels the
    entropy is −Σ p log p. The first number is its mean over all boxes, the second that over boxes
    with more than one label. Above log 2 the second one means that the boundary is fractal.
    Undecided points are left out: single ones have the label of a neighbour.

    Returns:
        Both, NaN where the grid is smaller than a box; the second 0 where no box has two labels.

    References:
        Daza, Wagemakers, Georgeot, Guéry-Odelin & Sanjuán (2016), Scientific Reports 6:31416.
    """
    kept = _decided(labels.squeeze())
    if not kept.ndim or min(kept.shape) < _BOX:
        return np.nan, np.nan
    kept = kept[tuple(slice(0, n - n % _BOX) for n in kept.shape)]
    split = kept.reshape([part for n in kept.shape for part in (n // _BOX, _BOX)])
    inner = tuple(range(1, split.ndim, 2))
    known = np.sum(split != UNDECIDED, axis=inner)
    entropy = np.zeros(split.shape[::2])
    for label in np.unique(kept[kept != UNDECIDED]):
        share = np.sum(split == label, axis=inner) / np.maximum(known, 1)
        entropy -= np.where(share > 0.0, share * np.log(np.where(share > 0.0, share, 1.0)), 0.0)
    if not known.any():
        return np.nan, np.nan
    mixed = entropy > 1e-12
    return float(entropy[known > 0].mean()), float(entropy[mixed].mean()) if mixed.any() else 0.0


def boundary_dimension(labels: np.ndarray) -> tuple[float, float]:
    """The dimension of the boundary between labels on a grid, by the uncertainty exponent.

    The share of pairs of points ε apart along a side that have different labels grows as ε^α, and
    the dimension is d − α, with the least α of all sides (across a boundary that is smooth along
    one side, α is 1 there). It is fitted over distances of 1, 2, 4, … points. Undecided points are
    left out as in `basin_entropy`.

    Returns:
        The dimension and its standard error, of the fit; NaN where there is no boundary, or where
        the grid is too small.

    References:
        Grebogi, McDonald, Ott & Yorke (1983), Physics Letters A 99:415.
    """
    kept = _decided(labels.squeeze())
    sides = range(kept.ndim)
    shortest = min(kept.shape, default=0)
    if shortest < _FEWEST_POINTS:
        return np.nan, np.nan
    farthest = max(shortest // _FARTHEST, 1 << (_FEWEST_SCALES - 1))
    distances = [1 << k for k in range(farthest.bit_length())]
    fits = [
        _fit(np.log(distances), [_uncertain(kept, side, s, distances[-1]) for s in distances])
        for side in sides
    ]
    known = [fit for fit in fits if np.isfinite(fit[0])]
    if not known:
        return np.nan, np.nan
    slope, error = min(known)
    # Of points on a line the slope is 1 but for rounding, on either side.
    return max(kept.ndim - slope, 0.0), error


def _fit(x: np.ndarray, shares: list[float]) -> tuple[float, float]:
    """The slope of log shares over x, and its standard error."""
    if not min(shares) > 0.0:
        return np.nan, np.nan
    y, x = np.log(shares), x - x.mean()
    slope = float(x @ y / (x @ x))
    left = y - y.mean() - slope * x
    return slope, float(np.sqrt(left @ left / (len(x) - 2) / (x @ x)))


def _uncertain(labels: np.ndarray, side: int, distance: int, farthest: int) -> float:
    """The share of pairs at a distance along a side that have different labels.

    Pairs begin at the same points for all distances: shares of others would differ by the edge.
    """
    values = np.moveaxis(labels, side, 0)
    first = values[:-farthest]
    second = values[distance : len(values) - farthest + distance]
    known = (first != UNDECIDED) & (second != UNDECIDED)
    return float(np.sum((first != second) & known)) / max(int(known.sum()), 1)


def _decided(labels: np.ndarray) -> np.ndarray:
    """Labels whose undecided points have the label of a decided one next to them, if there is one.

    A start on the boundary itself ends on a saddle: it separates labels, and is none.
    """
    found = labels.copy()
    for side in range(labels.ndim):
        there, new = np.moveaxis(labels, side, 0), np.moveaxis(found, side, 0)
        for put, of in ((slice(1, None), slice(None, -1)), (slice(None, -1), slice(1, None))):
            new[put] = np.where(new[put] == UNDECIDED, there[of], new[put])
    return found
