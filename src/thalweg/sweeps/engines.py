"""Engines of a sweep: this process, workers on this machine, or a cluster.

`jax.distributed` is no engine here: when one of its processes dies the others are aborted. Dask
gives the part of a worker that died to another, and the store says what is done.
"""

import contextlib
import functools
import logging
import os
import sys
import tempfile
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thalweg.core.checks import check_count
from thalweg.core.errors import InputError, StoreError
from thalweg.core.extras import not_installed
from thalweg.sweeps.jobs import Done, Job
from thalweg.sweeps.shipping import Packed, pack, unpack


class Engine(ABC):
    """Something that computes parts of a sweep (abstract).

    For developers: `run` has every part computed by `Job.run` once or more often, in any order and
    in any process, and says which are done; the parts that are not tell nobody.
    """

    @abstractmethod
    def run(self, job: Job, parts: Sequence[int]) -> Iterator[Done]:
        """Have parts computed, and say what came of each as it ends."""


@dataclass(frozen=True)
class InProcess(Engine):
    """This process, one part after the other, each over all local devices."""

    def run(self, job: Job, parts: Sequence[int]) -> Iterator[Done]:
        """Compute the parts in order."""
        return (job.run(index) for index in parts)


@dataclass(frozen=True)
class LocalWorkers(Engine):
    """Processes on this machine, each kept to one core: a Dask cluster that ends with the sweep.

    A script that uses it does so under `if __name__ == "__main__":`, as with any processes.

    Arguments:
        count: how many.

    Raises:
        InputError: `count` is not positive.
    """

    count: int

    def __post_init__(self) -> None:
        check_count("LocalWorkers: count", self.count)

    def run(self, job: Job, parts: Sequence[int]) -> Iterator[Done]:
        """Start the workers, have them compute the parts, and stop them."""
        dask = _dask()
        with tempfile.TemporaryDirectory(prefix="thalweg-") as folder, contextlib.ExitStack() as on:
            on.enter_context(_plain_memory())
            cluster = on.enter_context(
                dask.LocalCluster(
                    n_workers=min(self.count, max(len(parts), 1)),
                    threads_per_worker=1,
                    processes=True,
                    dashboard_address="127.0.0.1:0",
                    memory_limit=None,
                    silence_logs=logging.CRITICAL,
                    local_directory=folder,
                )
            )
            client = on.enter_context(dask.Client(cluster))
            yield from _run_on(client, job, parts, _cores())


@dataclass(frozen=True)
class Scheduler(Engine):
    """A Dask cluster that somebody runs, on SLURM or Kubernetes, say.

    Its workers need this library, and see the store (and the files of the system) under the same
    paths.

    Arguments:
        address: of its scheduler, such as `"tcp://10.0.0.1:8786"`; or a `distributed.Client`.
        timeout: how long to wait for an answer, in seconds.
    """

    address: Any
    timeout: float = 10.0

    def run(self, job: Job, parts: Sequence[int]) -> Iterator[Done]:
        """Have the cluster compute the parts; it goes on running."""
        dask = _dask()
        if isinstance(self.address, dask.Client):
            yield from _run_on(self.address, job, parts)
            return
        try:
            client = dask.Client(self.address, timeout=self.timeout, set_as_default=False)
        except (OSError, ValueError) as error:
            raise InputError(
                f"No Dask scheduler answers at {self.address}: {error}. Nothing was computed."
            ) from error
        with client:
            yield from _run_on(client, job, parts)


def _plain_memory() -> contextlib.AbstractContextManager[Any]:
    """Within it workers start without Dask's setting of the allocator.

    Dask has it return memory at once (`MALLOC_TRIM_THRESHOLD_`), which JAX then asks for again in
    every program: the search for equilibria takes 2.4 times as long.
    """
    import dask.config

    name = "distributed.nanny.pre-spawn-environ"
    kept = {k: v for k, v in (dask.config.get(name) or {}).items() if not k.startswith("MALLOC")}
    return dask.config.set({name: kept})


def _run_on(
    client: Any, job: Job, parts: Sequence[int], cores: tuple[int, ...] = ()
) -> Iterator[Done]:
    """A task a part; those whose workers die are given to others, a few times.

    Dask blames a death on every task that the worker had been given, also on those that waited
    there. So what it gives up is tried once more at the end, one part at a time: only a part that
    kills workers alone is lost.
    """
    packed, suspects = pack(job), []
    for done in _all_on(client, packed, parts, cores):
        if done.is_lost:
            suspects.append(done.part)
        else:
            yield done
    for part in suspects:
        yield from _all_on(client, packed, [part], cores)


def _all_on(
    client: Any, packed: Packed, parts: Sequence[int], cores: tuple[int, ...]
) -> Iterator[Done]:
    """The parts, as many at a time as there are workers."""
    dask = _dask()
    shared = _shared(client, packed)
    futures = {client.submit(_run_part, shared, index, cores, pure=False): index for index in parts}
    try:
        waiting = dask.as_completed(list(futures), loop=client.loop, raise_errors=False)
        for future in waiting:
            match future.status:
                case "finished":
                    yield future.result()
                case "error":
                    yield _lost(futures[future], future.exception())
                case "pending" | "lost":  # its worker died with the answer: another asks the store
                    waiting.add(future)
                case _:
                    raise StoreError(
                        "The Dask scheduler is gone. What is written stays valid: run the same "
                        "again, which computes only what is missing."
                    )
    finally:
        with contextlib.suppress(Exception):  # a scheduler that is gone needs no cancelling
            client.cancel([shared, *futures])


def _shared(client: Any, packed: Packed) -> Any:
    """The job where every task finds it, sent once: a task that gives it, for whose worker may die.

    What `scatter` puts into a worker dies with that; a task is done again.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sending large graph")  # once, not once a part
        return client.submit(_itself, packed, pure=False)


def _itself(packed: Packed) -> Packed:
    return packed


def _lost(part: int, error: Exception) -> Done:
    """A part whose workers died; any other error is raised."""
    if not isinstance(error, _dask().KilledWorker):
        raise error
    said = f"Every worker died that tried part {part}: too little memory?"
    return Done(part, {}, (said,), is_lost=True)


def _run_part(packed: Packed, index: int, cores: tuple[int, ...]) -> Done:
    """A task, in a worker."""
    name = _dask().get_worker().name
    if cores and isinstance(name, int):
        _keep_to(cores[name % len(cores)])
    return unpack(packed).run(index)


@functools.cache
def _keep_to(core: int) -> None:
    """Keep this process to one core, before JAX counts those that it has."""
    for thread in Path("/proc/self/task").iterdir():
        with contextlib.suppress(ProcessLookupError):  # it has just ended
            os.sched_setaffinity(int(thread.name), {core})


def _cores() -> tuple[int, ...]:
    """The cores that this process may use; none where nobody can be kept to one."""
    return tuple(sorted(os.sched_getaffinity(0))) if sys.platform == "linux" else ()


def _dask() -> Any:
    try:
        import distributed
    except ModuleNotFoundError as error:
        raise InputError(
            not_installed("A pool of workers", "dask.distributed", "distributed")
        ) from error
    return distributed
