"""How fast a rule gets its verdict.

    python benchmarks/recovery.py [--runs 3]

Two parts. *Cold*: the whole verdict of the reduced normalization network with n = 16, equilibria
and levels included, in a new process with an empty compilation cache; beside it, from a new process
with a full one. *Large*: the Euclidean verdict of a random network energy of 1,000 dimensions,
first with compilation, then with other weights, without. Import of `scipy.stats.qmc` in a new
process is printed too: it compares machines (0.63 s where the targets were set).

Targets: 20 s cold on two cores; 10 s for the 1,000 dimensions after compilation.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

import jax
import jax.numpy as jnp
import numpy as np

import thalweg as tw

COLD = """
import time
began = time.perf_counter()
import jax.numpy as jnp, numpy as np
import thalweg as tw

class Normalization(tw.Flow):
    drive: object
    target: object

    def velocity(self, t, u):
        outputs = self.drive / (0.36 + u)
        pool = outputs @ self.drive / u.shape[0]
        return 0.7 * (outputs * pool - self.target) - 0.3 * (u - self.target)

drive, target = np.random.default_rng(0).uniform(0.5, 2.0, (2, 16))
rule = Normalization(jnp.asarray(drive), jnp.asarray(target))
box = tw.Box(np.full(16, 0.1), np.full(16, 2.0))
asked = time.perf_counter()
verdict = tw.recover_energy(rule, box)
assert verdict.kind == "diagonal-metric", verdict
print(time.perf_counter() - began, time.perf_counter() - asked)
"""


class NetworkDescent(tw.Flow):
    """Descent of Σ log cosh(W x) + 0.05 |x|²."""

    weights: jax.Array

    def velocity(self, t, state):
        return -self.weights.T @ jnp.tanh(self.weights @ state) - 0.1 * state


def fresh(code, cache):
    """What a new process prints, as numbers."""
    settings = {
        **os.environ,
        "JAX_COMPILATION_CACHE_DIR": cache,
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=settings, capture_output=True, text=True, check=True
    )
    return [float(word) for word in done.stdout.split()]


def large(seed):
    """Seconds for the verdict in 1,000 dimensions, and its residual."""
    weights = np.random.default_rng(seed).normal(size=(1000, 1000)) / 40.0
    box = tw.Box(-np.ones(1000), np.ones(1000))
    began = time.perf_counter()
    verdict = tw.recover_energy(NetworkDescent(jnp.asarray(weights)), box)
    seconds = time.perf_counter() - began
    assert verdict.kind == "euclidean", verdict
    return seconds, verdict.levels[0].residual or 0.0


def show(name, times):
    each = ", ".join(f"{t:.1f}" for t in times)
    print(f"{name:44s} {statistics.median(times):6.1f} s   ({each})")


def main():
    parser = argparse.ArgumentParser(description="How fast a rule gets its verdict.")
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    clock = "import time; s = time.perf_counter(); import scipy.stats.qmc; print({})"
    clock = clock.format("time.perf_counter() - s")
    cold, warm, imports = [], [], []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as cache:
            cold.append(fresh(COLD, cache))
            warm.append(fresh(COLD, cache))
            imports += fresh(clock, cache)
    show("import scipy.stats.qmc", imports)
    show("n = 16, new process, empty cache: in all", [t for t, _ in cold])
    show("  the verdict alone", [t for _, t in cold])
    show("n = 16, new process, full cache: in all", [t for t, _ in warm])
    show("  the verdict alone", [t for _, t in warm])
    show("1,000 dimensions, with compilation", [large(0)[0]])
    results = [large(1 + run) for run in range(runs)]
    show("1,000 dimensions, compiled", [t for t, _ in results])
    print(f"largest residual {max(r for _, r in results):.1e}")


if __name__ == "__main__":
    main()
