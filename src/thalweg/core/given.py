"""Arguments as a person passed them: told in words, and results of verbs among them."""

from collections.abc import Iterable, Sequence
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


def given_members(subject: str, members: Any, kind: type, verb: str) -> Any:
    """Results of a verb as they were given; those of an iterator, say, as a tuple.

    Raises:
        InputError: they are not of that kind.
    """
    kept = members
    if isinstance(members, Iterable) and not isinstance(members, Sequence):
        kept = tuple(members)
    is_many = isinstance(kept, Sequence) and not isinstance(kept, str)
    if not is_many or not all(isinstance(one, kind) for one in kept):
        cure = f": write [{kind.__name__.lower()}] for one" if isinstance(members, kind) else ""
        raise InputError(f"{subject} must be what {verb} returned, got {told(members)}{cure}.")
    return kept


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
