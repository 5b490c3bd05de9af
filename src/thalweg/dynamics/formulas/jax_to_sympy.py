"""A rule's program as formulas: JAX primitives carried out on SymPy expressions.

JAX code cannot run on SymPy symbols, but its program can be read, and carried out on arrays of
expressions, one entry at a time. What has no meaning in exact form is refused by name.
"""

import functools
import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from thalweg.core.errors import InputError
from thalweg.dynamics.formulas.constants import ConstantParts
from thalweg.dynamics.formulas.entrywise import Arithmetic
from thalweg.dynamics.formulas.programs import Equation, Name, Program

_CONDITIONS = ("gt", "ge", "lt", "le")

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
    """A number as a simple fraction, or the rational that its shortest decimal form names.

    0.1 is 1/10, and the float of 1/3 is 1/3, or it would differ from a division by 3. A simple
    multiple of π, to the last digits, is one: a rounded π would spoil every period.
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
    simple = simple_fraction(value)
    if type(value)(simple) == value:
        return sp.Rational(simple.numerator, simple.denominator)
    return sp.Rational(np.format_float_positional(value, unique=True, trim="0"))


def simple_fraction(value: Any) -> Fraction:
    """The fraction nearest to a number among those with small denominators.

    Of other numbers between 0 and 1 about one in 10⁸ (of single precision one in 5,000) is by
    chance within its rounding of one.
    """
    is_double = np.finfo(np.asarray(value).dtype).eps < 1e-9
    return Fraction(float(value)).limit_denominator(10_000 if is_double else 100)


def multiple_of_pi(value: Any) -> Any:
    """The rational number p/q, q ≤ 8, with `value` = πp/q within two roundings, or None."""
    unit = float(np.finfo(np.asarray(value).dtype).eps)
    for below in (1, 2, 3, 4, 6, 8):
        above = round(float(value) * below / math.pi)
        # Larger numerators lie so close together that numbers of single precision hit them.
        if 0 < abs(above) <= 64 and abs(above * math.pi / below / value - 1.0) <= 2.0 * unit:
            return sp.Rational(above, below)
    return None


def _refuse(name: str) -> InputError:
    return InputError(
        f"symbolic recovery: the rule uses the JAX operation {name!r}, which has no exact form "
        f"here. Write the rule without it, or give its formulas as SymPy expressions."
    )


def _choose(condition: Any, no: Any, yes: Any) -> Any:
    if condition in (sp.true, sp.false, sp.Integer(0), sp.Integer(1)):
        return yes if condition else no
    return sp.Piecewise((yes, condition), (no, True))


EXPRESSIONS = Arithmetic(
    number=exact_number,
    one=_ONE,
    two=_TWO,
    total=lambda terms: sp.Add(*terms),
    power=lambda a, exponent: a**exponent,
    choose=_choose,
    convert=lambda a, dtype: a,
    refuse=_refuse,
)


def as_expressions(array: Any) -> np.ndarray:
    """An array of numbers (or expressions) as an array of exact expressions."""
    return EXPRESSIONS.scalars(array)


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
                results = [EXPRESSIONS.entrywise(still.decided, results)]
        values.update(zip(equation.results, results, strict=True))
    found = [as_expressions(look_up(o)) for o in program.outputs]
    if any(e.has(sp.nan, sp.oo, -sp.oo, sp.zoo) for array in found for e in array.ravel()):
        raise InputError(
            "symbolic recovery: the rule's formulas are not finite. Check its parameters, or give "
            "its formulas as SymPy expressions."
        )
    return found


def _at(equation: Equation, look_up: Callable[[Any], Any]) -> list[Any]:
    return EXPRESSIONS.carry_out(equation, [look_up(o) for o in equation.operands])
