"""The result of a sweep: how far it is, what it holds, and where it lies."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from thalweg.core.about import UNSAID, About
from thalweg.core.errors import InputError
from thalweg.core.extras import not_installed
from thalweg.core.fields import FieldsReport
from thalweg.core.reports import Table
from thalweg.core.tables import counted, format_number
from thalweg.sweeps.statuses import Status, have_values
from thalweg.sweeps.store import Store
from thalweg.sweeps.stores import open_store
from thalweg.sweeps.variables import Variable

_AT_ONCE = 2**27  # bytes; reading part by part takes several times as long


@dataclass(frozen=True)
class Axis:
    """The values of a parameter.

    Attributes:
        name: of the parameter.
        low: the least value.
        high: the largest.
        count: how many there are.
    """

    name: str
    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Summary:
    """A variable over the points that are done, or gave a number that is not finite.

    Attributes:
        name: in the store.
        long_name: its meaning.
        dims: the names of its axes, those of the sweep first.
        low: the least number; None where there is none, and of codes.
        high: the largest.
        mean: the mean of the finite ones.
        counts: of a variable whose values are codes, how many there are of each meaning.
    """

    name: str
    long_name: str
    dims: tuple[str, ...]
    low: float | None
    high: float | None
    mean: float | None
    counts: Mapping[str, int]


@dataclass(frozen=True, eq=False, repr=False)
class Sweep(FieldsReport):
    """A sweep as its store has it; prints as a table of its variables.

    Attributes:
        about: the system.
        store: the path of the Zarr group, as given.
        measure: the name of what was measured.
        axes: the parameters.
        shape: how many points along each axis of the sweep.
        chunk: how many of them are computed and stored at a time.
        counts: how many points ended how, by the words of `thalweg.sweeps.Status`.
        parts: how many parts there are.
        parts_done: how many of them are done.
        variables: what the store holds.
        notes: what was noticed by the run that returned this.
    """

    store: str
    measure: str
    axes: tuple[Axis, ...]
    shape: tuple[int, ...]
    chunk: tuple[int, ...]
    counts: Mapping[str, int]
    parts: int
    parts_done: int
    variables: tuple[Summary, ...]
    notes: tuple[str, ...] = ()
    about: About = UNSAID

    @property
    def is_complete(self) -> bool:
        """True when no part is missing."""
        return self.parts_done == self.parts

    @property
    def points(self) -> int:
        """The number of points of the whole sweep."""
        return int(np.prod(self.shape))

    @property
    def title(self) -> str:
        """A line: what was measured of which system, over what, and how far it is."""
        over = " × ".join(f"{a.name} from {a.low:.6g} to {a.high:.6g}" for a in self.axes)
        sides = " × ".join(str(n) for n in self.shape)
        far = (
            "" if self.is_complete else f"; {self.parts_done} of {counted(self.parts, 'part')} done"
        )
        points = "point" if self.points == 1 else "points"
        return f"{self.measure} of {self.about.system} over {over} ({sides} {points}{far})"

    def table(self) -> Table | None:
        """A variable a row, with its range and mean over what was computed."""
        rows = [
            [v.name, *(_number(n) for n in (v.low, v.high, v.mean)), _meaning(v)]
            for v in self.variables
        ]
        return (["variable", "least", "largest", "mean", "meaning"], rows) if rows else None

    def remarks(self) -> list[str]:
        """Sentences on the points that were not done, and on what was noticed."""
        found = [
            f"{self.counts[status.words]} of {counted(self.points, 'point')} {status.meaning}."
            for status in Status
            if status != Status.DONE and self.counts.get(status.words)
        ]
        return [*found, *self.notes]

    def open(self) -> Any:
        """The store as an `xarray.Dataset`, which reads what is asked for when it is.

        Raises:
            InputError: xarray is not installed.
            StoreError: the store is gone or damaged.
        """
        open_store(Path(self.store))
        try:
            import xarray
        except ModuleNotFoundError as error:
            raise InputError(not_installed("Sweep.open", "xarray", "sweeps")) from error
        return xarray.open_zarr(self.store, chunks=None)

    def read(self, name: str) -> np.ndarray:
        """A variable (or `status`) at all points: shape `shape`, then the variable's own.

        Raises:
            InputError: there is no such variable.
            StoreError: the store is gone or damaged.
        """
        return open_store(Path(self.store)).read(name)


def summarize(store: Store, about: About, path: str, notes: tuple[str, ...] = ()) -> Sweep:
    """The result that a store holds so far.

    Raises:
        StoreError: the store is damaged.
    """
    statuses = store.statuses()
    numbers, counts = np.unique(statuses, return_counts=True)
    done = store.done()
    counted = have_values(statuses)
    found = [_Codes(v.flags) if v.flags else _Numbers() for v in store.variables]
    for variable, running in zip(store.variables, found, strict=True):
        for region in _regions(store, variable):
            running.add(store.read(variable.name, region)[counted[region]])
    return Sweep(
        store=path,
        measure=store.configuration["measure"]["name"],
        axes=tuple(
            Axis(name, float(values.min()), float(values.max()), len(values))
            for name, (_, values) in store.coordinates.items()
        ),
        shape=store.chunks.shape,
        chunk=store.chunks.chunk,
        counts={
            Status(number).words: int(count) for number, count in zip(numbers, counts, strict=True)
        },
        parts=store.chunks.count,
        parts_done=int(np.sum(done)),
        variables=tuple(
            Summary(v.name, v.long_name, (*store.dims, *v.dims), *running.summary)
            for v, running in zip(store.variables, found, strict=True)
        ),
        notes=notes,
        about=about,
    )


def _regions(store: Store, variable: Variable) -> Iterator[tuple[slice, ...]]:
    """Parts of a variable that fit into memory: all of it, where that does."""
    size = np.dtype(variable.dtype).itemsize * int(np.prod((*store.chunks.shape, *variable.shape)))
    if size <= _AT_ONCE:
        yield (slice(None),) * len(store.chunks.shape)
    else:
        yield from (store.chunks.region(index) for index in range(store.chunks.count))


class _Codes:
    """The number of points of each code; others stand for nothing."""

    def __init__(self, flags: Mapping[str, int]) -> None:
        self.flags, self.counts = flags, dict.fromkeys(flags, 0)

    def add(self, values: np.ndarray) -> None:
        for name, code in self.flags.items():
            self.counts[name] += int(np.sum(values == code))

    @property
    def summary(self) -> tuple[None, None, None, dict[str, int]]:
        return None, None, None, {name: n for name, n in self.counts.items() if n}


class _Numbers:
    """The range and the mean of numbers that come in parts; those that are not finite are left."""

    def __init__(self) -> None:
        self.low, self.high, self.total, self.count = np.inf, -np.inf, 0.0, 0

    def add(self, values: np.ndarray) -> None:
        values = np.abs(values) if values.dtype.kind == "c" else values.astype(np.float64)
        finite = values[np.isfinite(values)]
        if len(finite):
            self.low = min(self.low, float(finite.min()))
            self.high = max(self.high, float(finite.max()))
            self.total, self.count = self.total + float(finite.sum()), self.count + len(finite)

    @property
    def summary(self) -> tuple[float | None, float | None, float | None, dict[str, int]]:
        if not self.count:
            return None, None, None, {}
        return self.low, self.high, self.total / self.count, {}


def _meaning(variable: Summary) -> str:
    counts = ", ".join(f"{name} {count}" for name, count in variable.counts.items())
    return ": ".join(filter(None, [variable.long_name, counts]))


def _number(value: float | None) -> str:
    return "" if value is None else format_number(value)
