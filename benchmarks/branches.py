"""Curves of equilibria in a parameter: 64 of the reaction `ab` side by side, against SciPy.

    python benchmarks/branches.py
    python benchmarks/branches.py --jaxcont PATH/TO/PYTHON   (with jaxcont)

Processor time in turn, compiled, the median of the rounds: 64 curves with different p2, followed
from p1 = 0 to .2 past their folds, in one program; and one by one by a Python loop of the same
method, whose corrector is SciPy's fsolve with the exact Jacobian. The second table is a diagram
(without cycles) beside `analyze` of the same system, each once compiled.
"""

import argparse
import itertools
import json
import statistics
import subprocess
import time
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import fsolve

import thalweg as tw
from thalweg.analysis.continuation.curves import STRAY, follow
from thalweg.analysis.continuation.family import Family
from thalweg.core.parameters import find_parameter
from thalweg.core.trees import replace
from thalweg.dynamics.problem import make_problem

LANES, ROUNDS, SPAN = 64, 5, 0.2
# JaxCont 0.4 in a process of its own: the same curves in one program, without eigenvalues, as here.
PEER = """
import json, statistics, time, jax, jax.numpy as jnp, numpy as np
jax.config.update("jax_enable_x64", True)
import jaxcont as jc

def reaction(s, p, p2):
    u, v = s
    rate = p * (1 - u) * jnp.exp(v)
    return jnp.stack([rate - u, p2 * rate - 3.0 * v])

settings = jc.ContinuationPar(ds=0.005, ds_max=0.1, max_steps=120, compute_stability=False)

def curve(p2):
    problem = jc.bif_problem(reaction, u0=jnp.zeros(2), p0=0.0, args=p2)
    branch = jc.continuation(problem, p_span=(0.0, 0.2), settings=settings).branch
    return jax.tree.leaves(branch)

batch = jax.jit(jax.vmap(curve))
strengths = jnp.linspace(12.0, 16.0, 64)
jax.block_until_ready(batch(strengths))
times = []
for _ in range(5):
    start = time.process_time()
    jax.block_until_ready(batch(strengths))
    times.append(time.process_time() - start)
print(json.dumps({"seconds": statistics.median(times)}))
"""

BOX = tw.Box([0.0, 0.0], [1.0, 8.0])


class Reaction(tw.Flow):
    """AUTO's demo `ab`."""

    p1: float = 0.0
    p2: float = 14.0
    p3: float = 2.0

    def velocity(self, t: Any, state: Any) -> Any:
        """u' = −u + p1(1 − u)eᵛ, v' = −v + p1·p2(1 − u)eᵛ − p3·v."""
        u, v = state
        rate = self.p1 * (1.0 - u) * jnp.exp(v)
        return jnp.stack([rate - u, self.p2 * rate - (1.0 + self.p3) * v])


def ours(strengths: np.ndarray) -> Callable[[], np.ndarray]:
    """All curves in one program; returns how many points each has."""
    problem, _ = make_problem(Reaction(), BOX)
    varied = find_parameter(problem.rule, "p1")
    family = Family(
        problem, varied, np.array([1.0, 8.0]), np.ones(2), np.asarray(0.0), np.asarray(SPAN)
    )

    family = replace(family, problem=replace(problem, rule=replace(problem.rule, p2=strengths)))
    shared = jax.tree.map(lambda _: None, family)
    each = eqx.tree_at(lambda f: f.problem.rule.p2, shared, 0, is_leaf=lambda x: x is None)
    starts, along = np.zeros((LANES, 3)), np.tile([0.0, 0.0, 1.0], (LANES, 1))
    along[:, :2] = first_slopes(strengths)
    along = along / np.linalg.norm(along, axis=1, keepdims=True)
    limits = np.full(LANES, STRAY), None
    return lambda: np.asarray(follow(family, starts, along, *limits, each).count)


def first_slopes(strengths: np.ndarray) -> np.ndarray:
    """d(u, v)/dp1 at 0, in units: 1 and p2/(1 + p3)."""
    return np.column_stack([np.full(LANES, SPAN), SPAN * strengths / 3.0 / 8.0])


def peer(p2: float, p3: float = 2.0) -> int:
    """One curve by SciPy, with the same rules for a step; how many points it has."""

    def value(z: np.ndarray) -> np.ndarray:
        u, v, p = z[0], 8.0 * z[1], SPAN * z[2]
        rate = p * (1.0 - u) * np.exp(v)
        return np.array([rate - u, p2 * rate - (1.0 + p3) * v])

    def slope(z: np.ndarray) -> np.ndarray:
        u, v, p = z[0], 8.0 * z[1], SPAN * z[2]
        e = np.exp(v)
        by_u, by_v, by_p = -p * e, 8.0 * p * (1.0 - u) * e, SPAN * (1.0 - u) * e
        return np.array(
            [[by_u - 1.0, by_v, by_p], [p2 * by_u, p2 * by_v - 8.0 * (1.0 + p3), p2 * by_p]]
        )

    z, step, count = np.zeros(3), 5e-3, 1
    tangent = np.linalg.svd(slope(z))[2][-1]
    tangent = tangent * np.sign(tangent[-1])
    while 0.0 <= z[-1] <= 1.0:
        guess = z + step * tangent
        found, _, status, _ = fsolve(
            lambda x, g=guess, t=tangent: np.append(value(x), t @ (x - g)),
            guess,
            fprime=lambda x, t=tangent: np.vstack([slope(x), t]),
            full_output=True,
            xtol=1e-12,
        )
        new = np.linalg.solve(np.vstack([slope(found), tangent]), [0.0, 0.0, 1.0])
        new = new / np.linalg.norm(new)
        turned = float(np.arccos(np.clip(new @ tangent, -1.0, 1.0)))
        if status != 1 or turned > 0.3 or np.linalg.norm(found - guess) > STRAY * step:
            step *= 0.5
            continue
        z, tangent, count = found, new, count + 1
        step = min(step * float(np.clip(0.1 / max(turned, 1e-3), 0.5, 1.6)), 2e-2)
    return count


def seconds(job: Callable[[], Any]) -> float:
    """The processor time of a call."""
    start = time.process_time()
    job()
    return time.process_time() - start


def main() -> None:
    """Print both tables."""
    strengths = np.linspace(12.0, 16.0, LANES)
    with jax.enable_x64(True):
        batch = ours(strengths)
        points = batch()
        alone = [peer(p2) for p2 in strengths]
        rounds = [
            (seconds(batch), seconds(lambda: [peer(p2) for p2 in strengths])) for _ in range(ROUNDS)
        ]
    mine, theirs = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"{LANES} curves: {points.sum()} points in {1e3 * mine:.2f} ms CPU; SciPy, one by one: ")
    print(f"{sum(alone)} points in {1e3 * theirs:.0f} ms CPU. Ratio {theirs / mine:.0f}.")
    options = argparse.ArgumentParser()
    options.add_argument("--jaxcont")
    if python := options.parse_args().jaxcont:
        done = subprocess.run([python, "-c", PEER], capture_output=True, text=True, check=True)
        other = json.loads(done.stdout.splitlines()[-1])["seconds"]
        said = f"JaxCont, up to 120 points a curve: {1e3 * other:.1f} ms CPU."
        print(f"{said} Ratio {other / mine:.1f}.")
    system = tw.models.FitzHughNagumo()
    jobs = {
        "analyze": lambda: tw.analyze(system),
        "diagram": lambda: tw.bifurcation_diagram(system, "current", (0.0, 1.5), cycles=None),
    }
    for job in jobs.values():
        job()
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _, (name, job) in itertools.product(range(ROUNDS), jobs.items()):
        times[name].append(seconds(job))
    middle = {name: statistics.median(values) for name, values in times.items()}
    print(", ".join(f"{name} {1e3 * value:.0f} ms CPU" for name, value in middle.items()), end="")
    print(f": the diagram costs {middle['diagram'] / middle['analyze']:.2f} times the analysis.")


if __name__ == "__main__":
    main()
