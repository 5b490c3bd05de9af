"""Rules of spins: all at once, one after another, in random order, at a temperature.

A spin turns to the sign of its field h = Wx + b, and stays where that is zero, within rounding.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from thalweg.core.checks import check_positive
from thalweg.core.trees import cast_like
from thalweg.dynamics.kernels import Kernel, MemoryKernel
from thalweg.dynamics.maps import Map
from thalweg.dynamics.spin_sweeps import (
    Memo,
    energy_of,
    memo_of,
    settled_sign,
    spins_of,
    sweep,
    sweep_with_memo,
    visit_each,
)
from thalweg.energies.associative import DenseAssociative
from thalweg.energies.hopfield import Hopfield


class SynchronousSpins(Map):
    r"""All spins turn to the sign of their field at once, x⁺ = sign(Wx + b).

    It need not lower the energy: it settles, or falls into a 2-cycle. What never rises is the
    two-step energy −x⁺ᵀWx − bᵀ(x⁺ + x) (Goles, Fogelman & Pellegrin 1985).

    Arguments:
        energy: the network.
    """

    energy: Hopfield

    def step(self, t: Any, state: Any) -> Any:
        """sign(Wx + b), and the spin itself where that is zero."""
        return settled_sign(self.energy, state)


class SequentialSpins(Map):
    """One sweep: each spin in turn, in the order of their indices; the energy never rises.

    Arguments:
        energy: the network.
    """

    energy: Hopfield

    def step(self, t: Any, state: Any) -> Any:
        """The state after every spin was visited once."""
        return sweep(self.energy, state, jnp.arange(state.shape[0]))[0]


class SpinCarry(NamedTuple):
    """Spins on their way.

    Attributes:
        spins: `(N,)`, entries ±1.
        memo: what is kept of them, so that a visit need not look at all couplings.
    """

    spins: Any
    memo: Memo


class SweepInfo(NamedTuple):
    """Diagnostics of a sweep.

    Attributes:
        flips: how many spins were turned.
        energy: E after it.
    """

    flips: Any
    energy: Any


class RandomOrderSpins(MemoryKernel):
    """One sweep: each spin once, in random order; the energy never rises.

    Arguments:
        energy: the network.
        free: which spins may turn, `(N,)` booleans; all unless given.

    A step tells a `SweepInfo`; the first without a flip is the end, whatever the order.
    """

    energy: Hopfield
    free: Any = None

    def init(self, state: Any) -> SpinCarry:
        """The signs of the state (+1 for zero), and their fields or overlaps: W is read once."""
        # A sign has no slope: derivatives are zero, and a loop need not be differentiated.
        energy, spins = jax.lax.stop_gradient((self.energy, spins_of(state)))
        return SpinCarry(spins, memo_of(energy, spins))

    def step(self, key: jax.Array, t: Any, carry: SpinCarry) -> tuple[SpinCarry, SweepInfo]:
        """A sweep; its order is the key's."""
        return self.visit(jax.random.permutation(key, carry.spins.shape[0]), carry)

    def visit(self, order: Any, carry: SpinCarry) -> tuple[SpinCarry, SweepInfo]:
        """A sweep in a given order, a permutation `(N,)`."""
        energy, (spins, memo) = jax.lax.stop_gradient((self.energy, carry))
        free = jnp.ones(spins.shape, bool) if self.free is None else self.free
        spins, memo, flips = sweep_with_memo(energy, spins, memo, order, free)
        return SpinCarry(spins, memo), SweepInfo(flips, energy_of(energy, spins, memo))

    def state(self, carry: SpinCarry) -> Any:
        """The spins."""
        return carry.spins


class GlauberSpins(Kernel):
    r"""N single-spin updates at a temperature T, at random spins: a heat bath.

        P(x_i = +1) = 1 / (1 + exp(−2 h_i / T))

    It is reversible with respect to e^{−E/T}, which it therefore leaves invariant.

    Arguments:
        energy: the network.
        temperature: T > 0, in units of the energy.

    References:
        Glauber (1963), *Journal of Mathematical Physics* 4, 294.
    """

    energy: Hopfield
    temperature: float = 1.0

    def __check_init__(self):
        """Refuse temperatures that are not positive."""
        cure = " At zero temperature take RandomOrderSpins."
        check_positive("GlauberSpins: temperature", self.temperature, cure=cure)

    def draw(self, key: jax.Array, t: Any, state: Any) -> Any:
        """The state after N updates."""
        size = state.shape[0]
        where_key, chance_key = jax.random.split(key)
        order = jax.random.randint(where_key, (size,), 0, size)
        chances = jax.random.uniform(chance_key, (size,), state.dtype)
        temperature = cast_like(self.temperature, state)

        def decide(visit: Any, h: Any, spin: Any) -> Any:
            up = chances[visit] < jax.nn.sigmoid(2.0 * h / temperature)
            new = jnp.where(up, jnp.ones_like(spin), -jnp.ones_like(spin))
            return jnp.where(jnp.isnan(h), h, new)

        return visit_each(self.energy, state, order, decide)


class DenseSpins(Map):
    """One sweep of a dense associative memory: each spin in turn goes where the energy is lower.

    Overlaps with the patterns are kept up to date, so a visit costs P.

    Arguments:
        energy: the memory.
    """

    energy: DenseAssociative

    def step(self, t: Any, state: Any) -> Any:
        """The state after every spin was visited once; ties stay."""
        energy, x = jax.lax.stop_gradient((self.energy, spins_of(state)))
        columns = cast_like(energy.patterns, x).T

        def visit(i: Any, loop: Any) -> Any:
            x, overlaps = loop
            flipped = overlaps - 2.0 * x[i] * columns[i]
            turns = energy.falls(overlaps, flipped)
            return (
                x.at[i].multiply(jnp.where(turns, -1.0, 1.0).astype(x.dtype)),
                jnp.where(turns, flipped, overlaps),
            )

        return jax.lax.fori_loop(0, x.shape[0], visit, (x, x @ columns))[0]
