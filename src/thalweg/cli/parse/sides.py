"""`--grid N` or `--grid N,M,…`: the number of points along the sides of a grid."""

from thalweg.core.errors import InputError


def read_sides(text: str | None) -> int | tuple[int, ...] | None:
    """One number for all sides, or one a side; None where no grid is asked for.

    Raises:
        InputError: the text holds anything but whole numbers of at least 1.
    """
    if text is None:
        return None
    try:
        sides = tuple(int(part) for part in text.split(","))
    except ValueError:
        sides = ()
    if not sides or min(sides) < 1:
        raise InputError(
            f"--grid {text!r}: expected a whole number of at least 1, or one a coordinate, such as "
            f'--grid 400 or --grid "400,300".'
        )
    return sides[0] if len(sides) == 1 else sides
