"""The values that a program computes with over boxes: numbers, conditions, and what is known."""

import numpy as np

from thalweg.core.errors import InputError
from thalweg.dynamics.formulas.enclosures import forms, orders
from thalweg.dynamics.formulas.enclosures.forms import Form
from thalweg.dynamics.formulas.enclosures.orders import Truth

Value = Form | Truth | np.ndarray


def form(value: Value) -> Form:
    """A value as affine forms."""
    if isinstance(value, Form):
        return value
    if isinstance(value, Truth):
        return orders.number(value)
    return forms.constant(value)


def is_condition(value: Value) -> bool:
    """True for conditions, false for numbers."""
    return isinstance(value, Truth) or (isinstance(value, np.ndarray) and value.dtype == bool)


def truth(value: Value) -> Truth:
    """A value as a condition.

    Raises:
        InputError: it is a number.
    """
    if isinstance(value, Truth):
        return value
    if isinstance(value, np.ndarray) and is_condition(value):
        return orders.exactly(value)
    raise InputError("A number is used as a condition, which has no bounds here.")
