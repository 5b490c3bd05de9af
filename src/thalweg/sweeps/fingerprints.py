"""What tells one configuration from another: the sources of functions, the numbers of systems."""

import hashlib
import inspect
import json
import sys
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.parameters import children_of

_OURS = ("thalweg", "builtins")


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
    """What a function, a module or a value is, JSON-ready; other code or numbers differ.

    Of code outside this library the source counts, as far as it can be had, and what a function
    closes over; not what it calls elsewhere.
    """
    if isinstance(thing, bool | int | float | str) or thing is None:
        return thing
    if isinstance(thing, jax.Array) and jnp.issubdtype(thing.dtype, jax.dtypes.prng_key):
        return digest_of_numbers(jax.random.key_data(thing))
    if isinstance(thing, np.ndarray | np.generic | jax.Array):
        return digest_of_numbers(thing)
    if isinstance(thing, types.MethodType):
        return {"method": thing.__name__, "of": fingerprint(thing.__self__)}
    if isinstance(thing, types.FunctionType):
        cells = [cell.cell_contents for cell in thing.__closure__ or ()]
        given = [*cells, *(thing.__defaults__ or ()), *(thing.__kwdefaults__ or {}).values()]
        return _code(thing) | ({"with": [fingerprint(part) for part in given]} if given else {})
    if isinstance(thing, property):
        return fingerprint(thing.fget)
    if isinstance(thing, type):
        known = _code(thing)
        return known if "source" in known or _is_ours(thing) else known | _members(thing)
    if isinstance(thing, Mapping | list | tuple):
        parts = children_of(thing)
        if parts is None:
            return list(thing)
        return {str(name): fingerprint(part) for name, part in parts.items()}
    parts = children_of(thing)
    if parts is not None:
        return fingerprint(type(thing)) | {"has": {k: fingerprint(v) for k, v in parts.items()}}
    inner = getattr(thing, "__wrapped__", None) or getattr(thing, "func", None)
    if inner is not None:  # jax.jit, functools.partial
        given = [*getattr(thing, "args", ()), *(getattr(thing, "keywords", None) or {}).items()]
        return {"wraps": fingerprint(inner), "with": [fingerprint(part) for part in given]}
    return _code(type(thing))


def _is_ours(kind: type) -> bool:
    """Whether a class is found in a module of this library, or of Python itself."""
    found: Any = sys.modules.get(kind.__module__)
    for name in kind.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is kind and kind.__module__.split(".")[0] in _OURS


def _members(kind: type) -> dict[str, Any]:
    """The members of a class that has no source: one of a notebook, or made while running."""
    own = {name: value for name, value in vars(kind).items() if not name.startswith("_")}
    return {"members": {name: fingerprint(value) for name, value in own.items()}}


def _code(owner: Any) -> dict[str, Any]:
    """The name of a function or class, and the SHA-256 of its source where it is not our own."""
    module = getattr(owner, "__module__", "") or ""
    name = f"{module}.{getattr(owner, '__qualname__', owner)}"
    if module.split(".")[0] in _OURS:
        return {"name": name}
    # A file is one module or another by who imports it: `__main__` where it is run.
    code = getattr(inspect.unwrap(owner), "__code__", None)
    file = getattr(sys.modules.get(module), "__file__", None) if code is None else code.co_filename
    if file is not None and Path(file).is_file():
        name = f"{Path(file).stem}.{getattr(owner, '__qualname__', owner)}"
    source = _source(owner)
    if source is None:
        return {"name": name}
    return {"name": name, "source": hashlib.sha256(source.encode()).hexdigest()}


def _source(owner: Any) -> str | None:
    """The source of a function or class, the instructions of a function that has none."""
    try:
        # What is typed into a notebook has a source here, and none in another process.
        if Path(inspect.getfile(inspect.unwrap(owner))).is_file():
            return inspect.getsource(owner)
    except (OSError, TypeError):
        pass
    code = getattr(owner, "__code__", None)
    return None if code is None else repr(_instructions(code))


def _instructions(code: types.CodeType) -> tuple[Any, ...]:
    """What a function without a source does: its bytes, names and constants."""
    return code.co_code.hex(), code.co_names, [_constant(value) for value in code.co_consts]


def _constant(value: Any) -> Any:
    if isinstance(value, types.CodeType):
        return _instructions(value)
    # The order of a set differs from process to process.
    return sorted(map(repr, value)) if isinstance(value, frozenset) else value
