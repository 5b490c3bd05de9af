"""A rule's program as formulas: JAX primitives carried out on SymPy expressions.

JAX code cannot run on SymPy symbols, but its program can be read. Operations that only move entries
about (slices, gathers, transposes …) are carried out on entry numbers; the others on arrays of
expressions, one entry at a time. What has no meaning in exact form is refused by name.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp

from thalweg.core.errors import InputError
from thalweg.dynamics.formulas.constants import ConstantParts
from thalweg.dynamics.formulas.programs import Equation, Name, Program

_MOVES = (
    "broadcast_in_dim", "concatenate", "dynamic_slice", "dynamic_update_slice", "expand_dims",
    "gather", "pad", "reshape", "rev", "slice", "split", "squeeze", "stack", "transpose", "unstack",
)  # fmt: skip
_CONDITIONS = ("gt", "ge", "lt", "le")
_SAME = ("convert_element_type", "stop_gradient", "device_put", "copy", "optimization_barrier")

_ONE: dict[str, Callable[..., Any]] = {
    "neg": lambda a: -a,
    "abs": sp.Abs,
    "sign": sp.sign,
    "exp": sp.exp,
    "exp2": lambda a: 2**a,
    "expm1": lambda a: sp.exp(a) - 1,
    "log": sp.log,
    "log1p": lambda a: sp.log(1 + a),
    "sqrt": sp.sqrt,
    "rsqrt": lambda a: 1 / sp.sqrt(a),
    "cbrt": sp.cbrt,
    "square": lambda a: a**2,
    "sin": sp.sin,
    "cos": sp.cos,
    "tan": sp.tan,
    "asin": sp.asin,
    "acos": sp.acos,
    "atan": sp.atan,
    "sinh": sp.sinh,
    "cosh": sp.cosh,
    "tanh": sp.tanh,
    "asinh": sp.asinh,
    "acosh": sp.acosh,
    "atanh": sp.atanh,
    "erf": sp.erf,
    "logistic": lambda a: 1 / (1 + sp.exp(-a)),
    "floor": sp.floor,
    "ceil": sp.ceiling,
    "round": lambda a: a if a.is_integer else sp.floor(a + sp.Rational(1, 2)),
    "is_finite": lambda a: sp.false if a.has(sp.oo, -sp.oo, sp.zoo, sp.nan) else sp.true,
    "not": sp.Not,
}
_TWO: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "add_any": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
    "max": sp.Max,
    "min": sp.Min,
    "atan2": sp.atan2,
    "gt": sp.Gt,
    "ge": sp.Ge,
    "lt": sp.Lt,
    "le": sp.Le,
    "eq": sp.Eq,
    "ne": sp.Ne,
    "and": sp.And,
    "or": sp.Or,
}


def exact_number(value: Any) -> Any:
    """A number as the rational that its shortest decimal form names: 0.1 is 1/10.

    A simple multiple of π, to the last digits, is one: a rounded π would spoil every period.
    """
    if isinstance(value, bool | np.bool_):
        return sp.true if value else sp.false
    if isinstance(value, int | np.integer):
        return sp.Integer(int(value))
    if not np.isfinite(value):
        return sp.oo if value > 0 else (-sp.oo if value < 0 else sp.nan)
    turns = multiple_of_pi(value)
    if turns is not None:
        return turns * sp.pi
    return sp.Rational(np.format_float_positional(value, unique=True, trim="0"))


def multiple_of_pi(value: Any) -> Any:
    """The rational number p/q, q ≤ 8, with `value` = πp/q within two roundings, or None."""
    unit = float(np.finfo(np.asarray(value).dtype).eps)
    for below in (1, 2, 3, 4, 6, 8):
        above = round(float(value) * below / math.pi)
        # Larger numerators lie so close together that numbers of single precision hit them.
        if 0 < abs(above) <= 64 and abs(above * math.pi / below / value - 1.0) <= 2.0 * unit:
            return sp.Rational(above, below)
    return None


def as_expressions(array: Any) -> np.ndarray:
    """An array of numbers (or expressions) as an array of exact expressions."""
    array = np.asarray(array)
    if array.dtype == object:
        return array
    made = np.empty(array.shape, dtype=object)
    for index in np.ndindex(array.shape):
        made[index] = exact_number(array[index])
    return made


def formulas(
    program: Program, inputs: list[np.ndarray], still: ConstantParts | None = None
) -> list[np.ndarray]:
    """The outputs of a program as arrays of expressions.

    Arguments:
        program: what to carry out.
        inputs: an array of expressions for each input leaf.
        still: names what does not depend on the state, and decides conditions; None: all is
            written out.

    Raises:
        InputError: the program holds an operation that has no exact form here.
    """
    values: dict[int, Any] = dict(zip(program.inputs, inputs, strict=True))

    def look_up(operand: Any) -> Any:
        if not isinstance(operand, Name):
            return np.asarray(operand)
        if values[operand.number] is None and still is not None:
            return still.named(operand.number, as_expressions)
        return values[operand.number]

    for equation in program.equations:
        if still is not None and still.holds(equation):
            numbers = [o.number for o in equation.operands if isinstance(o, Name)]
            is_known = all(values[number] is not None for number in numbers)
            exactly = functools.partial(_at, equation, look_up)
            results = still.carry_out(equation, exactly, is_known)
        else:
            results = _at(equation, look_up)
            if still is not None and equation.primitive.name in _CONDITIONS:
                results = [_entrywise(still.decided, results)]
        values.update(zip(equation.results, results, strict=True))
    found = [as_expressions(look_up(o)) for o in program.outputs]
    if any(e.has(sp.nan, sp.oo, -sp.oo, sp.zoo) for array in found for e in array.ravel()):
        raise InputError(
            "symbolic recovery: the rule's formulas are not finite. Check its parameters, or give "
            "its formulas as SymPy expressions."
        )
    return found


def _at(equation: Equation, look_up: Callable[[Any], Any]) -> list[Any]:
    return _carry_out(equation, [look_up(operand) for operand in equation.operands])


def _carry_out(equation: Equation, operands: list[Any]) -> list[Any]:
    name, params = equation.primitive.name, equation.params
    if all(o.dtype != object and o.dtype.kind in "iub" for o in operands):
        return [np.asarray(r) for r in equation.evaluate(operands)]  # sizes and indices
    if name in _SAME:
        return list(operands)
    if name in _MOVES or (name == "scatter" and params.get("update_jaxpr") is None):
        return _move(equation, operands)
    if name in _ONE:
        return [_entrywise(_ONE[name], operands)]
    if name in _TWO:
        return [_entrywise(_TWO[name], operands)]
    special = _SPECIAL.get(name)
    if special is None:
        raise InputError(
            f"symbolic recovery: the rule uses the JAX operation {name!r}, which has no exact form "
            f"here. Write the rule without it, or give its formulas as SymPy expressions."
        )
    return [special(operands, params)]


def _entrywise(fn: Callable[..., Any], operands: list[Any]) -> np.ndarray:
    arrays = np.broadcast_arrays(*(as_expressions(o) for o in operands))
    made = np.empty(arrays[0].shape, dtype=object)
    for index in np.ndindex(made.shape):
        made[index] = fn(*(a[index] for a in arrays))
    return made


def _move(equation: Equation, operands: list[Any]) -> list[Any]:
    """Carry the operation out on entry numbers, then put the entries there."""
    entries: list[Any] = []
    numbered = []
    for operand in operands:
        if operand.dtype == object or operand.dtype.kind == "f":
            expressions = as_expressions(operand)
            start = len(entries) + 1
            entries += list(expressions.ravel())
            count = np.arange(start, start + expressions.size)
            numbered.append(count.reshape(expressions.shape).astype(np.int64))
        else:
            numbered.append(operand)
    table = np.empty(len(entries) + 1, dtype=object)
    table[0], table[1:] = sp.Integer(0), entries
    found = []
    for result in equation.evaluate(numbered):
        places = np.asarray(result)
        found.append(table[np.where((places < 0) | (places >= len(table)), 0, places)])
    return [np.asarray(f, dtype=object) for f in found]


def _sum_over(operands: list[Any], params: dict[str, Any]) -> np.ndarray:
    return np.asarray(np.sum(as_expressions(operands[0]), axis=params["axes"]), dtype=object)


def _product_over(operands: list[Any], params: dict[str, Any]) -> np.ndarray:
    return np.asarray(np.prod(as_expressions(operands[0]), axis=params["axes"]), dtype=object)


def _largest(fn: Callable[..., Any], operands: list[Any], params: dict[str, Any]) -> np.ndarray:
    array = as_expressions(operands[0])
    kept = [i for i in range(array.ndim) if i not in params["axes"]]
    rows = np.transpose(array, [*kept, *params["axes"]])
    rows = rows.reshape(*(array.shape[i] for i in kept), -1)
    return np.apply_along_axis(lambda row: fn(*row), -1, rows)


def _accumulate(operands: list[Any], params: dict[str, Any]) -> np.ndarray:
    array, axis = as_expressions(operands[0]), params["axis"]
    if params["reverse"]:
        return np.flip(np.cumsum(np.flip(array, axis), axis=axis), axis)
    return np.cumsum(array, axis=axis)


def _contract(operands: list[Any], params: dict[str, Any]) -> np.ndarray:
    """`dot_general`: batch axes first, then the free ones of both."""
    (left_sum, right_sum), (left_batch, right_batch) = params["dimension_numbers"]
    left, right = (as_expressions(o) for o in operands)
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
    a = a.reshape(-1, math.prod(free[0]), count) if batch else a.reshape(1, -1, count)
    b = b.reshape(-1, math.prod(free[1]), count) if batch else b.reshape(1, -1, count)
    made = np.empty((a.shape[0], a.shape[1], b.shape[1]), dtype=object)
    for k, i, j in np.ndindex(made.shape):
        made[k, i, j] = sp.Add(*(x * y for x, y in zip(a[k, i], b[k, j], strict=True)))
    return made.reshape((*batch, *free[0], *free[1]))


def _select(operands: list[Any], params: dict[str, Any]) -> np.ndarray:
    which, *cases = operands
    if len(cases) != 2:
        raise InputError("symbolic recovery: a selection among more than two cases.")

    def choose(condition: Any, no: Any, yes: Any) -> Any:
        if condition in (sp.true, sp.false, sp.Integer(0), sp.Integer(1)):
            return yes if condition else no
        return sp.Piecewise((yes, condition), (no, True))

    return _entrywise(choose, [which, *cases])


_SPECIAL: dict[str, Callable[[list[Any], dict[str, Any]], np.ndarray]] = {
    "integer_pow": lambda o, p: _entrywise(lambda a: a ** p["y"], o),
    "reduce_sum": _sum_over,
    "reduce_prod": _product_over,
    "reduce_max": functools.partial(_largest, sp.Max),
    "reduce_min": functools.partial(_largest, sp.Min),
    "cumsum": _accumulate,
    "dot_general": _contract,
    "select_n": _select,
    "clamp": lambda o, p: _entrywise(lambda low, a, high: sp.Min(sp.Max(a, low), high), o),
}
