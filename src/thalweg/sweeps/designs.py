"""Designs of sweeps: a grid of a system's parameters, or a list of points."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.parameters import Parameter, children_of, find_parameter

POINT = "point"


class Design(ABC):
    """A system, and the values of some of its parameters (abstract).

    For developers: a design has `dims` (the names of its axes), a `shape`, and `coordinates`, which
    say along which axes the values of each parameter run. The point at index (i, j, …) has for
    each parameter the entry of its values at the indices of those axes.
    """

    system: Any

    @property
    @abstractmethod
    def dims(self) -> tuple[str, ...]:
        """The names of the axes."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """The number of values along each axis."""

    @property
    @abstractmethod
    def coordinates(self) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
        """The axes along which the values of each parameter run, and the values, by its name."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters that vary."""
        return tuple(find_parameter(self.system, name) for name in self.coordinates)

    @property
    def size(self) -> int:
        """The number of points."""
        return int(np.prod(self.shape))


@dataclass(frozen=True, eq=False)
class Grid(Design):
    """Every combination of the values of some parameters.

    Arguments:
        system: the system: a rule, an energy, or any module or dataclass with parameters.
        values: for each parameter its values, shape `(n,)`, by its name: a dotted path through the
            fields such as `"energy.stiffness"`, the end of one where no other ends so,
            `"stiffness"`, or an entry of an array, `"weights[0,1]"`. The store calls it as given.

    Raises:
        InputError: a name is none of the system's floating parameters, or values are not finite.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> membrane = tw.models.FitzHughNagumo()
        >>> grid = tw.sweeps.Grid(
        ...     membrane, {"current": np.linspace(0, 1, 5), "tau": np.linspace(5, 20, 3)}
        ... )
        >>> grid.shape, grid.size
        ((5, 3), 15)
    """

    system: Any
    values: Mapping[str, Any]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", _checked(self.system, self.values))

    @property
    def dims(self) -> tuple[str, ...]:
        """The names of the parameters."""
        return tuple(self.values)

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of values of each parameter."""
        return tuple(len(values) for values in self.values.values())

    @property
    def coordinates(self) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
        """Each parameter along an axis of its own."""
        return {name: ((name,), values) for name, values in self.values.items()}


@dataclass(frozen=True, eq=False)
class Points(Design):
    """A list of points, each with its own value of each parameter.

    Arguments:
        system: the system, as of a `Grid`.
        values: for each parameter by its name the values at the points, shape `(n,)`, n the same
            for all.

    Raises:
        InputError: as of a `Grid`; or the numbers of values differ.

    Example:
        >>> import thalweg as tw
        >>> points = tw.sweeps.Points(tw.models.VanDerPol(), {"mu": [0.5, 1.0, 4.0]})
        >>> points.dims, points.shape
        (('point',), (3,))
    """

    system: Any
    values: Mapping[str, Any]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", _checked(self.system, self.values))
        lengths = {name: len(column) for name, column in self.values.items()}
        if len(set(lengths.values())) != 1:
            said = ", ".join(f"{name} {length}" for name, length in lengths.items())
            raise InputError(f"Points: every parameter needs as many values as the others: {said}.")

    @property
    def dims(self) -> tuple[str, ...]:
        """The one axis, which counts the points."""
        return (POINT,)

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of points."""
        return (len(next(iter(self.values.values()))),)

    @property
    def coordinates(self) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
        """Each parameter along the points."""
        return {name: ((POINT,), values) for name, values in self.values.items()}


def _checked(system: Any, values: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The values as float64 arrays of one axis, by the names of parameters that exist."""
    if not isinstance(values, Mapping) or not values:
        raise InputError(
            f"values must name at least one parameter, such as {{'current': np.linspace(0, 1, 5)}},"
            f" got {values!r}."
        )
    found: dict[str, np.ndarray] = {}
    places = set()
    for name, given in values.items():
        parameter = find_parameter(system, name)
        place = _place(system, parameter)
        if place in places:
            raise InputError(f"values: {name!r} is one number, which has another name here too.")
        places.add(place)
        if "/" in parameter.name or parameter.name.startswith("."):
            raise InputError(f"values: {name!r} cannot name a folder of the store.")
        try:
            column = np.asarray(given, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise InputError(f"values of {name!r} must be numbers, got {given!r}.") from error
        if column.ndim != 1 or not len(column) or not np.all(np.isfinite(column)):
            raise InputError(
                f"values of {name!r} must be finite numbers along one axis, at least one; "
                f"got {'numbers' if column.size else 'none'} of shape {column.shape}."
            )
        found[parameter.name] = column
    return found


def _place(system: Any, parameter: Parameter) -> tuple[Any, ...]:
    """The place of a parameter, whatever it is called; entries are counted from the start."""
    node: Any = system
    for key in parameter.keys:
        node = (children_of(node) or {})[key]
    entry = parameter.entry or ()
    return parameter.keys, tuple(i % n for i, n in zip(entry, np.shape(node), strict=True))


@dataclass(frozen=True)
class Chunks:
    """The parts of a design that are computed and stored one at a time; host only.

    Attributes:
        shape: of the design.
        chunk: the length of a part along each axis; parts at the far ends may be shorter.
    """

    shape: tuple[int, ...]
    chunk: tuple[int, ...]

    @classmethod
    def of(cls, shape: tuple[int, ...], points: int) -> "Chunks":
        """Parts of about so many points, whole rows where they fit, all nearly equally long."""
        room, lengths = points, []
        for count in reversed(shape):
            longest = min(count, max(room, 1))
            length = -(-count // -(-count // longest))
            lengths.append(length)
            room //= length
        return cls(shape, tuple(reversed(lengths)))

    @property
    def numbers(self) -> tuple[int, ...]:
        """The number of parts along each axis."""
        return tuple(-(-n // c) for n, c in zip(self.shape, self.chunk, strict=True))

    @property
    def count(self) -> int:
        """The number of parts."""
        return int(np.prod(self.numbers))

    @property
    def size(self) -> int:
        """The number of points of a full part."""
        return int(np.prod(self.chunk))

    def place(self, index: int) -> tuple[int, ...]:
        """The index of a part along each axis."""
        return tuple(int(i) for i in np.unravel_index(index, self.numbers))

    def region(self, index: int) -> tuple[slice, ...]:
        """The indices of its points along each axis."""
        return tuple(
            slice(i * c, min((i + 1) * c, n))
            for i, c, n in zip(self.place(index), self.chunk, self.shape, strict=True)
        )

    def lengths(self, index: int) -> tuple[int, ...]:
        """The length of a part along each axis."""
        return tuple(part.stop - part.start for part in self.region(index))

    def flat(self, index: int) -> np.ndarray:
        """The positions of its points in the whole design, in row order, shape `(n,)`."""
        axes = [np.arange(part.start, part.stop) for part in self.region(index)]
        grids = np.meshgrid(*axes, indexing="ij")
        return np.ravel_multi_index([grid.ravel() for grid in grids], self.shape)
