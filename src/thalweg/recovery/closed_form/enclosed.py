"""Enclosures of SymPy expressions in interval arithmetic of any number of digits."""

import functools
import operator
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import mpmath
import sympy as sp

# The interval arithmetic of `mpmath`, whose types say little.
IV: Any = mpmath.iv
_FUNCTIONS: dict[Any, Callable[[Any], Any]] = {
    sp.exp: IV.exp,
    sp.log: IV.log,
    sp.sin: IV.sin,
    sp.cos: IV.cos,
}
_BY_EXPONENTIALS = (sp.tanh, sp.sinh, sp.cosh, sp.coth, sp.sech, sp.csch)
_BY_WAVES = (sp.tan, sp.cot, sp.sec, sp.csc)


class Unbounded(Exception):
    """A formula has no enclosure here."""


@contextmanager
def digits_of(count: int) -> Iterator[None]:
    """Numbers and intervals of so many digits."""
    before = IV.dps
    IV.dps = count
    try:
        with mpmath.workdps(count):
            yield
    finally:
        IV.dps = before


def middle(value: Any) -> Any:
    """The middle of an interval, or a number as it is."""
    return mpmath.mpf(value.mid.a) if hasattr(value, "mid") else mpmath.mpf(value)


def enclosed_matrix(matrix: sp.Matrix, at: Mapping[Any, Any]) -> list[list[Any]]:
    """The enclosures of the entries of a matrix."""
    return [[enclosed(entry, at) for entry in row] for row in matrix.tolist()]


def enclosed(expression: Any, at: Mapping[Any, Any]) -> Any:
    """An interval that holds the values of an expression, at intervals of its symbols.

    Raises:
        Unbounded: it holds a function of which there is none here.
    """
    if expression in at:
        return at[expression]
    if expression.is_Rational:
        return IV.mpf(int(expression.p)) / IV.mpf(int(expression.q))
    if expression is sp.pi:
        return IV.pi
    if expression is sp.E:
        return IV.exp(IV.mpf(1))
    parts = [enclosed(part, at) for part in expression.args if not _is_whole(expression, part)]
    if expression.is_Add or expression.is_Mul:
        return functools.reduce(operator.add if expression.is_Add else operator.mul, parts)
    if expression.is_Pow:
        return _power(expression, parts)
    if expression.func in _FUNCTIONS:
        if expression.func is sp.log and not parts[0].a > 0:
            raise Unbounded
        return _FUNCTIONS[expression.func](parts[0])
    for functions, target in ((_BY_EXPONENTIALS, sp.exp), (_BY_WAVES, sp.cos)):
        if expression.func in functions:
            written = expression.rewrite(target)
            if written.func not in functions and not written.has(*functions):
                return enclosed(written, at)
    raise Unbounded


def _is_whole(expression: Any, part: Any) -> bool:
    return expression.is_Pow and part is expression.exp and part.is_Integer


def _power(expression: Any, parts: list[Any]) -> Any:
    if expression.exp.is_Integer:
        power = int(expression.exp)
        if power < 0 and not (parts[0].a > 0 or parts[0].b < 0):
            raise Unbounded
        return parts[0] ** power
    if not parts[0].a > 0:
        raise Unbounded
    return IV.exp(parts[1] * IV.log(parts[0]))
