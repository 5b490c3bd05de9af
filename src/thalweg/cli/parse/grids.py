"""`--grid NAME=FROM:TO:COUNT` and `--shard I/N`: where a sweep goes, and which part of it."""

from collections.abc import Sequence

import numpy as np

from thalweg.core.errors import InputError

_FORM = "NAME=FROM:TO:COUNT such as current=0:1.5:200, or NAME=VALUE,VALUE,…"


def read_grid(texts: Sequence[str] | None) -> dict[str, np.ndarray]:
    """The values of each parameter by its name, in the order given.

    Raises:
        InputError: a text is not of that form, or a name is given twice.
    """
    found: dict[str, np.ndarray] = {}
    for text in texts or ():
        name, values = read_values(text, "--grid")
        if name in found:
            raise InputError(f"--grid: {name} is given twice.")
        found[name] = values
    if not found:
        raise InputError(f"sweep: give the values of a parameter at least, as --grid {_FORM}.")
    return found


def read_values(text: str, option: str) -> tuple[str, np.ndarray]:
    """The name of a parameter, and its values.

    Arguments:
        text: what was typed.
        option: after which option.

    Raises:
        InputError: the text is not of that form.
    """
    name, _, span = text.rpartition("=")
    name = name.strip()
    try:
        values = _values(span) if name else None
    except ValueError:
        values = None
    if values is None:
        raise InputError(f"{option} {text!r}: expected {_FORM}.")
    return name, values


def _values(span: str) -> np.ndarray | None:
    """The values of a span; None where there are none."""
    if ":" not in span:
        return np.array([float(part) for part in span.split(",")])
    low, high, count = span.split(":")
    first, last, number = float(low), float(high), int(count)
    if number < 1 or (number == 1 and first != last):
        return None
    return np.linspace(first, last, number)


def read_shard(text: str | None) -> tuple[int, int]:
    """The shard and the number of shards; one of one where nothing is asked.

    Raises:
        InputError: the text is not of that form.
    """
    if text is None:
        return 1, 1
    first, _, count = text.partition("/")
    try:
        index, number = int(first), int(count)
    except ValueError:
        index = number = 0
    if not 1 <= index <= number:
        raise InputError(f"--shard {text!r}: expected I/N with 1 ≤ I ≤ N, such as 3/8.")
    return index, number
