"""JAX primitives carried out entry by entry, on scalars of any arithmetic: expressions, balls.

Operations that only move entries about (slices, gathers, transposes …) are carried out on entry
numbers; the others on arrays of scalars, one entry at a time.
"""

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.core.errors import InputError
from thalweg.dynamics.formulas.programs import FIRST_ENTRY, Equation, entries_in

_MOVES = (
    "broadcast_in_dim", "concatenate", "dynamic_slice", "dynamic_update_slice", "expand_dims",
    "gather", "pad", "reshape", "rev", "slice", "split", "squeeze", "stack", "transpose", "unstack",
)  # fmt: skip
_SAME = ("stop_gradient", "device_put", "copy", "copy_p", "optimization_barrier")
_FOLDS = {
    "reduce_prod": "mul",
    "reduce_max": "max",
    "reduce_min": "min",
    "reduce_and": "and",
    "reduce_or": "or",
}


@dataclass(frozen=True)
class Arithmetic:
    """Scalars that programs can be carried out on; arrays of them have dtype `object`.

    Attributes:
        number: the scalar of a number or truth value of NumPy.
        one: functions of one scalar by the names of their JAX primitives.
        two: functions of two scalars likewise, comparisons and connectives among them.
        total: the sum of a list of scalars.
        power: a scalar raised to a whole number.
        choose: of a condition, the scalar where it fails and the one where it holds.
        convert: a scalar as one of another dtype.
        refuse: the error of a primitive that has no meaning here, by its name.
    """

    number: Callable[[Any], Any]
    one: Mapping[str, Callable[..., Any]]
    two: Mapping[str, Callable[..., Any]]
    total: Callable[[Sequence[Any]], Any]
    power: Callable[[Any, int], Any]
    choose: Callable[[Any, Any, Any], Any]
    convert: Callable[[Any, Any], Any]
    refuse: Callable[[str], InputError]

    def scalars(self, array: Any) -> np.ndarray:
        """An array of numbers (or of scalars) as one of scalars."""
        array = np.asarray(array)
        if array.dtype == object:
            return array
        made = np.empty(array.shape, dtype=object)
        for index in np.ndindex(array.shape):
            made[index] = self.number(array[index])
        return made

    def entrywise(self, fn: Callable[..., Any], operands: Sequence[Any]) -> np.ndarray:
        """A function of scalars, entry by entry."""
        arrays = np.broadcast_arrays(*(self.scalars(o) for o in operands))
        made = np.empty(arrays[0].shape, dtype=object)
        for index in np.ndindex(made.shape):
            made[index] = fn(*(a[index] for a in arrays))
        return made

    def carry_out(self, equation: Equation, operands: list[Any]) -> list[Any]:
        """The results of an equation for these values of its operands.

        Raises:
            InputError: the primitive has no meaning here.
        """
        name, params = equation.primitive.name, equation.params
        if all(o.dtype != object and o.dtype.kind in "iub" for o in operands):
            return [np.asarray(r) for r in equation.evaluate(operands)]  # sizes and indices
        if name in _SAME:
            return list(operands)
        if name in _MOVES or (name == "scatter" and params.get("update_jaxpr") is None):
            return self._move(equation, operands)
        if name == "convert_element_type":
            dtype = params["new_dtype"]
            return [self.entrywise(lambda a: self.convert(a, dtype), operands)]
        if name in self.one:
            return [self.entrywise(self.one[name], operands)]
        if name in self.two:
            return [self.entrywise(self.two[name], operands)]
        if name in _FOLDS and _FOLDS[name] in self.two:
            fold = functools.partial(functools.reduce, self.two[_FOLDS[name]])
            return [self._over(fold, operands[0], params["axes"])]
        special = _SPECIAL.get(name)
        if special is None:
            raise self.refuse(name)
        return [special(self, operands, params)]

    def _move(self, equation: Equation, operands: list[Any]) -> list[Any]:
        """Carry the operation out on entry numbers, then put the entries there."""
        entries: list[Any] = []
        numbered = []
        for operand in operands:
            if operand.dtype.kind not in "iu":
                scalars = self.scalars(operand)
                start = FIRST_ENTRY + len(entries)
                entries += list(scalars.ravel())
                count = np.arange(start, start + scalars.size)
                numbered.append(count.reshape(scalars.shape).astype(np.int64))
            else:
                numbered.append(operand)
        table = np.empty(len(entries) + 1, dtype=object)
        table[0], table[1:] = self.number(0), entries
        results = equation.evaluate(numbered)
        places = [entries_in(np.asarray(found), len(entries), equation) for found in results]
        return [np.asarray(table[place], dtype=object) for place in places]

    def _over(self, fold: Callable[[Any], Any], array: Any, axes: Sequence[int]) -> np.ndarray:
        """A function of the lists of entries along axes."""
        array = self.scalars(array)
        kept = [i for i in range(array.ndim) if i not in axes]
        rows = np.transpose(array, [*kept, *axes])
        rows = rows.reshape(*(array.shape[i] for i in kept), -1)
        made = np.empty(rows.shape[:-1], dtype=object)
        for index in np.ndindex(made.shape):
            made[index] = fold(list(rows[index]))
        return made

    def _select(self, operands: list[Any], params: Mapping[str, Any]) -> np.ndarray:
        which, *cases = operands
        if len(cases) != 2:
            raise self.refuse("select_n of more than two cases")
        return self.entrywise(self.choose, [which, *cases])

    def _clamp(self, operands: list[Any], params: Mapping[str, Any]) -> np.ndarray:
        least, largest = self.two["min"], self.two["max"]
        return self.entrywise(lambda low, a, high: least(largest(a, low), high), operands)

    def _accumulate(self, operands: list[Any], params: Mapping[str, Any]) -> np.ndarray:
        array = np.moveaxis(self.scalars(operands[0]), params["axis"], 0)
        made = np.empty(array.shape, dtype=object)
        rows = range(len(array))
        before = None
        for i in reversed(rows) if params["reverse"] else rows:
            row = array[i : i + 1]
            before = row if before is None else self._sum(before, row)
            made[i : i + 1] = before
        return np.moveaxis(made, 0, params["axis"])

    def _sum(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return self.entrywise(lambda x, y: self.total([x, y]), [a, b])

    def _contract(self, operands: list[Any], params: Mapping[str, Any]) -> np.ndarray:
        """`dot_general`: batch axes first, then the free ones of both."""
        (left_sum, right_sum), (left_batch, right_batch) = params["dimension_numbers"]
        left, right = (self.scalars(o) for o in operands)
        left_free = [i for i in range(left.ndim) if i not in (*left_sum, *left_batch)]
        right_free = [i for i in range(right.ndim) if i not in (*right_sum, *right_batch)]
        a = np.transpose(left, [*left_batch, *left_free, *left_sum])
        b = np.transpose(right, [*right_batch, *right_free, *right_sum])
        batch = a.shape[: len(left_batch)]
        free = (
            a.shape[len(batch) : len(batch) + len(left_free)],
            b.shape[len(batch) :][: len(right_free)],
        )
        count = math.prod(left.shape[i] for i in left_sum)
        a = a.reshape(math.prod(batch), math.prod(free[0]), count)
        b = b.reshape(math.prod(batch), math.prod(free[1]), count)
        made = np.empty((a.shape[0], a.shape[1], b.shape[1]), dtype=object)
        times = self.two["mul"]
        for k, i, j in np.ndindex(made.shape):
            made[k, i, j] = self.total([times(x, y) for x, y in zip(a[k, i], b[k, j], strict=True)])
        return made.reshape((*batch, *free[0], *free[1]))


_Special = Callable[[Arithmetic, list[Any], Mapping[str, Any]], np.ndarray]
_SPECIAL: dict[str, _Special] = {
    "integer_pow": lambda self, o, p: self.entrywise(lambda a: self.power(a, p["y"]), o),
    "reduce_sum": lambda self, o, p: self._over(self.total, o[0], p["axes"]),
    "cumsum": Arithmetic._accumulate,
    "dot_general": Arithmetic._contract,
    "select_n": Arithmetic._select,
    "clamp": Arithmetic._clamp,
}
