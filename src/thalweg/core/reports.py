"""Results of verbs: they print as a table, show in a notebook, go to JSON and come back equal."""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn, Self, TypeVar

import numpy as np

from thalweg.core.about import About
from thalweg.core.errors import InputError
from thalweg.core.tables import results_as_html, results_as_text

Part = TypeVar("Part", bound="Report")
Table = tuple[list[str], list[list[str]]]


class Report(ABC):
    """A result of a verb (abstract): a title, a table, remarks; JSON and back.

    A subclass is a frozen dataclass with `eq=False, repr=False` and a field `about`: two results
    are equal when all their fields are, arrays element by element and NaN to NaN. Fields declared
    with `compare=False` (callables, geometries: what JSON cannot hold) are excepted.

    For developers: most results are a `TableReport`, which prints alike. What comes back from
    `from_dict(result.to_dict())` must equal the result.
    """

    about: About

    @property
    @abstractmethod
    def title(self) -> str:
        """A line without a full stop: the finding, and of which system."""

    @abstractmethod
    def table(self) -> Table | None:
        """Header and rows of a table, as texts; None where there is nothing to list."""

    @abstractmethod
    def remarks(self) -> list[str]:
        """Sentences for below the table."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """The result as JSON-ready data (which may hold NaN)."""

    @classmethod
    @abstractmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> Self:
        """The result that `to_dict` wrote; what was not finite is NaN.

        Arguments:
            data: what `to_dict` wrote, straight or through JSON.
            about: what it is about, where `data` does not say so (a part of another result).
        """

    @abstractmethod
    def __str__(self) -> str:
        """The result as text within 80 columns."""

    @abstractmethod
    def _repr_html_(self) -> str:
        """The result as a notebook shows it."""

    def __repr__(self) -> str:
        return str(self)

    def __eq__(self, other: object) -> bool:
        return same(self, other)

    __hash__ = None  # type: ignore[assignment]


class TableReport(Report):
    """A result that prints as its title, its table and its remarks (abstract).

    For developers: implement `title`, `table`, `remarks`, `data` and `from_dict`.
    """

    @abstractmethod
    def data(self) -> dict[str, Any]:
        """The result as JSON-ready data (which may hold NaN), without what it is about."""

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON-ready data, `about` first."""
        return {"about": self.about.to_dict()} | self.data()

    def __str__(self) -> str:
        return results_as_text(self.title, self.table(), self.remarks())

    def _repr_html_(self) -> str:
        return results_as_html(self.title, self.table(), self.remarks())


def about_in(data: Mapping[str, Any], about: About | None) -> About:
    """Subject of a result being read: as given, else as it says itself."""
    return About.from_dict(data["about"]) if about is None else about


def about_all(parts: Iterable[Part], about: About) -> tuple[Part, ...]:
    """The parts of a result, each about what the whole is about."""
    return tuple(
        part if part.about is about else dataclasses.replace(part, about=about)  # type: ignore[type-var]
        for part in parts
    )


def same(one: Any, other: Any) -> bool:
    """Compare what results are made of: fields, containers, arrays (NaN equals NaN), values."""
    if dataclasses.is_dataclass(one):
        names = [field.name for field in dataclasses.fields(one) if field.compare]
        return type(one) is type(other) and all(
            same(getattr(one, name), getattr(other, name)) for name in names
        )
    if isinstance(one, dict):
        return (
            isinstance(other, dict)
            and one.keys() == other.keys()
            and all(same(value, other[key]) for key, value in one.items())
        )
    if isinstance(one, tuple | list):
        return (
            isinstance(other, tuple | list)
            and len(one) == len(other)
            and all(map(same, one, other))
        )
    if isinstance(one, np.ndarray | np.generic | float):
        left, right = np.asarray(one), np.asarray(other)
        if left.dtype.kind not in "fc" or right.dtype.kind not in "iufc":
            return left.dtype.kind == right.dtype.kind and np.array_equal(left, right)
        return np.array_equal(left, right, equal_nan=True)
    return bool(one == other)


class NotKept:
    """Stands where a result that was read from JSON had something that JSON cannot hold.

    Calling it, or asking it for anything, says so.

    Arguments:
        what: what is missing, a noun.
    """

    def __init__(self, what: str):
        self._said = f"JSON does not keep the {what} of a result: call the verb that gave it again."

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        """Raise `InputError`: there is nothing to call."""
        raise InputError(self._said)

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(self.__dict__.get("_said", name))

    def __repr__(self) -> str:
        return f"<{self._said}>"
