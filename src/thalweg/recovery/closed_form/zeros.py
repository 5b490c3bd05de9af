"""Evidence that an expression is the zero function: proven, seen at points only, or none."""

from collections.abc import Iterable
from enum import IntEnum
from typing import Any

import numpy as np
import sympy as sp

from thalweg.dynamics.formulas.normal_forms import is_zero
from thalweg.dynamics.formulas.ranges import SymbolRanges
from thalweg.dynamics.formulas.smoothness import first_switch

_DIGITS = 40  # of SymPy's numbers: all but five must cancel before zero is believed
_TRIES = 5  # points: an expression that is not zero vanishes at a random one with probability zero


class Evidence(IntEnum):
    """Strength of the evidence for an identity; of several the least counts."""

    NONE = 0
    SEEN = 1
    PROVED = 2


def zero_evidence(expression: Any, region: SymbolRanges) -> Evidence:
    """The evidence that an expression is zero all over a region, for all its other symbols.

    Points drawn at random, to 40 digits, may refute it; only a normal form proves it (and, for
    rational functions, refutes). What has switches (absolute values, maxima …) counts as not zero.
    """
    expression = sp.sympify(expression)
    if expression.is_zero:
        return Evidence.PROVED
    if first_switch([expression]) is not None or not _is_zero_at_points(expression, region):
        return Evidence.NONE
    if is_zero(expression):
        return Evidence.PROVED
    is_decided = expression.is_rational_function(*expression.free_symbols)
    return Evidence.NONE if is_decided else Evidence.SEEN


def least_evidence(expressions: Iterable[Any], region: SymbolRanges) -> Evidence:
    """The evidence that all of several expressions are zero; found without the rest at none."""
    least = Evidence.PROVED
    for expression in expressions:
        least = min(least, zero_evidence(expression, region))
        if least is Evidence.NONE:
            break
    return least


def _is_zero_at_points(expression: Any, region: SymbolRanges) -> bool:
    rng = np.random.default_rng(0)
    for turn in range(_TRIES):
        point = region.draw(expression.free_symbols, rng, turn)
        value = sp.N(expression, _DIGITS, subs=point)
        if value.has(sp.nan, sp.zoo, sp.oo) or not value.is_number:
            continue
        if abs(value) > sp.Float(10) ** (5 - _DIGITS + _magnitude(expression, point)):
            return False
    return True


def _magnitude(expression: Any, point: dict[Any, Any]) -> int:
    """The decimal exponent of the largest term of a sum."""
    sizes = [abs(sp.N(term, 5, subs=point)) for term in sp.Add.make_args(expression)]
    largest = max((float(s) for s in sizes if s.is_number and s.is_finite), default=1.0)
    return max(0, int(np.ceil(np.log10(max(largest, 1.0)))))
