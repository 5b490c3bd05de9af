"""States that are given to start from: checked, in coordinates, and the box round them."""

import functools
from typing import Any

import jax
import numpy as np

from thalweg.core.domains import Box
from thalweg.core.errors import InputError
from thalweg.core.given import refuse_result
from thalweg.core.shares import check_shares
from thalweg.core.tables import counted
from thalweg.core.trees import Layout, lists_as_arrays
from thalweg.dynamics import Rule
from thalweg.dynamics.declared import fits
from thalweg.dynamics.problem import Problem


def given_points(problem: Problem, starts: Any) -> np.ndarray:
    """The coordinates `(n, d)` of states stacked along a first axis; refuses what is not."""
    layout, stacked = problem.chart.layout, _numbers(starts)
    if layout == Layout.of(np.zeros(layout.shapes[0])) and isinstance(stacked, np.ndarray):
        _check_shape(stacked.shape, layout.shapes[0])
    try:
        flat = layout.flatten(stacked)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"starts must be a number, or states stacked along a first axis: {error}"
        ) from error
    if flat.ndim != 2 or not len(flat):
        raise InputError(
            f"starts must be states stacked along a first axis, got shape {np.shape(flat)} for "
            f"states of {counted(layout.size, 'coordinate')}."
        )
    _check_finite(stacked)
    if problem.chart.is_simplex:  # by the rounding of the numbers as they were given
        check_shares("ProbabilitySimplex", lists_as_arrays(starts), "starts")
    return problem.chart.coordinates(stacked)


def box_around(rule: Rule, starts: Any) -> Box:
    """A box around states that a rule takes, three times as wide as they are spread.

    Raises:
        InputError: they are no states stacked along a first axis, or not finite.
    """
    stacked = _numbers(starts)
    if any(np.ndim(leaf) and not len(leaf) for leaf in jax.tree.leaves(stacked)):
        raise InputError(f"starts must hold one state or more, got {starts!r}.")
    if not all(np.ndim(leaf) for leaf in jax.tree.leaves(stacked)):
        raise InputError(
            f"starts must be a whole number, or states stacked along a first axis, got {starts!r}."
        )
    if isinstance(stacked, np.ndarray):
        shape = stacked.shape
        if len(shape) == 1 and all(fits(rule, Layout.of(np.zeros(one))) for one in ((), shape)):
            raise InputError(
                f"starts must be states stacked along a first axis, got shape {shape}. Of one "
                f"state of {counted(len(stacked), 'coordinate')} write starts[None], of "
                f"{counted(len(stacked), 'state')} of one coordinate starts[:, None]."
            )
        for one in (shape[1:], *(shape[k:] for k in range(2, len(shape))), shape[:1], shape):
            if fits(rule, Layout.of(np.zeros(one))):
                _check_shape(shape, one)
                break
    _check_finite(stacked)
    low = jax.tree.map(functools.partial(np.min, axis=0), stacked)
    high = jax.tree.map(functools.partial(np.max, axis=0), stacked)
    room = jax.tree.map(lambda a, b: np.maximum(b - a, 1e-3 * (1 + np.abs(a))), low, high)
    return Box(
        jax.tree.map(lambda a, r: a - r, low, room), jax.tree.map(lambda b, r: b + r, high, room)
    )


def _numbers(starts: Any) -> Any:
    """The leaves as float64 arrays."""
    refuse_result("starts", starts)
    try:
        return jax.tree.map(
            functools.partial(np.asarray, dtype=np.float64), lists_as_arrays(starts)
        )
    except (TypeError, ValueError) as error:
        raise InputError(
            f"starts must be a number, or states stacked along a first axis: {error}"
        ) from error


def _check_shape(shape: tuple[int, ...], one: tuple[int, ...]) -> None:
    """Refuse an array that is no stack of states of shape `one`, with what makes it one."""
    if shape and shape[0] and shape[1:] == one:
        return
    cure, count = "", len(one)
    if shape == one:
        cure = " That is one state: write starts[None]."
    elif shape[-count:] == one and len(shape) > count + 1 and count:
        cure = f" Flatten them: starts.reshape(-1, {', '.join(map(str, one))})."
    elif shape[:1] == one and len(shape) == 2:
        cure = " They are transposed: write starts.T."
    wanted = ", ".join(["n", *map(str, one)]) + ("" if one else ",")
    raise InputError(
        f"starts must be states stacked along a first axis, of shape ({wanted}), got shape {shape}."
        f"{cure}"
    )


def _check_finite(stacked: Any) -> None:
    leaves = jax.tree.leaves(stacked)
    counts = sorted({len(leaf) for leaf in leaves})
    if len(counts) > 1:
        raise InputError(
            f"starts must hold as many states in each of its arrays, got {counts[0]} in one and "
            f"{counts[-1]} in another."
        )
    rows = [leaf.reshape(len(leaf), -1) for leaf in leaves]
    lost = np.flatnonzero(~np.all([np.isfinite(row).all(axis=1) for row in rows], axis=0))
    if not len(lost):
        return
    row = lost[0]
    number = next(x for leaf in rows for x in leaf[row] if not np.isfinite(x))
    more = f", as do {len(lost) - 1:,} more" if len(lost) > 1 else ""
    cure = "starts[np.isfinite(starts).all(axis=1)]"
    is_plain = len(leaves) == 1 and leaves[0].ndim == 2 and isinstance(stacked, np.ndarray)
    raise InputError(
        f"starts must be finite; state {row} of {len(rows[0]):,} holds {number}{more}. "
        f"Leave out such states{f': {cure}' if is_plain else ''}."
    )
