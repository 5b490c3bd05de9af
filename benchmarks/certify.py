"""Processor time of a proof that the equilibria found are all, beside the search.

    python benchmarks/certify.py

Processor time in one run, compiled: the search alone, and the proof (reading the program, the boxes
about what was found, and branch and bound).
"""

import time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import thalweg as tw
from thalweg.analysis.equilibria.krawczyk import Effort, Zeros, find_zeros
from thalweg.dynamics.formulas.enclosures.primal import primal
from thalweg.dynamics.problem import make_problem


class Units(tw.Flow):
    """x' = −x + tanh 3x, each unit alone: 3^d states of rest."""

    def velocity(self, t: Any, state: Any) -> Any:
        return jnp.tanh(3.0 * state) - state


class Hidden(tw.Flow):
    """A sink at 0, and a saddle and a sink in a disc of a thousandth of the box."""

    domain = tw.Box([-1.0, -1.0], [1.0, 1.0])

    def velocity(self, t: Any, state: Any) -> Any:
        there = jnp.array([0.6, 0.6])
        return -state + 2.0 * jnp.exp(-jnp.sum((state - there) ** 2) / 1e-6) * there


CASES = {
    "FitzHugh-Nagumo": (tw.models.FitzHughNagumo(), None),
    "Lorenz": (tw.models.Lorenz(), None),
    "four wells": (tw.SteepestDescent(tw.energies.FourWells()), None),
    "2 units": (Units(), tw.Box([-2.0] * 2, [2.0] * 2)),
    "3 units": (Units(), tw.Box([-2.0] * 3, [2.0] * 3)),
    "hidden pair": (Hidden(), None),
}


def main() -> None:
    """Print a line a system."""
    for name, (rule, domain) in CASES.items():
        tw.find_equilibria(rule, domain)
        start = time.process_time()
        found = tw.find_equilibria(rule, domain)
        search = time.process_time() - start
        with jax.enable_x64(True):
            problem, _ = make_problem(rule, domain)
            chart = problem.chart
            at = np.asarray(chart.coordinates(found.states)).reshape(-1, chart.dimension)
            start = time.process_time()
            zeros = Zeros(primal(problem.displacement), chart.dimension)
            lower, upper = (np.asarray(bound) for bound in chart.bounds)
            proof = find_zeros(zeros, lower, upper, at, Effort())
            spent = time.process_time() - start
        searched = f"search {1e3 * search:.0f} ms, {len(found)} found"
        proved = f"{len(proof.roots)} proved, {len(proof.undecided)} undecided"
        print(f"{name}: {searched}; proof {1e3 * spent:.0f} ms, {proof.num_boxes} boxes, {proved}")


if __name__ == "__main__":
    main()
