"""The store of a sweep: a Zarr group that any reader opens, and that survives being killed.

A part of the sweep is one chunk of each array. Its chunk of `status` is written last, and is the
only record that the part is done: Zarr (3.1.3 and later) writes a file beside its place and renames
it, so that each is there as a whole or not at all. Nothing in the store depends on the time or the
order of writing: the same configuration and layout give the same bytes.
"""

import contextlib
import errno
import functools
import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from thalweg.core.errors import InputError, StoreError
from thalweg.core.extras import not_installed
from thalweg.sweeps.designs import Chunks
from thalweg.sweeps.leaves import STATUS
from thalweg.sweeps.unfinished import remove_unfinished
from thalweg.sweeps.variables import Variable

METADATA = "zarr.json"
# Zarr's own name for a file that is being written.
_PARTIAL = "*.partial"
# Empty chunks are written too, or one of nothing but NaN would look missing.
WRITTEN = {"write_empty_chunks": True}
_opening = threading.Lock()


class Store:
    """An open store.

    Attributes:
        path: of the Zarr group, a folder.
        configuration: what was asked, JSON-ready.
        versions: of the libraries with which it was begun.
        chunks: its parts.
        variables: what the measure gives.
        names: of the parameters that vary, in order.
    """

    def __init__(self, path: Path, data: Mapping[str, Any]):
        self.path = path
        self._arrays: dict[str, Any] = {}
        self.configuration: dict[str, Any] = data["configuration"]
        self.versions: dict[str, str] = data["versions"]
        layout = data["layout"]
        self.dims: tuple[str, ...] = tuple(layout["dims"])
        self.chunks = Chunks(tuple(layout["shape"]), tuple(layout["chunk"]))
        self.variables = tuple(Variable.from_dict(known) for known in layout["variables"])
        self.names: tuple[str, ...] = tuple(layout["parameters"])

    @property
    def filled(self) -> tuple[str, ...]:
        """The names of the arrays that a sweep fills: the status and the variables."""
        return (STATUS, *(variable.name for variable in self.variables))

    def mark(self, index: int) -> Path:
        """The file that says that a part is done: its chunk of the status."""
        return self.path.joinpath(STATUS, "c", *map(str, self.chunks.place(index)))

    @functools.cached_property
    def coordinates(self) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
        """The axes along which the values of each parameter run, and the values."""
        return {name: self._coordinate(name) for name in self.names}

    def _array(self, name: str) -> Any:
        """An array of the group, opened once."""
        if name not in self._arrays:
            zarr = load_zarr()
            settings = {f"array.{key}": value for key, value in WRITTEN.items()}
            # An array that is opened takes this from the configuration, whoever made it how; and
            # the configuration is that of all threads.
            with _opening, zarr.config.set(settings):
                self._arrays[name] = zarr.open_array(self.path / name, mode="r+", zarr_format=3)
        return self._arrays[name]

    def _coordinate(self, name: str) -> tuple[tuple[str, ...], np.ndarray]:
        with _reading(self.path, name):
            array = self._array(name)
            return tuple(array.metadata.dimension_names), np.asarray(array[...])

    def values(self, index: int) -> np.ndarray:
        """The values of the parameters at the points of a part, shape `(n, p)`."""
        places = np.unravel_index(self.chunks.flat(index), self.chunks.shape)
        by_dim = dict(zip(self.dims, places, strict=True))
        columns = [column[by_dim[dims[0]]] for dims, column in self.coordinates.values()]
        return np.stack(columns, axis=-1)

    def is_done(self, index: int) -> bool:
        """True if a part is in the store."""
        # Its chunk of the status is there as a whole, and then says of no point that it is missing.
        return self.mark(index).is_file()

    def statuses(self) -> np.ndarray:
        """The status of each point, in the shape of the design."""
        return self.read(STATUS)

    def read(self, name: str, region: tuple[slice, ...] | None = None) -> np.ndarray:
        """A variable at all points, or at those of a region.

        Raises:
            InputError: there is no such variable.
            StoreError: it is damaged.
        """
        if name not in self.filled:
            known = ", ".join(self.filled)
            raise InputError(f"{self.path} has no variable {name!r}; it has {known}.")
        with _reading(self.path, name):
            return np.asarray(self._array(name)[... if region is None else region])

    def done(self) -> np.ndarray:
        """Booleans, one a part: whether it is in the store."""
        return np.array([self.is_done(index) for index in range(self.chunks.count)])

    def write(self, index: int, arrays: Mapping[str, np.ndarray], statuses: np.ndarray) -> None:
        """Write a part, the status last.

        Raises:
            StoreError: it cannot be written; what was there stays valid.
        """
        region, lengths = self.chunks.region(index), self.chunks.lengths(index)
        try:
            for variable in self.variables:
                values = arrays[variable.name].reshape(*lengths, *variable.shape)
                self._array(variable.name)[region] = values.astype(variable.dtype, copy=False)
            self._array(STATUS)[region] = statuses.reshape(lengths).astype(np.int8)
        except OSError as error:
            with contextlib.suppress(StoreError):
                if self.is_done(index):  # somebody else wrote the same, and tidied up
                    return
            raise unwritten(self.path, error) from error

    def tidy(self) -> None:
        """Remove what killed processes left of parts that are done."""
        remove_unfinished(self.path)
        leftovers = list(self.path.rglob(_PARTIAL))
        if not leftovers:
            return
        done = self.done()
        for leftover in leftovers:
            index = self._part_of(leftover)
            if index is None or done[index]:
                leftover.unlink(missing_ok=True)

    def _part_of(self, file: Path) -> int | None:
        """The part to which a file of a chunk belongs, None of other files."""
        place = file.relative_to(self.path).parts
        numbers = [part.split(".")[0] for part in place[2 : 2 + len(self.chunks.shape)]]
        if len(place) < 3 or place[1] != "c" or not all(n.isdigit() for n in numbers):
            return None
        if place[0] not in self.filled:
            return None
        return int(np.ravel_multi_index([int(n) for n in numbers], self.chunks.numbers))

    def finished(self) -> list[float]:
        """The times at which the parts that are done were finished, in seconds, in order."""
        folder = self.path / STATUS / "c"
        files = (file for file in folder.rglob("*") if file.is_file() and not file.suffix)
        return sorted(file.stat().st_mtime for file in files)

    def mark_start(self) -> None:
        """Note that a run starts now, as the time of a file: the bytes say nothing of time."""
        with contextlib.suppress(PermissionError):  # of somebody else's store: the pace alone
            os.utime(self.path / METADATA)

    def started(self) -> float:
        """The time at which the last run started, in seconds."""
        return (self.path / METADATA).stat().st_mtime

    def check_parts(self) -> None:
        """Refuse a store in which a part that is marked done lacks a file.

        Raises:
            StoreError: it does; the message says which.
        """
        for index in np.flatnonzero(self.done()):
            place = [str(i) for i in self.chunks.place(int(index))]
            for variable in self.variables:
                file = self.path.joinpath(variable.name, "c", *place, *["0"] * len(variable.shape))
                if not file.is_file() or not file.stat().st_size:
                    raise StoreError(
                        f"{self.path} is damaged: {file.relative_to(self.path)} is missing, though "
                        f"its part is marked as done. Delete {self.mark(int(index))} to compute "
                        f"that part again."
                    )


@contextlib.contextmanager
def _reading(path: Path, name: str) -> Iterator[None]:
    try:
        yield
    except StoreError:
        raise
    except Exception as error:
        raise StoreError(
            f"{path} is damaged: {name} cannot be read ({type(error).__name__}: {error})."
        ) from error


def unwritten(path: Path, error: OSError) -> StoreError:
    """The error of a store that cannot be written, with the cure."""
    reason = error.strerror or str(error)
    cure = " Make room and" if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else ""
    return StoreError(
        f"{path} cannot be written: {reason}. What is written stays valid:{cure or ' then'} run "
        f"the same again, which computes only what is missing."
    )


def load_zarr() -> Any:
    """The package zarr.

    Raises:
        InputError: it is not installed.
    """
    try:
        import zarr
        import zarr.codecs
    except ModuleNotFoundError as error:
        raise InputError(not_installed("A sweep", "zarr", "sweeps")) from error
    return zarr
