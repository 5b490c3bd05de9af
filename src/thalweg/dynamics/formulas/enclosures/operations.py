"""JAX primitives carried out on affine forms and conditions."""

import functools
import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from thalweg.core.errors import InputError
from thalweg.dynamics.formulas.enclosures import forms, orders
from thalweg.dynamics.formulas.enclosures.forms import Form
from thalweg.dynamics.formulas.enclosures.functions import (
    FUNCTIONS,
    RECIPROCAL,
    apply,
    positive_power,
    power,
)
from thalweg.dynamics.formulas.enclosures.moves import (
    KEPT,
    MOVES,
    along,
    contracted,
    entries,
    linear_in,
    moved,
    sum_over,
)
from thalweg.dynamics.formulas.enclosures.orders import Truth
from thalweg.dynamics.formulas.enclosures.special import SPECIAL, angle, polygamma
from thalweg.dynamics.formulas.enclosures.values import Value, form, is_condition, truth
from thalweg.dynamics.formulas.programs import Equation

Operation = Callable[..., list[Value]]
_Many = TypeVar("_Many", Form, Truth)

_SAME = ("copy", "copy_p", "device_put", "optimization_barrier", "reduce_precision")
# Which operand these are linear in.
_LINEAR = {"scatter-add": 2, "cumsum": 0}
_OF_ONE = FUNCTIONS | SPECIAL
# What takes entries together, of which there may be none.
_GATHERING = ("dot_general", "reduce_sum", "reduce_prod", "reduce_and", "reduce_or")
_ORDERS = ("lt", "le", "gt", "ge", "eq", "ne")


def operation(equation: Equation, examples: list[Value]) -> Operation:
    """The function that carries an equation out on the values of its operands.

    Arguments:
        equation: the primitive, with its parameters.
        examples: values of the operands at one box; arrays are the same in all boxes.

    Raises:
        InputError: the primitive has no bounds here.
    """
    name, params = equation.primitive.name, equation.params
    if name in _GATHERING and any(math.prod(x.shape) == 0 for x in examples):
        return _of_nothing(equation, examples)
    if name in _SAME:
        return lambda *operands: list(operands)
    if name == "convert_element_type":
        return _converted(params["new_dtype"], equation.given)
    if name in MOVES:
        return moved(equation, examples)
    if name in _LINEAR:
        return linear_in(equation, examples, _LINEAR[name])
    if name == "dot_general":
        return functools.partial(contracted, params["dimension_numbers"])
    if name == "integer_pow":
        return lambda x: [_whole_power(form(x), params["y"])]
    if name == "pow":
        return _raised
    if name in _OF_ONE:
        return lambda x: [apply(_OF_ONE[name], form(x))]
    if name == "polygamma":
        return lambda order, x: [_polygamma(order, form(x))]
    if name in _ORDERS:
        return lambda x, y: [compared(name, x, y)]
    if name == "reduce_sum":
        return lambda x: [sum_over(form(x), params["axes"])]
    if name in _FOLDS:
        return lambda x: [_folded(_FOLDS[name], form(x), params["axes"])]
    if name in _CONDITIONS:
        return lambda x: [_folded(_CONDITIONS[name], truth(x), params["axes"])]
    if name in _PLAIN:
        return lambda *operands: [_PLAIN[name](*operands)]
    raise InputError(f"The JAX operation {name!r} has no bounds here.")


def _of_nothing(equation: Equation, examples: list[Value]) -> Operation:
    """The result of an operation on no entries, which nothing changes."""
    kinds = zip(examples, equation.given, strict=True)
    found: list[Value] = [
        np.asarray(result)
        for result in equation.evaluate([np.zeros(x.shape, dtype) for x, dtype in kinds])
    ]
    return lambda *_: list(found)


def _converted(dtype: Any, given: tuple[Any, ...]) -> Operation:
    kind = np.dtype(dtype).kind
    # A whole number that is not known beforehand counts conditions: far fewer than what types of
    # four bytes and more hold exactly, and so the same number in each.
    holds = kind in "iuf" and np.dtype(dtype).itemsize >= 4
    is_whole = holds and any(np.dtype(one).kind in "biu" for one in given)

    def convert(x: Value) -> list[Value]:
        if isinstance(x, np.ndarray):
            made = x.astype(dtype)
            if not np.array_equal(made, x):
                raise InputError(f"A number is rounded to {np.dtype(dtype)}.")
            return [made]
        if is_whole or np.dtype(dtype) == np.float64 or isinstance(x, Truth):
            return [x if np.dtype(dtype) == bool else form(x)]
        verb = "cut to a whole one" if kind in "iu" else "rounded"
        raise InputError(f"A number is {verb} ({np.dtype(dtype)}), which has no bounds here.")

    return convert


def _whole_power(x: Form, exponent: int) -> Form:
    if exponent == 0:
        return forms.constant(np.ones(x.shape))
    raised = x if abs(exponent) == 1 else apply(power(abs(exponent)), x)
    return raised if exponent > 0 else apply(RECIPROCAL, raised)


def _raised(x: Value, exponent: Value) -> list[Value]:
    """x^y: by the exponent where it is one number, else exp(y log x)."""
    if not isinstance(exponent, np.ndarray) or not np.all(exponent == exponent.ravel()[0]):
        logarithm = apply(FUNCTIONS["log"], form(x))
        return [apply(FUNCTIONS["exp"], _product(exponent, logarithm))]
    number = float(exponent.ravel()[0])
    if number == round(number):
        return [_whole_power(form(x), round(number))]
    return [apply(positive_power(number), form(x))]


def _pair(x: Value, y: Value) -> tuple[Form, Form]:
    """Two operands in one shape, but for numbers: axes of length one are repeated."""
    return _alike(form(x), form(y))


def _conditions(x: Value, y: Value) -> tuple[Truth, Truth]:
    """Two conditions, likewise."""
    return _alike(truth(x), truth(y))


def _alike(a: _Many, b: _Many) -> tuple[_Many, _Many]:
    if not a.shape or not b.shape or a.shape == b.shape:
        return a, b
    first, second = _repeated(a.shape, b.shape)
    return a.taken(first), b.taken(second)


@functools.lru_cache(maxsize=KEPT)
def _repeated(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[np.ndarray, ...]:
    """The numbers of the entries of two arrays in the shape of what they make."""
    return tuple(np.broadcast_arrays(entries(a), entries(b)))


def compared(name: str, x: Value, y: Value) -> Truth:
    """The condition `x name y`, where the name is that of the JAX primitive."""
    return orders.compare(name, *_pair(x, y))


def _product(x: Value, y: Value) -> Form:
    return forms.multiply(*_pair(x, y))


def _ratio(x: Value, y: Value) -> Form:
    return _product(x, apply(RECIPROCAL, form(y)))


def _sum(x: Value, y: Value) -> Form:
    return forms.add(*_pair(x, y))


def _difference(x: Value, y: Value) -> Form:
    return _sum(x, forms.negative(form(y)))


def _largest(x: Value, y: Value) -> Form:
    return orders.largest(*_pair(x, y))


def _least(x: Value, y: Value) -> Form:
    return forms.negative(_largest(forms.negative(form(x)), forms.negative(form(y))))


def _selected(which: Value, *cases: Value) -> Value:
    if isinstance(which, np.ndarray) and which.dtype != bool:
        raise InputError("A selection among several cases has no bounds here.")
    condition = truth(which)
    if all(is_condition(case) for case in cases):
        raise InputError("A selection among conditions has no bounds here.")
    otherwise, chosen = (form(case) for case in cases)
    return orders.select(condition, otherwise, chosen)


def _is_finite(x: Value) -> Truth:
    low, high = form(x).bounds
    is_finite = np.isfinite(low) & np.isfinite(high)
    is_infinite = np.isinf(low) & (low == high)
    return Truth(~is_infinite, ~is_finite, form(x).shape)


def _clamped(low: Value, x: Value, high: Value) -> Form:
    return _least(_largest(x, low), high)


def _tangent(x: Value) -> Form:
    return _ratio(apply(FUNCTIONS["sin"], form(x)), apply(FUNCTIONS["cos"], form(x)))


def _polygamma(order: Value, x: Form) -> Form:
    if not isinstance(order, np.ndarray) or not np.all(order == order.ravel()[0]):
        raise InputError("Derivatives of digamma of several orders have no bounds here.")
    return apply(polygamma(int(order.ravel()[0])), x)


def _either(x: Value, y: Value) -> Truth:
    a, b = _conditions(x, y)
    return orders.negation(orders.both(orders.negation(a), orders.negation(b)))


def _one_of(x: Value, y: Value) -> Truth:
    a, b = _conditions(x, y)
    return _either(orders.both(a, orders.negation(b)), orders.both(orders.negation(a), b))


_PLAIN: dict[str, Callable[..., Value]] = {
    "add": _sum,
    "add_any": _sum,
    "sub": _difference,
    "mul": _product,
    "div": _ratio,
    "neg": lambda x: forms.negative(form(x)),
    "max": _largest,
    "min": _least,
    "abs": lambda x: orders.magnitude(form(x)),
    "sign": lambda x: orders.sign(form(x)),
    "floor": lambda x: orders.whole("floor", form(x)),
    "ceil": lambda x: orders.whole("ceil", form(x)),
    "round": lambda x: orders.whole("round", form(x)),
    "tan": _tangent,
    "exp2": lambda x: apply(
        FUNCTIONS["exp"], _product(x, apply(FUNCTIONS["log"], forms.constant(np.asarray(2.0))))
    ),
    "clamp": _clamped,
    "select_n": _selected,
    "is_finite": _is_finite,
    "not": lambda x: orders.negation(truth(x)),
    "and": lambda x, y: orders.both(*_conditions(x, y)),
    "or": _either,
    "xor": _one_of,
    "atan2": lambda y, x: angle(*_pair(y, x)),
}


def _folded(fold: Callable[[_Many, _Many], _Many], x: _Many, axes: tuple[int, ...]) -> _Many:
    """The entries along axes, taken together one by one."""
    return functools.reduce(fold, [x.taken(part) for part in along(x.shape, axes)])


_FOLDS: dict[str, Callable[[Form, Form], Form]] = {
    "reduce_prod": forms.multiply,
    "reduce_max": orders.largest,
    "reduce_min": lambda x, y: forms.negative(orders.largest(forms.negative(x), forms.negative(y))),
}
_CONDITIONS: dict[str, Callable[[Truth, Truth], Truth]] = {
    "reduce_and": orders.both,
    "reduce_or": _either,
}
