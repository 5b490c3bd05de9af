"""Rules of spins: all at once, one after another, in random order, at a temperature.

A spin turns to the sign of its field h = Wx + b, and stays where its field is zero. Where one spin
turns after another, fields change only at flips: with a matrix they are kept up to date at a cost
of N a flip, and the rule goes from flip to flip; with Hebbian couplings the overlaps with the
patterns are kept instead, at a cost of P a visit.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from thalweg.core.errors import InputError
from thalweg.core.trees import cast_like, has_tracer
from thalweg.dynamics.kernels import Kernel
from thalweg.dynamics.rules import Map
from thalweg.energies.associative import DenseAssociative
from thalweg.energies.hopfield import Couplings, DenseCouplings, HebbianCouplings, Hopfield

Decision = Callable[[Any, Any, Any], Any]


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
        h = self.energy.field(state)
        return jnp.where(h == 0, state, jnp.sign(h))


class SequentialSpins(Map):
    """One sweep: each spin in turn, in the order of their indices; the energy never rises.

    Arguments:
        energy: the network.
    """

    energy: Hopfield

    def step(self, t: Any, state: Any) -> Any:
        """The state after every spin was visited once."""
        return sweep(self.energy, state, jnp.arange(state.shape[0]))[0]


class RandomOrderSpins(Kernel):
    """One sweep: each spin once, in random order; the energy never rises.

    Arguments:
        energy: the network.
    """

    energy: Hopfield

    def draw(self, key: jax.Array, t: Any, state: Any) -> Any:
        """The state after every spin was visited once."""
        return sweep(self.energy, state, jax.random.permutation(key, state.shape[0]))[0]


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
        if not has_tracer(self.temperature) and not self.temperature > 0.0:
            raise InputError(
                f"GlauberSpins: temperature must be positive, got {self.temperature}; at zero "
                f"temperature take RandomOrderSpins."
            )

    def draw(self, key: jax.Array, t: Any, state: Any) -> Any:
        """The state after N updates."""
        size = state.shape[0]
        where_key, chance_key = jax.random.split(key)
        order = jax.random.randint(where_key, (size,), 0, size)
        chances = jax.random.uniform(chance_key, (size,), state.dtype)
        temperature = cast_like(self.temperature, state)

        def decide(visit: Any, h: Any, spin: Any) -> Any:
            up = chances[visit] < jax.nn.sigmoid(2.0 * h / temperature)
            return jnp.where(up, jnp.ones_like(spin), -jnp.ones_like(spin))

        return _visits(self.energy, state, order, decide)


class DenseSpins(Map):
    """One sweep of a dense associative memory: each spin in turn goes where the energy is lower.

    Overlaps with the patterns are kept up to date, so a visit costs P.

    Arguments:
        energy: the memory.
    """

    energy: DenseAssociative

    def step(self, t: Any, state: Any) -> Any:
        """The state after every spin was visited once; ties stay."""
        energy, x = jax.lax.stop_gradient(
            (self.energy, jnp.where(state < 0, -1.0, 1.0).astype(state.dtype))
        )
        columns = cast_like(energy.patterns, x).T

        def visit(i: Any, loop: Any) -> Any:
            x, overlaps = loop
            flipped = overlaps - 2.0 * x[i] * columns[i]
            turns = energy.level(flipped) < energy.level(overlaps)
            return (
                x.at[i].multiply(jnp.where(turns, -1.0, 1.0).astype(x.dtype)),
                jnp.where(turns, flipped, overlaps),
            )

        return jax.lax.fori_loop(0, x.shape[0], visit, (x, x @ columns))[0]


def sweep(energy: Hopfield, state: Any, order: Any, free: Any = None) -> tuple[Any, Any]:
    """Visit spins in an order, each once; each turns to the sign of its field.

    Arguments:
        energy: the network.
        state: `(N,)`, entries ±1 (of anything else the sign counts).
        order: a permutation of the spins, `(N,)`.
        free: which spins may turn, `(N,)` booleans; all unless given.

    Returns:
        The new state, and how many spins were turned.
    """
    # A sign has no slope: derivatives are zero, and a loop need not be differentiated.
    energy, state = jax.lax.stop_gradient(
        (energy, jnp.where(state < 0, -1.0, 1.0).astype(state.dtype))
    )
    free = jnp.ones(state.shape, bool) if free is None else free
    if isinstance(energy.weights, HebbianCouplings):

        def decide(visit: Any, h: Any, spin: Any) -> Any:
            return jnp.where((h == 0) | ~free[order[visit]], spin, jnp.sign(h))

        new = _visits(energy, state, order, decide)
        return new, jnp.sum(new != state)
    return _from_flip_to_flip(energy, state, order, free)


def _from_flip_to_flip(energy: Hopfield, state: Any, order: Any, free: Any) -> tuple[Any, Any]:
    """A sweep that jumps to the next spin against its field: no other visit changes anything."""
    size = state.shape[0]
    rank = jnp.zeros(size, jnp.int32).at[order].set(jnp.arange(size, dtype=jnp.int32))
    matrix = cast_like(_matrix(energy.weights), state)

    def following(x: Any, h: Any, position: Any) -> Any:
        against = (x * h < 0) & free & (rank > position)
        return jnp.min(jnp.where(against, rank, size))

    def flip(loop: Any) -> Any:
        position, count, x, h = loop
        i = order[position]
        h = h - 2.0 * x[i] * matrix[i]
        x = x.at[i].multiply(-1.0)
        return following(x, h, position), count + 1, x, h

    h = energy.field(state)
    first = (following(state, h, jnp.int32(-1)), jnp.int32(0), state, h)
    _, count, x, _ = jax.lax.while_loop(lambda loop: loop[0] < size, flip, first)
    return x, count


def _visits(energy: Hopfield, state: Any, order: Any, decide: Decision) -> Any:
    """Visit spins one after another; `decide(visit, field, spin)` is the new spin."""
    bias = jnp.broadcast_to(cast_like(energy.bias, state), state.shape)
    if isinstance(energy.weights, HebbianCouplings):
        columns = cast_like(energy.weights.columns, state)
        size, count = columns.shape

        def visit(k: Any, loop: Any) -> Any:
            x, overlaps = loop
            i = order[k]
            h = (columns[i] @ overlaps - count * x[i]) / size + bias[i]
            new = decide(k, h, x[i])
            return x.at[i].set(new), overlaps + (new - x[i]) * columns[i]

        return jax.lax.fori_loop(0, order.shape[0], visit, (state, state @ columns))[0]
    matrix = cast_like(_matrix(energy.weights), state)

    def visit_dense(k: Any, loop: Any) -> Any:
        x, h = loop
        i = order[k]
        new = decide(k, h[i], x[i])
        h = jax.lax.cond(new == x[i], lambda h: h, lambda h: h + (new - x[i]) * matrix[i], h)
        return x.at[i].set(new), h

    return jax.lax.fori_loop(0, order.shape[0], visit_dense, (state, energy.field(state)))[0]


def _matrix(weights: Couplings) -> Any:
    return weights.matrix if isinstance(weights, DenseCouplings) else weights.dense()
