"""Outcome of an engine, before it becomes a trajectory."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.codes import Result


class Outcome(eqx.Module):
    """A run.

    Attributes:
        times: when the rows were saved, shape `(n,)`; NaN (−1 for a map) in a row never reached.
        states: the rows, a pytree with a first axis of n, NaN where never reached. None, like
            `times`, when only the end was asked for.
        last_time: the time of the last state reached.
        last_state: that state; finite, if the start was.
        result: how the run ended.
        steps: how many steps were made.
        rejected: how many were tried and rejected.
        evaluations: how often the rule was evaluated; None when nobody counted.
        interpolation: what evaluates the run between its steps, or None.
    """

    times: Any
    states: Any
    last_time: Any
    last_state: Any
    result: Result
    steps: Any
    rejected: Any
    evaluations: Any
    interpolation: Any = None


# Between two looks at the clock: progress moves, and a look costs nothing beside it.
SEGMENT_SECONDS = 0.25


def first_budget(state: Any) -> int:
    """Number of steps to make before looking at the clock: many for a small state."""
    size = sum(np.size(leaf) for leaf in jax.tree.leaves(state))
    return int(np.clip(2**20 // max(size, 1), 16, 8192))


def masked(reached: jax.Array, rows: jax.Array) -> jax.Array:
    """The rows, NaN where they were not reached."""
    return jnp.where(reached.reshape((-1,) + (1,) * (rows.ndim - 1)), rows, jnp.nan)
