"""The names in a store: of parameters, of variables, of axes. No two things may share one."""

from collections.abc import Sequence

from thalweg.core.errors import InputError
from thalweg.sweeps.designs import POINT, Design
from thalweg.sweeps.leaves import STATUS
from thalweg.sweeps.variables import Variable

_OF_THE_STORE = (STATUS, "zarr.json")


def check_parameters(grid: Design) -> None:
    """Refuse parameters that are called as the store's own arrays are.

    Raises:
        InputError: one is.
    """
    for name in grid.coordinates:
        if name in _OF_THE_STORE:
            raise InputError(
                f"a parameter that varies is called {name!r}, as an array of the store is. "
                f"Rename the field."
            )


def check_variables(variables: Sequence[Variable], grid: Design, measure: str) -> None:
    """Refuse variables and axes that are called as something else in the store is.

    Raises:
        InputError: one is; the message says which.
    """
    taken = {*_OF_THE_STORE, POINT, *grid.coordinates, *grid.dims}
    lengths: dict[str, int] = {}
    for variable in variables:
        if variable.name in taken or taken & set(variable.dims):
            raise InputError(
                f"{measure} gives {variable.name!r} along {list(variable.dims)}, names that the "
                f"store has for its own arrays and parameters. Rename it."
            )
        for axis, length in zip(variable.dims, variable.shape, strict=True):
            if lengths.setdefault(axis, length) != length:
                raise InputError(
                    f"{measure} gives {variable.name!r} with {length} entries along {axis!r}, "
                    f"which has {lengths[axis]} in another variable. Rename the axis."
                )
    both = [variable.name for variable in variables if variable.name in lengths]
    if both:
        raise InputError(
            f"{measure} gives {both[0]!r}, and an axis of another variable has that name. Rename "
            f"it."
        )
