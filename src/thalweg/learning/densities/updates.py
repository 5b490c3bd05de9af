"""Updates by the difference of two means: over draws, and over chains of the model."""

from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from thalweg.core.checks import check_count, check_positive
from thalweg.core.errors import DivergenceError, InputError
from thalweg.core.progress import Progress
from thalweg.core.randomness import host_generator
from thalweg.core.tables import format_state
from thalweg.core.trees import Layout, replace
from thalweg.energies import Pairwise
from thalweg.energies.colours import colour
from thalweg.learning.densities.base import Answer, DensityQuestion
from thalweg.sampling import BlockGibbs, free_energy
from thalweg.sampling.discrete.blocks import MaskedBlocks
from thalweg.sampling.discrete.kernels import BlockSweep

# The same object each time, so that its program is compiled once.
_ADAM = optax.scale_by_adam()
# A compiled call makes so many updates: it is asked in between whether a chain ran away.
_UPDATES_PER_CALL = 50
# The key of what chains draw before their steps: the number of no chain.
_BEFORE = 2**32 - 1


@dataclass(frozen=True)
class Updates:
    """Settings of updates: Adam, whose rate falls along a cosine, and the mean of the last ones.

    Attributes:
        count: how many.
        rate: the first learning rate.
        batch_size: draws an update, with replacement; 0, or a number above that of the draws,
            means all of them, each once.
        averaged: the share of the updates, the last ones, whose numbers are averaged.
    """

    count: int = 2000
    rate: float = 2e-2
    batch_size: int = 500
    averaged: float = 0.5

    def __post_init__(self) -> None:
        check_count("Updates: count", self.count)
        check_count("Updates: batch_size", self.batch_size, 0)
        check_positive("Updates: rate", self.rate)
        if not 0.0 < self.averaged <= 1.0:
            raise InputError(f"Updates: averaged must be in (0, 1], got {self.averaged!r}.")


class _Carry(eqx.Module):
    """The state that an update changes; `slopes`, `params_sum` add up over averaged updates."""

    params: Any
    optimizer_state: Any
    chains: Any
    params_sum: Any
    gradient_sum: Any


class _Program(eqx.Module):
    """The inputs of an update."""

    static: Any
    method: Any
    temperature: Any
    rate: Any
    count: Any
    colours: Any
    num_colours: int = eqx.field(static=True)
    num_visible: int = eqx.field(static=True)

    def level(self, params: Any, x: Any) -> jax.Array:
        """E of a state, or of the visible units of a machine, the hidden ones summed out."""
        energy = eqx.combine(params, self.static)
        return visible_energy(energy, x, self.temperature, self.num_visible)

    def mean(self, params: Any, states: Any) -> jax.Array:
        """Its mean over states, over T."""
        return jnp.mean(jax.vmap(self.level, (None, 0))(params, states)) / self.temperature

    def rate_of(self, number: Any) -> jax.Array:
        """The rate of an update: along a cosine to zero."""
        return 0.5 * self.rate * (1.0 + jnp.cos(jnp.pi * number / self.count))

    def kernel(self, params: Any) -> Any:
        """The sampler's step down the energy."""
        energy = eqx.combine(params, self.static)
        if isinstance(energy, Pairwise):
            # The size of a field's terms matters at T = 0 only.
            blocks = MaskedBlocks(jnp.asarray(self.colours), jnp.ones(()), self.num_colours)
            return BlockSweep(energy, self.temperature, blocks)
        return self.method.sampler.kernel(energy)

    def begun(self, params: Any, states: Any, key: jax.Array) -> Any:
        """Chains at their first states, what they remember drawn afresh."""
        keys = jax.random.split(key, len(states))
        return jax.vmap(self.kernel(params).begin)(keys, states)

    def moved(self, params: Any, chains: Any, key: jax.Array) -> Any:
        """Chains after their steps down the energy as it is now; momenta go on."""
        kernel = self.kernel(params)

        def one(chain: Any, key: jax.Array) -> Any:
            def step(i: Any, carry: Any) -> Any:
                return kernel.step(jax.random.fold_in(key, i), i, carry)[0]

            return jax.lax.fori_loop(0, self.method.steps, step, kernel.resumed(chain))

        count = len(jax.tree.leaves(chains)[0])
        return jax.vmap(one)(chains, jax.random.split(key, count))

    def visible(self, params: Any, chains: Any) -> jax.Array:
        """The states of chains, `(n, d)`; of a machine its visible units."""
        states = jax.vmap(self.kernel(params).state)(chains)
        return states.reshape(len(states), -1)[:, : self.num_visible]


def visible_energy(energy: Any, x: Any, temperature: Any, num_visible: int) -> jax.Array:
    """E of a state; of a machine with hidden units their free energy, given the visible ones."""
    if not isinstance(energy, Pairwise) or energy.size == num_visible:
        return energy(x if not isinstance(energy, Pairwise) else x.reshape(energy.shape))
    hidden = np.arange(energy.size) >= num_visible
    state = jnp.concatenate([x, jnp.zeros(energy.size - num_visible, x.dtype)])
    return free_energy(energy, state, temperature, hidden)


def run_updates(method: Any, question: DensityQuestion, num_chains: int | None) -> Answer:
    """The mean of the last updates.

    Arguments:
        method: of learning, with a `sampler`, `steps` and `updates`.
        question: the model and the draws.
        num_chains: how many chains go on from update to update; None: they begin at the draws.

    Raises:
        DivergenceError: a chain, or a number of the energy, left the finite; says which and when.
    """
    how: Updates = method.updates
    _check_sampler_fits(method, question)
    program = _program(method, question)
    layout = Layout.of(question.params)
    params = question.params
    first = _first(question, num_chains)
    chains = None if num_chains is None else _chains(program, params, first, question.key)
    carry = _Carry(
        params, _ADAM.init(params), chains,
        jax.tree.map(np.zeros_like, params), np.zeros(layout.size),
    )  # fmt: skip
    # Units of a machine take a few values: single precision holds them, and is drawn faster.
    states = question.states.astype(first.dtype)
    begins = how.count - max(1, round(how.averaged * how.count))
    batch = min(how.batch_size or question.num_draws, question.num_draws)
    rng = host_generator(question.key, 1)
    sizes, done = [], 0
    with Progress("learn_density", how.count, unit="update") as progress:
        while done < how.count:
            made = min(_UPDATES_PER_CALL, how.count - done)
            # Every row is a draw of the data; a last call is filled up with updates that are off.
            rows = _batches(rng, question, batch, _UPDATES_PER_CALL)
            keys = np.arange(done, done + _UPDATES_PER_CALL)
            found = _updates(
                program, carry, states, rows, keys, question.key,
                np.int64(begins), np.int64(done + made), layout, num_chains is not None,
            )  # fmt: skip
            carry, told = found
            told = jax.device_get(told)
            _check_finite(told, made, done, carry, layout)
            sizes.append(told[0][:made])
            done += made
            progress.update(done, f"slope {sizes[-1][-1]:.3g}")
    share = how.count - begins
    means = jax.tree.map(lambda a: np.asarray(a) / share, carry.params_sum)
    gradient = float(np.linalg.norm(np.asarray(carry.gradient_sum) / share))
    history = np.concatenate(sizes)
    # At rest the mean slope is small beside that of one update, which is noise.
    noise = float(np.mean(history[begins:]))
    is_converged = gradient <= max(10.0 * noise / np.sqrt(share), 1e-8)
    errors = np.full(layout.size, np.nan)
    return Answer(
        means, errors, float("nan"), gradient, how.count, bool(is_converged), history=history
    )


def _program(method: Any, question: DensityQuestion) -> _Program:
    energy, how = question.energy, method.updates
    colours = np.zeros(1, np.int32)
    if isinstance(energy, Pairwise):
        heads, tails, _ = energy.couplings.edges()
        colours = colour(heads, tails, energy.size).astype(np.int32).reshape(energy.shape)
    return _Program(
        question.static, _without_updates(method), np.float64(question.temperature),
        np.float64(how.rate), np.float64(how.count),
        colours, int(colours.max()) + 1, question.states.shape[1],
    )  # fmt: skip


def _without_updates(method: Any) -> Any:
    """The method with updates that are the same for all: their numbers are given apart."""
    return replace(method, updates=Updates())


def _first(question: DensityQuestion, num_chains: int | None) -> np.ndarray:
    """The first states of chains: at draws, with hidden units at random."""
    energy, states = question.energy, question.states
    rng = host_generator(question.key, 0)
    rows = rng.choice(len(states), num_chains or 1, p=question.weights)
    return _filled(energy, states[rows], rng)


def _filled(energy: Any, states: np.ndarray, rng: Any) -> np.ndarray:
    """States of a machine with its hidden units at random values."""
    if not isinstance(energy, Pairwise):
        return states
    if states.shape[1] < energy.size:
        digits = rng.integers(0, energy.units.num_values, (len(states), energy.size))
        hidden = np.asarray(energy.units.numbered(digits.astype(np.float64)))
        states = np.concatenate([states, hidden[:, states.shape[1] :]], axis=1)
    return states.reshape(len(states), *energy.shape).astype(np.float32)


def _batches(rng: Any, question: DensityQuestion, size: int, count: int) -> np.ndarray:
    """Rows of draws, `(count, size)`: all of them, each as often as it is drawn, or by chance."""
    weights, most = question.weights, question.num_draws
    if size == most:
        times = np.rint(weights * most).astype(int)
        return np.broadcast_to(np.repeat(np.arange(len(weights)), times), (count, size))
    return rng.choice(len(weights), (count, size), p=weights)


@eqx.filter_jit
def _chains(program: _Program, params: Any, states: Any, key: jax.Array) -> Any:
    """Chains that go on from update to update, before the first."""
    return program.begun(params, states, key)


@eqx.filter_jit
def _updates(
    program: _Program, carry: _Carry, states: Any, rows: Any, numbers: Any, key: jax.Array,
    begins: Any, ends: Any, layout: Layout, persists: bool,
) -> Any:  # fmt: skip
    """Updates in turn: the carry, and of each its slope, its numbers and a chain that was lost."""

    def update(carry: _Carry, given: Any) -> Any:
        rows, number = given
        near, away = jax.random.split(jax.random.fold_in(key, number))
        batch = jnp.asarray(states)[rows]
        starts = carry.chains
        if not persists:
            first = _begun(program, carry.params, batch, near)
            starts = program.begun(carry.params, first, jax.random.fold_in(away, _BEFORE))
        ends_at = program.moved(carry.params, starts, away)
        flat = program.visible(carry.params, ends_at)
        gradient = jax.grad(lambda p: program.mean(p, batch) - program.mean(p, flat))(carry.params)
        changes, state = _ADAM.update(gradient, carry.optimizer_state)
        rate = program.rate_of(number)
        counts = (number >= begins) & (number < ends)
        params = jax.tree.map(lambda p, c: p - rate * c, carry.params, changes)
        params_sum = jax.tree.map(
            lambda s, p: s + jnp.where(counts, p, 0.0), carry.params_sum, params
        )
        vector = layout.flatten(gradient)
        gradient_sum = carry.gradient_sum + jnp.where(counts, vector, 0.0)
        is_lost = ~jnp.all(jnp.isfinite(flat), axis=1)
        size = jnp.linalg.norm(vector)
        # Means overflow before states do: the farthest chain is the one to name.
        farthest = jnp.where(jnp.isfinite(size), -1, jnp.argmax(jnp.max(jnp.abs(flat), axis=1)))
        lost = jnp.where(jnp.any(is_lost), jnp.argmax(is_lost), farthest)
        last = program.visible(carry.params, starts)[jnp.maximum(lost, 0)]
        new = _Carry(params, state, ends_at if persists else None, params_sum, gradient_sum)
        is_on = number < ends
        kept = jax.tree.map(lambda a, b: jnp.where(is_on, a, b), new, carry)
        return kept, (size, lost, last, layout.flatten(params))

    return jax.lax.scan(update, carry, (rows, numbers))


def _begun(program: _Program, params: Any, batch: Any, key: jax.Array) -> Any:
    """First states at the draws: hidden units are drawn first in a sweep, or given the visible."""
    energy = eqx.combine(params, program.static)
    if not isinstance(energy, Pairwise):
        return batch
    hidden = energy.size - program.num_visible
    if hidden:
        blank = jnp.concatenate([batch, jnp.zeros((len(batch), hidden), batch.dtype)], axis=1)

        def draw(x: Any, key: jax.Array) -> Any:
            field = energy.local_fields(x)
            new = energy.units.draw(key, field, program.temperature, x, jnp.zeros_like(x))
            return jnp.where(jnp.arange(energy.size) >= program.num_visible, new, x)

        batch = jax.vmap(draw)(blank, jax.random.split(key, len(blank)))
    return batch.reshape(len(batch), *energy.shape)


def _check_sampler_fits(method: Any, question: DensityQuestion) -> None:
    sampler, name = method.sampler, type(method).__name__
    temperature = float(np.asarray(sampler.temperature))
    if temperature != question.temperature:
        raise InputError(
            f"learn_density: temperature is {question.temperature:g}, but that of the sampler of "
            f"{name} is {temperature:g}; give both the same."
        )
    is_machine = isinstance(question.energy, Pairwise)
    if is_machine != isinstance(sampler, BlockGibbs):
        cure = "take BlockGibbs(1.0)" if is_machine else "take SGLD(0.1) or MALA(0.1)"
        raise InputError(
            f"learn_density: {type(sampler).__name__} is no sampler for "
            f"{type(question.energy).__name__}: {cure}."
        )


def _check_finite(told: Any, made: int, done: int, carry: _Carry, layout: Layout) -> None:
    """Refuse updates after which a chain or a number of the energy is not finite."""
    sizes, lost, last, vectors = (part[:made] for part in told)
    is_broken = (lost >= 0) | ~np.isfinite(sizes) | ~np.all(np.isfinite(vectors), axis=1)
    if not np.any(is_broken):
        return
    at = int(np.argmax(is_broken))
    if lost[at] >= 0:
        raise DivergenceError(
            f"learn_density: chain {lost[at]} ran away in update {done + at + 1}, from the state "
            f"{format_state(last[at])}. The energy falls without bound there, or the sampler's "
            f"steps are too long for it: take shorter ones, MALA, a smaller rate, or add a bowl."
        )
    names = layout.labels()
    bad = np.flatnonzero(~np.isfinite(vectors[at]))
    which = names[bad[0]] if len(bad) else "a slope"
    raise DivergenceError(
        f"learn_density: {which} left the finite in update {done + at + 1}; take a smaller rate."
    )
