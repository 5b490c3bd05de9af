"""Named arrays out of the answer of a function at a point: their names, their types, their fit."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np

from thalweg.core.errors import InputError
from thalweg.sweeps.statuses import Status
from thalweg.sweeps.variables import Variable

STATUS = "status"


def named_leaves(tree: Any) -> dict[str, Any]:
    """The leaves of a pytree by their paths; of a single array `value`.

    Raises:
        InputError: two of them have one name.
    """
    found: dict[str, Any] = {}
    for path, leaf in jax.tree_util.tree_flatten_with_path(tree)[0]:
        name = jax.tree_util.keystr(path, simple=True, separator=".") or "value"
        if name in found:
            raise InputError(f"two of the arrays would be called {name!r}: rename one.")
        found[name] = leaf
    return found


def as_arrays(leaves: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The leaves as arrays.

    Python's own numbers become float64, whole ones too: what is 0 at one point is 0.5 at another.
    """
    return {
        name: np.asarray(leaf, np.float64 if type(leaf) is int and name != STATUS else None)
        for name, leaf in leaves.items()
    }


def described(
    leaves: Mapping[str, Any], said: Mapping[str, Mapping[str, Any]], name: str
) -> tuple[Variable, ...]:
    """A variable for each leaf but the status.

    Raises:
        InputError: there is none, or something that is no array of numbers, or `said` speaks of
            another.
    """
    kept = {key: leaf for key, leaf in leaves.items() if key != STATUS}
    unknown = [key for key in said if key not in kept]
    if unknown or not kept:
        raise InputError(
            f"{name} gives no variable {unknown[0]!r}: it gives {', '.join(kept) or 'none'}."
            if unknown
            else f"{name} gives no arrays."
        )
    if STATUS in leaves and np.shape(leaves[STATUS]) != ():
        raise InputError(
            f"{name} gives a {STATUS!r} of shape {np.shape(leaves[STATUS])}; expected one integer "
            f"of thalweg.sweeps.Status."
        )
    found = []
    # Those of which something is said come first, in that order: JAX sorts dictionaries.
    for key in dict.fromkeys([*said, *kept]):
        leaf = kept[key]
        shape, dtype = tuple(np.shape(leaf)), np.dtype(leaf.dtype)
        if dtype.kind not in "biufc" or "/" in key or key.startswith("."):
            raise InputError(f"{name} gives {key!r} of type {dtype}; expected numbers.")
        own = dict(said.get(key, {}))
        own.setdefault("dims", tuple(f"{key}_{axis}" for axis in range(len(shape))))
        found.append(Variable(key, shape, dtype.name, **own))
    return tuple(found)


def fitted(found: Mapping[str, np.ndarray], variables: Sequence[Variable]) -> dict[str, np.ndarray]:
    """The arrays of a point in the types of the variables, every number unchanged.

    Raises:
        InputError: the names or the shapes are others, or a type cannot hold a number.
    """
    shapes = {name: np.shape(leaf) for name, leaf in found.items()}
    expected = {variable.name: variable.shape for variable in variables}
    if shapes != expected:
        raise InputError(f"the shapes are {shapes}, at other points {expected}.")
    return {variable.name: _fitted(found[variable.name], variable) for variable in variables}


def _fitted(leaf: np.ndarray, variable: Variable) -> np.ndarray:
    dtype = np.dtype(variable.dtype)
    if leaf.dtype == dtype:
        return leaf
    if leaf.dtype.kind in "biufc":
        real = np.real(leaf) if leaf.dtype.kind == "c" and dtype.kind != "c" else leaf
        with np.errstate(invalid="ignore", over="ignore"):
            kept = real.astype(dtype)
            is_same = np.array_equal(kept.astype(leaf.dtype), leaf, equal_nan=True)
        if is_same and np.array_equal(kept, leaf, equal_nan=True):
            return kept
    raise InputError(
        f"{variable.name!r} is {leaf.dtype} here and {dtype} at other points, which cannot hold "
        f"it: give the same type at every point, such as {np.result_type(leaf, dtype)}."
        if leaf.dtype.kind in "biufc"
        else f"{variable.name!r} is {leaf.dtype} here and {dtype} at other points."
    )


def checked_statuses(statuses: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """The statuses, `FAILED` for those that are none, and a note about these."""
    known = [int(status) for status in Status if status != Status.MISSING]
    wrong = ~np.isin(statuses, known)
    if not np.any(wrong):
        return statuses.astype(np.int8), []
    note = f"InputError: the status is {statuses[wrong].flat[0]}, which is none of {known}."
    return np.where(wrong, Status.FAILED, statuses).astype(np.int8), [note]
