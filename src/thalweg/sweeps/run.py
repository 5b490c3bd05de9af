"""The verb: measure a system over many values of its parameters, into a store."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import jax
import numpy as np

from thalweg import __version__
from thalweg.core.about import About
from thalweg.core.checks import check_count
from thalweg.core.declared import declared_domain
from thalweg.core.errors import InputError, StoreError
from thalweg.core.parameters import parameters
from thalweg.core.progress import Progress
from thalweg.core.tables import counted
from thalweg.sweeps.compiled import Compiled
from thalweg.sweeps.designs import Chunks, Design
from thalweg.sweeps.engines import Engine, InProcess
from thalweg.sweeps.fingerprints import digest_of_numbers, fingerprint
from thalweg.sweeps.jobs import Done, Job, some_lanes
from thalweg.sweeps.measures import Measure
from thalweg.sweeps.names import check_parameters, check_variables
from thalweg.sweeps.origins import NOTED
from thalweg.sweeps.result import Sweep, summarize
from thalweg.sweeps.store import Store, load_zarr
from thalweg.sweeps.stores import create_store, open_store

_TRIED = 16  # points at which it is found out what a measure gives
_LARGE = 64  # so many numbers a reader of the attributes may want to see
_NOTES = 5  # how many of those of the parts a result repeats
_VARIES = "varies"
_OTHER_PYTHON = (
    "Instructions of two Pythons cannot be compared, so that it is the same function is not known: "
    "go on with the Python that began it, or give another folder."
)


def sweep(
    fn: Callable[..., Any] | Measure,
    grid: Design,
    store: str | Path,
    *,
    chunk: int | None = None,
    seed: int = 0,
    engine: Engine | None = None,
    shard: tuple[int, int] = (1, 1),
    name: str | None = None,
) -> Sweep:
    """Measure a system over many values of its parameters, a part at a time, into a store.

    A part that is in the store is not computed again: after a crash, a kill or a full disk the same
    call goes on where it was, and the store is in the end what it would have been without.

    Arguments:
        fn: takes a system and returns a pytree of arrays, in JAX (see `thalweg.sweeps.Compiled`,
            which it becomes); or a `Measure`, such as `thalweg.sweeps.OnHost(fn)` for a function
            that calls verbs. It computes in float64.
        grid: the system, and where: a `thalweg.sweeps.Grid` or `thalweg.sweeps.Points`.
        store: the path of the Zarr group to make or to go on with, a folder that
            `xarray.open_zarr` opens.
        chunk: about how many points are computed and stored at a time; what the measure finds
            right unless given (10,000 of a compiled function). A store keeps its own.
        seed: of everything random; each point has a key of its own.
        engine: who computes: `thalweg.sweeps.InProcess()` unless given, `LocalWorkers(count)` or
            `Scheduler(address)`.
        shard: `(i, n)` computes the i-th of every n parts only, 1 ≤ i ≤ n: for n jobs that share
            nothing but the store.
        name: what to call the system; the name of its class unless given.

    Returns:
        The sweep: prints as a table; `open()` is an `xarray.Dataset`.

    Points whose parameters the system refuses, and those at which the measure fails, are marked in
    the array `status`, and counted; the others go on.

    Raises:
        InputError: an argument makes no sense, or `fn` works at no point that was tried.
        StoreError: the store is of another sweep, foreign, damaged, or cannot be written.

    Example:
        >>> import tempfile, jax.numpy as jnp, numpy as np, thalweg as tw
        >>> grid = tw.sweeps.Grid(tw.models.VanDerPol(), {"mu": np.linspace(0.5, 4, 8)})
        >>> def speed(system):
        ...     return {"speed": jnp.linalg.norm(system.velocity(0.0, jnp.ones(2)))}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     found = tw.sweep(speed, grid, folder + "/speeds.zarr")
        ...     speeds = found.read("speed")
        >>> found.counts, speeds.shape
        ({'done': 8}, (8,))
    """
    load_zarr()  # before anything is computed
    measure = fn if isinstance(fn, Measure) else Compiled(_function(fn))
    if not isinstance(grid, Design):
        raise InputError(
            f"grid must be a thalweg.sweeps.Grid(system, values) or Points, got {grid!r}."
        )
    if not isinstance(store, str | Path):
        raise InputError(f"store must be the path of a folder, got {store!r}.")
    if engine is not None and not isinstance(engine, Engine):
        raise InputError(
            f"engine must be one of thalweg.sweeps: InProcess(), LocalWorkers(count) or "
            f"Scheduler(address), got {engine!r}."
        )
    check_parameters(grid)
    check_count("sweep: seed", seed, least=0)
    if chunk is not None:
        check_count("sweep: chunk", chunk)
    mine = _check_shard(shard)
    path = Path(store)
    called = type(grid.system).__name__ if name is None else name
    opened, notes = _opened(path, measure, grid, chunk, seed, called)
    todo = [int(i) for i in np.flatnonzero(~opened.done()) if mine(int(i))]
    job = Job(path.resolve(), grid.system, measure, seed)
    notes += _run(engine or InProcess(), job, todo, opened)
    opened.tidy()
    return summarize(opened, _about(grid, called), str(store), tuple(notes))


def read_sweep(store: str | Path) -> Sweep:
    """A sweep as its store has it, complete or not.

    Raises:
        StoreError: there is no store at that path, or it is damaged.
    """
    opened = open_store(Path(store))
    return summarize(opened, About(opened.configuration["system"]["name"]), str(store))


def _function(fn: Any) -> Callable[..., Any]:
    if not callable(fn) or isinstance(fn, type):
        raise InputError(f"fn must be a function of a system or a Measure, got {fn!r}.")
    return fn


def _check_shard(shard: tuple[int, int]) -> Callable[[int], bool]:
    if not isinstance(shard, tuple | list) or len(shard) != 2:
        raise InputError(f"sweep: shard must be two whole numbers, (i, n), got {shard!r}.")
    first, count = shard
    check_count("sweep: shard's number", count)
    check_count("sweep: shard's index, which counts from 1,", first)
    if first > count:
        raise InputError(f"sweep: there is no shard {first} of {count}.")
    return lambda index: index % count == first - 1


def _about(grid: Design, name: str) -> About:
    system = grid.system
    domain = declared_domain(system)
    if domain is None or not hasattr(system, "rule_kind"):
        return About(name)
    return About.of(system, domain).called(name)


def _opened(
    path: Path, measure: Measure, grid: Design, chunk: int | None, seed: int, name: str
) -> tuple[Store, list[str]]:
    """The store of this sweep, made where there is none; and what differs without harm."""
    asked = _configuration(measure, grid, seed, name)
    if not path.exists():
        _check_place(path)
        chunks = Chunks.of(grid.shape, chunk or measure.points)
        rows = _spread(grid)
        with jax.enable_x64(True):
            lanes = some_lanes(grid.system, grid.coordinates, rows, seed)
            variables = measure.variables(lanes)
        check_variables(variables, grid, measure.name)
        return create_store(path, grid, chunks, variables, asked, _versions()), []
    found = open_store(path)
    _check_same(found, asked, path)
    found.check_parts()
    if chunk is not None and Chunks.of(grid.shape, chunk) != found.chunks:
        raise StoreError(
            f"{path} is kept in parts of {found.chunks.chunk}, which cannot change: leave chunk "
            f"out, or give another folder."
        )
    changed = [
        f"{name} {found.versions.get(name)}, now {version}"
        for name, version in _versions().items()
        if found.versions.get(name) != version
    ]
    return found, [f"The store was begun with {', '.join(changed)}."] if changed else []


def _check_place(path: Path) -> None:
    """Refuse a path that lies in a file."""
    for parent in path.parents:
        if parent.exists():
            if not parent.is_dir():
                raise StoreError(f"{path} cannot be made: {parent} is not a folder.")
            return


def _spread(grid: Design) -> np.ndarray:
    """The values of the parameters at some points, the first and the last and some between."""
    count = min(grid.size, _TRIED)
    flat = np.unique(np.linspace(0, grid.size - 1, count).round().astype(np.int64))
    places = dict(zip(grid.dims, np.unravel_index(flat, grid.shape), strict=True))
    return np.stack(
        [values[places[dims[0]]] for dims, values in grid.coordinates.values()], axis=-1
    )


def _configuration(measure: Measure, grid: Design, seed: int, name: str) -> dict[str, Any]:
    """The configuration that the numbers follow from, JSON-ready."""
    system = _without_values(grid)
    held = {k: _short(v) for k, v in parameters(system).items() if v != _VARIES}
    values = {key: digest_of_numbers(column) for key, (_, column) in grid.coordinates.items()}
    return {
        "title": f"{measure.name} of {name} over {', '.join(grid.coordinates)}",
        "system": {"name": name, "code": fingerprint(system), "held": held},
        "grid": {"kind": type(grid).__name__, "shape": list(grid.shape), "values": values},
        "measure": {"name": measure.name} | measure.identity(),
        "seed": seed if measure.is_random else None,
    }


def _short(value: Any) -> Any:
    """A parameter that is held; of a large array the shape, for `code` has its digest."""
    is_large = np.size(value) > _LARGE if isinstance(value, list) else False
    return f"an array of shape {np.shape(value)}" if is_large else value


def _without_values(grid: Design) -> Any:
    """The system without the values of the parameters that vary."""
    system = grid.system
    with jax.enable_x64(True):
        for parameter in grid.parameters:
            system = parameter.put(system, _VARIES if parameter.entry is None else 0.0)
    return system


def _check_same(store: Store, asked: dict[str, Any], path: Path) -> None:
    """Refuse to mix two sweeps.

    Raises:
        StoreError: the store is of another one; the message says what differs.
    """
    differs = _differences(store.configuration, asked)
    if differs:
        is_python = any(".python is " in text for text in differs)
        cure = _OTHER_PYTHON if is_python else "Give another folder, or ask the same again."
        raise StoreError(f"{path} holds another sweep: {'; '.join(differs[:3])}. {cure}")


def _differences(old: Any, new: Any, where: str = "") -> list[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [key for key in dict.fromkeys([*old, *new]) if key != "title"]
        parts = [
            _differences(old.get(key), new.get(key), f"{where}.{key}".lstrip(".")) for key in keys
        ]
        return [text for part in parts for text in part]
    if json.dumps(old) == json.dumps(new):  # where 1 is not 1.0, and NaN is NaN
        return []
    if any(len(str(value)) > 40 for value in (old, new)):
        return [f"{where} differs"]
    return [f"{where} is {old!r} there, {new!r} here"]


def _versions() -> dict[str, str]:
    others = {name: metadata.version(name) for name in NOTED if name != "thalweg"}
    return {"thalweg": __version__} | others


def _run(engine: Engine, job: Job, todo: Sequence[int], store: Store) -> list[str]:
    """Have the missing parts computed; returns what was noticed."""
    if not todo:
        return []
    sizes = {part: len(store.chunks.flat(part)) for part in todo}
    store.mark_start()
    total = int(np.prod(store.chunks.shape))
    done_before = total - sum(sizes.values())
    told: dict[int, tuple[str, ...]] = {}
    results: Iterable[Done] = engine.run(job, todo)
    with Progress("sweep", total, unit="point", done=done_before) as progress:
        progress.update(done_before)
        for done in results:
            told[done.part] = done.notes
            progress.update(done_before + sum(sizes[part] for part in told))
    # In the order of the parts, whoever was first.
    notes = Counter(note for part in sorted(told) for note in told[part])
    said = [f"{note} ({many} parts)" if many > 1 else note for note, many in notes.items()]
    left = len(said) - _NOTES
    return said[:_NOTES] + ([f"And {counted(left, 'other note')}."] if left > 0 else [])
