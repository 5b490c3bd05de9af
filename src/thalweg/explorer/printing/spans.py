"""Between which numbers a value lies, for all inputs that a page works with.

A page may leave out a product by zero only where the other factor is a finite number: zero times
what is infinite, or no number, is no number. The ends are computed as the page computes the value,
and rounding keeps order, so that they hold.
"""

import math
from collections.abc import Callable
from typing import Any

from thalweg.explorer.printing.operations import OPERATIONS, Operation

# The least and the largest value; None where the value may be infinite or no number.
Span = tuple[float, float] | None
# Larger coordinates, times and parameters no page shows: a value may overflow there.
INPUT = (-1e20, 1e20)


def span_of(operation: Operation, operands: tuple[Any, ...]) -> Span:
    """The span of a result, of an operation on numbers and nodes."""
    if operation.kind == "b":
        return 0.0, 1.0
    name = operation.name
    spans = [_given(o) for o in (operands[1:] if name == "select" else operands)]
    if name not in _RULES and name not in _RISING:
        return None
    if any(span is None for span in spans):
        return None
    if name in _RISING:
        lowest, highest = _RISING[name]
        (low, high), value = spans[0], OPERATIONS[name].value  # type: ignore[misc]
        found = (value(low), value(high)) if lowest < low and high < highest else None
    elif name == "mul" and operands[0] is operands[1]:
        found = _square(*spans)
    else:
        found = _RULES[name](*spans)
    if found is None or not all(map(math.isfinite, found)):
        return None
    return float(found[0]), float(found[1])


def _given(value: Any) -> Span:
    if hasattr(value, "span"):
        return value.span
    return (float(value), float(value)) if math.isfinite(value) else None


def _hull(name: str, *pairs: tuple[float, float]) -> Span:
    """The span of an operation that is monotone in each of its operands."""
    corners = [()]
    for pair in pairs:
        corners = [(*corner, end) for corner in corners for end in pair]
    values = [OPERATIONS[name].value(*corner) for corner in corners]
    return None if any(map(math.isnan, values)) else (min(values), max(values))


def _monotone(name: str) -> Callable[..., Span]:
    return lambda *pairs: _hull(name, *pairs)


def _square(a: Any, b: Any) -> Span:
    ends = (a[0] * a[0], a[1] * a[1])
    return (0.0 if a[0] <= 0.0 <= a[1] else min(ends)), max(ends)


def _quotient(a: Any, b: Any) -> Span:
    return None if b[0] <= 0.0 <= b[1] else _hull("div", a, b)


def _remainder(a: Any, b: Any) -> Span:
    largest = max(map(abs, a))
    return None if b[0] <= 0.0 <= b[1] else (-largest, largest)


def _power(a: Any, b: Any) -> Span:
    return _hull("pow", a, b) if a[0] > 0.0 else None


def _size(a: Any) -> Span:
    return (0.0 if a[0] <= 0.0 <= a[1] else min(map(abs, a))), max(map(abs, a))


_RULES: dict[str, Callable[..., Span]] = {
    "add": _monotone("add"),
    "sub": _monotone("sub"),
    "mul": _monotone("mul"),
    "max": _monotone("max"),
    "min": _monotone("min"),
    "neg": _monotone("neg"),
    "erfc": _monotone("erfc"),
    "div": _quotient,
    "rem": _remainder,
    "pow": _power,
    "abs": _size,
    "select": lambda a, b: (min(a[0], b[0]), max(a[1], b[1])),
    "sin": lambda a: (-1.0, 1.0),
    "cos": lambda a: (-1.0, 1.0),
    "atan2": lambda a, b: (-math.pi, math.pi),
}
# Operations that rise, and between which numbers they are defined.
_EVERYWHERE = (-math.inf, math.inf)
_RISING = {
    **dict.fromkeys(("exp", "expm1", "cbrt", "atan", "sinh", "tanh", "asinh"), _EVERYWHERE),
    **dict.fromkeys(("floor", "ceil", "trunc", "round_even", "round_away"), _EVERYWHERE),
    **dict.fromkeys(("sign", "erf", "logistic", "to_whole"), _EVERYWHERE),
    "log": (0.0, math.inf),
    "log1p": (-1.0, math.inf),
    "sqrt": (-5e-324, math.inf),  # zero has a root: the least number below it has none
    "asin": (-1.0, 1.0),
    "acosh": (1.0, math.inf),
    "atanh": (-1.0, 1.0),
}
