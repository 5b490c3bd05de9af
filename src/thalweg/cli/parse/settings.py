"""`--set NAME=VALUE`: parameters of a system from the command line.

A name is a parameter of the class, or a dotted path into the fields of what it makes
(`energy.stiffness`, `weights.0.1`). A value is JSON, brought to the type of the value it replaces.
"""

import dataclasses
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import equinox as eqx
import numpy as np

from thalweg.cli.parse.values import UNSET, read_value
from thalweg.core.errors import InputError
from thalweg.core.parameters import (
    DECLARED,
    is_row,
    not_annotated,
    parameters,
    parts_of,
    unknown_parameter,
    with_item,
)
from thalweg.core.trees import replace


def split_settings(texts: Sequence[str]) -> dict[str, str]:
    """`["a=1", "b.c=2"]` as a dictionary; the last of equal names wins."""
    settings = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise InputError(f"--set {text!r} is not of the form NAME=VALUE, such as current=0.5.")
        settings[name.strip()] = value.strip()
    return settings


def build(made_by: Any, settings: Mapping[str, str], presets: Mapping[str, Any], name: str) -> Any:
    """An instance of the class `made_by` with settings applied.

    Arguments:
        made_by: the class.
        settings: texts by name or dotted path.
        presets: values in which this system differs from the defaults of its class.
        name: what messages call the system.

    Raises:
        InputError: a name is unknown, a value does not fit, or a parameter without default is left
            out.
    """
    given, paths = arguments(made_by, settings, presets, name)
    try:
        system = made_by(**given)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{name} cannot be made: {type(error).__name__}: {error}") from error
    known = tuple(p for p in _parameters(made_by) if p not in DECLARED)
    return apply(system, paths, name, known=known)


def arguments(
    taken_by: Any, settings: Mapping[str, str], presets: Mapping[str, Any], name: str
) -> tuple[dict[str, Any], dict[str, str]]:
    """Arguments of a class or function, and the settings that are none of its parameters.

    Raises:
        InputError: a value does not fit, or a parameter without default is left out.
    """
    accepted = _parameters(taken_by)
    kept = DECLARED if inspect.isclass(taken_by) else ()
    given = dict(presets)
    paths = {}
    for path, text in settings.items():
        if path in accepted and path not in kept:
            default, annotation = accepted[path]
            given[path] = read_value(path, text, given.get(path, default), annotation)
        else:
            paths[path] = text
    missing = [p for p, (default, _) in accepted.items() if default is UNSET and p not in given]
    if missing:
        raise InputError(
            f"{name} has no default for {', '.join(missing)}: give --set {missing[0]}=VALUE."
        )
    return given, paths


def unknown(path: str, known: Sequence[str], name: str) -> InputError:
    """The error of a setting that does not exist; it offers the nearest name."""
    return InputError(f"--set: {unknown_parameter(path, known, name)}")


def apply(system: Any, settings: Mapping[str, str], name: str, known: Sequence[str] = ()) -> Any:
    """`system` with the values at some dotted paths replaced (a copy)."""
    for path, text in settings.items():
        try:
            system = _assign(system, path.split("."), path, text)
        except KeyError:
            bare = not_annotated(type(system), path)
            if bare:
                raise InputError(f"--set {path}: {bare}") from None
            names = list(dict.fromkeys([*known, *parameters(system)]))
            raise unknown(path, names, name) from None
    return system


def _assign(node: Any, keys: list[str], path: str, text: str, is_inner: bool = False) -> Any:
    key, deeper = keys[0], keys[1:]
    children = parts_of(node, is_inner)
    if children is None:
        return _assign_element(node, keys, path, text)
    if key not in children:
        raise KeyError(path)
    child, is_inner = children[key]
    inside = parts_of(child, is_inner)
    if deeper:
        new = _assign(child, deeper, path, text, is_inner)
    elif inside is not None or callable(child):
        inner = ", ".join(f"{path}.{name}" for name in inside or ())
        raise InputError(
            f"--set {path}: this is not a single value"
            + (f"; set one of its own: {inner}." if inner else " and cannot be set from text.")
        )
    else:
        new = read_value(path, text, child, _annotation(node, key))
    return _rebuilt(node, key, new)


def _assign_element(node: Any, keys: list[str], path: str, text: str) -> Any:
    """An element of an array, by its indices."""
    if not eqx.is_array(node) and not isinstance(node, np.ndarray) and not is_row(node):
        raise KeyError(path)
    array = np.array(node)
    try:
        index = tuple(int(key) for key in keys)
        array[index] = read_value(path, text, array[index].item(), UNSET)
    except (IndexError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"--set {path}: not an element of an array of shape {array.shape}."
        ) from error
    return type(node)(array.tolist()) if isinstance(node, tuple | list) else array


def _rebuilt(node: Any, key: str, new: Any) -> Any:
    rebuilt = with_item(node, key, new)
    if rebuilt is not None:
        return rebuilt
    fields = {f.name for f in dataclasses.fields(node) if f.init}
    if fields == set(_parameters(type(node))):  # so that the class checks the new value
        return type(node)(**{name: getattr(node, name) for name in fields} | {key: new})
    return replace(node, **{key: new})


def _annotation(node: Any, key: str) -> Any:
    if dataclasses.is_dataclass(node):
        return {field.name: field.type for field in dataclasses.fields(node)}.get(key, UNSET)
    return UNSET


def _parameters(made_by: Any) -> dict[str, tuple[Any, Any]]:
    """Parameters of a class: name → (default, annotation)."""
    signature, factories = inspect.signature(made_by), {}
    if dataclasses.is_dataclass(made_by):
        factories = {
            field.name: field.default_factory
            for field in dataclasses.fields(made_by)
            if field.default_factory is not dataclasses.MISSING
        }
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    found = {}
    for parameter in signature.parameters.values():
        if parameter.kind in named:
            is_made = parameter.name in factories and parameter.default is not UNSET
            default = factories[parameter.name]() if is_made else parameter.default
            found[parameter.name] = (default, parameter.annotation)
    return found
