"""One part of a sweep: asked of the store, computed, written. What every engine runs."""

import functools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from thalweg.core import progress
from thalweg.core.batches import filled
from thalweg.core.ensembles import lane_keys
from thalweg.core.errors import InputError
from thalweg.core.parameters import find_parameter
from thalweg.core.tables import counted
from thalweg.sweeps.measures import Lanes, Measure
from thalweg.sweeps.refusals import refusals
from thalweg.sweeps.statuses import Status
from thalweg.sweeps.store import Store
from thalweg.sweeps.stores import open_store

_NOTES = 3  # of each part; one failure is often that of many points


class Done(NamedTuple):
    """The outcome of a part.

    Attributes:
        part: its index.
        counts: how many points ended how, by the number of the status; empty where the store had
            the part already.
        notes: what was noticed, a sentence each.
        is_lost: True where every worker that tried it died.
    """

    part: int
    counts: dict[int, int]
    notes: tuple[str, ...]
    is_lost: bool = False


@dataclass(frozen=True, eq=False)
class Job:
    """A sweep as a worker needs it: the store knows the rest.

    Attributes:
        path: of the store.
        system: whose parameters vary.
        measure: what is asked of it.
        seed: of everything random.
    """

    path: Path
    system: Any
    measure: Measure
    seed: int

    def fresh(self) -> "Job":
        """The same without an open store."""
        return replace(self)

    @functools.cached_property
    def store(self) -> Store:
        """The store, opened once."""
        return open_store(self.path)

    def run(self, index: int) -> Done:
        """Compute and write a part that the store does not have.

        Raises:
            StoreError: it cannot be read or written.
        """
        store = self.store
        if store.is_done(index):
            return Done(index, {}, ())
        with jax.enable_x64(True), progress.quiet():
            arrays, statuses, notes = self._compute(index)
        store.write(index, arrays, statuses)
        counts = {int(status): int(n) for status, n in Counter(statuses.tolist()).items()}
        return Done(index, counts, tuple(dict.fromkeys(notes))[:_NOTES])

    def _compute(self, index: int) -> tuple[dict[str, np.ndarray], np.ndarray, list[str]]:
        """The points of a part; those that the system refuses hold nothing."""
        store, flat = self.store, self.store.chunks.flat(index)
        parameters = tuple(find_parameter(self.system, name) for name in store.names)
        values = store.values(index)
        refused, notes = refusals(self.system, parameters, values)
        statuses = np.full(len(flat), Status.OUTSIDE, np.int8)
        arrays = {variable.name: variable.empty((len(flat),)) for variable in store.variables}
        kept = np.flatnonzero(~refused)
        if not len(kept):
            return arrays, statuses, notes
        # Every part has as many lanes, so that all share one compiled program.
        size = store.chunks.size if self.measure.is_batched else len(kept)
        lanes = filled(kept, size)
        keys = _keys(self.seed, flat[lanes]) if self.measure.is_random else None
        asked = Lanes(self.system, parameters, values[lanes], keys)
        answers = self.measure.measure(asked, store.variables)
        statuses[kept] = answers.statuses[: len(kept)]
        for name, array in arrays.items():
            array[kept] = answers.arrays[name][: len(kept)]
        return arrays, statuses, [*notes, *answers.notes]


def _keys(seed: int, points: np.ndarray) -> Any:
    """A key a point, whatever part it is in."""
    if not len(points):
        return None
    key = jax.random.key(seed)
    return jax.vmap(jax.random.fold_in, in_axes=(None, 0))(key, points.astype(np.uint32))


def some_lanes(system: Any, names: Iterable[str], values: np.ndarray, seed: int) -> Lanes:
    """A few points that the system does not refuse, to find out what a measure gives.

    Raises:
        InputError: it refuses all of them.
    """
    parameters = tuple(find_parameter(system, name) for name in names)
    refused, notes = refusals(system, parameters, values)
    kept = np.flatnonzero(~refused)
    if not len(kept):
        raise InputError(
            f"The system refuses every one of {counted(len(values), 'point')} tried: {notes[0]}"
        )
    keys = lane_keys(jax.random.key(seed), len(kept))
    return Lanes(system, parameters, values[kept], keys)
