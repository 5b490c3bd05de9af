"""Operations that move the entries of arrays about, join them, or add them up.

Arrays are NumPy arrays of objects: numbers, truth values, and nodes of JavaScript. The usual moves
are NumPy's own; what is rarer is carried out by JAX on the numbers of the entries.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from thalweg.dynamics.formulas.programs import Equation
from thalweg.explorer.printing.blocks import Node, NoFormulasError

# Up to so many bits a real number of 64 bits is exact.
_MOST_BITS = 53
_BY_JAX = ("dynamic_slice", "dynamic_update_slice", "gather", "pad", "scatter")

Join = Callable[[str, Any, Any], Any]


def as_objects(value: Any) -> np.ndarray:
    """An array of numbers or nodes as an array of objects."""
    array = np.asarray(value)
    return array if array.dtype == object else array.astype(object)


def is_move(equation: Equation) -> bool:
    """True if an operation only moves entries about."""
    name = equation.primitive.name
    is_scatter = name == "scatter" and equation.params.get("update_jaxpr") is None
    return name in _MOVES or is_scatter or (name in _BY_JAX and name != "scatter")


def move(equation: Equation, operands: list[np.ndarray]) -> list[np.ndarray]:
    """Its results, one array each."""
    name = equation.primitive.name
    if name in _MOVES:
        return [as_objects(r) for r in _MOVES[name](operands, equation.params)]
    return _by_numbers(equation, operands)


def _by_numbers(equation: Equation, operands: list[np.ndarray]) -> list[np.ndarray]:
    """Carry the operation out on the numbers of the entries, then put the entries there."""
    entries: list[Any] = [_filling(equation)]
    if equation.primitive.name == "gather":  # of what is looked up outside, entry 0
        equation = replace(equation, params={**equation.params, "fill_value": 0})
    numbered = []
    # Which operands hold entries; the others say where.
    holders = {"dynamic_update_slice": (0, 1), "scatter": (0, 2), "pad": (0, 1)}
    for place, operand in enumerate(operands):
        if place in holders.get(equation.primitive.name, (0,)):
            numbers = np.arange(len(entries), len(entries) + operand.size)
            numbered.append(numbers.reshape(operand.shape).astype(np.int64))
            entries += list(operand.ravel())
        elif any(isinstance(entry, Node) for entry in operand.ravel()):
            raise NoFormulasError("it looks an entry up by an index that depends on the state")
        else:
            numbered.append(operand.astype(np.int64))
    table = np.empty(len(entries), dtype=object)
    table[:] = entries
    found = []
    for result in equation.evaluate(numbered):
        found.append(table[np.asarray(result)])
    return [as_objects(f) for f in found]


def _filling(equation: Equation) -> Any:
    """The entry that JAX gives where an array is looked up outside."""
    given = equation.params.get("fill_value")
    dtype = np.dtype(equation.dtypes[0])
    if given is not None:
        return np.asarray(given).astype(dtype).item()
    if dtype.kind in "iu":
        return int(np.iinfo(dtype).min if dtype.kind == "i" else np.iinfo(dtype).max)
    return True if dtype.kind == "b" else math.nan


def scattered(equation: Equation, operands: list[np.ndarray], join: Join) -> np.ndarray:
    """`scatter-add`: JAX adds up bits, one for each update, which say what lands where."""
    target, indices, updates = operands
    if updates.size > _MOST_BITS or any(isinstance(entry, Node) for entry in indices.ravel()):
        raise NoFormulasError(
            "it looks an entry up by an index that depends on the state, or adds up long arrays"
        )
    bits = (2.0 ** np.arange(updates.size)).reshape(updates.shape)
    (landed,) = equation.evaluate([np.zeros(target.shape), indices.astype(np.int64), bits])
    entries = updates.ravel()
    made = np.array(target, dtype=object)
    for index in np.ndindex(made.shape):
        code = int(np.asarray(landed)[index])
        for bit in range(len(entries)):
            if code >> bit & 1:
                made[index] = join("add", made[index], entries[bit])
    return made


def _broadcast(operands: list[np.ndarray], params: dict[str, Any]) -> list[Any]:
    shape, axes = params["shape"], params["broadcast_dimensions"]
    spread = [1] * len(shape)
    for axis, size in zip(axes, operands[0].shape, strict=True):
        spread[axis] = size
    return [np.broadcast_to(operands[0].reshape(spread), shape)]


def _slice(operands: list[np.ndarray], params: dict[str, Any]) -> list[Any]:
    strides = params["strides"] or (1,) * operands[0].ndim
    begin, end = params["start_indices"], params["limit_indices"]
    return [operands[0][tuple(map(slice, begin, end, strides))]]


def _split(operands: list[np.ndarray], params: dict[str, Any]) -> list[Any]:
    return np.split(operands[0], np.cumsum(params["sizes"])[:-1], axis=params["axis"])


def _iota(operands: list[np.ndarray], params: dict[str, Any]) -> list[Any]:
    shape, axis = params["shape"], params["dimension"]
    numbers = np.arange(shape[axis], dtype=params["dtype"])
    return [
        np.broadcast_to(np.moveaxis(numbers[(...,) + (None,) * (len(shape) - 1)], 0, axis), shape)
    ]


def _unstacked(operands: list[np.ndarray], params: dict[str, Any]) -> list[Any]:
    return list(np.moveaxis(operands[0], params["axis"], 0))


_MOVES: dict[str, Callable[[list[np.ndarray], dict[str, Any]], list[Any]]] = {
    "broadcast_in_dim": _broadcast,
    "concatenate": lambda o, p: [np.concatenate(o, axis=p["dimension"])],
    "expand_dims": lambda o, p: [np.expand_dims(o[0], tuple(p["dimensions"]))],
    "iota": _iota,
    "reshape": lambda o, p: [np.reshape(o[0], p["new_sizes"])],
    "rev": lambda o, p: [np.flip(o[0], tuple(p["dimensions"]))],
    "slice": _slice,
    "split": _split,
    "squeeze": lambda o, p: [np.squeeze(o[0], tuple(p["dimensions"]))],
    "stack": lambda o, p: [np.stack(o, axis=p["axis"])],
    "transpose": lambda o, p: [np.transpose(o[0], p["permutation"])],
    "unstack": _unstacked,
}


def reduced(
    array: np.ndarray, axes: Any, join: Callable[[Any, Any], Any], empty: Any
) -> np.ndarray:
    """Entries along some axes joined two by two, from the first on; of no entries it is `empty`."""
    kept = [i for i in range(array.ndim) if i not in axes]
    count = math.prod(array.shape[i] for i in axes)
    rows = np.transpose(array, [*kept, *axes]).reshape((*(array.shape[i] for i in kept), count))
    made = np.empty(rows.shape[:-1], dtype=object)
    for index in np.ndindex(made.shape):
        total = rows[index][0] if count else empty
        for entry in rows[index][1:]:
            total = join(total, entry)
        made[index] = total
    return made


def accumulated(array: np.ndarray, params: dict[str, Any], join: Join) -> np.ndarray:
    """Sums (or products) of all entries up to each one, along an axis."""
    rows = np.moveaxis(array, params["axis"], 0)
    rows = rows[::-1] if params["reverse"] else rows
    made = np.array(rows, dtype=object)
    for place in range(1, len(made)):
        for index in np.ndindex(made.shape[1:]):
            made[(place, *index)] = join("add", made[(place - 1, *index)], rows[(place, *index)])
    made = made[::-1] if params["reverse"] else made
    return np.moveaxis(made, 0, params["axis"])


def contracted(operands: list[np.ndarray], params: dict[str, Any], join: Join) -> np.ndarray:
    """`dot_general`: batch axes first, then the free ones of both."""
    (left_sum, right_sum), (left_batch, right_batch) = params["dimension_numbers"]
    left, right = operands
    left_free = [i for i in range(left.ndim) if i not in (*left_sum, *left_batch)]
    right_free = [i for i in range(right.ndim) if i not in (*right_sum, *right_batch)]
    batch = tuple(left.shape[i] for i in left_batch)
    rows = tuple(left.shape[i] for i in left_free)
    columns = tuple(right.shape[i] for i in right_free)
    count = math.prod(left.shape[i] for i in left_sum)
    a = np.transpose(left, [*left_batch, *left_free, *left_sum])
    b = np.transpose(right, [*right_batch, *right_free, *right_sum])
    a = a.reshape(math.prod(batch), math.prod(rows), count)
    b = b.reshape(math.prod(batch), math.prod(columns), count)
    made = np.empty((a.shape[0], a.shape[1], b.shape[1]), dtype=object)
    for k, i, j in np.ndindex(made.shape):
        total: Any = 0.0
        for x, y in zip(a[k, i], b[k, j], strict=True):
            total = join("add", total, join("mul", x, y))
        made[k, i, j] = total
    return made.reshape((*batch, *rows, *columns))
