"""Chains run side by side: their starts, their warm-up, and the draws that are kept."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.progress import Progress
from thalweg.core.trees import Layout
from thalweg.sampling.methods.base import Told, is_broken, is_continuous

# Draws that one call of the compiled program keeps: progress is reported in between.
_MOST_DRAWS = 1024
# Numbers that it keeps at most, so that large states do not fill the memory twice.
_MOST_NUMBERS = 2**24


class Chain(eqx.Module):
    """One chain on its way.

    Attributes:
        carry: what its kernel keeps.
        key: its randomness.
        index: how many steps were taken, those of the warm-up too.
        is_lost: whether the state left the finite; it stays where it was.
        acceptance: the sum of the acceptance probabilities so far.
        divergences: how many proposals were lost.
    """

    carry: Any
    key: Any
    index: Any
    is_lost: Any
    acceptance: Any
    divergences: Any


class Draws(NamedTuple):
    """What was kept of chains.

    Attributes:
        states: a pytree with two axes before those of a state, `(chains, count, …)`.
        energies: E of each, `(chains, count)`.
    """

    states: Any
    energies: Any


@dataclass(frozen=True, eq=False)
class Run:
    """Chains that were run, as NumPy arrays.

    Attributes:
        draws: what was kept.
        last: where each chain ended.
        lost_at: after how many steps, warm-up included, each chain left the finite; −1 where it
            did not.
        acceptances: the mean acceptance probability of each chain, or None.
        divergences: the number of lost proposals of each chain, or None.
        found: what the warm-up of each chain found, or None.
    """

    draws: Draws
    last: Any
    lost_at: np.ndarray
    acceptances: np.ndarray | None
    divergences: np.ndarray | None
    found: Any


@dataclass(frozen=True, eq=False)
class Plan:
    """What to run: how long the warm-up is, how many draws are kept, and how many steps apart."""

    count: int
    warmup: int
    thin: int


@eqx.filter_jit
def dispersed(method: Any, energy: Any, start: Any, keys: Any) -> Any:
    """Where each chain begins, from one start; shape `(chains, …)`."""
    return jax.vmap(lambda key: method.disperse(energy, start, key))(keys)


@eqx.filter_jit
def levels(energy: Any, states: Any) -> jax.Array:
    """E of each of many states, `(n,)`."""
    return jax.vmap(energy)(states)


@eqx.filter_jit
def _warmed(method: Any, kernel: Any, starts: Any, keys: Any, count: int) -> Any:
    """Each chain after its warm-up: what it found, and the chain."""

    def one(start: Any, key: Any) -> tuple[Any, Chain]:
        own, later = jax.random.split(key)
        warmed = method.warm_up(kernel, start, count, own)
        carry = method.tuned(kernel, warmed.found).init(warmed.state)
        is_lost = jnp.asarray(warmed.lost_at >= 0)
        index = jnp.where(is_lost, warmed.lost_at, count).astype(jnp.int32)
        return warmed.found, Chain(carry, later, index, is_lost, jnp.float32(0), jnp.int32(0))

    return jax.vmap(one)(starts, keys)


@eqx.filter_jit
def _continued(
    method: Any,
    kernel: Any,
    energy: Any,
    found: Any,
    chains: Chain,
    stop: Any,
    thin: Any,
    room: int,
) -> tuple[Chain, Draws, Any]:
    """Each chain `stop` draws later, the draws in the first rows of `room`, and where each is."""

    def one(found: Any, chain: Chain) -> tuple[Chain, Draws, Any]:
        own = method.tuned(kernel, found)

        def keep(row: Any, loop: tuple[Chain, Draws]) -> tuple[Chain, Draws]:
            chain, draws = loop
            chain, told_energy = _thinned(own, chain, thin)
            state = own.state(chain.carry)
            level = energy(state) if told_energy is None else told_energy
            kept = jax.tree.map(lambda rows, x: rows.at[row].set(x), draws, Draws(state, level))
            return chain, kept

        state = own.state(chain.carry)
        level = jax.eval_shape(energy, state)
        rows = jax.tree.map(lambda x: jnp.zeros((room, *x.shape), x.dtype), Draws(state, level))
        chain, draws = jax.lax.fori_loop(0, stop, keep, (chain, rows))
        return chain, draws, own.state(chain.carry)

    return jax.vmap(one)(found, chains)


def _thinned(kernel: Any, chain: Chain, thin: Any) -> tuple[Chain, Any]:
    """A chain `thin` steps later, and the energy that its kernel tells, or None."""

    def step(chain: Chain) -> tuple[Chain, Any]:
        key = jax.random.fold_in(chain.key, chain.index)
        carry, info = kernel.step(key, chain.index, chain.carry)
        told = info if isinstance(info, Told) else Told()
        is_lost = chain.is_lost | is_broken(kernel.state(carry))
        accepted = 0.0 if told.acceptance is None else told.acceptance
        diverged = 0 if told.is_divergent is None else told.is_divergent
        kept = carry
        if is_continuous(kernel.state(carry)):
            kept = jax.tree.map(lambda new, old: jnp.where(is_lost, old, new), carry, chain.carry)
        after = Chain(
            carry=kept,
            key=chain.key,
            index=chain.index + jnp.where(is_lost, 0, 1),
            is_lost=is_lost,
            acceptance=chain.acceptance + jnp.where(is_lost, 0.0, accepted).astype(jnp.float32),
            divergences=chain.divergences + jnp.where(is_lost, 0, diverged).astype(jnp.int32),
        )
        return after, told.energy

    _, energy = eqx.filter_eval_shape(step, chain)
    if energy is None:
        return jax.lax.fori_loop(0, thin, lambda _, c: step(c)[0], chain), None
    blank = jnp.zeros(energy.shape, energy.dtype)
    return jax.lax.fori_loop(0, thin, lambda _, loop: step(loop[0]), (chain, blank))


def run_chains(
    method: Any, kernel: Any, energy: Callable[[Any], Any], starts: Any, keys: Any, plan: Plan
) -> Run:
    """Chains from their starts, on the host, reporting progress.

    Arguments:
        method: how to draw.
        kernel: its kernel of the energy, numbers as arrays.
        energy: `state → scalar`, numbers as arrays.
        starts: where each chain begins, `(chains, …)`.
        keys: a key each, `(chains,)`.
        plan: how many steps and draws.
    """
    size = Layout.of(starts).size
    room = min(2 ** math.ceil(math.log2(plan.count)), _MOST_DRAWS, max(1, _MOST_NUMBERS // size))
    parts, done, last = [], 0, starts
    with Progress(f"sample by {type(method).__name__}", plan.count, unit="draws") as progress:
        found, chains = _warmed(method, kernel, starts, keys, plan.warmup)
        while done < plan.count:
            stop = min(room, plan.count - done)
            chains, draws, last = _continued(
                method, kernel, energy, found, chains, np.int32(stop), np.int32(plan.thin), room
            )
            parts.append(jax.tree.map(lambda x, stop=stop: np.asarray(x)[:, :stop], draws))
            done += stop
            progress.update(done)
            if bool(np.any(chains.is_lost)):
                break
    joined = parts[0] if len(parts) == 1 else jax.tree.map(_joined, *parts)
    steps = np.asarray(chains.index)
    taken = np.maximum(steps - plan.warmup, 1)
    tells = eqx.filter_eval_shape(
        lambda c: kernel.step(keys[0], 0, c)[1], kernel.init(_first(starts))
    )
    told = tells if isinstance(tells, Told) else Told()
    return Run(
        draws=joined,
        last=jax.tree.map(np.asarray, last),
        lost_at=np.where(chains.is_lost, steps, -1),
        acceptances=None if told.acceptance is None else np.asarray(chains.acceptance) / taken,
        divergences=None if told.is_divergent is None else np.asarray(chains.divergences),
        found=jax.tree.map(np.asarray, found),
    )


def _joined(*parts: np.ndarray) -> np.ndarray:
    return np.concatenate(parts, axis=1)


def _first(states: Any) -> Any:
    return jax.tree.map(lambda x: x[0], states)
