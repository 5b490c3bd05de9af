"""Theorem 1 as a check: does the energy of a network fall along its own dynamics?"""

from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.about import UNSAID, About
from thalweg.core.checks import check_count
from thalweg.core.fields import FieldsReport
from thalweg.core.randomness import host_generator
from thalweg.core.reports import Table
from thalweg.core.trees import in_float64
from thalweg.dynamics.spins import RandomOrderSpins
from thalweg.energies.hopfield import Hopfield
from thalweg.models.hopfield.retrieval import retrieve


@dataclass(frozen=True, eq=False, repr=False)
class SpinDescent(FieldsReport):
    """Changes of the energy of a network along runs from random starts.

    Attributes:
        worst_rise: the largest change of E at one asynchronous visit, relative to |E|'s scale
            Σ|W_ij|; theorem 1 says that it is not positive.
        fixed_points: how many synchronous runs settled.
        cycles: how many fell into a 2-cycle.
        unsettled: how many did neither within the sweeps.
        worst_synchronous_rise: the largest change of E in one synchronous step, on the same scale;
            it may well be positive.
        worst_two_step_rise: the same of −x⁺ᵀWx − bᵀ(x⁺ + x), which never rises.
        about: the network.
    """

    worst_rise: float
    fixed_points: int
    cycles: int
    unsettled: int
    worst_synchronous_rise: float
    worst_two_step_rise: float
    about: About = UNSAID

    @property
    def holds(self) -> bool:
        """True if theorem 1 and its synchronous counterpart held, up to rounding."""
        return max(self.worst_rise, self.worst_two_step_rise) <= 1e-12 and not self.unsettled

    @property
    def title(self) -> str:
        """The network, and whether the theorem held."""
        said = "its energy falls, one spin at a time" if self.holds else "theorem 1 is refuted"
        return f"{self.about.system or 'A network of spins'}: {said}"

    def table(self) -> Table:
        """The largest change of each energy, and what must hold of it."""
        return ["updates", "energy", "largest change", "theorem"], [
            ["one spin at a time", "E", f"{self.worst_rise:+.1e}", "≤ 0"],
            ["all at once", "E", f"{self.worst_synchronous_rise:+.1e}", "none"],
            ["all at once", "−x⁺ᵀWx − bᵀ(x⁺ + x)", f"{self.worst_two_step_rise:+.1e}", "≤ 0"],
        ]

    def remarks(self) -> list[str]:
        """Sentences on the ends of the synchronous runs."""
        ends = f"{self.fixed_points} settled, {self.cycles} fell into a 2-cycle"
        ends += f", {self.unsettled} did neither" if self.unsettled else ""
        return [f"Of the synchronous runs {ends}."]


def check_spin_descent(
    network: Hopfield, *, starts: int = 32, sweeps: int = 3, key: jax.Array | None = None
) -> SpinDescent:
    """Run a network from random starts, in float64, and watch its energy at every visit.

    Arguments:
        network: the couplings and biases.
        starts: how many random starts, each for asynchronous and for synchronous updates.
        sweeps: how many sweeps of asynchronous updates, in random order.
        key: the randomness; None means `jax.random.key(0)`.
    """
    check_count("check_spin_descent: starts", starts)
    check_count("check_spin_descent: sweeps", sweeps)
    key = jax.random.key(0) if key is None else key
    size = network.weights.size
    with jax.enable_x64(True):
        network = in_float64(network)
        scale = (
            np.abs(network.weights.dense()).sum() + np.abs(np.asarray(network.bias)).sum() * size
        )
        rng = host_generator(key)
        states = rng.choice([-1.0, 1.0], (starts, size))
        orders = np.stack([rng.permutation(size) for _ in range(starts * sweeps)])
        rises = np.asarray(_rise(network, states, orders.reshape(starts, sweeps * size)))
        runs = [
            retrieve(network, state, update="synchronous", max_sweeps=10 * size, throw=False)
            for state in states
        ]
    steps = [np.diff(run.energies) for run in runs]
    doubled = [np.diff(run.two_step_energies) for run in runs]
    outcomes = [run.outcome for run in runs]
    return SpinDescent(
        worst_rise=float(np.max(rises)) / scale,
        fixed_points=outcomes.count("fixed point"),
        cycles=outcomes.count("2-cycle"),
        unsettled=outcomes.count("unsettled"),
        worst_synchronous_rise=float(np.max(np.concatenate(steps))) / scale,
        worst_two_step_rise=float(np.max(np.concatenate([*doubled, np.full(1, -np.inf)]))) / scale,
        about=About(type(network).__name__, "kernel"),
    )


@eqx.filter_jit
def _rise(network: Hopfield, states: Any, orders: Any) -> jax.Array:
    """The largest change of E at one visit, for each start; E is computed anew at every visit."""

    places = jnp.arange(states.shape[1])

    def run(state: jax.Array, order: jax.Array) -> jax.Array:
        def visit(carry: Any, i: jax.Array) -> tuple[Any, jax.Array]:
            kernel = RandomOrderSpins(network, places == i)
            after, _ = kernel.visit(places, carry)
            return after, network(kernel.state(after)) - network(kernel.state(carry))

        carry = RandomOrderSpins(network).init(state)
        return jnp.max(jax.lax.scan(visit, carry, order)[1])

    return jax.vmap(run)(states, orders)
