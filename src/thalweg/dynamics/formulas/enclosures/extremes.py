"""Comparisons of a number with an extreme that was taken of it, as in the derivative of a maximum.

By their bounds a number and the maximum are never told to be equal; but a number is the maximum
where it exceeds the other.
"""

from typing import Any

import numpy as np

from thalweg.dynamics.formulas.enclosures.forms import Form
from thalweg.dynamics.formulas.enclosures.operations import Operation, compared
from thalweg.dynamics.formulas.enclosures.orders import Truth
from thalweg.dynamics.formulas.enclosures.values import form
from thalweg.dynamics.formulas.programs import Equation, Name

_OF_PAIRS = {"max": "ge", "min": "le"}


def compared_to_extreme(
    equation: Equation, producers: dict[int, Equation]
) -> tuple[Operation, tuple[Any, ...]] | None:
    """Such a comparison as an operation on certain operands; None for other equations."""
    name = equation.primitive.name
    if name == "ne" and _is_same(*equation.operands):
        return lambda x, _: [_never(form(x))], equation.operands
    if name != "eq":
        return None
    array, other = equation.operands
    producer = producers.get(other.number) if isinstance(other, Name) else None
    if producer is None or producer.primitive.name not in _OF_PAIRS:
        return None
    return _of_pair(array, producer)


def _of_pair(array: Any, producer: Equation) -> tuple[Operation, tuple[Any, ...]] | None:
    """x = max(x, y) is x ≥ y."""
    order = _OF_PAIRS[producer.primitive.name]
    for own, other in (producer.operands, producer.operands[::-1]):
        if _is_same(own, array):
            return lambda x, y: [compared(order, x, y)], (array, other)
    return None


def _is_same(a: Any, b: Any) -> bool:
    if isinstance(a, Name) or isinstance(b, Name):
        return isinstance(a, Name) and isinstance(b, Name) and a.number == b.number
    return np.shape(a) == np.shape(b) and bool(np.array_equal(a, b))


def _never(x: Form) -> Truth:
    """The condition x ≠ x, which only NaN obeys."""
    is_number = ~np.isnan(x.error)
    return Truth(~is_number, np.ones_like(is_number), x.shape)
