"""All equilibria of a held input with β > 0: every choice of roots, every S, none missed.

For a choice of upper and lower roots, G(S) = S − Σ r_i R_i(S) is the sum of a rising and a falling
function (notation of `stable`):

    S − Σ_upper 2 A_i S_i (1 + s_i) / S      and      −Σ_lower 2 A_i / (1 + s_i)

so values and slopes have exact bounds on an interval, and a search that halves intervals is
complete: one is dropped when G cannot vanish on it, and settled when G is monotone there.
"""

import numpy as np

from thalweg.models.normalization.theory.bisection import bisected
from thalweg.models.normalization.theory.terms import Terms

_LEVELS = 48  # of bisection of a bracket of monotone pieces: below the spacing of float64


class _Boxes:
    """Intervals of S: far ones in log S, those near the least limit S_m in √(1 − S/S_m)."""

    def __init__(self, terms: Terms, lower: np.ndarray):
        self.limit, self.strength, self.share = (a[0] for a in terms[:3])
        self.lower = lower
        self.least = self.limit.min()
        self.tight = (self.limit - self.least) / self.limit
        self.ratio = self.least / self.limit

    def at(self, is_near: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
        """S, the factor x that tames 1/s_i near the limit, and s_i `(…, d)`."""
        with np.errstate(over="ignore"):
            total = np.where(is_near, self.least * (1.0 - y) * (1.0 + y), np.exp(y))
        square = np.where(is_near, y**2, 1.0 - total / self.least)
        factor = np.where(is_near, y, 1.0)
        slack = np.sqrt(self.tight + self.ratio * np.maximum(square, 0.0)[:, None])
        return total, factor, slack

    def parts(self, which: np.ndarray, is_near: np.ndarray, y: np.ndarray) -> tuple:
        """The rising and the falling part of G (in S)."""
        total, _, slack = self.at(is_near, y)
        is_lower = self.lower[which]
        upper_share = np.where(is_lower, 0.0, self.share)
        lower_strength = np.where(is_lower, self.strength, 0.0)
        rising = total - (upper_share * (1.0 + slack)).sum(axis=1) / total
        return rising, -(2.0 * lower_strength / (1.0 + slack)).sum(axis=1)

    def slopes(self, which: np.ndarray, is_near: np.ndarray, a: tuple, b: tuple) -> tuple:
        """Bounds of G' times its factor between `a` (the smaller S) and `b`."""
        (total_a, factor_a, slack_a), (total_b, factor_b, slack_b) = a, b
        is_lower = self.lower[which]
        share = np.where(is_lower, 0.0, self.share)
        strength = np.where(is_lower, 0.0, self.strength)
        falling = np.where(is_lower, self.strength / self.limit, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio_a, ratio_b = (
                np.nan_to_num(f[:, None] / s, nan=1.0)
                for f, s in ((factor_a, slack_a), (factor_b, slack_b))
            )
        low_ratio, high_ratio = np.minimum(ratio_a, ratio_b), np.maximum(ratio_a, ratio_b)
        low_factor, high_factor = np.minimum(factor_a, factor_b), np.maximum(factor_a, factor_b)
        low = low_factor * (1.0 + (share * (1.0 + slack_b)).sum(axis=1) / total_b**2)
        low += (strength * low_ratio).sum(axis=1) / total_b
        low -= (falling * high_ratio / (1.0 + slack_b) ** 2).sum(axis=1)
        high = high_factor * (1.0 + (share * (1.0 + slack_a)).sum(axis=1) / total_a**2)
        high += (strength * high_ratio).sum(axis=1) / total_a
        high -= (falling * low_ratio / (1.0 + slack_a) ** 2).sum(axis=1)
        return low, high


def all_choices(terms: Terms) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every equilibrium of one problem.

    Arguments:
        terms: of a single problem, arrays of shape `(1, d)`.

    Returns:
        S of shape `(m,)`, which roots are lower `(m, d)`, and the outputs `(m, d)`.
    """
    driven = terms.limit.shape[1]
    lower = (np.arange(2**driven)[:, None] >> np.arange(driven)) % 2 == 1
    boxes = _Boxes(terms, lower)
    which, is_near, low, high = _first_boxes(boxes)
    settled = [tuple(a[:0] for a in (which, is_near, low, high))]
    for level in range(_LEVELS):
        if not which.size:
            break
        a, b = boxes.at(is_near, low), boxes.at(is_near, high)
        rise_a, fall_a = boxes.parts(which, is_near, low)
        rise_b, fall_b = boxes.parts(which, is_near, high)
        may_vanish = (rise_a + fall_b <= 0.0) & (rise_b + fall_a >= 0.0)
        slope = boxes.slopes(which, is_near, a, b)
        is_monotone = (slope[0] > 0.0) | (slope[1] < 0.0) | (level == _LEVELS - 1)
        crosses = (rise_a + fall_a <= 0.0) != (rise_b + fall_b <= 0.0)
        take = may_vanish & is_monotone & crosses
        settled.append((which[take], is_near[take], low[take], high[take]))
        split = may_vanish & ~is_monotone
        which, is_near, low, high = which[split], is_near[split], low[split], high[split]
        middle = 0.5 * (low + high)
        which, is_near = np.concatenate([which] * 2), np.concatenate([is_near] * 2)
        low, high = np.concatenate([low, middle]), np.concatenate([middle, high])
    which, is_near, low, high = (np.concatenate(parts) for parts in zip(*settled, strict=True))
    y = _zeros_between(boxes, which, is_near, low, high)
    total, _, slack = boxes.at(is_near, y)
    signed = np.where(lower[which], lower_root(terms, total, slack), 1.0 + slack)
    return total, lower[which], terms.root_scale[0] * signed / total[:, None]


def lower_root(terms: Terms, total: np.ndarray, slack: np.ndarray) -> np.ndarray:
    """1 − s_i without cancellation, (S / S_i) / (1 + s_i)."""
    return (total[:, None] / terms.limit[0]) / (1.0 + slack)


def _first_boxes(boxes: _Boxes) -> tuple[np.ndarray, ...]:
    """S is at least √Σ_upper 2A_iS_i and at least Σ_lower A_i; and at most the least limit."""
    lower = boxes.lower
    least = np.maximum(
        np.sqrt(np.where(lower, 0.0, boxes.share).sum(axis=1)),
        np.where(lower, boxes.strength, 0.0).sum(axis=1),
    ) * (1.0 - 1e-12)
    half = 0.5 * boxes.least
    far = np.flatnonzero(least < half)
    near = np.flatnonzero(least <= boxes.least)
    end = np.sqrt(np.minimum(1.0 - least[near] / boxes.least, 0.5))
    return (
        np.concatenate([far, near]),
        np.repeat([False, True], [len(far), len(near)]),
        # `low` is the end of smaller S: in the near coordinate the larger value.
        np.concatenate([np.log(least[far]), end]),
        np.concatenate([np.full(len(far), np.log(half)), np.zeros(len(near))]),
    )


def _zeros_between(
    boxes: _Boxes, which: np.ndarray, is_near: np.ndarray, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """The zero of G in each interval over which it changes sign."""

    def is_below(x: np.ndarray) -> np.ndarray:
        rise, fall = boxes.parts(which, is_near, x)
        return rise + fall <= 0.0

    starts_below = is_below(low)
    return bisected(lambda x: is_below(x) != starts_below, low, high)
