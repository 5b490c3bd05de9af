"""Sweeps: what the store costs at a million points, and what a second worker gains.

    python benchmarks/sweeps.py                  (both; minutes)
    python benchmarks/sweeps.py --points 100000
    python benchmarks/sweeps.py --store | --workers

*Store.* Where FitzHugh-Nagumo settles, over a grid of two parameters in 100 parts: processor time
of `thalweg.sweep` and, in turn in the same process, of the same ensembles alone, both compiled.

*Workers.* The equilibria of FitzHugh-Nagumo at 256 points by one worker and by two, each kept to
one core: time from the first part finished to the last, which leaves out the start of the workers.
It wants two free cores: the load of the machine is printed beside it.
"""

import argparse
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np

import thalweg as tw
from thalweg.core.parameters import find_parameter
from thalweg.report.measures import named_measure
from thalweg.sweeps.measures import Lanes
from thalweg.sweeps.pace import pace_of
from thalweg.sweeps.store import open_store

PARTS = 100
SYSTEM = tw.models.FitzHughNagumo()


def grid(side: int) -> tw.sweeps.Grid:
    """A square of the current and of b."""
    values = {"current": np.linspace(0.0, 1.6, side), "b": np.linspace(0.5, 2.0, side)}
    return tw.sweeps.Grid(SYSTEM, values)


def cost_of_the_store(points: int, folder: Path) -> None:
    """Print the processor time with and without the store."""
    design = grid(round(points**0.5))
    chunk = design.size // PARTS
    measure = named_measure("settled", SYSTEM, duration=100.0)
    tw.sweep(measure, grid(100), folder / "warm.zarr", chunk=chunk)
    path = folder / "store.zarr"
    start = time.process_time()
    found = tw.sweep(measure, design, path, chunk=chunk)
    whole = time.process_time() - start
    store = open_store(path)
    parameters = tuple(find_parameter(SYSTEM, name) for name in store.names)
    start = time.process_time()
    with jax.enable_x64(True):
        for part in range(store.chunks.count):
            lanes = Lanes(SYSTEM, parameters, store.values(part), None)
            measure.measure(lanes, store.variables)
    alone = time.process_time() - start
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) / 2**20
    print(f"{found.points:,} points in {found.parts} parts, {size:.0f} MiB: {whole:.2f} s CPU,")
    print(f"the ensembles alone {alone:.2f} s: the store adds {100 * (whole / alone - 1):.1f} %.")
    print(f"Bookkeeping alone: {bookkeeping(path, folder):.2f} s CPU.")


def bookkeeping(path: Path, folder: Path) -> float:
    """Processor time of writing and asking about every part of a store once more."""
    copy = folder / "again.zarr"
    shutil.copytree(path, copy)
    shutil.rmtree(copy / "status" / "c")
    old, new = open_store(path), open_store(copy)
    known = {v.name: old.read(v.name) for v in old.variables}
    statuses = old.statuses()
    start = time.process_time()
    for part in range(old.chunks.count):
        new.is_done(part)
        new.values(part)
        region = old.chunks.region(part)
        arrays: dict[str, Any] = {name: array[region] for name, array in known.items()}
        new.write(part, arrays, statuses[region])
    return time.process_time() - start


def gain_of_a_worker(folder: Path) -> None:
    """Print points a second of one worker and of two."""
    measure = named_measure("equilibria", SYSTEM)
    rates = []
    for count in (1, 2):
        path = folder / f"{count}.zarr"
        engine = tw.sweeps.LocalWorkers(count)
        tw.sweep(measure, grid(16), path, chunk=8, engine=engine)
        rate = pace_of(path).rate
        assert rate is not None
        rates.append(rate)
        load = os.getloadavg()[0]
        print(f"{count} workers: {rate:.1f} points/s (load {load:.1f} on {os.cpu_count()} cores)")
    print(f"Ratio {rates[1] / rates[0]:.2f}.")


def main() -> None:
    """Print what is asked for."""
    options = argparse.ArgumentParser()
    options.add_argument("--points", type=int, default=1_000_000)
    options.add_argument("--store", action="store_true")
    options.add_argument("--workers", action="store_true")
    asked = options.parse_args()
    both = asked.store == asked.workers
    with tempfile.TemporaryDirectory() as folder:
        if asked.store or both:
            cost_of_the_store(asked.points, Path(folder))
        if asked.workers or both:
            gain_of_a_worker(Path(folder))


if __name__ == "__main__":
    main()
