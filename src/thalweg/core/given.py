"""Words for what a person passed; the refusal of a result where states are wanted."""

from typing import Any

import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.reports import Report

_LONGEST = 60  # characters of a value in a message


def told(value: Any) -> str:
    """A value in one line: a result by its title, an array by its shape, what is long cut off."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if np.ndim(shape := getattr(value, "shape", ())) and len(shape):
        return f"an array of shape {tuple(shape)}"
    text = value.title if isinstance(value, Report) else repr(value)
    first, *more = text.splitlines() or [""]
    return f"{first[:_LONGEST]} …" if more or len(first) > _LONGEST else first


def refuse_result(subject: str, value: Any) -> None:
    """Refuse the result of a verb where states are wanted, with the field that holds them.

    Raises:
        InputError: it is one.
    """
    if not isinstance(value, Report):
        return
    held = [name for name in ("states", "state", "points", "end") if hasattr(value, name)]
    cure = f" Give its .{held[0]}." if held else ""
    raise InputError(f"{subject} must hold numbers, got {told(value)}.{cure}")
