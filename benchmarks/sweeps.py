"""Sweeps: what the store costs at a million points, and what a second worker gains.

    python benchmarks/sweeps.py                  (both; minutes)
    python benchmarks/sweeps.py --points 100000
    python benchmarks/sweeps.py --store | --workers

*Store.* Where FitzHugh-Nagumo settles, over a grid of two parameters in 100 parts: processor time
of `thalweg.sweep`, compiled, and of the measure within it; the rest is the store, its bookkeeping
and the summary that is returned.

*Workers.* The equilibria of FitzHugh-Nagumo at 144 points by one worker and by two, each kept to
one core, two rounds of both: points a second from the first part finished to the last, which leaves
out the start of the workers; and processor time a point, which says what a second worker costs on a
machine whose cores are not free. The ratio is that of the best rates of each. Before it starts,
what others take of the cores is measured over five seconds and printed: the bar (1.7) is about two
free cores. Two minutes on two free cores, once compiled (JAX_COMPILATION_CACHE_DIR keeps that).
"""

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import thalweg as tw
from thalweg.report.measures import named_measure
from thalweg.sweeps import Measure, Variable
from thalweg.sweeps.measures import Answers, Lanes
from thalweg.sweeps.pace import pace_of

PARTS = 100
ROUNDS, BAR = 2, 1.7
SYSTEM = tw.models.FitzHughNagumo()


def grid(side: int) -> tw.sweeps.Grid:
    """A square of the current and of b."""
    values = {"current": np.linspace(0.0, 1.6, side), "b": np.linspace(0.5, 2.0, side)}
    return tw.sweeps.Grid(SYSTEM, values)


class Timed(Measure):
    """A measure that adds up the processor time that it takes."""

    def __init__(self, inner: Measure):
        self.inner, self.points, self.seconds = inner, inner.points, 0.0

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def is_random(self) -> bool:
        return self.inner.is_random

    @property
    def is_batched(self) -> bool:
        return self.inner.is_batched

    def identity(self) -> dict[str, Any]:
        return self.inner.identity()

    def variables(self, lanes: Lanes) -> tuple[Variable, ...]:
        start = time.process_time()
        found = self.inner.variables(lanes)
        self.seconds += time.process_time() - start
        return found

    def measure(self, lanes: Lanes, variables: Sequence[Variable]) -> Answers:
        start = time.process_time()
        answers = self.inner.measure(lanes, variables)
        self.seconds += time.process_time() - start
        return answers


def cost_of_the_store(points: int, folder: Path) -> None:
    """Print the processor time of a sweep, and of the measure within it."""
    design = grid(round(points**0.5))
    chunk = design.size // PARTS
    measure = Timed(named_measure("settled", SYSTEM, duration=100.0))
    tw.sweep(measure, grid(100), folder / "warm.zarr", chunk=chunk)
    path, measure.seconds = folder / "store.zarr", 0.0
    start = time.process_time()
    found = tw.sweep(measure, design, path, chunk=chunk)
    whole, inside = time.process_time() - start, measure.seconds
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) / 2**20
    print(f"{found.points:,} points in {found.parts} parts, {size:.0f} MiB: {whole:.2f} s CPU, of")
    print(f"which the measure {inside:.2f} s: all else adds {100 * (whole / inside - 1):.1f} %.")


def equilibria_and_seconds(system: Any) -> dict[str, Any]:
    """The number of equilibria, and the processor time that finding them took."""
    start = time.process_time()
    found = len(tw.find_equilibria(system))
    return {"number": found, "seconds": time.process_time() - start}


def gain_of_a_worker(side: int, folder: Path) -> None:
    """Print points a second, and processor time a point, of one worker and of two."""
    print(f"Others take {cores_of_others():.2f} of {os.cpu_count()} cores.", flush=True)
    rates: dict[int, list[float]] = {1: [], 2: []}
    costs: dict[int, list[float]] = {1: [], 2: []}
    for turn in range(ROUNDS):
        for count in (1, 2):
            path = folder / f"{turn}-{count}.zarr"
            measure = tw.sweeps.OnHost(equilibria_and_seconds)
            engine = tw.sweeps.LocalWorkers(count)
            found = tw.sweep(measure, grid(side), path, chunk=4, engine=engine)
            rate, cost = pace_of(path).rate, float(np.median(found.read("seconds")))
            assert rate is not None
            rates[count].append(rate)
            costs[count].append(cost)
            said = f"{rate:.2f} points/s, {1e3 * cost:.0f} ms CPU a point"
            print(f"{count} workers: {said} (load {os.getloadavg()[0]:.1f})", flush=True)
    gain, price = max(rates[2]) / max(rates[1]), min(costs[2]) / min(costs[1])
    print(f"Ratio of rates {gain:.2f} (the bar is {BAR}), of costs {price:.2f}.")


def cores_of_others(seconds: float = 5.0) -> float:
    """The cores that are busy while this process sleeps, from /proc/stat; NaN where that is not."""

    def busy() -> float:
        with open("/proc/stat", encoding="ascii") as lines:
            ticks = [int(word) for word in lines.readline().split()[1:]]
        return (sum(ticks[:8]) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")

    try:
        before = busy()
        time.sleep(seconds)
        return (busy() - before) / seconds
    except OSError:
        return float("nan")


def main() -> None:
    """Print what is asked for."""
    options = argparse.ArgumentParser()
    options.add_argument("--points", type=int, default=1_000_000)
    options.add_argument("--side", type=int, default=12)
    options.add_argument("--store", action="store_true")
    options.add_argument("--workers", action="store_true")
    asked = options.parse_args()
    both = asked.store == asked.workers
    with tempfile.TemporaryDirectory() as folder:
        if asked.store or both:
            cost_of_the_store(asked.points, Path(folder))
        if asked.workers or both:
            gain_of_a_worker(asked.side, Path(folder))


if __name__ == "__main__":
    main()
