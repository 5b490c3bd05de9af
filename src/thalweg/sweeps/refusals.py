"""Points that a system itself refuses: its classes check what they are given."""

import dataclasses
import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.core.parameters import Parameter, children_of
from thalweg.sweeps.measures import with_values

_CHECK = "__check_init__"


def refusals(
    system: Any, parameters: Sequence[Parameter], values: np.ndarray
) -> tuple[np.ndarray, list[str]]:
    """The points at which a check of the system raises, and what it says.

    A module's `__check_init__` is called; a class that checks in an `__init__` or `__post_init__`
    of its own is made anew, where its fields are what that takes. Where no class on the way to a
    parameter checks anything, nothing is tried.

    Arguments:
        system: the system.
        parameters: those that vary.
        values: their values, shape `(n, p)`.

    Returns:
        Booleans `(n,)`, and the different messages.
    """
    refused = np.zeros(len(values), bool)
    said: dict[str, None] = {}
    if not any(_checks(node) for p in parameters for node in _on_the_way(system, p.keys)):
        return refused, []
    for index, row in enumerate(values.tolist()):
        changed = with_values(system, parameters, row)
        try:
            for parameter in parameters:
                for node in reversed(_on_the_way(changed, parameter.keys)):
                    _check(node)
        except Exception as error:
            refused[index] = True
            said[f"{type(error).__name__}: {error}"] = None
    return refused, list(said)


def _on_the_way(system: Any, keys: tuple[str, ...]) -> list[Any]:
    """The system and what contains the parameter in it, the outermost first."""
    nodes = [system]
    for key in keys[:-1]:
        children = children_of(nodes[-1])
        assert children is not None
        nodes.append(children[key])
    return nodes


def _checks(node: Any) -> bool:
    return bool(_own_checks(type(node))) or _is_made_by_hand(type(node))


def _own_checks(kind: type) -> list[Any]:
    return [vars(base)[_CHECK] for base in kind.__mro__ if _CHECK in vars(base)]


def _is_made_by_hand(kind: type) -> bool:
    """True of a class that does more than keep its fields, and takes just these."""
    if not dataclasses.is_dataclass(kind):
        return False
    fields = {field.name for field in dataclasses.fields(kind)}
    if fields != set(inspect.signature(kind).parameters):
        return False
    made = inspect.unwrap(kind.__init__)
    # The `__init__` that dataclasses write has no file.
    is_written = not getattr(made, "__code__", None) or made.__code__.co_filename != "<string>"
    return is_written or hasattr(kind, "__post_init__")


def _check(node: Any) -> None:
    kind = type(node)
    for check in _own_checks(kind):
        check(node)
    if _is_made_by_hand(kind):
        kind(**{field.name: getattr(node, field.name) for field in dataclasses.fields(kind)})
