"""Normalization reweighting: how fast, against plain NumPy, in one alternating run.

    python benchmarks/normalization.py [--runs 5]

Three parts: the 400 × 400 stability map by theory and by simulation (n = 16, 1,000 steps), a held
input of 2,000 neurons for 10,000 steps in the reduced form, and changing inputs in the full form
(n = 180, 5,000 steps). The contestants of a part take turns, so that a busy machine slows all of
them; ratios are of medians. Compilation is left out and printed apart. Where the NumPy run would
take too long, a part of it is timed and the rest extrapolated, which is said.

Targets: theory 2 s, simulation 10 s and 200 times NumPy, held run 2 s, full form 5 times NumPy.
"""

import argparse
import statistics
import time
import warnings

import numpy as np

from thalweg.models.normalization import (
    Draws,
    NormalizationNetwork,
    VonMises,
    adapt,
    factored_rule,
    full_rule,
    grating,
    hold,
    reduced_map,
    uniform_ensemble,
)
from thalweg.studies.normalization.stability import outcomes_by_simulation, outcomes_by_theory

ALPHA, BETA, SIGMA = 0.01, -0.05, 0.5


def network(neurons, **changes):
    fields = {"alpha": ALPHA, "beta": BETA, "sigma": SIGMA, "baseline": 0.2, **changes}
    return NormalizationNetwork(VonMises(neurons, 1.0), grating(), **fields)


def timed(fn):
    began = time.perf_counter()
    fn()
    return time.perf_counter() - began


def alternate(contestants, runs):
    """The median time of each, taken in turns, after a first round that compiles."""
    first = {name: timed(fn) for name, fn in contestants.items()}
    times = {name: [] for name in contestants}
    for _ in range(runs):
        for name, fn in contestants.items():
            times[name].append(timed(fn))
    return {name: (statistics.median(t), min(t), first[name]) for name, t in times.items()}


def show(title, results, scale=None):
    print(f"\n{title}")
    for name, (median, best, first) in results.items():
        factor = (scale or {}).get(name, 1.0)
        said = "" if factor == 1.0 else f"   (extrapolated: timed 1/{factor:g} of it)"
        print(
            f"  {name:34s} median {median * factor:10.3f} s   best {best * factor:10.3f} s   "
            f"first {first:7.3f} s{said}"
        )


def numpy_points(held, alphas, betas, steps, start, target):
    """The full W of one grid point after another: what a script would do."""
    drive, n = held.drive, held.size
    for alpha, beta in zip(alphas, betas, strict=True):
        weights = start.copy()
        for _ in range(steps):
            output = drive / (held.sigma**2 + weights @ drive / n)
            weights += alpha * (np.outer(output, output) - target) + beta * (weights - target)


def stability_map(runs):
    model, shown = network(16), grating(0.8, 20.0)
    held = hold(model, shown)
    target = full_rule(model, Draws(shown)).target
    alphas, betas = np.linspace(1e-3, 0.5, 400), np.linspace(-2.5, 0.5, 400)
    points, share = 8, 160_000 / 8
    some = np.random.default_rng(0).uniform(0.1, 0.9, (2, points))
    contestants = {
        "theory": lambda: outcomes_by_theory(held, alphas, betas),
        "simulation, 1,000 steps": lambda: outcomes_by_simulation(held, alphas, betas),
        "NumPy, full W": lambda: numpy_points(
            held, 0.1 * some[0], -some[1], 1000, np.eye(16), target
        ),
    }
    results = alternate(contestants, runs)
    show("400 × 400 stability map, n = 16", results, {"NumPy, full W": share})
    ratio = results["NumPy, full W"][0] * share / results["simulation, 1,000 steps"][0]
    print(f"  simulation is {ratio:.0f} times NumPy over the full W (extrapolated)")


def held_run(runs):
    rule = reduced_map(network(2000), grating(0.8, 20.0))
    target = np.outer(rule.held.expected, np.ones(2000))
    drive, weights = rule.held.drive, np.eye(2000)

    def full_steps():
        new = weights.copy()
        for _ in range(10):
            output = drive / (SIGMA**2 + new @ drive / 2000)
            new += ALPHA * (np.outer(output, output) - target) + BETA * (new - target)

    results = alternate(
        {
            "reduced, 10,000 steps": lambda: adapt(rule, steps=10_000, save_every=1000),
            "NumPy, full W": full_steps,
        },
        min(runs, 3),
    )
    show("held input, n = 2,000", results, {"NumPy, full W": 1000.0})


def full_form(runs):
    model, steps = network(180), 5000
    shown = Draws(uniform_ensemble(60))
    rule = full_rule(model, shown)
    factored = factored_rule(model, shown)
    drives = rule.drives[np.random.default_rng(0).integers(0, 60, steps)]
    target, start = rule.target, rule.start()

    def in_place():
        weights, product = start.copy(), np.empty((180, 180))
        pull = (ALPHA + BETA) * target
        for drive in drives:
            output = drive / (SIGMA**2 + weights @ drive / 180)
            np.multiply(output[:, None], ALPHA * output, out=product)
            weights *= 1.0 + BETA
            weights += product
            weights -= pull

    def copying():
        source, into = start.copy(), np.empty((180, 180))
        for _ in range(steps):
            np.copyto(into, source)

    results = alternate(
        {
            "in-place NumPy": in_place,
            "adapt, delayed updates": lambda: adapt(rule, steps=steps),
            "adapt, one update a step": lambda: adapt(rule, steps=steps, save_every=steps),
            f"factored, rank {factored.basis.shape[1]}": lambda: adapt(factored, steps=steps),
            "one copy of W a step (cache bound)": copying,
        },
        runs,
    )
    show("changing inputs, n = 180, 5,000 steps", results)
    base = results["in-place NumPy"][0]
    for name, (median, _, _) in results.items():
        print(f"  {name:34s} {base / median:6.2f} times in-place NumPy")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    full_form(runs)
    held_run(runs)
    stability_map(runs)
