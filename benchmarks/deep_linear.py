"""Exact solutions of deep linear learning against simulating it, at widths 500-500-500.

    python benchmarks/deep_linear.py [--runs 3]

Spectrum s_i = 10/i, balanced random start whose layers multiply to what Gaussian entries of 1e-3
would, horizon to 99 % of s_100. The simulation is Diffrax (Tsit5, rtol 1e-6, float32, compiled
beforehand), the exact solution NumPy float64, its set-up included. All are timed in turn in one
process; what counts is the median of the ratios.

Targets: one late time at least 20 times faster and equal to 1e-5; 200 times together not slower;
mode strengths of aligned starts at least 1,000 times faster; a step of gradient descent within 1.5
times of its matrix products.
"""

import argparse
import statistics
import time

import diffrax
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.trees import as_arrays
from thalweg.models import deep_linear as dl

SIZE, LEARNED, COUNT = 500, 100, 200


def timed(fn):
    began = time.perf_counter()
    value = jax.block_until_ready(fn())
    return time.perf_counter() - began, value


def problem():
    rng = np.random.default_rng(0)
    left, right = (np.linalg.qr(rng.standard_normal((SIZE, SIZE)))[0] for _ in range(2))
    task = dl.Covariances((left * (10.0 / np.arange(1, SIZE + 1))) @ right.T)
    return task, dl.balanced((SIZE,) * 3, scale=1e-3)


def horizon(task, start):
    """When mode 100 reaches 99 % of its strength."""
    exact, goal = dl.ExactLearning(task, start), 0.99 * 10.0 / LEARNED
    low, high = 0.0, 1e3
    while high - low > 1e-3 * high:
        middle = 0.5 * (low + high)
        reached = exact.strengths(middle)[LEARNED - 1] > goal
        low, high = (low, middle) if reached else (middle, high)
    return high


def simulation(rule, start, saveat, end, dtype=jnp.float32, tolerance=1e-6):
    """A compiled run: a function without arguments that gives the saved states and the steps."""
    state = tuple(jnp.asarray(w, dtype=dtype) for w in start)

    def solve(rule, state):
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(lambda t, y, args: args.velocity(t, y)),
            diffrax.Tsit5(),
            0.0,
            end,
            1e-3,
            state,
            rule,
            saveat=saveat,
            stepsize_controller=diffrax.PIDController(rtol=tolerance, atol=tolerance),
            max_steps=100_000,
        )
        return solution.ys, solution.stats["num_steps"]

    arrays = as_arrays(rule)
    compiled = jax.jit(solve).lower(arrays, state).compile()
    return lambda: compiled(arrays, state)


def compare(name, runs, ours, theirs, target):
    """Time both in turn and report the median ratio theirs/ours."""
    pairs, value, other = [], ours(), theirs()
    for _ in range(runs):
        a, value = timed(ours)
        b, other = timed(theirs)
        pairs.append((a, b))
    ratios = [b / a for a, b in pairs]
    print(
        f"{name:34}{statistics.median(a for a, _ in pairs):10.4g} s against "
        f"{statistics.median(b for _, b in pairs):8.4g} s: ratio {statistics.median(ratios):8.3g} "
        f"({min(ratios):.3g} to {max(ratios):.3g}); target {target}"
    )
    return value, other


def gap(exact, simulated):
    """The largest difference, relative to the largest entry."""
    return np.abs(exact - simulated).max() / np.abs(exact).max()


def products(runs):
    task, start = problem()
    end = horizon(task, start)
    network = dl.DeepLinearNetwork(task, (SIZE,) * 3)
    run = simulation(network, start, diffrax.SaveAt(t1=True), end)
    exact, (states, steps) = compare(
        "one late time", runs, lambda: dl.ExactLearning(task, start).product(end), run, ">= 20"
    )
    simulated = np.asarray(states[1][0]) @ np.asarray(states[0][0])
    print(f"    horizon {end:.2f}, {steps} steps, differ by {gap(exact, simulated):.2g}")
    times = np.linspace(0.0, end, COUNT)
    run = simulation(network, start, diffrax.SaveAt(ts=jnp.asarray(times, jnp.float32)), end)

    def simulate_all():
        first, second = run()[0]
        return jnp.matmul(second, first)

    exact, simulated = compare(
        f"{COUNT} times together",
        runs,
        lambda: dl.ExactLearning(task, start).product(times),
        simulate_all,
        ">= 1",
    )
    print(f"    differ by {gap(exact, np.asarray(simulated)):.2g}")
    few = np.linspace(0.0, end, 4)[1:]
    with jax.enable_x64(True):
        fine = simulation(
            network, start, diffrax.SaveAt(ts=jnp.asarray(few)), end, jnp.float64, 1e-8
        )
        first, second = (np.asarray(w) for w in fine()[0])
    simulated = second @ first
    exact = dl.ExactLearning(task, start).product(few)
    print(f"    differ by {gap(exact, simulated):.2g} from a run in float64 at rtol 1e-8")
    strengths = dl.Modes.of(task).strengths
    aligned = dl.orthogonal(task, (SIZE,) * 3, 0.03)
    run = simulation(network, aligned, diffrax.SaveAt(ts=jnp.asarray(times, jnp.float32)), end)
    compare(
        "mode strengths, aligned, 200 times",
        runs,
        lambda: dl.balanced_strength(strengths, 0.03**2, times),
        run,
        ">= 1000",
    )


def step_programs(white):
    """50 steps of gradient descent, and the same matrix products alone, on matrices that last."""
    rng = np.random.default_rng(0)
    yx = rng.standard_normal((SIZE, SIZE)) / SIZE
    xx = None if white else np.eye(SIZE)
    rule = as_arrays(dl.GradientDescent(dl.Covariances(yx, xx), (SIZE,) * 3, 1e-2))
    state = tuple(jnp.asarray(w, jnp.float32) for w in dl.small_gaussian((SIZE,) * 3, 0.05))
    turns = tuple(
        jnp.asarray(np.linalg.qr(rng.standard_normal((SIZE, SIZE)))[0], jnp.float32)
        for _ in range(2)
    )
    inputs = jnp.eye(SIZE, dtype=jnp.float32)

    def many_steps(rule, state):
        return jax.lax.fori_loop(0, 50, lambda t, s: rule.step(t, s), state)

    def many_products(inputs, state):
        def body(_, s):
            through = s[1] @ s[0]
            through = through if white else through @ inputs
            return s[1].T @ through, through @ s[0].T

        return jax.lax.fori_loop(0, 50, body, state)

    step = jax.jit(many_steps).lower(rule, state).compile()
    pure = jax.jit(many_products).lower(inputs, turns).compile()
    return lambda: step(rule, state), lambda: pure(inputs, turns)


def steps(runs):
    for name, white in (("white inputs", True), ("correlated inputs", False)):
        step, pure = step_programs(white)
        compare(f"50 steps / products, {name}", 5 * runs, step, pure, ">= 0.67")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    steps(runs)
    products(runs)


if __name__ == "__main__":
    main()
