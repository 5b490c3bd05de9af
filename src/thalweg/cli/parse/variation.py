"""`--vary NAME=FROM:TO`: the parameter of a bifurcation diagram, and its range; or two."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.parameters import find_parameter


def read_variations(texts: Sequence[str] | None) -> dict[str, tuple[float, float]]:
    """The ranges by the names of the parameters; nothing where nothing varies.

    Raises:
        InputError: a text is not of that form, or two name one parameter.
    """
    found: dict[str, tuple[float, float]] = {}
    for text in texts or ():
        (read,) = read_variation(text).items()
        if read[0] in found:
            raise InputError(f"--vary {text!r}: {read[0]} varies twice; name another parameter.")
        found |= [read]
    return found


def read_variation(text: str) -> dict[str, tuple[float, float]]:
    """The range by the name of the parameter.

    Raises:
        InputError: the text is not of that form.
    """
    name, _, span = text.rpartition("=")
    low, _, high = span.partition(":")
    try:
        if not name.strip():
            raise ValueError
        ends = float(low), float(high)
    except ValueError:
        raise InputError(
            f"--vary {text!r}: expected NAME=FROM:TO, such as current=0:1.5."
        ) from None
    if not np.all(np.isfinite(ends)):
        raise InputError(f"--vary {text!r}: both ends must be finite.")
    if not ends[0] < ends[1]:
        cure = f"write {name.strip()}={high}:{low}" if ends[1] < ends[0] else "give a wider range"
        raise InputError(f"--vary {text!r}: FROM must be less than TO; {cure}.")
    return {name.strip(): ends}


def check_varied(option: str, system: Any, names: Iterable[str]) -> None:
    """Refuse what is no parameter of a system, before anything is computed.

    Arguments:
        option: after which option it was typed.
        system: the rule or energy.
        names: those of the parameters.

    Raises:
        InputError: one is no floating number of the system.
    """
    for name in names:
        try:
            find_parameter(system, name)
        except InputError as error:
            raise InputError(f"{option}: {error}") from error
