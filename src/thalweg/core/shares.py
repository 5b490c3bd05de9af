"""Shares: numbers that are not negative and add up to one, as points of a simplex are."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.tables import format_number, format_state

# Sums of shares that were written with a few digits are as far off 1; or so many units of rounding.
_WHOLE, _ROUNDING = 1e-6, 64.0


def are_shares(x: Any) -> jax.Array:
    """Truth, one a row along the last axis: nothing negative, the sum one but for rounding."""
    return jnp.all(x >= 0, axis=-1) & (jnp.abs(jnp.sum(x, axis=-1) - 1.0) <= _slack(x))


def check_shares(owner: str, state: Any, name: str) -> None:
    """Refuse rows, along the last axis of each leaf, that are no shares but for rounding.

    Arguments:
        owner: of the simplex, for the message.
        state: numbers; a row may fall below zero by as little as its sum may differ from one, as
            the last point of a run does.
        name: of the state, for the message.

    Raises:
        InputError: a leaf is one number, a share is negative, or a row has another sum.
    """
    for leaf in map(np.asarray, jax.tree.leaves(state)):
        if leaf.ndim == 0:
            raise InputError(f"{owner}: {name} must be a vector of probabilities, got a number.")
        slack = _slack(leaf)
        rows = leaf.reshape(-1, leaf.shape[-1]).astype(float)
        sums = rows.sum(axis=-1)
        wrong = np.any(rows < -slack, axis=-1) | ~(np.abs(sums - 1.0) <= slack)
        if np.any(wrong):
            row, total = rows[wrong][0], sums[wrong][0]
            told = "a negative one"
            if not np.any(row < -slack):
                told = f"the sum {format_number(total)}; divide by it"
            raise InputError(
                f"{owner}: {name} must be on the simplex, shares that are not negative and add up "
                f"to one, got {format_state(row)}, with {told}."
            )


def _slack(x: Any) -> float:
    return max(_WHOLE, _ROUNDING * float(jnp.finfo(jnp.result_type(x, float)).eps))
