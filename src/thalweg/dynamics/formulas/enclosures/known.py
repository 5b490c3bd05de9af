"""Operations on arrays that are known, by NumPy: of JAX each would be a program to compile."""

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.dynamics.formulas.programs import Equation

_Array = np.ndarray
# Of arrays of one kind these are the same entry by entry; whole numbers overflow alike.
_ENTRY_BY_ENTRY: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "and": np.bitwise_and,
    "eq": np.equal,
    "ge": np.greater_equal,
    "gt": np.greater,
    "le": np.less_equal,
    "lt": np.less,
    "mul": np.multiply,
    "ne": np.not_equal,
    "not": np.bitwise_not,
    "or": np.bitwise_or,
    "sub": np.subtract,
}


def carried_out(equation: Equation, operands: list[Any]) -> list[_Array]:
    """The results of an equation for whole numbers and conditions, by JAX where NumPy has none."""
    name, params = equation.primitive.name, equation.params
    if name in _ENTRY_BY_ENTRY:
        with np.errstate(over="ignore"):
            return [np.asarray(_ENTRY_BY_ENTRY[name](*operands))]
    if name == "iota":
        return [_counted(params["shape"], params["dimension"], params["dtype"])]
    if name == "convert_element_type":
        return [operands[0].astype(params["new_dtype"])]
    if name == "pad":
        return [padded(operands[0], operands[1], params["padding_config"])]
    return [np.asarray(result) for result in equation.evaluate(operands)]


def _counted(shape: tuple[int, ...], axis: int, dtype: Any) -> _Array:
    """The place along an axis, of every entry."""
    along = np.arange(shape[axis]).astype(dtype)
    sides = [1] * len(shape)
    sides[axis] = shape[axis]
    return np.broadcast_to(along.reshape(sides), shape).copy()


def padded(array: _Array, filled: Any, config: tuple[tuple[int, int, int], ...]) -> _Array:
    """An array with `filled` before, behind and between its entries, or cut where less than 0.

    Arguments:
        array: of any dimension.
        filled: a number.
        config: how many before, behind, and between each two, an axis each.
    """
    for axis, (before, behind, between) in enumerate(config):
        rows = np.moveaxis(array, axis, 0)
        count = len(rows) + max(len(rows) - 1, 0) * between
        whole = np.full((max(before, 0) + count + max(behind, 0), *rows.shape[1:]), filled)
        whole = whole.astype(array.dtype)
        first = max(before, 0)
        whole[first : first + count : between + 1] = rows
        kept = whole[max(-before, 0) : len(whole) - max(-behind, 0)]
        array = np.moveaxis(kept, 0, axis)
    return array
