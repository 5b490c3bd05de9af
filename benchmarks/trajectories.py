"""10,000 trajectories of FitzHugh–Nagumo to t = 20, against a loop of SciPy's `solve_ivp`.

    python benchmarks/trajectories.py

Both solve at rtol 1e-6 and atol 1e-9 by a Runge–Kutta pair of order 5(4), and keep the last state.
They are timed in turn, several times in one process, and the median ratio of their rates is what
counts; SciPy's rate is extrapolated from 100 trajectories. Compilation is timed apart.
"""

import statistics
import time

import jax
import numpy as np
from scipy.integrate import solve_ivp

import thalweg as tw
from thalweg.models import FitzHughNagumo

STARTS, PEER_STARTS, ROUNDS = 10_000, 100, 5
DURATION, RTOL, ATOL = 20.0, 1e-6, 1e-9


def velocity(t: float, state: np.ndarray) -> tuple[float, float]:
    v, w = state
    return v - v**3 / 3 - w + 0.8, (v + 0.7 - 0.8 * w) / 12.5


def end_of(start: jax.Array) -> jax.Array:
    run = tw.simulate(FitzHughNagumo(), start, duration=DURATION, rtol=RTOL, atol=ATOL, save="end")
    return run.last_state


def peer(start: np.ndarray, rtol: float = RTOL, atol: float = ATOL) -> np.ndarray:
    return solve_ivp(velocity, (0.0, DURATION), start, rtol=rtol, atol=atol).y[:, -1]


def seconds(job) -> float:
    begin = time.perf_counter()
    job()
    return time.perf_counter() - begin


def main() -> None:
    starts = np.random.default_rng(0).uniform(-2.0, 2.0, (STARTS, 2))
    with jax.enable_x64(True):
        compiling = seconds(lambda: tw.ensemble(end_of, starts))
        rows = []
        for _ in range(ROUNDS):
            ours = seconds(lambda: tw.ensemble(end_of, starts)) / STARTS
            theirs = seconds(lambda: [peer(s) for s in starts[:PEER_STARTS]]) / PEER_STARTS
            rows.append((theirs / ours, ours, theirs))
        ends = tw.ensemble(end_of, starts)[:PEER_STARTS]
    exact = np.array([peer(s, 1e-12, 1e-13) for s in starts[:PEER_STARTS]])
    loose = np.array([peer(s) for s in starts[:PEER_STARTS]])
    ratio, ours, theirs = (statistics.median(column) for column in zip(*rows, strict=True))
    print(f"first call, compiling included: {compiling:.1f} s")
    print(f"ensemble of simulate   {ours * 1e6:9.2f} µs each, off by {_worst(ends, exact):.1e}")
    print(f"scipy solve_ivp        {theirs * 1e6:9.2f} µs each, off by {_worst(loose, exact):.1e}")
    print(f"rate of the ensemble over SciPy's   {ratio:6.0f} (bar: 100)")


def _worst(ends: np.ndarray, exact: np.ndarray) -> float:
    return float(np.max(np.abs(ends - exact)))


if __name__ == "__main__":
    main()
