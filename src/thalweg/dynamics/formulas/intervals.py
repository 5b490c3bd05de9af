"""Bounds of an expression over a box, by interval arithmetic rounded outwards."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import sympy as sp

Interval = tuple[float, float]
EVERYTHING: Interval = (-math.inf, math.inf)
_SLACK = 1e-15  # relative: nine roundings, above the error of libm's functions (one or two)
_LEAST = math.nextafter(0.0, 1.0)  # the positive number next to 0

_RISING: tuple[tuple[Any, Callable[[float], float]], ...] = (
    (sp.exp, math.exp),
    (sp.tanh, math.tanh),
    (sp.sinh, math.sinh),
    (sp.asinh, math.asinh),
    (sp.atan, math.atan),
    (sp.erf, math.erf),
)


def bounds(expression: Any, box: Mapping[Any, Interval]) -> Interval:
    """An interval that holds every value of an expression over a box; all numbers if unknown.

    Arguments:
        expression: of the symbols in `box`.
        box: the interval of each symbol; its ends may be infinite.
    """
    if expression in box:
        return box[expression]
    if isinstance(expression, sp.Integer) and abs(expression) < 2**53:
        return (float(expression), float(expression))
    if expression.is_number:
        return _of_number(sp.N(expression, 20))
    parts = [bounds(argument, box) for argument in expression.args]
    if any(math.isnan(end) for part in parts for end in part):
        return EVERYTHING
    found = _combined(expression, parts)
    return EVERYTHING if any(map(math.isnan, found)) else _wide(*found)


def _of_number(value: Any) -> Interval:
    """The bounds of a number that is known to 20 digits, or not at all."""
    if not value.is_real or not value.is_Float or value._prec == 1:
        return (0.0, 0.0) if value.is_zero else EVERYTHING
    near = float(value)
    if near == 0.0:  # too small for a double
        return (0.0, _LEAST) if value > 0 else (-_LEAST, 0.0)
    return _wide(near, near) if math.isfinite(near) else EVERYTHING


def _combined(expression: Any, parts: list[Interval]) -> Interval:
    """The bounds of an operation from those of its arguments."""
    if isinstance(expression, sp.Add):
        return _sum([p[0] for p in parts], -math.inf), _sum([p[1] for p in parts], math.inf)
    if isinstance(expression, sp.Mul):
        found = (1.0, 1.0)
        for part in parts:
            ends = [end for a in found for b in part for end in _products(a, b)]
            found = _wide(min(ends), max(ends))
        return found
    if isinstance(expression, sp.Max | sp.Min):
        choose = max if isinstance(expression, sp.Max) else min
        return choose(p[0] for p in parts), choose(p[1] for p in parts)
    if isinstance(expression, sp.Pow) and not isinstance(expression, sp.exp):
        return _power(parts[0], expression.exp)
    return _of_one(expression, *parts[0]) if len(parts) == 1 else EVERYTHING


def _of_one(expression: Any, low: float, high: float) -> Interval:
    """The bounds of a function of one argument between two values."""
    for kind, fn in _RISING:
        if isinstance(expression, kind):
            # What is lost as too small is not zero: of those only exp loses anything.
            least = _LEAST if kind is sp.exp and high > -math.inf else -math.inf
            return _finite(fn, low), max(_finite(fn, high), least)
    if isinstance(expression, sp.Abs | sp.cosh):
        fn = _finite if isinstance(expression, sp.cosh) else lambda _, value: abs(value)
        ends = (fn(math.cosh, low), fn(math.cosh, high))
        least = fn(math.cosh, 0.0) if low <= 0.0 <= high else min(ends)
        return least, max(ends)
    if isinstance(expression, sp.log) and low > 0.0:
        return math.log(low), math.log(high)
    if isinstance(expression, sp.sin | sp.cos):
        if not math.isfinite(low) or not math.isfinite(high):
            return -1.0, 1.0
        fn = math.sin if isinstance(expression, sp.sin) else math.cos
        middle, half = fn((low + high) / 2.0), (high - low) / 2.0 + 1e-15 * (abs(low) + abs(high))
        return max(-1.0, middle - half), min(1.0, middle + half)
    return EVERYTHING


def _power(base: Interval, exponent: Any) -> Interval:
    low, high = base
    if not exponent.is_number or not exponent.is_real:
        return EVERYTHING
    size = float(abs(exponent))
    if exponent.is_integer:
        ends = (_raised(low, size), _raised(high, size))
        touches = exponent.is_even and low <= 0.0 <= high
        found = (0.0 if touches else min(ends), max(ends))
    elif low >= 0.0:
        found = (_raised(low, size), _raised(high, size))
    else:
        return EVERYTHING
    if exponent > 0:
        return found
    low, high = _wide(*found)
    if low > 0.0 or high < 0.0:
        return 1.0 / high, 1.0 / low
    return (1.0 / high if high > 0.0 else 0.0, math.inf) if low == 0.0 else EVERYTHING


def _raised(value: float, power: float) -> float:
    """A power; the least number of its sign where it is lost as too small."""
    try:
        found = value**power
        lost = found == 0.0 and value != 0.0
        return math.copysign(_LEAST, found) if lost else found
    except OverflowError:
        return -math.inf if value < 0.0 and power % 2 == 1 else math.inf


def _finite(fn: Callable[[float], float], value: float) -> float:
    try:
        return fn(value)
    except OverflowError:
        return math.inf if fn is not math.sinh or value > 0.0 else -math.inf


def _sum(ends: list[float], unknown: float) -> float:
    """A sum with one rounding, whatever cancels; `unknown` if infinities cancel."""
    try:
        return math.fsum(ends)
    except (OverflowError, ValueError):
        return unknown


def _products(a: float, b: float) -> tuple[float, ...]:
    """The product, and its neighbour where it is lost as too small."""
    if a == 0.0 or b == 0.0:
        return (0.0,)
    found = a * b
    return (found,) if found else (0.0, math.copysign(_LEAST, a) * math.copysign(1.0, b))


def _wide(low: float, high: float) -> Interval:
    """An interval made wider by more than a rounding; exact zeros stay."""
    return _moved(low, -1.0), _moved(high, 1.0)


def _moved(end: float, sign: float) -> float:
    if end == 0.0 or not math.isfinite(end):
        return end
    # Of the smallest numbers a part of 1e-15 is nothing.
    return math.nextafter(end + sign * _SLACK * abs(end), sign * math.inf)
