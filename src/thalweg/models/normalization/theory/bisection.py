"""Bisection of many intervals side by side, which kinks and poles do not lead astray."""

from collections.abc import Callable

import numpy as np

_HALVINGS = 60  # below the spacing of float64 relative to the width of an interval


def bisected(
    is_past: Callable[[np.ndarray], np.ndarray], low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """The points, one an interval, from which on `is_past` is true; an end where it never changes.

    Arguments:
        is_past: truths for points of the shape of the intervals' ends, each of its own interval.
        low: lower ends, an array of any shape.
        high: upper ends, of that shape.
    """
    for _ in range(_HALVINGS if low.size else 0):
        middle = 0.5 * (low + high)
        past = is_past(middle)
        low, high = np.where(past, low, middle), np.where(past, middle, high)
    return 0.5 * (low + high)
