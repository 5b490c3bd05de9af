"""Arguments and fields that are misnamed, or set after the thing was made."""

import dataclasses
import inspect
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self

import equinox as eqx

from thalweg.core.errors import InputError
from thalweg.core.nearby import did_you_mean
from thalweg.core.parameters import not_annotated


class Frozen(eqx.Module):
    """Base of what is made once, of arguments that have names: rules, energies, domains.

    Raises:
        InputError: an argument names a number of the class that has no annotation.
        TypeError: it names nothing of the class.
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Refuse an argument that the class does not take."""
        _refuse_unknown(cls, kwargs)
        return super().__new__(cls)

    if not TYPE_CHECKING:  # to a type checker a field of a frozen class cannot be set at all

        def __setattr__(self, name: str, value: Any) -> None:
            """Refuse to change a field, with what makes another of the class."""
            try:
                super().__setattr__(name, value)
            except dataclasses.FrozenInstanceError:
                raise _unchangeable(self, name, value) from None


def _refuse_unknown(cls: type, names: Iterable[str]) -> None:
    known = {field.name for field in dataclasses.fields(cls) if field.init}  # type: ignore[arg-type]
    others = [name for name in names if name not in known]
    if not others:
        return
    taken = inspect.signature(cls).parameters.values()
    words = [p.name for p in taken if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    for name in (name for name in others if name not in words):
        if bare := not_annotated(cls, name):
            raise InputError(bare)
        if any(parameter.kind is parameter.VAR_KEYWORD for parameter in taken):
            return
        takes = f"It takes {', '.join(words)}." if words else "It takes none."
        said = (f"{cls.__name__} has no argument {name!r}.", did_you_mean(name, words, 1), takes)
        raise TypeError(" ".join(filter(None, said)))


def _unchangeable(owner: Any, name: str, value: Any) -> dataclasses.FrozenInstanceError:
    """The error of a field that is set, with what makes another of the same class."""
    fields = [field.name for field in dataclasses.fields(owner)]
    kind = type(owner).__name__
    if name in fields:
        new = repr(value) if isinstance(value, float | int | str) else "…"
        cure = f"Make another with dataclasses.replace(…, {name}={new})."
    else:
        near = did_you_mean(name, fields, 1, f"Its fields are {', '.join(fields) or 'none'}.")
        cure = f"It has no field {name!r} either. {near}"
    return dataclasses.FrozenInstanceError(
        f"{kind}.{name} cannot be set: it stays as it was made. {cure}"
    )
