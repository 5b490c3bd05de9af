"""`--conserved "A + B=1"`: the values of totals that a system conserves."""

from collections.abc import Sequence

from thalweg.core.errors import InputError


def read_conserved(texts: Sequence[str] | None) -> dict[str, float]:
    """The value of each total by its name.

    Raises:
        InputError: a text is not of that form, or a total is given twice.
    """
    found: dict[str, float] = {}
    for text in texts or ():
        name, _, number = text.rpartition("=")
        try:
            value = float(number)
        except ValueError:
            name, value = "", 0.0
        if not name.strip():
            raise InputError(f'--conserved {text!r}: expected TOTAL=VALUE, such as "A + B=1".')
        if name.strip() in found:
            raise InputError(f"--conserved: {name.strip()} is given twice.")
        found[name.strip()] = value
    return found
