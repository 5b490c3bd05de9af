"""Cures of the errors that a user's function raises while JAX traces it, a sentence each."""

import ast
import dataclasses
import inspect
import re
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from thalweg.core.nearby import did_you_mean
from thalweg.core.tables import capitalized

_COUNTS = re.compile(r"too many values to unpack \(expected (\d+)|expected (\d+), got")
# Calls in a line of code: of `math` or NumPy, of SciPy, and of Python's own that want a number.
_FOREIGN = re.compile(r"\b(math|np|numpy)\.(\w+)")
_OF_SCIPY = re.compile(r"\bscipy\b")
_CONVERSION = re.compile(r"\b(float|int|bool|complex)\(")
_EXTREME = re.compile(r"(?<![.\w])(max|min)\(")
_LOOP = re.compile(r"^\s*while\b")
_STRING = re.compile(r"does not support string indexing; got idx='(.+)'")
_KEY = re.compile(r"\w\[[\"'](\w+)[\"']\]")
_OF_MODULE = re.compile(r"module '([\w.]+)' has no attribute '(\w+)'")
_IN_PLACE = {ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide"}
_JOINED = re.compile(r"\b(and|or|not)\b")
_JOINED_BY = {"and": "&", "or": "|", "not": "~"}
# Frames in these are not the user's.
_LIBRARIES = tuple(str(Path(inspect.getfile(module)).parent) for module in (jax, eqx))


def cure_of(error: Exception, shape: Any = None, owner: Any = None) -> str:
    """A sentence on the cure of the error of a function at a state of that shape; or "".

    Arguments:
        error: what it raised.
        shape: that of the state.
        owner: the rule or energy whose function it is; its fields are looked at.
    """
    if isinstance(error, jax.errors.TracerBoolConversionError):
        return _branch(error)
    if isinstance(error, jax.errors.JAXTypeError):  # a number was wanted of what JAX traces
        return _own_function(error)
    if "do not support in-place item assignment" in str(error):
        return _assignment(error)
    if isinstance(error, ValueError) and "setting an array element" in str(error):
        return _own_function(error)
    if isinstance(error, AttributeError):
        return _misnamed(error)
    if index := _STRING.search(str(error)):
        return _structure(error, index[1], shape)
    counts = _COUNTS.search(str(error))
    if counts is not None:
        wanted = counts[1] or counts[2]
        return f" It unpacks {wanted} coordinates, but a state of shape {shape} was asked about."
    if "Gradient only defined for scalar-output" in str(error):
        return " An energy returns one number for a state: sum over the state."
    return _no_number(error, owner) if isinstance(error, TypeError) else ""


def taken_as(rule: Any) -> str:
    """A sentence on a function of two arguments whose first has not the name of a time; or ""."""
    fn: Any = getattr(rule, "fn", None)
    if not getattr(fn, "takes_time", False):
        return ""
    names = list(inspect.signature(fn.fn).parameters)[:2]
    if names[0] in ("t", "time") or names[0].startswith("_"):
        return ""
    return (
        f" Its function of ({', '.join(names)}) was taken as one of (t, state): if {names[0]} is "
        f"the state, write lambda {names[0]}: … with a value for {names[1]}."
    )


def _own_lines(error: Exception) -> Iterator[tuple[str, int | None]]:
    """Lines of the user's code on the way to an error, the innermost first, with their numbers."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not frame.filename.startswith(_LIBRARIES):
            yield frame.line or "", frame.lineno


def _branch(error: Exception) -> str:
    line, number = next(_own_lines(error), ("", None))
    if extreme := _EXTREME.search(line):
        return f" Use jnp.{extreme[1]}imum instead of {extreme[1]} (line {number})."
    if _LOOP.search(line):
        return f" Use jax.lax.while_loop instead of `while` (line {number})."
    joined = dict.fromkeys(_JOINED.findall(line))
    ours = " and ".join(_JOINED_BY[word] for word in joined)
    theirs = " and ".join(f"`{word}`" for word in joined)
    where = f" (line {number})." if number else "."
    return (
        f" Use jnp.where instead of `if`{f', {ours} instead of {theirs}' if joined else ''}{where}"
    )


def _assignment(error: Exception) -> str:
    line, number = next(_own_lines(error), ("", None))
    written = _update(line)
    if written is None:
        where = "" if number is None else f" (line {number})"
        return (
            f" Use x = x.at[i].set(…) instead of x[i] = …, which changes an array in place; or "
            f"make the whole at once, jnp.stack([…]){where}."
        )
    return f" Use {written} instead of {line.strip()} (line {number})."


def _statement(line: str) -> ast.stmt | None:
    """The one statement that a line of code is, or None: it is a part of one, say."""
    try:
        found = ast.parse(line.strip()).body
    except SyntaxError:
        return None
    return found[0] if len(found) == 1 else None


def _update(line: str) -> str | None:
    """A line that sets one entry of an array in place, as JAX has it; None for any other line."""
    statement = _statement(line)
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target, verb = statement.targets[0], "set"
    elif isinstance(statement, ast.AugAssign) and type(statement.op) in _IN_PLACE:
        target, verb = statement.target, _IN_PLACE[type(statement.op)]
    else:
        return None
    if not (isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name)):
        return None
    text = line.strip()
    array, index, value = (
        ast.get_source_segment(text, part) for part in (target.value, target.slice, statement.value)
    )
    return f"{array} = {array}.at[{index}].{verb}({value})"


def _array_set(line: str) -> str | None:
    """The array, by name, of which a line sets an entry, or one of several; or None."""
    statement = _statement(line)
    if not isinstance(statement, ast.Assign):
        return None
    parts = [part for target in statement.targets for part in ast.walk(target)]
    entries = [part.value for part in parts if isinstance(part, ast.Subscript)]
    return next((part.id for part in entries if isinstance(part, ast.Name)), None)


def _own_function(error: Exception) -> str:
    for line, number in _own_lines(error):
        calls = dict.fromkeys(_FOREIGN.findall(line))
        foreign = [(module, name) for module, name in calls if hasattr(jnp, name)]
        array = _array_set(line)
        if array is not None and not foreign:
            return (
                f" Use jnp.stack([…]) of the entries instead of a NumPy array {array} and "
                f"{line.strip()} (line {number})."
            )
        if foreign:
            ours = " and ".join(f"jnp.{name}" for _, name in foreign)
            theirs = " and ".join(f"{module}.{name}" for module, name in foreign)
            return f" Use {ours}, not {theirs} (line {number})."
        if _OF_SCIPY.search(line):
            return f" Use jax.scipy, not scipy (line {number})."
        if conversion := _CONVERSION.search(line):
            name = conversion[1]
            return f" Leave out {name}(): a traced number has no value yet (line {number})."
    return " Use jax.numpy in it, not numpy or math."


def _misnamed(error: AttributeError) -> str:
    """A sentence on a field, or a name of a module, that there is not; or ""."""
    number = next((where for _, where in _own_lines(error)), None)
    if isinstance(error.obj, eqx.Module) and error.name:
        cls = type(error.obj)
        hint = did_you_mean(error.name, [name for name, _ in _fields(error.obj) if "." not in name])
        cure = f"declare {error.name}: float = … on the class {cls.__name__} (line {number})"
        return f" {hint} Else {cure}." if hint else f" {capitalized(cure)}."
    if missing := _OF_MODULE.search(str(error)):
        near = did_you_mean(missing[2], dir(sys.modules.get(missing[1])), 2)
        return f" {near} (line {number})." if near else ""
    return ""


def _structure(error: Exception, key: str, shape: Any) -> str:
    """A sentence on a state that is one array where the law looks up names in it."""
    line, number = next(_own_lines(error), ("", None))
    keys = dict.fromkeys([*_KEY.findall(line), key])
    low, high = (", ".join(f'"{name}": {bound}' for name in keys) for bound in ("-1.0", "1.0"))
    return (
        f" It looks up {' and '.join(map(repr, keys))} in the state (line {number}), which was "
        f"asked about as one array of shape {shape}: give states as a dict, and a domain of such, "
        f"Box({{{low}}}, {{{high}}})."
    )


def _no_number(error: TypeError, owner: Any) -> str:
    """A sentence on a field that is no number, and that the error speaks of; or ""."""
    for name, value in _fields(owner):
        kind = type(value).__name__
        is_named = re.search(rf"\b{kind}\b", str(error)) is not None
        if isinstance(value, str | list | dict | type(None) | type) and is_named:
            what = f"the class {value.__name__}" if isinstance(value, type) else repr(value)
            cure = " Make it an array: jnp.array(…)." if isinstance(value, list) else ""
            return f" Its parameter {name} is {what}, not a number.{cure}"
    return ""


def _fields(owner: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if not isinstance(owner, eqx.Module):
        return
    for field in dataclasses.fields(owner):  # type: ignore[arg-type]
        value = getattr(owner, field.name, None)
        yield f"{path}{field.name}", value
        yield from _fields(value, f"{path}{field.name}.")
