"""Operations on numbers: how JavaScript writes them, and their value where it is known."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

# Precedences of JavaScript's operators, as the language numbers them.
ATOM, UNARY, TIMES, PLUS, ORDER, SAME, AND, OR, CHOICE = 20, 14, 12, 11, 9, 8, 4, 3, 2


@dataclass(frozen=True)
class Operation:
    """One operation on numbers or truth values.

    Attributes:
        name: as JAX calls it.
        pattern: its text, with a `{}` for each operand.
        precedence: of the text; operands that bind less tightly are put in parentheses.
        value: the result of known operands.
        kind: of the result, `"b"` a truth value or `"i"` a whole number; empty: that of the
            operands.
    """

    name: str
    pattern: str
    precedence: int
    value: Callable[..., Any]
    kind: str = ""

    def write(self, operands: list[tuple[str, int]]) -> str:
        """The text, of the texts of the operands and their precedences."""
        if self.precedence == ATOM:
            return self.pattern.format(*(text for text, _ in operands))
        texts = []
        for place, (text, precedence) in enumerate(operands):
            # Floating-point operations are not associative: the order of the program is kept.
            is_loose = precedence <= self.precedence if place else precedence < self.precedence
            is_loose = is_loose or (self.precedence in (UNARY, CHOICE) and precedence < ATOM)
            texts.append(f"({text})" if is_loose else text)
        return self.pattern.format(*texts)


def _quietly(fn: Callable[..., Any]) -> Callable[..., Any]:
    """A NumPy function that gives infinities and NaN without a warning; of integers an integer."""

    def known(*operands: Any) -> Any:
        with np.errstate(all="ignore"):
            result = fn(*(np.float64(o) for o in operands)).item()
        is_whole = all(type(o) is int for o in operands) and type(result) is float
        return int(result) if is_whole and result.is_integer() else result

    return known


def _call(name: str, function: str, fn: Callable[..., Any], count: int = 1) -> Operation:
    return Operation(name, f"{function}({', '.join(['{}'] * count)})", ATOM, _quietly(fn))


def _infix(
    name: str, sign: str, precedence: int, fn: Callable[..., Any], kind: str = ""
) -> Operation:
    return Operation(name, f"{{}} {sign} {{}}", precedence, _quietly(fn), kind)


def whole(number: float) -> int:
    """A real number as a whole one, towards zero, as XLA converts it."""
    if math.isnan(number):
        return 0
    return int(max(-(2.0**63), min(2.0**63 - 1024, number)))


_ROWS = (
    _infix("add", "+", PLUS, np.add),
    _infix("sub", "-", PLUS, np.subtract),
    _infix("mul", "*", TIMES, np.multiply),
    _infix("div", "/", TIMES, np.divide),
    _infix("rem", "%", TIMES, np.fmod),
    _infix("gt", ">", ORDER, np.greater, "b"),
    _infix("ge", ">=", ORDER, np.greater_equal, "b"),
    _infix("lt", "<", ORDER, np.less, "b"),
    _infix("le", "<=", ORDER, np.less_equal, "b"),
    _infix("eq", "===", SAME, np.equal, "b"),
    _infix("ne", "!==", SAME, np.not_equal, "b"),
    Operation("and", "{} && {}", AND, lambda a, b: a and b, "b"),
    Operation("or", "{} || {}", OR, lambda a, b: a or b, "b"),
    Operation("not", "!{}", UNARY, lambda a: not a, "b"),
    Operation("neg", "-{}", UNARY, lambda a: -a),
    Operation("select", "{} ? {} : {}", CHOICE, lambda which, yes, no: yes if which else no),
    Operation("is_finite", "Number.isFinite({})", ATOM, math.isfinite, "b"),
    Operation("is_true", "{} !== 0", SAME, bool, "b"),
    _call("pow", "Math.pow", np.power, 2),
    _call("max", "Math.max", np.maximum, 2),
    _call("min", "Math.min", np.minimum, 2),
    _call("atan2", "Math.atan2", np.arctan2, 2),
    _call("abs", "Math.abs", np.abs),
    _call("sign", "Math.sign", np.sign),
    _call("exp", "Math.exp", np.exp),
    _call("expm1", "Math.expm1", np.expm1),
    _call("log", "Math.log", np.log),
    _call("log1p", "Math.log1p", np.log1p),
    _call("sqrt", "Math.sqrt", np.sqrt),
    _call("cbrt", "Math.cbrt", np.cbrt),
    _call("sin", "Math.sin", np.sin),
    _call("cos", "Math.cos", np.cos),
    _call("tan", "Math.tan", np.tan),
    _call("asin", "Math.asin", np.arcsin),
    _call("acos", "Math.acos", np.arccos),
    _call("atan", "Math.atan", np.arctan),
    _call("sinh", "Math.sinh", np.sinh),
    _call("cosh", "Math.cosh", np.cosh),
    _call("tanh", "Math.tanh", np.tanh),
    _call("asinh", "Math.asinh", np.arcsinh),
    _call("acosh", "Math.acosh", np.arccosh),
    _call("atanh", "Math.atanh", np.arctanh),
    _call("floor", "Math.floor", np.floor),
    _call("ceil", "Math.ceil", np.ceil),
    _call("trunc", "Math.trunc", np.trunc),
    Operation("to_whole", "Math.trunc({})", ATOM, whole, "i"),
    _call("round_even", "roundEven", np.round),
    _call("round_away", "roundAway", lambda a: np.copysign(np.floor(np.abs(a) + 0.5), a)),
    _call("erf", "erf", lambda a: np.float64(math.erf(a))),
    _call("erfc", "erfc", lambda a: np.float64(math.erfc(a))),
    _call("logistic", "logistic", lambda a: 1.0 / (1.0 + np.exp(-a))),
)
OPERATIONS = {row.name: row for row in _ROWS}


def row_of(count: int, kind: str) -> Operation:
    """The entry of a table of `count` values of a kind at an index, its last operand."""
    pattern = f"[{', '.join(['{}'] * count)}][{{}}]"
    return Operation(f"row of {count}", pattern, ATOM, lambda *o: o[:-1][o[-1]], kind)
