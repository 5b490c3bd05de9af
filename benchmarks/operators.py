"""Ways down one energy: rates against their formulas, and the time of a step against bare JAX.

    python benchmarks/operators.py

A step costs what its gradient costs: each rule is timed against the same recursion written out by
hand with `jax.grad` of the energy, both compiled, alternating, best of several runs.
"""

import argparse
import functools
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import thalweg as tw
from thalweg.dynamics import MirrorStep, Momentum

SIZE, STEPS = 256, 2000


def best(run: Callable[[], Any], other: Callable[[], Any], repeats: int) -> tuple[float, float]:
    """The shortest time of each of two runs, alternating."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats):
        for fn, kept in zip((run, other), times, strict=True):
            began = time.perf_counter()
            jax.block_until_ready(fn())
            kept.append(time.perf_counter() - began)
    return min(times[0]), min(times[1])


def steps_of(step: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A compiled loop of many steps."""
    return jax.jit(lambda x: jax.lax.fori_loop(0, STEPS, lambda _, state: step(state), x))


def main() -> None:
    """Print a row a rule."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(SIZE, SIZE)) / np.sqrt(SIZE)
    matrix = jnp.asarray(matrix @ matrix.T + 0.1 * np.eye(SIZE), jnp.float32)
    energy = tw.energies.Quadratic(matrix)
    slope = jax.grad(energy)
    x, shares = jnp.ones(SIZE), jnp.full(SIZE, 1.0 / SIZE)
    eta, beta = jnp.float32(0.01), jnp.float32(0.9)

    def ball(state: Any) -> Any:
        x, d = state
        d = beta * d - eta * slope(x)
        return x + d, d

    def exponentiated(p: Any) -> Any:
        weights = p * jnp.exp(-eta * slope(p))
        return weights / jnp.sum(weights)

    gradient = tw.GradientStep(energy, 0.01)
    heavy, mirror = Momentum(energy, 0.01, 0.9), MirrorStep(energy, 0.01)
    rows: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any], Any, Any]] = {
        "gradient": (lambda s: gradient.step(0, s), lambda s: s - eta * slope(s), x, x),
        "heavy ball": (lambda s: heavy.step(0, s), ball, heavy.begin(x), (x, jnp.zeros_like(x))),
        "mirror": (lambda s: mirror.step(0, s), exponentiated, shares, shares),
    }
    print(f"{SIZE} coordinates, {STEPS} steps")
    for name, (ours, bare, start, bare_start) in rows.items():
        run, other = steps_of(ours), steps_of(bare)
        jax.block_until_ready((run(start), other(bare_start)))
        mine, theirs = best(
            functools.partial(run, start), functools.partial(other, bare_start), repeats
        )
        print(f"{name:12} {1e6 * mine / STEPS:7.1f} µs a step, bare JAX {theirs / mine:.2f} of it")


if __name__ == "__main__":
    main()
