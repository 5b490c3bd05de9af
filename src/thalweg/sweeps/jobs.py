"""One part of a sweep: asked of the store, computed, written. What every engine runs."""

import contextlib
import functools
import importlib
import importlib.util
import pickle
import site
import sys
import sysconfig
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import jax
import numpy as np

from thalweg.core import progress
from thalweg.core.ensembles import lane_keys
from thalweg.core.errors import InputError
from thalweg.core.parameters import children_of, find_parameter
from thalweg.sweeps.measures import Lanes, Measure
from thalweg.sweeps.refusals import refusals
from thalweg.sweeps.statuses import Status
from thalweg.sweeps.store import Store, open_store

_NOTES = 3  # of each part; one failure is often that of many points


class Done(NamedTuple):
    """What came of a part.

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
        lanes = np.concatenate([kept, np.repeat(kept[:1], size - len(kept))])
        keys = _keys(self.seed, flat[lanes]) if self.measure.is_random else None
        asked = Lanes(self.system, parameters, values[lanes], keys)
        answers = self.measure.measure(asked, store.variables)
        statuses[kept] = _checked(answers.statuses[: len(kept)])
        for name, array in arrays.items():
            array[kept] = answers.arrays[name][: len(kept)]
        return arrays, statuses, [*notes, *answers.notes]


def _keys(seed: int, points: np.ndarray) -> Any:
    """A key a point, whatever part it is in."""
    if not len(points):
        return None
    key = jax.random.key(seed)
    return jax.vmap(jax.random.fold_in, in_axes=(None, 0))(key, points.astype(np.uint32))


def _checked(statuses: np.ndarray) -> np.ndarray:
    known = [int(status) for status in Status if status != Status.MISSING]
    if not np.all(np.isin(statuses, known)):
        wrong = statuses[~np.isin(statuses, known)].flat[0]
        raise InputError(f"the measure gave the status {wrong}, which is none of {known}.")
    return statuses


def some_lanes(system: Any, names: Iterable[str], values: np.ndarray, seed: int) -> Lanes:
    """A few points that the system does not refuse, to find out what a measure gives.

    Raises:
        InputError: it refuses all of them.
    """
    parameters = tuple(find_parameter(system, name) for name in names)
    refused, notes = refusals(system, parameters, values)
    kept = np.flatnonzero(~refused)
    if not len(kept):
        raise InputError(f"The system refuses every one of {len(values)} points tried: {notes[0]}")
    keys = lane_keys(jax.random.key(seed), len(kept))
    return Lanes(system, parameters, values[kept], keys)


class Packed(NamedTuple):
    """A job as bytes, and the files of the modules that it needs.

    Attributes:
        content: the job, pickled.
        modules: name, file and folder of each module that is not installed.
    """

    content: bytes
    modules: tuple[tuple[str, str, str], ...]


def pack(job: Job) -> Packed:
    """Make a job ready for another process, which sees the same files.

    Raises:
        InputError: the system or the measure cannot be pickled.
    """
    import cloudpickle

    modules = tuple(dict.fromkeys(_sources((job.system, job.measure))))
    try:
        return Packed(cloudpickle.dumps(replace(job)), modules)  # without an open store
    except Exception as error:
        raise InputError(
            f"The system or the measure cannot be sent to a worker: {type(error).__name__}: "
            f"{error}. Define them in a module of their own."
        ) from error


@functools.lru_cache(maxsize=1)
def unpack(packed: Packed) -> Job:
    """The job; the last one is kept, so that a worker compiles its programs once."""
    for name, file, folder in packed.modules:
        _import_from(name, file, folder)
    return pickle.loads(packed.content)


def _sources(thing: Any) -> Iterator[tuple[str, str, str]]:
    """The modules of user code that an object is made of."""
    module = sys.modules.get(getattr(thing, "__module__", None) or "")
    if module is not None:
        yield from _source(module)
    if type(thing).__module__ not in ("builtins", getattr(thing, "__module__", None)):
        yield from _sources(type(thing))
    for cell in getattr(thing, "__closure__", None) or ():
        yield from _sources(cell.cell_contents)
    for child in () if isinstance(thing, type) else (children_of(thing) or {}).values():
        yield from _sources(child)


def _source(module: ModuleType) -> Iterator[tuple[str, str, str]]:
    file, name = getattr(module, "__file__", None), module.__name__
    if file is None or name in ("__main__", "__mp_main__") or name.split(".")[0] == "thalweg":
        return
    path = Path(file).resolve()
    installed = [*site.getsitepackages(), *sysconfig.get_paths().values()]
    if any(path.is_relative_to(Path(folder).resolve()) for folder in installed):
        return
    top = path.parents[name.count(".") + (path.name == "__init__.py")]
    yield name, str(path), str(top)


def _import_from(name: str, file: str, folder: str) -> None:
    if name in sys.modules:
        return
    if folder not in sys.path:
        sys.path.insert(0, folder)
    with contextlib.suppress(ImportError):
        found = importlib.import_module(name)
        if Path(getattr(found, "__file__", None) or "").resolve() == Path(file):
            return
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise InputError(f"The worker cannot import {file}.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
