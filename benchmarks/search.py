"""100,000 starts of the search for equilibria on FitzHugh–Nagumo, against a loop of SciPy's `root`.

    python benchmarks/search.py

Both are timed in turn, several times in one process, and the median ratio of their rates is what
counts; SciPy's rate is extrapolated from 1,000 starts. Compilation is timed apart.
"""

import statistics
import time

import jax
import numpy as np
from scipy.optimize import root

import thalweg as tw
from thalweg.analysis.equilibria.search import Scales, search_all
from thalweg.dynamics import make_problem
from thalweg.models import FitzHughNagumo

STARTS, PEER_STARTS, ROUNDS = 100_000, 1_000, 5


def velocity(state: np.ndarray) -> tuple[float, float]:
    v, w = state
    return v - v**3 / 3 - w + 0.8, (v + 0.7 - 0.8 * w) / 12.5


def seconds(job) -> float:
    begin = time.perf_counter()
    job()
    return time.perf_counter() - begin


def main() -> None:
    starts = np.random.default_rng(0).uniform(-3.0, 3.0, (STARTS, 2))
    with jax.enable_x64(True):
        problem, _ = make_problem(FitzHughNagumo())
        typical = np.median(np.abs([velocity(s) for s in starts[:256]]), axis=0)
        scales = Scales(np.array([6.0, 6.0]), typical)
        compiling = seconds(lambda: search_all(problem, starts, scales))
        whole = seconds(lambda: tw.find_equilibria(FitzHughNagumo(), starts=STARTS))
        rows = []
        for _ in range(ROUNDS):
            ours = seconds(lambda: search_all(problem, starts, scales)) / STARTS
            verb = seconds(lambda: tw.find_equilibria(FitzHughNagumo(), starts=STARTS)) / STARTS
            peer = seconds(lambda: [root(velocity, s) for s in starts[:PEER_STARTS]]) / PEER_STARTS
            rows.append((peer / ours, peer / verb, ours, peer))
        ends = search_all(problem, starts, scales).y
    assert np.ptp(ends, axis=0).max() < 1e-9, "every start must end on the one equilibrium"
    ratios = [statistics.median(column) for column in zip(*rows, strict=True)]
    print(f"first calls, compiled: search {compiling:.1f} s, find_equilibria {whole:.1f} s")
    print(f"search           {ratios[2] * 1e6:7.2f} µs a start")
    print(f"scipy root       {ratios[3] * 1e6:7.2f} µs a start")
    print(f"rate of the search over SciPy's          {ratios[0]:6.0f} (bar: 40)")
    print(f"rate of find_equilibria over SciPy's     {ratios[1]:6.0f}")


if __name__ == "__main__":
    main()
