"""Any number of points through one compiled program, a fixed number at a time."""

from collections.abc import Callable
from typing import Any

import numpy as np

BATCH = 256  # points of one compiled program: filling up a few costs less than another program


def in_batches(
    fn: Callable[[np.ndarray], tuple[Any, ...]], points: np.ndarray, size: int = BATCH
) -> tuple[np.ndarray, ...]:
    """`fn` of `(n, d)` points, evaluated on `(size, d)` at a time; its results in NumPy.

    Arguments:
        fn: maps points to a tuple of arrays with one row a point.
        points: shape `(n, d)`, n ≥ 1; the last batch is filled up with its own first point.
        size: of a batch.
    """
    parts = []
    for start in range(0, len(points), size):
        part = points[start : start + size]
        padded = np.concatenate([part, np.repeat(part[:1], size - len(part), axis=0)])
        parts.append([np.asarray(found)[: len(part)] for found in fn(padded)])
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))
