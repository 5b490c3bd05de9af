"""Stores of sweeps opened, and made: in a folder beside their place, which is then renamed."""

import os
import shutil
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from thalweg.core.errors import StoreError
from thalweg.sweeps.designs import Chunks, Design
from thalweg.sweeps.fingerprints import digest
from thalweg.sweeps.leaves import STATUS
from thalweg.sweeps.statuses import Status
from thalweg.sweeps.store import METADATA, WRITTEN, Store, load_zarr, unwritten
from thalweg.sweeps.unfinished import unfinished
from thalweg.sweeps.variables import Variable

FORMAT, SCHEMA = "thalweg-sweep", 1  # of the attribute; a store of another schema is refused


def open_store(path: Path) -> Store:
    """The store at a path.

    Raises:
        StoreError: there is none, or it is no sweep's, or damaged.
    """
    zarr = load_zarr()
    if path.exists() and not path.is_dir():
        raise StoreError(f"{path} is a file: a sweep needs a folder. Give another path.")
    if not path.is_dir():
        raise StoreError(f"There is no sweep at {path}.")
    try:
        group = zarr.open_group(path, mode="r+", zarr_format=3, use_consolidated=False)
        data = dict(group.attrs)["thalweg"]
        is_ours = data["format"] == FORMAT
    except Exception as error:
        raise StoreError(
            f"{path} is not the store of a sweep, or it is damaged ({type(error).__name__}: "
            f"{error}). Give another folder, or delete it."
        ) from error
    if not is_ours or data["schema"] != SCHEMA:
        raise StoreError(
            f"{path} is a store of format {data['format']!r}, schema {data['schema']!r}; this "
            f"version reads {FORMAT!r}, schema {SCHEMA}."
        )
    store = Store(path, data)
    if data["hash"] != digest(store.configuration):
        raise StoreError(f"{path} is damaged: its configuration is not what was written.")
    missing = [
        name for name in (*store.names, *store.filled) if not (path / name / METADATA).is_file()
    ]
    if missing:
        raise StoreError(f"{path} is damaged: it lacks the array {missing[0]!r}.")
    return store


def create_store(
    path: Path,
    design: Design,
    chunks: Chunks,
    variables: Sequence[Variable],
    configuration: Mapping[str, Any],
    versions: Mapping[str, str],
) -> Store:
    """Make a store without any part, in a folder beside it that is then renamed.

    Where somebody else has just made it, theirs is opened.

    Raises:
        StoreError: it cannot be written.
    """
    fresh = unfinished(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _fill(fresh, design, chunks, variables, configuration, versions)
        os.rename(fresh, path)
    except OSError as error:
        if (path / METADATA).is_file():
            return open_store(path)
        raise unwritten(path, error) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)  # of a failure, whichever
    return open_store(path)


def _fill(
    path: Path,
    design: Design,
    chunks: Chunks,
    variables: Sequence[Variable],
    configuration: Mapping[str, Any],
    versions: Mapping[str, str],
) -> None:
    """Write the metadata and the coordinates of a new store."""
    zarr = load_zarr()
    layout = {
        "dims": list(design.dims),
        "shape": list(chunks.shape),
        "chunk": list(chunks.chunk),
        "parameters": list(design.coordinates),
        "variables": [variable.to_dict() for variable in variables],
    }
    about = {
        "format": FORMAT,
        "schema": SCHEMA,
        "hash": digest(dict(configuration)),
        "configuration": dict(configuration),
        "versions": dict(versions),
        "layout": layout,
    }
    said = {"title": configuration.get("title", "a sweep"), "source": "thalweg", "thalweg": about}
    group = zarr.create_group(path, zarr_format=3, attributes=said)
    # With a check sum, so that damage shows.
    codec = zarr.codecs.ZstdCodec(level=0, checksum=True)
    shared = {"compressors": [codec], "config": WRITTEN}
    for name, (dims, values) in design.coordinates.items():
        array = group.create_array(
            name, shape=values.shape, chunks=values.shape, dtype="float64", dimension_names=dims,
            fill_value=np.nan, attributes={"long_name": name}, **shared,
        )  # fmt: skip
        array[...] = values
    for variable in [*variables, _status_variable()]:
        group.create_array(
            variable.name,
            shape=(*chunks.shape, *variable.shape),
            chunks=(*chunks.chunk, *(max(length, 1) for length in variable.shape)),
            dtype=variable.dtype,
            dimension_names=(*design.dims, *variable.dims),
            fill_value=0 if variable.name == STATUS else variable.fill,
            attributes=variable.attributes() | _apart(design),
            **shared,
        )
    with warnings.catch_warnings():
        # Zarr warns that readers other than its own may not know these: they need not.
        warnings.simplefilter("ignore")
        zarr.consolidate_metadata(path)


def _apart(design: Design) -> dict[str, str]:
    """Parameters that run along an axis of another name: `xarray` is told that they are there."""
    names = [name for name, (dims, _) in design.coordinates.items() if dims != (name,)]
    return {"coordinates": " ".join(names)} if names else {}


def _status_variable() -> Variable:
    flags = {status.words: int(status) for status in Status}
    return Variable(STATUS, (), "int8", (), "how each point ended", "", flags)
