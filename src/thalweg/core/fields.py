"""Fields of a result as JSON-ready data, and back by what they are annotated with.

For results whose JSON has a key for each field. What is not finite may be null in a file, and reads
back as NaN; an array of integers or truths reads back as one. Of an array without entries a list
does not tell the shape, nor what it would hold: the key `empty` does.
"""

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any, Self, TypeVar

import numpy as np

from thalweg.core.about import About
from thalweg.core.codes import Result, code_name
from thalweg.core.plain import array, number
from thalweg.core.reports import TableReport, about_in

Kind = TypeVar("Kind")


class FieldsReport(TableReport):
    """A result whose JSON has a key for each of its fields (abstract)."""

    def data(self) -> dict[str, Any]:
        """The fields that are compared."""
        return to_fields(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> Self:
        """The result that `to_dict` wrote."""
        return from_fields(cls, data, about=about_in(data, about))


def to_fields(result: Any) -> dict[str, Any]:
    """JSON-ready data, a key for each field that is compared; `about` is left to the whole.

    Where arrays have no entries, also `empty`: the shape and dtype that lists do not tell.
    """
    found = {field.name: getattr(result, field.name) for field in _kept(result)}
    empty = {name: _told(value) for name, value in found.items() if _is_untold(value)}
    plain = {name: _plain(value) for name, value in found.items()}
    return plain | ({"empty": empty} if empty else {})


def from_fields(kind: type[Kind], data: Mapping[str, Any], **others: Any) -> Kind:
    """The dataclass that `to_fields` wrote.

    Arguments:
        kind: its class.
        data: what was written, straight or through JSON.
        others: the fields that are not in it.
    """
    hints = typing.get_type_hints(kind)
    about = others.get("about")
    empty = {
        name: np.zeros(told["shape"], told["dtype"])
        for name, told in data.get("empty", {}).items()
        if name not in others
    }
    found = {
        field.name: _read(hints[field.name], data[field.name], about)
        for field in _kept(kind)
        if field.name not in others
    }
    return kind(**(found | empty), **others)


def _kept(kind: Any) -> list[Any]:
    return [field for field in dataclasses.fields(kind) if field.compare and field.name != "about"]


def _is_untold(value: Any) -> bool:
    """True for an array without entries that its nested list does not give back."""
    if not isinstance(value, np.ndarray) or value.size:
        return False
    told = np.asarray(value.tolist())
    return told.shape != value.shape or told.dtype.kind != value.dtype.kind


def _told(value: np.ndarray) -> dict[str, Any]:
    return {"shape": list(value.shape), "dtype": str(value.dtype)}


def _plain(value: Any) -> Any:
    if isinstance(value, Result):
        return code_name(value)
    if dataclasses.is_dataclass(value):
        return to_fields(value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def _read(hint: Any, value: Any, about: About | None) -> Any:
    origin, inner = typing.get_origin(hint) or hint, typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        (hint,) = (item for item in inner if item is not types.NoneType)
        return None if value is None else _read(hint, value, about)
    if origin is float:
        return number(value)
    if origin is np.ndarray:
        found = np.asarray(value)
        return array(value) if found.dtype.kind == "O" else found
    if origin is Mapping:
        return {key: np.nan if item is None else item for key, item in value.items()}
    if origin in (tuple, list):
        kinds = [inner[0]] * len(value) if inner[-1] is ... or origin is list else inner
        return origin(_read(k, item, about) for k, item in zip(kinds, value, strict=True))
    if origin is Result:
        return getattr(Result, value)
    if isinstance(origin, type) and dataclasses.is_dataclass(origin):
        is_told = any(field.name == "about" for field in dataclasses.fields(origin))
        return from_fields(origin, value, **({"about": about} if is_told and about else {}))
    return value
