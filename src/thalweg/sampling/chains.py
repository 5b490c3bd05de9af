"""Chains run side by side: their starts, their warm-up, and the draws that are kept."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.progress import Progress
from thalweg.core.trees import Layout
from thalweg.sampling.chance import MOST_DRAWN, parted
from thalweg.sampling.methods.base import Told, is_broken

# Draws that one call of the compiled program keeps at most.
_MOST_DRAWS = 8192
# Draws of the first call; progress is reported between calls, which become longer where they are
# shorter than these seconds.
_FIRST_DRAWS, _CALL_SECONDS = 2048, 0.5
# Draws whose random numbers are made together: enough to make them cheap, and few beyond the last.
_DRAWN = 256
# Numbers that it keeps at most, so that large states do not fill the memory twice.
_MOST_NUMBERS = 2**24


class Chain(eqx.Module):
    """One chain on its way.

    Attributes:
        carry: what its kernel keeps.
        key: its randomness.
        index: how many steps were taken, those of the warm-up too.
        acceptance: the sum of the acceptance probabilities after the warm-up; None where nothing is
            proposed.
        divergences: how many proposals were lost after it; None where nothing can be.
    """

    carry: Any
    key: Any
    index: Any
    acceptance: Any
    divergences: Any


class Draws(NamedTuple):
    """The states and tallies that chains kept.

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
    """The lengths of a run: of the warm-up, the number of draws, and the steps between them."""

    count: int
    warmup: int
    thin: int


@eqx.filter_jit
def dispersed(method: Any, energy: Any, start: Any, keys: Any) -> Any:
    """The first states of the chains, from one start; shape `(chains, …)`."""
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
        tuned = method.tuned(kernel, warmed.found)
        # The third of the keys that `split` begins with.
        carry = tuned.begin(jax.random.fold_in(key, 2), warmed.state)
        told = eqx.filter_eval_shape(lambda c: _telling(tuned)(later, 0, c)[1], carry)
        acceptance = None if told.acceptance is None else jnp.float32(0)
        divergences = None if told.is_divergent is None else jnp.int32(0)
        return warmed.found, Chain(carry, later, jnp.int32(count), acceptance, divergences)

    return jax.vmap(one)(starts, keys)


@eqx.filter_jit
def _continued(
    method: Any,
    kernel: Any,
    energy: Any,
    found: Any,
    chains: Chain,
    stop: Any,
    thin: int,
    room: int,
) -> tuple[Chain, Draws]:
    """Each chain `stop` draws later, and the draws in the first rows of `room`."""

    def one(found: Any, chain: Chain) -> tuple[Chain, Draws]:
        own = method.tuned(kernel, found)
        taken = parted(
            _telling(own), chain.key, chain.index, chain.carry,
            steps=room * thin, most=MOST_DRAWN // thin,
        )  # fmt: skip
        block = max(1, min(room, _DRAWN, MOST_DRAWN // (thin * taken.size)))

        def keep_block(index: Any, loop: tuple[Chain, Draws]) -> tuple[Chain, Draws]:
            chain, first = loop[0], block * index
            # Many keys at once: one by one they cost as much as the steps of small states.
            keys = jax.vmap(jax.random.fold_in, (None, 0))(
                chain.key, chain.index + jnp.arange(block * thin)
            ).reshape(block, thin)
            drawn = jax.vmap(jax.vmap(taken.drawn))(keys)

            def keep(row: Any, loop: tuple[Chain, Draws]) -> tuple[Chain, Draws]:
                chain, draws = loop
                numbers = jax.tree.map(lambda x: x[row - first], drawn)
                chain, told_energy = _thinned(taken.rest, chain, numbers, thin)
                state = own.state(chain.carry)
                level = energy(state) if told_energy is None else told_energy
                kept = jax.tree.map(lambda rows, x: rows.at[row].set(x), draws, Draws(state, level))
                return chain, kept

            return jax.lax.fori_loop(first, jnp.minimum(first + block, stop), keep, loop)

        state = own.state(chain.carry)
        # A function of its own: JAX compares those that it has seen, and tracers compare to none.
        level = jax.eval_shape(lambda x: energy(x), state)
        rows = jax.tree.map(lambda x: jnp.zeros((room, *x.shape), x.dtype), Draws(state, level))
        return jax.lax.fori_loop(0, (stop + block - 1) // block, keep_block, (chain, rows))

    return jax.vmap(one)(found, chains)


def _thinned(step: Any, chain: Chain, drawn: Any, count: int) -> tuple[Chain, Any]:
    """A chain `count` steps later, and the energy that its kernel tells, or None.

    Arguments:
        step: `(numbers, t, carry) → (carry, told)`.
        chain: the chain.
        drawn: the numbers of each step, along a first axis.
        count: how many steps.
    """

    def one(index: Any, chain: Chain) -> tuple[Chain, Any]:
        return _stepped(step, chain, jax.tree.map(lambda x: x[index], drawn))

    if count > 1:
        chain = jax.lax.fori_loop(0, count - 1, lambda index, c: one(index, c)[0], chain)
    return one(count - 1, chain)


def _stepped(step: Any, chain: Chain, drawn: Any) -> tuple[Chain, Any]:
    carry, told = step(drawn, chain.index, chain.carry)
    acceptance, divergences = chain.acceptance, chain.divergences
    if acceptance is not None:
        acceptance = acceptance + told.acceptance.astype(jnp.float32)
    if divergences is not None:
        divergences = divergences + told.is_divergent.astype(jnp.int32)
    return Chain(carry, chain.key, chain.index + 1, acceptance, divergences), told.energy


def _telling(kernel: Any) -> Callable[..., tuple[Any, Told]]:
    """The steps of a kernel, which tell nothing where they do not tell a `Told`."""

    def step(key: Any, t: Any, carry: Any) -> tuple[Any, Told]:
        carry, info = kernel.step(key, t, carry)
        return carry, info if isinstance(info, Told) else Told()

    return step


@eqx.filter_jit
def _stumbled(method: Any, kernel: Any, found: Any, chains: Chain, limit: Any) -> Any:
    """The last finite state of each chain, and the step after which it left the finite.

    The run again, and slowly: chains that fail are rare, and looking at every step is not free.
    """

    def one(found: Any, chain: Chain) -> tuple[Any, Any]:
        own = method.tuned(kernel, found)
        told = _telling(own)

        def goes_on(loop: tuple[Chain, Chain]) -> Any:
            _, ahead = loop
            return ~is_broken(own.state(ahead.carry)) & (ahead.index < limit)

        def step(loop: tuple[Chain, Chain]) -> tuple[Chain, Chain]:
            _, chain = loop
            return chain, _stepped(told, chain, jax.random.fold_in(chain.key, chain.index))[0]

        last, ahead = jax.lax.while_loop(goes_on, step, (chain, chain))
        is_lost = is_broken(own.state(ahead.carry))
        return own.state(last.carry), jnp.where(is_lost, last.index, -1)

    return jax.vmap(one)(found, chains)


@eqx.filter_jit
def _unwarmed(kernel: Any, starts: Any, keys: Any, count: Any) -> Chain:
    """Chains at their starts, with the keys of the warm-up of a method that tunes nothing."""

    def one(start: Any, key: Any) -> Chain:
        own = jax.random.split(key)[0]
        carry = kernel.begin(jax.random.fold_in(own, count), start)
        return Chain(carry, own, jnp.int32(0), None, None)

    return jax.vmap(one)(starts, keys)


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
    most = max(1, _MOST_NUMBERS // max(size, plan.thin))
    room = min(2 ** math.ceil(math.log2(plan.count)), _MOST_DRAWS, most)
    parts, done, length = [], 0, _FIRST_DRAWS
    last, lost_at = None, np.full(len(keys), -1)
    with Progress(f"sample by {type(method).__name__}", plan.count, unit="draw") as progress:
        found, chains = _warmed(method, kernel, starts, keys, plan.warmup)
        while done < plan.count:
            stop, before = min(room, length, plan.count - done), chains
            clock = time.monotonic()
            chains, draws = _continued(
                method, kernel, energy, found, before, np.int32(stop), plan.thin, room
            )
            parts.append(jax.tree.map(lambda x, stop=stop: np.asarray(x)[:, :stop], draws))
            done += stop
            if not _is_finite(parts[-1].states):
                if done == stop and found is None:
                    first = _unwarmed(kernel, starts, keys, np.int32(plan.warmup))
                    last, lost_at = _stumbled(method, kernel, found, first, np.int32(plan.warmup))
                if not np.any(np.asarray(lost_at) >= 0):
                    limit = np.int32(plan.warmup + done * plan.thin)
                    last, lost_at = _stumbled(method, kernel, found, before, limit)
                break
            progress.update(done)
            length *= 2 if time.monotonic() - clock < _CALL_SECONDS else 1
    joined = parts[0] if len(parts) == 1 else jax.tree.map(_joined, *parts)
    taken, acceptance = max(done * plan.thin, 1), chains.acceptance
    return Run(
        draws=joined,
        last=jax.tree.map(_last, joined.states) if last is None else jax.tree.map(np.asarray, last),
        lost_at=np.asarray(lost_at),
        acceptances=None if acceptance is None else np.asarray(acceptance) / taken,
        divergences=None if chains.divergences is None else np.asarray(chains.divergences),
        found=jax.tree.map(np.asarray, found),
    )


def _is_finite(states: Any) -> bool:
    """True where all floating numbers among kept states are finite."""
    leaves = jax.tree.leaves(states)
    return all(np.all(np.isfinite(x)) for x in leaves if jnp.issubdtype(x.dtype, jnp.floating))


def _joined(*parts: np.ndarray) -> np.ndarray:
    return np.concatenate(parts, axis=1)


def _last(rows: np.ndarray) -> np.ndarray:
    return rows[:, -1]
