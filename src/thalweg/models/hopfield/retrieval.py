"""Retrieval: a network of spins from a start to rest, one at a time or all at once."""

from dataclasses import dataclass
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import ConvergenceError, InputError
from thalweg.core.results import Result
from thalweg.core.trees import cast_like, is_integer
from thalweg.dynamics.spins import energy_of, memo_of, sweep_with_memo
from thalweg.energies.hopfield import Hopfield, check_spins

Update = Literal["random", "sequential", "synchronous"]


@dataclass(frozen=True)
class Retrieval:
    """Where a network of spins came to.

    Attributes:
        state: `(N,)`, entries ±1, of the start's dtype.
        result: `settled` at a fixed point, or `not_converged`: in a 2-cycle, or out of sweeps.
        cycle: both states of a 2-cycle, `(2, N)`, or None.
        energy: E at the end; in a 2-cycle the mean of its two states.
        energies: E after every sweep, the start first, `(sweeps + 1,)`.
        two_step_energies: −x⁺ᵀWx − bᵀ(x⁺ + x) of every synchronous step, which never rises;
            empty for other updates.
        flips: how many spins were turned, in all.
    """

    state: np.ndarray
    result: Result
    cycle: np.ndarray | None
    energy: float
    energies: np.ndarray
    two_step_energies: np.ndarray
    flips: int

    @property
    def sweeps(self) -> int:
        """How often every spin was visited."""
        return len(self.energies) - 1

    @property
    def outcome(self) -> str:
        """`"fixed point"`, `"2-cycle"` or `"unsettled"`."""
        if self.cycle is not None:
            return "2-cycle"
        return "fixed point" if self.result == Result.settled else "unsettled"

    def __str__(self) -> str:
        """One line."""
        return (
            f"{self.outcome} after {self.sweeps} sweeps and {self.flips} flips, "
            f"energy {self.energies[0]:.6g} → {self.energy:.6g}"
        )


def retrieve(
    network: Hopfield,
    start: Any,
    *,
    update: Update = "random",
    clamped: Any = None,
    max_sweeps: int = 100,
    key: jax.Array | None = None,
    throw: bool = True,
) -> Retrieval:
    """Update spins until none is against its field.

    Arguments:
        network: the couplings and biases.
        start: `(N,)`, entries ±1.
        update: `"random"` (each spin once a sweep, in a new random order), `"sequential"` (in order
            of the indices), or `"synchronous"` (all at once). The first two never raise the energy
            and settle at a fixed point; the last settles or falls into a 2-cycle, which is named.
        clamped: booleans `(N,)`: spins that stay as they are in the start.
        max_sweeps: when to give up.
        key: the randomness of the orders; None means `jax.random.key(0)`.
        throw: whether to raise when the sweeps run out.

    Raises:
        InputError: the start is not ±1, a shape does not fit, or the update is unknown.
        ConvergenceError: no rest within `max_sweeps`.

    Example:
        >>> import numpy as np
        >>> from thalweg.models.hopfield import hebb, retrieve
        >>> pattern = np.array([1, -1, 1, 1, -1, -1])
        >>> start = pattern * np.array([-1, 1, 1, 1, 1, 1])
        >>> bool(np.all(retrieve(hebb(pattern[None]), start).state == pattern))
        True
    """
    if update not in ("random", "sequential", "synchronous"):
        raise InputError(f"update must be 'random', 'sequential' or 'synchronous', got {update!r}.")
    size = network.weights.size
    state = check_spins("start", start)
    if state.shape != (size,):
        raise InputError(f"start must have the shape {(size,)}, got {state.shape}.")
    free = np.ones(size, bool) if clamped is None else ~np.asarray(clamped, bool)
    if free.shape != (size,):
        raise InputError(f"clamped must have the shape {(size,)}, got {free.shape}.")
    if not is_integer(max_sweeps) or max_sweeps < 1:
        raise InputError(f"max_sweeps must be a positive integer, got {max_sweeps!r}.")
    max_sweeps = int(max_sweeps)  # NumPy's would be traced
    key = jax.random.key(0) if key is None else key
    found = (
        _together(network, state, free, max_sweeps)
        if update == "synchronous"
        else _in_turn(network, state, free, max_sweeps, key, update == "random")
    )
    if throw and found.outcome == "unsettled":
        raise ConvergenceError(
            f"retrieve: {found.flips} flips in max_sweeps={max_sweeps} sweeps, and spins are still "
            f"against their fields. Allow more sweeps."
        )
    return found


def _in_turn(
    network: Hopfield, state: Any, free: Any, max_sweeps: int, key: jax.Array, is_random: bool
) -> Retrieval:
    found = _sweeps(network, state, free, key, max_sweeps, is_random)
    end, energies, count, flips, is_settled = (np.asarray(a) for a in found)
    result = Result.settled if is_settled else Result.not_converged
    energies = energies[: count + 1].astype(np.float64)
    return Retrieval(end, result, None, float(energies[-1]), energies, np.zeros(0), int(flips))


@eqx.filter_jit
def _sweeps(
    network: Hopfield, state: Any, free: Any, key: jax.Array, max_sweeps: int, is_random: bool
) -> Any:
    """Sweeps until one turns no spin; W is read once, for the fields of the start."""
    state = jnp.asarray(state)
    memo = memo_of(network, state)
    energies = jnp.zeros(max_sweeps + 1, state.dtype).at[0].set(energy_of(network, state, memo))

    def goes_on(loop: Any) -> jax.Array:
        count, *_, is_settled = loop
        return (count < max_sweeps) & ~is_settled

    def again(loop: Any) -> Any:
        count, x, memo, energies, flips, _ = loop
        order = jnp.arange(x.shape[0])
        if is_random:
            order = jax.random.permutation(jax.random.fold_in(key, count), order)
        x, memo, turned = sweep_with_memo(network, x, memo, order, free)
        energies = energies.at[count + 1].set(energy_of(network, x, memo))
        return count + 1, x, memo, energies, flips + turned, turned == 0

    none = jnp.zeros((), jnp.int32)
    first = (none, state, memo, energies, none, jnp.zeros((), bool))
    count, x, _, energies, flips, is_settled = jax.lax.while_loop(goes_on, again, first)
    return x, energies, count, flips, is_settled


def _together(network: Hopfield, state: Any, free: Any, max_sweeps: int) -> Retrieval:
    energies, pairs, flips = [float(_energy(network, state))], [], 0
    cycle, result = None, Result.not_converged
    before, now = None, np.asarray(state)
    for _ in range(max_sweeps):
        after, energy, pair = (np.asarray(a) for a in _step(network, now, free))
        turned = int(np.sum(after != now))
        energies.append(float(energy))
        pairs.append(float(pair))
        flips += turned
        if not turned:
            result = Result.settled
        elif before is not None and np.array_equal(after, before):
            cycle = np.stack([now, after])
        before, now = now, after
        if cycle is not None or result == Result.settled:
            break
    end = energies[-1] if cycle is None else 0.5 * (energies[-1] + energies[-2])
    return Retrieval(now, result, cycle, end, np.array(energies), np.array(pairs), flips)


@eqx.filter_jit
def _energy(network: Hopfield, state: Any) -> jax.Array:
    return network(state)


@eqx.filter_jit
def _step(network: Hopfield, state: Any, free: Any) -> Any:
    h = network.field(state)
    new = jnp.where((h == 0) | ~free, state, jnp.sign(h))
    two_step = -jnp.sum(new * h) - jnp.sum(state * cast_like(network.bias, state))
    return new, network(new), two_step
