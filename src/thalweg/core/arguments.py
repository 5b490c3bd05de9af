"""Arguments and fields of a system that are misnamed, or set after it was made."""

import dataclasses
import inspect
from collections.abc import Iterable
from typing import Any

from thalweg.core.nearby import did_you_mean


def refuse_unknown(cls: type, names: Iterable[str]) -> None:
    """Refuse arguments that a class does not take, with the one that is near.

    Raises:
        TypeError: there is one.
    """
    known = {field.name for field in dataclasses.fields(cls) if field.init}  # type: ignore[arg-type]
    others = [name for name in names if name not in known]
    if not others:
        return
    taken = inspect.signature(cls).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in taken):
        return
    words = [p.name for p in taken if p.kind is not p.VAR_POSITIONAL]
    for name in (name for name in others if name not in words):
        takes = f"It takes {', '.join(words)}." if words else "It takes none."
        said = (f"{cls.__name__} has no argument {name!r}.", did_you_mean(name, words, 1), takes)
        raise TypeError(" ".join(filter(None, said)))


def unchangeable(owner: Any, name: str, value: Any) -> dataclasses.FrozenInstanceError:
    """The error of a field that is set on a system, with what makes another system."""
    fields = [field.name for field in dataclasses.fields(owner)]
    kind = type(owner).__name__
    if name in fields:
        new = repr(value) if isinstance(value, float | int | str) else "…"
        cure = f"Make another with dataclasses.replace(…, {name}={new})."
    else:
        near = did_you_mean(name, fields, 1, f"Its fields are {', '.join(fields) or 'none'}.")
        cure = f"It has no field {name!r} either. {near}"
    return dataclasses.FrozenInstanceError(
        f"{kind}.{name} cannot be set: a system stays as it was made. {cure}"
    )
