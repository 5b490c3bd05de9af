"""`--vary NAME=FROM:TO`: the parameter of a bifurcation diagram, and its range; or two."""

from collections.abc import Sequence

from thalweg.core.errors import InputError


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
        return {name.strip(): (float(low), float(high))}
    except ValueError:
        raise InputError(
            f"--vary {text!r}: expected NAME=FROM:TO, such as current=0:1.5."
        ) from None
