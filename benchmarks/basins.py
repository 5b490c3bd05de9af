"""Basins of the forced pendulum: 100,000 starts to t = 1,000, against a SciPy loop.

    python benchmarks/basins.py

Processor time in turn, compiled, the median of the rounds: `find_basins` whole (attractors, regions
and statistics too), and SciPy one start after the other, on some of the starts, with the same
tolerance and the same regions to stop in: by `solve_ivp` and an event, and by solvers driven step
by step that look there after every eighth. The faster of RK45 and LSODA counts. Then how many
labels of 20,000 starts are others when none is stopped early.
"""

import math
import statistics
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.integrate import LSODA, RK45, solve_ivp

import thalweg as tw
from thalweg.analysis.basins.attractors import KnownAttractors
from thalweg.analysis.basins.follow import Following
from thalweg.dynamics.problem import make_problem

STARTS, LABELS, SAMPLE, ROUNDS, END = 100_000, 20_000, 60, 3, 1000.0
FAR = 1e6  # V of a state that is beside no region
DAMPING, TORQUE = 0.1, 0.5
REST = math.asin(TORQUE)


class Pendulum(tw.Flow):
    """θ'' = −.1 θ' − sin θ + .5."""

    damping: float = DAMPING
    torque: float = TORQUE
    domain = tw.Box([REST - np.pi, -10.0], [REST + np.pi, 10.0], periodic=[True, False])

    def velocity(self, t: Any, state: Any) -> Any:
        """(θ', θ'')."""
        angle, turn = state
        return jnp.stack([turn, self.torque - self.damping * turn - jnp.sin(angle)])


def rate(t: float, state: Any) -> tuple[float, float]:
    """The same in plain Python, which is what a loop of SciPy's solvers is fastest with."""
    angle, turn = state
    return turn, TORQUE - DAMPING * turn - math.sin(angle)


def regions() -> tuple[Any, np.ndarray]:
    """The regions that `find_basins` uses, and the widths of the domain."""
    with jax.enable_x64(True):
        problem, _ = make_problem(Pendulum())
        rests = tw.find_equilibria(Pendulum())
        inventory = KnownAttractors(problem, Following())
        inventory.add_known(rests, tw.find_cycles(Pendulum(), equilibria=rests))
        found = inventory.regions
        kept = found.level > 0.0
        return type(found)(*(part[kept] for part in found)), np.asarray(problem.chart.widths)


def nearest(where: Any, widths: np.ndarray, state: np.ndarray) -> float:
    """The least V / level of a state over the regions; at most 1 in one of them."""
    away = state / widths - where.center
    away[:, 0] -= np.round(away[:, 0])
    tau = np.sum(where.dual * away, axis=1)
    rest = away - tau[:, None] * (where.along + 0.5 * tau[:, None] * where.bend)
    value = np.einsum("ni,nij,nj->n", rest, where.form, rest)
    return float(np.min(np.where(np.abs(tau) <= where.reach, value / where.level, FAR)))


def by_event(method: Any, starts: np.ndarray, where: Any, widths: np.ndarray) -> None:
    """Every start by itself, by `solve_ivp` with an event where it is decided."""

    def event(t: float, state: np.ndarray) -> float:
        return nearest(where, widths, state) - 1.0

    event.terminal = True  # type: ignore[attr-defined]
    for start in starts:
        if nearest(where, widths, start) <= 1.0:
            continue
        solve_ivp(rate, (0.0, END), start, method, events=event, rtol=1e-10, atol=1e-6 * widths)


def by_hand(method: Any, starts: np.ndarray, where: Any, widths: np.ndarray) -> None:
    """Every start by itself, step by step, looking after every eighth."""
    for start in starts:
        solver = method(rate, 0.0, start, END, rtol=1e-10, atol=1e-6 * widths)
        steps = 0
        while solver.status == "running":
            solver.step()
            steps += 1
            if steps % 8 == 0 and nearest(where, widths, solver.y) <= 1.0:
                break


def seconds(job: Callable[[], Any]) -> float:
    """The processor time of a call."""
    start = time.process_time()
    job()
    return time.process_time() - start


def main() -> None:
    """Print the times, their ratio, and the number of labels that differ."""
    where, widths = regions()
    ours = lambda: tw.find_basins(Pendulum(), starts=STARTS, duration=END)  # noqa: E731
    found = ours()
    assert found.points is not None
    some = found.points[:SAMPLE]
    jobs = {"solve_ivp": by_event, "solvers driven by hand": by_hand}
    for name, job in jobs.items():
        times = {
            m: seconds(lambda m=m, job=job: job(m, some, where, widths)) for m in (RK45, LSODA)
        }
        best = min(times, key=lambda m: times[m])
        rounds = [
            (seconds(ours), seconds(lambda j=job, m=best: j(m, some, where, widths)) / SAMPLE)
            for _ in range(ROUNDS)
        ]
        mine, each = (statistics.median(column) for column in zip(*rounds, strict=True))
        print(f"{STARTS:,} starts to t = {END:g}: {mine:.2f} s CPU in all. SciPy, {name}")
        print(f"({best.__name__}): {1e3 * each:.2f} ms a start. Ratio {each * STARTS / mine:.0f}.")
    few = {"starts": LABELS, "duration": END}
    early = tw.find_basins(Pendulum(), **few)
    late = tw.find_basins(Pendulum(), **few, following=Following(early=False))
    print(
        f"Of {LABELS:,} labels {int(np.sum(early.labels != late.labels))} are others when none is"
    )
    print(f"stopped early, which takes {late.steps / early.steps:.0f} times the steps.")


if __name__ == "__main__":
    main()
