"""Any number of points through one compiled program, a fixed number at a time."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

BATCH = 256  # points of one compiled program: filling up a few costs less than another program


def filled(rows: np.ndarray, size: int) -> np.ndarray:
    """One to `size` rows, `size` in all: copies of the first fill up."""
    index = np.arange(size)
    return rows[np.where(index < len(rows), index, 0)]


def in_batches(fn: Callable[[Any], Any], points: Any, size: int = BATCH) -> Any:
    """`fn` of many points, evaluated on `size` rows at a time; its results in NumPy.

    Arguments:
        fn: maps points to arrays with one row a point, or to a pytree of such.
        points: shape `(n, …)` with n ≥ 1, or a pytree of such arrays; the last batch is filled up
            with its own first row.
        size: of a batch.
    """
    count, parts = len(jax.tree.leaves(points)[0]), []
    for start in range(0, count, size):
        rows = filled(np.arange(start, min(start + size, count)), size)
        found = fn(jax.tree.map(lambda leaf: np.asarray(leaf)[rows], points))  # noqa: B023
        kept = min(size, count - start)
        parts.append(jax.tree.map(lambda leaf: np.asarray(leaf)[:kept], found))  # noqa: B023
    return jax.tree.map(lambda *leaves: np.concatenate(leaves), *parts)
