"""`--vary NAME=FROM:TO`: the parameter of a bifurcation diagram, and its range."""

from thalweg.core.errors import InputError


def read_variation(text: str | None) -> dict[str, tuple[float, float]]:
    """The range by the name of the parameter; nothing where nothing varies.

    Raises:
        InputError: the text is not of that form.
    """
    if text is None:
        return {}
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
