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
    if isinstance(thing, type):
        return _code(thing)
    if isinstance(thing, Mapping | list | tuple):
        parts = children_of(thing)
        if parts is None:
            return list(thing)
        return {str(name): fingerprint(part) for name, part in parts.items()}
    parts = children_of(thing)
    if parts is not None:
        return _code(type(thing)) | {"has": {k: fingerprint(v) for k, v in parts.items()}}
    inner = getattr(thing, "__wrapped__", None) or getattr(thing, "func", None)
    if inner is not None:  # jax.jit, functools.partial
        given = [*getattr(thing, "args", ()), *(getattr(thing, "keywords", None) or {}).items()]
        return {"wraps": fingerprint(inner), "with": [fingerprint(part) for part in given]}
    return _code(type(thing))


def _code(owner: Any) -> dict[str, Any]:
    """The name of a function or class, and the SHA-256 of its source where it is not our own."""
    module = getattr(owner, "__module__", "") or ""
    name = f"{module}.{getattr(owner, '__qualname__', owner)}"
    if module.split(".")[0] in ("thalweg", "builtins"):
        return {"name": name}
    # A file is one module or another by who imports it: `__main__` where it is run.
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is not None:
        name = f"{Path(file).stem}.{getattr(owner, '__qualname__', owner)}"
    try:
        source = inspect.getsource(owner)
    except (OSError, TypeError):
        code = getattr(owner, "__code__", None)
        source = "" if code is None else repr(_instructions(code))
    return {"name": name, "source": hashlib.sha256(source.encode()).hexdigest()}


def _instructions(code: types.CodeType) -> tuple[Any, ...]:
    """What a function without a source does: its bytes, names and constants."""
    inner = [_instructions(c) if isinstance(c, types.CodeType) else c for c in code.co_consts]
    return code.co_code.hex(), code.co_names, inner
