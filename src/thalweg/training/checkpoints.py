"""Checkpoints: the arrays of a pytree behind a header of JSON, checked before they are used.

The file is one line of JSON, then the leaves as `equinox.tree_serialise_leaves` writes them.
Nothing in it is ever unpickled or executed.
"""

import contextlib
import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError, StoreError
from thalweg.core.files import write_atomically
from thalweg.core.shapes import PyTree
from thalweg.core.tables import counted

_FORMAT = "thalweg-checkpoint"
_SCHEMA = 1  # version of the file's form, counted up when it changes
_LONGEST_HEADER = 64 * 2**20  # bytes: a file that is no checkpoint must not fill the memory


def save_checkpoint(path: str | Path, tree: PyTree, about: Mapping[str, Any]) -> Path:
    """Write the arrays of a pytree, and JSON-ready notes about them, to a file, atomically.

    Typed PRNG keys do not serialise: keep `jax.random.key_data` of them.

    Raises:
        StoreError: the file cannot be written.
    """
    buffer = io.BytesIO()
    eqx.tree_serialise_leaves(buffer, tree)
    content = buffer.getvalue()
    header = {
        "format": _FORMAT,
        "schema": _SCHEMA,
        "sha256": hashlib.sha256(content).hexdigest(),
        "leaves": _signature(tree),
        "about": dict(about),
    }
    return write_atomically(path, json.dumps(header).encode() + b"\n" + content)


def read_header(path: str | Path) -> dict[str, Any]:
    """The notes in a checkpoint, as they were given to `save_checkpoint`.

    Raises:
        StoreError: the file cannot be read, or is no checkpoint.
    """
    return _read(path)[0]["about"]


def load_checkpoint(path: str | Path, like: PyTree) -> tuple[Any, dict[str, Any]]:
    """The pytree in a checkpoint and the notes about it.

    Arguments:
        path: the file.
        like: a pytree of the same structure, shapes and dtypes, whose arrays are replaced.

    Raises:
        StoreError: the file cannot be read, is no checkpoint, or is damaged.
        InputError: it holds other arrays than `like`.
    """
    header, content = _read(path)
    if hashlib.sha256(content).hexdigest() != header["sha256"]:
        raise StoreError(f"{path} is damaged: its content is not what was written. Delete it.")
    expected = _signature(like)
    if header["leaves"] != expected:
        found = next(
            (pair for pair in zip(header["leaves"], expected, strict=False) if pair[0] != pair[1]),
            (f"{counted(len(header['leaves']), 'array')}", f"{counted(len(expected), 'array')}"),
        )
        raise InputError(
            f"{path} is a checkpoint of something else: it holds {found[0]}, expected {found[1]}."
        )
    return eqx.tree_deserialise_leaves(io.BytesIO(content), like), header["about"]


def _read(path: str | Path) -> tuple[dict[str, Any], bytes]:
    try:
        with open(path, "rb") as file:
            first = file.readline(_LONGEST_HEADER)
            content = file.read()
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or error}.") from error
    header: dict[str, Any] = {}
    with contextlib.suppress(ValueError, UnicodeDecodeError):
        header = json.loads(first)
    known = {"format": str, "schema": int, "sha256": str, "leaves": list, "about": dict}
    is_ours = isinstance(header, dict) and all(
        isinstance(header.get(name), kind) for name, kind in known.items()
    )
    if not is_ours or header["format"] != _FORMAT:
        raise StoreError(f"{path} is not a checkpoint.")
    if header["schema"] != _SCHEMA:
        raise StoreError(
            f"{path} is a checkpoint of format {header['schema']}; this version reads {_SCHEMA}."
        )
    return header, content


def _signature(tree: Any) -> list[str]:
    """One line an array: where it is, its dtype and its shape."""
    found = []
    for path, leaf in jax.tree_util.tree_flatten_with_path(tree)[0]:
        if eqx.is_array_like(leaf):
            name = jax.tree_util.keystr(path).lstrip(".") or "x"
            found.append(f"{name}: {jnp.result_type(leaf)}{list(np.shape(leaf))}")
    return found
