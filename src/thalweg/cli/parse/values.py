"""Texts of the command line as values: JSON, brought to the type of what it replaces."""

import inspect
import json
from typing import Any

import equinox as eqx
import numpy as np

from thalweg.core.errors import InputError

UNSET = inspect.Parameter.empty


def read_value(path: str, text: str, old: Any, annotation: Any) -> Any:
    """A text as a value of the type of `old`, or of the annotation where there is no old value.

    Raises:
        InputError: the text is not JSON, or not of that type.
    """
    expected = _expected(old, annotation)
    try:
        value = json.loads(text)
    except ValueError:
        try:
            value = float(text)  # .5 and 1. are no JSON, but nobody means anything else by them
        except ValueError as error:
            if expected is str:
                return text
            raise InputError(
                f"--set {path}={text}: not a JSON value: a number, true, false, a list such as "
                f'[1, 2], or a "text".'
            ) from error
    return _coerced(path, text, value, expected, old)


def _expected(old: Any, annotation: Any) -> type | None:
    if annotation in (float, "float"):
        return float
    if isinstance(old, np.generic) or (eqx.is_array(old) and old.ndim == 0):
        old = np.asarray(old).item()
    for kind in (bool, int, float, str, list, tuple):
        if isinstance(old, kind):
            return kind
    if eqx.is_array(old) or isinstance(old, np.ndarray):
        return np.ndarray
    by_name = {str(kind.__name__): kind for kind in (bool, int, float, str, list, tuple)}
    name = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    return by_name.get(name)


def _coerced(path: str, text: str, value: Any, expected: type | None, old: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if expected is float and is_number:
        return float(value)
    if expected is int and is_number and float(value).is_integer():
        return int(value)
    if expected in (bool, str) and isinstance(value, expected):
        return value
    if expected in (list, tuple) and isinstance(value, list):
        return expected(value)
    if expected is np.ndarray and isinstance(value, list):
        return _array(path, text, value, old)
    if expected is None:
        is_array = isinstance(value, list) and value and not isinstance(value[0], str)
        return _array(path, text, value, None) if is_array else value
    wanted = {
        float: "a number",
        int: "a whole number",
        bool: "true or false",
        str: 'a "text"',
        np.ndarray: "a list of numbers",
    }.get(expected, "a list")
    raise InputError(f"--set {path}={text}: expected {wanted}.")


def _array(path: str, text: str, value: Any, old: Any) -> np.ndarray:
    dimensions = np.ndim(old) if old is not None else None
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"--set {path}={text}: expected numbers in rows of one length.") from error
    if dimensions is not None and array.ndim != dimensions:
        raise InputError(
            f"--set {path}={text}: expected a list nested {dimensions} deep, of shape like "
            f"{np.asarray(old).shape}, got the shape {array.shape}."
        )
    is_whole = old is not None and np.asarray(old).dtype.kind in "iu"
    if is_whole and not np.array_equal(array, np.round(array)):
        raise InputError(f"--set {path}={text}: expected whole numbers.")
    return array.astype(np.asarray(old).dtype) if is_whole else array
