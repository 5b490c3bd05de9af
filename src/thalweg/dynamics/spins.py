"""Rules of spins: all at once, one after another, in random order, at a temperature.

A spin turns to the sign of its field h = Wx + b, and stays where its field is zero. Where one spin
turns after another, fields change only at flips, so a sweep goes from flip to flip and keeps a memo
up to date: the fields, at a cost of N a flip, or the overlaps with P patterns, at a cost of P.
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
_BLOCK = 128


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
            new = jnp.where(up, jnp.ones_like(spin), -jnp.ones_like(spin))
            return jnp.where(jnp.isnan(h), h, new)

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
        energy, x = jax.lax.stop_gradient((self.energy, _spins(state)))
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
    energy, state = jax.lax.stop_gradient((energy, _spins(state)))
    free = jnp.ones(state.shape, bool) if free is None else free
    new, _, turned = sweep_with_memo(energy, state, memo_of(energy, state), order, free)
    return new, turned


def memo_of(energy: Hopfield, x: Any) -> Any:
    """What is kept up to date: the fields Wx + b, or the overlaps Ξx of Hebbian couplings."""
    if isinstance(energy.weights, HebbianCouplings):
        return x @ cast_like(energy.weights.columns, x)
    return energy.field(x)


def energy_of(energy: Hopfield, x: Any, memo: Any) -> Any:
    """E(x) from what is kept, without another look at W."""
    bias = jnp.sum(cast_like(energy.bias, x) * x)
    if isinstance(energy.weights, HebbianCouplings):
        size, count = energy.weights.columns.shape
        return 0.5 * (count - jnp.sum(memo * memo) / size) - bias
    return -0.5 * (jnp.sum(x * memo) + bias)


def sweep_with_memo(energy: Hopfield, x: Any, memo: Any, order: Any, free: Any) -> Any:
    """A sweep that goes from flip to flip: no other visit changes anything.

    Spins are looked at a block at a time; after a flip the rest of the block is looked at again.
    """
    size = x.shape[0]
    room = -(-size // _BLOCK) * _BLOCK
    order = jnp.concatenate([order, jnp.broadcast_to(order[:1], (room - size,))])
    free = free[order] & (jnp.arange(room) < size)
    bias = jnp.broadcast_to(cast_like(energy.bias, x), x.shape)
    places = jnp.arange(_BLOCK)
    is_hebbian = isinstance(energy.weights, HebbianCouplings)
    rows = cast_like(_rows(energy.weights), x)
    count = rows.shape[1]

    def block(k: Any, loop: Any) -> Any:
        indices = jax.lax.dynamic_slice(order, (k * _BLOCK,), (_BLOCK,))
        live = jax.lax.dynamic_slice(free, (k * _BLOCK,), (_BLOCK,))
        near = rows[indices] if is_hebbian else None
        near_bias = bias[indices]

        def following(x: Any, memo: Any, place: Any) -> Any:
            spins = x[indices]
            h = memo[indices] if near is None else (near @ memo - count * spins) / size + near_bias
            return jnp.min(jnp.where((spins * h < 0) & live & (places > place), places, _BLOCK))

        def flip(loop: Any) -> Any:
            place, x, memo, turned = loop
            i = indices[place]
            memo = memo - 2.0 * x[i] * rows[i]
            x = x.at[i].multiply(-1.0)
            return following(x, memo, place), x, memo, turned + 1

        x, memo, turned = loop
        first = (following(x, memo, -1), x, memo, turned)
        return jax.lax.while_loop(lambda loop: loop[0] < _BLOCK, flip, first)[1:]

    start = (x, memo, jnp.zeros((), jnp.int32))
    return jax.lax.fori_loop(0, room // _BLOCK, block, start)


def _spins(state: Any) -> Any:
    """The signs of a state, +1 for zero; NaN stays NaN, and so reaches every field."""
    return jnp.where(state == 0, jnp.ones_like(state), jnp.sign(state))


def _visits(energy: Hopfield, x: Any, order: Any, decide: Decision) -> Any:
    """Visit spins one after another; `decide(visit, field, spin)` is the new spin."""
    bias = jnp.broadcast_to(cast_like(energy.bias, x), x.shape)
    rows = cast_like(_rows(energy.weights), x)
    is_hebbian = isinstance(energy.weights, HebbianCouplings)
    size, count = x.shape[0], rows.shape[1]

    def visit(k: Any, loop: Any) -> Any:
        x, memo = loop
        i = order[k]
        h = (rows[i] @ memo - count * x[i]) / size + bias[i] if is_hebbian else memo[i]
        new = decide(k, h, x[i])
        memo = jax.lax.cond(new == x[i], lambda m: m, lambda m: m + (new - x[i]) * rows[i], memo)
        return x.at[i].set(new), memo

    return jax.lax.fori_loop(0, order.shape[0], visit, (x, memo_of(energy, x)))[0]


def _rows(weights: Couplings) -> Any:
    """What a flip of spin i adds to the memo, as row i."""
    if isinstance(weights, HebbianCouplings):
        return weights.columns
    return weights.matrix if isinstance(weights, DenseCouplings) else weights.dense()
