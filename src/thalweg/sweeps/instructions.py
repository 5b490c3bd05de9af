"""The instructions of a function, as Python has compiled it."""

import dis
import types
from collections.abc import Iterator
from typing import Any


def instructions(code: types.CodeType) -> list[Any]:
    """The instructions of a function, with its names and constants."""
    return [
        code.co_code.hex(),
        code.co_exceptiontable.hex(),
        list(code.co_names),
        [code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags],
        list(code.co_varnames),
        [_constant(value) for value in code.co_consts],
    ]


def _constant(value: Any) -> Any:
    if isinstance(value, types.CodeType):
        return instructions(value)
    if isinstance(value, frozenset):  # whose order differs from process to process
        return ["set", *sorted(map(repr, value))]
    return [type(value).__name__, repr(value)]


def _inner(code: types.CodeType) -> Iterator[types.CodeType]:
    """A code, and those inside it."""
    yield code
    for value in code.co_consts:
        if isinstance(value, types.CodeType):
            yield from _inner(value)


def reads(code: types.CodeType) -> Iterator[str]:
    """The names of the globals that a code reads."""
    for part in _inner(code):
        for step in dis.get_instructions(part):
            if step.opname in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"):
                yield step.argval


def names(code: types.CodeType) -> Iterator[str]:
    """The names of the globals and of the attributes that a code reads."""
    for part in _inner(code):
        yield from part.co_names
