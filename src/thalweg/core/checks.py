"""Checks of what people pass: one message, which names the argument and the value."""

import inspect
from typing import Any

import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.trees import has_tracer, is_integer


def check_count(name: str, value: Any, least: int = 1) -> None:
    """Refuse what is no integer of at least `least`; a boolean is none.

    Raises:
        InputError: it is not.
    """
    if not is_integer(value) or value < least:
        what = "a positive integer" if least == 1 else f"an integer of at least {least}"
        raise InputError(f"{name} must be {what}, got {value!r}.")


def check_made(subject: str, value: Any) -> None:
    """Refuse a class where an object of it is wanted.

    Raises:
        InputError: it is a class.
    """
    if inspect.isclass(value):
        raise InputError(f"{subject} is the class {value.__name__}: call it, {value.__name__}().")


def check_energy(subject: str, energy: Any) -> None:
    """Refuse what is no energy: what cannot be called, or makes one when it is.

    Raises:
        InputError: it is not.
    """
    check_made(subject, energy)
    if not callable(energy):
        raise InputError(f"{subject} must be a callable state → scalar, got {energy!r}.")


def check_positive(name: str, value: Any, *, cure: str = "") -> None:
    """Refuse what is no finite number above zero; of an array, any entry. Traced values pass.

    Raises:
        InputError: it is not; the message ends with `cure`.
    """
    if has_tracer(value):
        return
    _check_real(name, value, "positive")
    if not np.all(np.asarray(value) > 0):
        raise InputError(f"{name} must be positive, got {value!r}.{cure}")
    check_finite(name, value)


def check_finite(name: str, value: Any) -> None:
    """Refuse what is no finite number; of an array, any entry. Traced values pass.

    Raises:
        InputError: it is not.
    """
    if has_tracer(value):
        return
    _check_real(name, value, "finite")
    if not np.all(np.isfinite(np.asarray(value))):
        raise InputError(f"{name} must be finite, got {value!r}.")


def _check_real(name: str, value: Any, what: str) -> None:
    # Half precision has a kind of its own, which is none of these.
    if np.asarray(value).dtype.kind in "bcOUSM":
        raise InputError(f"{name} must be {what}, got {value!r}.")
