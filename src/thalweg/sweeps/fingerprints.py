"""Fingerprints that tell configurations apart: the code of functions, the numbers of systems."""

import enum
import functools
import hashlib
import json
import logging
import re
import sys
import types
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.parameters import children_of
from thalweg.sweeps.instructions import instructions, names, reads
from thalweg.sweeps.origins import installed, is_users, name_of, name_of_module, named

_LONG = 64  # entries of a list and letters of a text, of more of which the digest is kept
_SAID = (complex, range, slice, np.dtype, PurePath, jax.tree_util.PyTreeDef)  # all by their repr
_COMPILED = ("jaxlib", "functools")  # of jax.jit and lru_cache, which keep more than they are
_AROUND = ("__wrapped__", "__func__", "fget", "method")  # where what wraps a function has it
_NOTHING: Any = object()


def digest(data: Any) -> str:
    """The SHA-256 of JSON-ready data, whatever the order of its keys."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=True, allow_nan=True)
    return hashlib.sha256(text.encode()).hexdigest()


def digest_of_numbers(array: Any) -> str:
    """The SHA-256 of an array: its type, its shape and its bytes."""
    numbers = np.ascontiguousarray(array)
    head = f"{numbers.dtype.str}{numbers.shape}".encode()
    return hashlib.sha256(head + numbers.tobytes()).hexdigest()


def fingerprint(thing: Any) -> Any:
    """The fingerprint of a function, module or value, JSON-ready; other code or numbers differ.

    Of the user's functions and classes the instructions count, with what they close over and the
    globals that they use, and so on through these; of installed packages names and versions do.

    Raises:
        InputError: there is something in it that cannot be told from another of its kind.
    """
    return _Walk().of(thing, "it")


class _Walk:
    """One walk through what a thing is made of. Code that comes again is not told again."""

    def __init__(self) -> None:
        self.told: dict[int, int] = {}
        self.inside: list[int] = []
        self.kept: list[Any] = []  # an id is of one thing as long as that lives

    def of(self, thing: Any, where: str) -> Any:
        simple = _simple(thing)
        if simple is not _NOTHING:
            return simple
        if id(thing) in self.told:
            return {"again": self.told[id(thing)]}
        if isinstance(thing, types.FunctionType | type | types.ModuleType):
            return self._code(thing, where)
        if id(thing) in self.inside:
            return {"around": len(self.inside) - self.inside.index(id(thing))}
        self.inside.append(id(thing))
        self.kept.append(thing)
        try:
            return self._value(thing, where)
        finally:
            self.inside.pop()

    def _all(self, parts: Mapping[str, Any], where: str) -> dict[str, Any]:
        return {name: self.of(part, f"{name} of {where}") for name, part in parts.items()}

    def _list(self, parts: Any, where: str) -> Any:
        found = [self.of(part, f"an entry of {where}") for part in parts]
        return found if len(found) <= _LONG else {"entries": len(found), "digest": digest(found)}

    def _value(self, thing: Any, where: str) -> Any:
        """The fingerprint of something that is neither simple nor code."""
        if isinstance(thing, Mapping) and type(thing).__module__ in ("builtins", "types"):
            if all(isinstance(key, str) for key in thing):
                return self._all(thing, where)
            return {"pairs": self._list(thing.items(), where)}
        if type(thing) is list:
            return self._list(thing, where)
        if type(thing) is tuple:
            return {"tuple": self._list(thing, where)}
        if isinstance(thing, set | frozenset):
            return {"set": sorted(digest(self.of(part, f"an entry of {where}")) for part in thing)}
        if isinstance(thing, types.MethodType):
            bound = {"method": self.of(thing.__func__, where)}
            return bound | {"of": self.of(thing.__self__, f"the owner of {where}")}
        inner = _unwrapped(thing)
        if inner is not None:
            return {"wraps": self._all(inner, where)}
        known = installed(thing)
        if known is not None:  # jnp.sin, math.sin
            return known
        around = getattr(thing, "__wrapped__", None)
        if around is not None and type(thing).__module__.partition(".")[0] in _COMPILED:
            return {"wraps": self.of(around, where)}
        return self._object(thing, where)

    def _object(self, thing: Any, where: str) -> Any:
        kind = type(thing)
        if isinstance(thing, np.ufunc):  # of np.frompyfunc, which hides its function
            raise _untold(kind, where)
        parts = _parts(thing)
        if parts is not None:
            return {"is": self.of(kind, f"the class of {where}"), "has": self._all(parts, where)}
        try:
            made = thing.__reduce_ex__(4)
            if isinstance(made, str):
                raise TypeError
        except Exception as error:
            raise _untold(kind, where) from error
        listed = [None if part is None else list(part) for part in made[3:5]]
        return {"made": self._list([*made[:3], *listed], where)}

    def _code(self, thing: Any, where: str) -> Any:
        """The fingerprint of a function, a class or a module."""
        if isinstance(thing, types.ModuleType) and not is_users(thing):
            return named(thing.__name__)
        known = installed(thing)
        if known is not None:
            return known
        self.told[id(thing)] = len(self.told)
        self.kept.append(thing)
        if isinstance(thing, types.FunctionType):
            return self._function(thing)
        if isinstance(thing, type):
            return self._class(thing)
        return {"module": name_of_module(thing)}

    def _function(self, fn: types.FunctionType) -> Any:
        name = name_of(fn)
        code = fn.__code__
        cells = dict(zip(code.co_freevars, map(_held, fn.__closure__ or ()), strict=True))
        given: dict[str, Any] = {}
        if fn.__defaults__ or fn.__kwdefaults__:
            given["defaults"] = [*(fn.__defaults__ or ()), *(fn.__kwdefaults__ or {}).items()]
        parts: dict[str, Any] = {"name": name}
        if is_users(fn):
            python = ".".join(map(str, sys.version_info[:2]))
            parts |= {"python": python, "code": digest(instructions(code))}
            uses = self._uses(fn, name)
            parts |= {"uses": uses} if uses else {}
            given |= {key: part for key, part in vars(fn).items() if not key.startswith("__")}
        if cells or given:
            parts["with"] = self._all(cells | given, name)
        return parts

    def _uses(self, fn: types.FunctionType, where: str) -> dict[str, Any]:
        """The globals that a function reads, and what it takes from modules of the user."""
        found = {}
        for name in sorted(set(reads(fn.__code__))):
            if name in fn.__globals__:
                said = f"the global {name} of {where}"
                found[name] = self._used(fn.__globals__[name], set(names(fn.__code__)), said, [])
        return found

    def _used(self, value: Any, names: set[str], where: str, chain: list[Any]) -> Any:
        """A global; of a module of the user, what has one of the names that the function reads."""
        if not isinstance(value, types.ModuleType) or not is_users(value):
            return self.of(value, where)
        if value in chain:
            return {"module": name_of_module(value)}
        inner = {
            name: self._used(vars(value)[name], names, f"{name} of {where}", [*chain, value])
            for name in sorted(names & vars(value).keys())
        }
        return {"module": name_of_module(value), "has": inner}

    def _class(self, kind: type) -> Any:
        name = name_of(kind)
        members = {}
        for key in sorted(vars(kind)):
            value = vars(kind)[key]
            if _is_written(key, value):
                members[key] = self.of(value, f"{key} of {name}")
        bases = [self.of(base, f"a base of {name}") for base in kind.__bases__]
        return {"name": name, "bases": bases, "members": members}


def _simple(thing: Any) -> Any:
    """The fingerprint of a number, a text, an array, and such; `_NOTHING` of others."""
    if isinstance(thing, enum.Enum):
        return {"enum": f"{type(thing).__qualname__}.{thing.name}", "value": repr(thing.value)}
    if thing is None or type(thing) in (bool, int, float):
        return thing
    if isinstance(thing, str):
        return (
            str(thing) if len(thing) <= _LONG else {"letters": len(thing), "digest": digest(thing)}
        )
    if isinstance(thing, bytes | bytearray):
        return {"bytes": hashlib.sha256(thing).hexdigest()}
    if isinstance(thing, jax.Array) and jnp.issubdtype(thing.dtype, jax.dtypes.prng_key):
        return digest_of_numbers(jax.random.key_data(thing))
    if isinstance(thing, np.ndarray | np.generic | jax.Array) and thing.dtype != object:
        return digest_of_numbers(thing)
    if isinstance(thing, np.ufunc) and "(vectorized)" not in thing.__name__:
        return {"ufunc": thing.__name__}
    if isinstance(thing, _SAID) or thing is Ellipsis or thing is NotImplemented:
        return {type(thing).__name__: repr(thing)}
    if isinstance(thing, logging.Logger):  # which holds all others
        return {"logger": thing.name}
    if isinstance(thing, re.Pattern):
        return {"pattern": repr(thing.pattern), "flags": thing.flags}
    return _NOTHING


def _unwrapped(thing: Any) -> dict[str, Any] | None:
    """The functions inside what Python itself wraps them in."""
    match thing:
        case property():
            return {"get": thing.fget, "set": thing.fset}
        case staticmethod() | classmethod():
            return {type(thing).__name__: thing.__func__}
        case functools.cached_property():
            return {"get": thing.func}
        case functools.partial():
            keywords = dict(sorted(thing.keywords.items()))
            return {"fn": thing.func, "args": list(thing.args), "keywords": keywords}
        case np.vectorize():  # which keeps what it has made
            return {"fn": thing.pyfunc, "signature": thing.signature, "otypes": thing.otypes}
    return None


def _parts(thing: Any) -> dict[str, Any] | None:
    """The fields and attributes of an object, but those that it keeps once computed."""
    kind = type(thing)
    fields = children_of(thing) if hasattr(kind, "__dataclass_fields__") else None
    if fields is not None and not is_users(kind):
        return fields
    own = dict(getattr(thing, "__dict__", {}))
    slots = [name for base in kind.__mro__ for name in _slots(base) if hasattr(thing, name)]
    if not hasattr(thing, "__dict__") and not slots and fields is None:
        return None
    if isinstance(thing, list | tuple | dict | set | str | bytes):  # entries, too
        return None
    found = (fields or {}) | own | {name: getattr(thing, name) for name in slots}
    kept = {
        name for base in kind.__mro__ for name, value in vars(base).items()
        if isinstance(value, functools.cached_property)
    }  # fmt: skip
    return {name: found[name] for name in sorted(found) if name not in kept}


def _slots(kind: type) -> Iterator[str]:
    """The attributes that a class of Python keeps in slots."""
    for name, value in vars(kind).items() if "__slots__" in vars(kind) else ():
        if isinstance(value, types.MemberDescriptorType) and name != "__weakref__":
            yield name


def _is_written(name: str, value: Any) -> bool:
    """True if a member of a class is written by who wrote the class, not made with it."""
    if isinstance(value, types.MemberDescriptorType | types.GetSetDescriptorType):
        return False
    if not (name.startswith("__") and name.endswith("__")):
        return name != "_abc_impl"
    inner: Any = value
    while not isinstance(inner, types.FunctionType) or hasattr(inner, "__wrapped__"):
        around = (getattr(inner, name, None) for name in _AROUND)
        inner = next((one for one in around if one is not None), None)
        if inner is None:
            return False
    return is_users(inner) and _has_lines(inner)


def _has_lines(fn: types.FunctionType) -> bool:
    """False of what `dataclasses` writes, with the same file name as what `exec` runs."""
    return "__create_fn__" not in fn.__code__.co_qualname


def _held(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return "empty"


def _untold(kind: type, where: str) -> InputError:
    return InputError(
        f"{where} is a {kind.__module__}.{kind.__qualname__}, which cannot be told from another: "
        f"a sweep that goes on could not know that it is the same. Make it inside the function, "
        f"or give numbers, texts, arrays, functions, or objects of these."
    )
