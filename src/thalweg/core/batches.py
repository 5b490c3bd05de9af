"""Rows of arrays: any number through one compiled program, and what all of them share."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

BATCH = 256  # points of one compiled program: filling up a few costs less than another program


def filled(rows: np.ndarray, size: int) -> np.ndarray:
    """One to `size` rows, `size` in all: copies of the first fill up."""
    index = np.arange(size)
    return rows[np.where(index < len(rows), index, 0)]


def for_rows(shared: Any, rows: Any) -> Any:
    """An array `(d,)`, say, with as many axes as `rows` `(…, d)`, to stand beside each of them.

    A number stays one. So no array is stretched over another unasked (JAX can refuse that).
    """
    missing = np.ndim(rows) - np.ndim(shared)
    if missing <= 0 or not np.ndim(shared):
        return shared
    xp = np if isinstance(shared, np.ndarray) else jnp
    return xp.expand_dims(shared, tuple(range(missing)))


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
