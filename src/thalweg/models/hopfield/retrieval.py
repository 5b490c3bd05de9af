"""Retrieval: a network of spins from a start to rest, one at a time or all at once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.about import UNSAID, About
from thalweg.core.codes import Result
from thalweg.core.ensembles import ensemble, lane_keys
from thalweg.core.errors import ConvergenceError, InputError
from thalweg.core.fields import FieldsReport
from thalweg.core.reports import about_all
from thalweg.core.tables import counted
from thalweg.core.trees import cast_like, has_tracer, is_integer
from thalweg.dynamics.spin_sweeps import energy_of, settled_sign
from thalweg.dynamics.spins import RandomOrderSpins
from thalweg.energies.hopfield import Hopfield, check_spins

Update = Literal["random", "sequential", "synchronous"]


@dataclass(frozen=True, eq=False, repr=False)
class Retrieval(FieldsReport):
    """The end of a run of a network of spins, and its energies on the way.

    Attributes:
        state: `(N,)`, entries ±1, of the start's dtype.
        result: `settled` at a fixed point, or `not_converged`: in a 2-cycle, or out of sweeps.
        cycle: both states of a 2-cycle, `(2, N)`, or None.
        energy: E at the end; in a 2-cycle the mean of its two states.
        energies: E after every sweep, the start first, `(sweeps + 1,)`.
        two_step_energies: −x⁺ᵀWx − bᵀ(x⁺ + x) of every synchronous step, which never rises;
            empty for other updates.
        flips: how many spins were turned, in all.
        about: the network.
    """

    state: np.ndarray
    result: Result
    cycle: np.ndarray | None
    energy: float
    energies: np.ndarray
    two_step_energies: np.ndarray
    flips: int
    about: About = UNSAID

    @property
    def sweeps(self) -> int:
        """Number of visits of every spin."""
        return len(self.energies) - 1

    @property
    def outcome(self) -> str:
        """`"fixed point"`, `"2-cycle"` or `"unsettled"`."""
        if self.cycle is not None:
            return "2-cycle"
        return "fixed point" if self.result == Result.settled else "unsettled"

    @property
    def title(self) -> str:
        """The outcome, the sweeps and flips, and the fall of the energy."""
        return (
            f"{self.outcome} after {counted(self.sweeps, 'sweep')} and "
            f"{counted(self.flips, 'flip')}, energy {self.energies[0]:.6g} → {self.energy:.6g}"
        )

    def table(self) -> None:
        """Nothing: the title says it all."""

    def remarks(self) -> list[str]:
        """Nothing: the title says it all."""
        return []


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
    if has_tracer(network, start, clamped):
        raise InputError(
            "retrieve counts sweeps on the host, so jax.vmap and jax.jit cannot go through it. For "
            "a batch of starts there is retrieve_all; inside compiled code take "
            "dynamics.RandomOrderSpins."
        )
    size = network.weights.size
    if np.shape(start) != (size,):
        raise InputError(
            f"start must have the shape {(size,)}, got {np.shape(start)}. For a batch there is "
            f"retrieve_all."
        )
    state = check_spins("start", start)
    free, max_sweeps = _free_spins(clamped, (size,)), _checked(update, max_sweeps)
    key = jax.random.key(0) if key is None else key
    if update == "synchronous":
        (found,) = _together(network, np.asarray(state)[None], free[None], max_sweeps)
    else:
        found = _told(_sweeps(network, state, free, key, max_sweeps, update == "random"))
    found = replace(found, about=_about(network))
    if throw and found.outcome == "unsettled":
        raise ConvergenceError(
            f"retrieve: {counted(found.flips, 'flip')} within max_sweeps={max_sweeps}, and spins "
            f"are still against their fields. Allow more sweeps."
        )
    return found


@dataclass(frozen=True, eq=False, repr=False)
class Retrievals(FieldsReport, Sequence[Retrieval]):
    """The ends of runs of a network of spins from many starts.

    Attributes:
        members: one `Retrieval` each, in the order of the starts.
        about: the network.
    """

    members: tuple[Retrieval, ...]
    about: About = UNSAID

    def __len__(self) -> int:
        """Number of retrievals."""
        return len(self.members)

    def __getitem__(self, index: Any) -> Any:
        """One, or a tuple of several."""
        return self.members[index]

    @property
    def states(self) -> np.ndarray:
        """Final states, `(len, N)`."""
        return np.stack([found.state for found in self.members])

    @property
    def energies(self) -> np.ndarray:
        """The energy of each at the end, `(len,)`."""
        return np.array([found.energy for found in self.members])

    @property
    def outcomes(self) -> tuple[str, ...]:
        """`"fixed point"`, `"2-cycle"` or `"unsettled"`, of each."""
        return tuple(found.outcome for found in self.members)

    @property
    def title(self) -> str:
        """The numbers of each outcome, and the mean number of sweeps."""
        counts = ", ".join(f"{number} × {name}" for name, number in Counter(self.outcomes).items())
        sweeps = f"{np.mean([found.sweeps for found in self.members]):.3g}"
        noun = "sweep" if sweeps == "1" else "sweeps"
        return f"{counted(len(self), 'retrieval')}: {counts}; {sweeps} {noun} in the mean"

    def table(self) -> None:
        """Nothing: the title says it all."""

    def remarks(self) -> list[str]:
        """Nothing: the title says it all."""
        return []


def retrieve_all(
    network: Hopfield,
    starts: Any,
    *,
    update: Update = "random",
    clamped: Any = None,
    max_sweeps: int = 100,
    key: jax.Array | None = None,
    throw: bool = True,
) -> Retrievals:
    """Update spins from many starts at once: `retrieve` of each.

    Arguments:
        network: the couplings and biases.
        starts: `(B, N)`, entries ±1, B at least 1.
        update: as in `retrieve`.
        clamped: booleans `(N,)` for all starts, or `(B, N)`.
        max_sweeps: when to give up.
        key: the randomness; start i has the key `core.ensembles.lane_keys(key, B)[i]`.
        throw: whether to raise when the sweeps of any run out.

    Raises:
        InputError: the starts are not ±1, a shape does not fit, or the update is unknown.
        ConvergenceError: no rest within `max_sweeps`; the message says of which starts.

    Example:
        >>> import numpy as np
        >>> from thalweg.models.hopfield import hebb, retrieve_all
        >>> patterns = np.array([[1, -1, 1, 1, -1, -1], [1, 1, 1, -1, -1, 1]])
        >>> print(retrieve_all(hebb(patterns), patterns))
        2 retrievals: 2 × fixed point; 1 sweep in the mean
    """
    size = network.weights.size
    states = check_spins("starts", starts, ndim=2)
    if states.shape[1] != size or not len(states):
        raise InputError(f"starts must have the shape (B, {size}), got {states.shape}.")
    free, max_sweeps = _free_spins(clamped, states.shape), _checked(update, max_sweeps)
    if update == "synchronous":
        found = _together(network, np.asarray(states), free, max_sweeps)
    else:
        keys = lane_keys(jax.random.key(0) if key is None else key, len(states))
        lane = eqx.Partial(_lane, network, max_sweeps, update == "random")
        swept = ensemble(lane, (states, free, keys))
        found = [_told([part[i] for part in swept]) for i in range(len(states))]
    lost = [i for i, one in enumerate(found) if one.outcome == "unsettled"]
    if throw and lost:
        raise ConvergenceError(
            f"retrieve_all: after max_sweeps={max_sweeps} sweeps spins are still against their "
            f"fields from {len(lost)} of {counted(len(found), 'start')}, the first of them "
            f"starts[{lost[0]}]. Allow more sweeps."
        )
    return Retrievals(about_all(found, _about(network)), _about(network))


def _about(network: Hopfield) -> About:
    return About(type(network).__name__, "kernel")


def _checked(update: Any, max_sweeps: Any) -> int:
    """The number of sweeps as Python's integer: NumPy's would be traced."""
    if update not in ("random", "sequential", "synchronous"):
        raise InputError(f"update must be 'random', 'sequential' or 'synchronous', got {update!r}.")
    if not is_integer(max_sweeps) or max_sweeps < 1:
        raise InputError(f"max_sweeps must be a positive integer, got {max_sweeps!r}.")
    return int(max_sweeps)


def _free_spins(clamped: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Truths of the shape of the starts: the spins that may turn."""
    free = np.ones(shape, bool) if clamped is None else ~np.asarray(clamped, bool)
    if free.shape not in (shape, shape[-1:]):
        fitting = " or ".join(str(s) for s in dict.fromkeys((shape[-1:], shape)))
        raise InputError(f"clamped must have the shape {fitting}, got {free.shape}.")
    return np.broadcast_to(free, shape)


def _told(found: Any) -> Retrieval:
    """The retrieval of what the sweeps of one start returned."""
    end, energies, count, flips, is_settled = (np.asarray(a) for a in found)
    result = Result.settled if is_settled else Result.not_converged
    energies = energies[: count + 1].astype(np.float64)
    return Retrieval(end, result, None, float(energies[-1]), energies, np.zeros(0), int(flips))


def _lane(network: Hopfield, max_sweeps: int, is_random: bool, lane: Any) -> Any:
    state, free, key = lane
    return _sweeps(network, state, free, key, max_sweeps, is_random)


@eqx.filter_jit
def _sweeps(
    network: Hopfield, state: Any, free: Any, key: jax.Array, max_sweeps: int, is_random: bool
) -> Any:
    """Sweeps until one turns no spin; W is read once, for the fields of the start."""
    kernel = RandomOrderSpins(network, free)
    carry = kernel.init(jnp.asarray(state))
    start = energy_of(network, *carry)
    energies = jnp.zeros(max_sweeps + 1, start.dtype).at[0].set(start)

    def goes_on(loop: Any) -> jax.Array:
        count, *_, is_settled = loop
        return (count < max_sweeps) & ~is_settled

    def again(loop: Any) -> Any:
        count, carry, energies, flips, _ = loop
        if is_random:
            carry, info = kernel.step(jax.random.fold_in(key, count), count, carry)
        else:
            carry, info = kernel.visit(jnp.arange(carry.spins.shape[0]), carry)
        energies = energies.at[count + 1].set(info.energy)
        return count + 1, carry, energies, flips + info.flips, info.flips == 0

    none = jnp.zeros((), jnp.int32)
    first = (none, carry, energies, none, jnp.zeros((), bool))
    count, carry, energies, flips, is_settled = jax.lax.while_loop(goes_on, again, first)
    return kernel.state(carry), energies, count, flips, is_settled


def _together(
    network: Hopfield, states: np.ndarray, free: np.ndarray, max_sweeps: int
) -> list[Retrieval]:
    """All spins at once, from each of the starts `(B, N)`, until each has come to an end."""
    path, energies, pairs = [states], [np.asarray(_energies(network, states))], []
    last = np.full(len(states), max_sweeps)  # the step at which each came to an end
    at_rest, turns = np.zeros(len(states), bool), np.zeros(len(states), bool)
    ends, flips = states.copy(), np.zeros(len(states), int)
    cycles = np.zeros((len(states), 2, states.shape[1]), states.dtype)
    for step in range(1, max_sweeps + 1):
        going = ~(at_rest | turns)
        after, energy, pair = (np.asarray(a) for a in _steps(network, path[-1], free))
        energies.append(energy)
        pairs.append(pair)
        turned = np.sum(after != path[-1], axis=1)
        flips += np.where(going, turned, 0)
        came_back = (after == path[-2]).all(axis=1) if len(path) > 1 else turns
        newly_at_rest, new_turns = going & (turned == 0), going & (turned > 0) & came_back
        cycles[new_turns] = np.stack([path[-1], after], axis=1)[new_turns]
        at_rest, turns = at_rest | newly_at_rest, turns | new_turns
        ends[going] = after[going]
        last[newly_at_rest | new_turns] = step
        path = [path[-1], after]
        if (at_rest | turns).all():
            break
    heights = np.stack(energies, axis=1).astype(np.float64)
    sums = np.stack(pairs, axis=1).astype(np.float64)
    return [
        Retrieval(
            ends[i],
            Result.settled if at_rest[i] else Result.not_converged,
            cycles[i] if turns[i] else None,
            float(np.mean(heights[i, last[i] - turns[i] : last[i] + 1])),
            heights[i, : last[i] + 1],
            sums[i, : last[i]],
            int(flips[i]),
        )
        for i in range(len(states))
    ]


@eqx.filter_jit
def _energies(network: Hopfield, states: Any) -> jax.Array:
    return jax.vmap(network)(states)


@eqx.filter_jit
def _steps(network: Hopfield, states: Any, free: Any) -> Any:
    return jax.vmap(lambda state, free: _step(network, state, free))(states, free)


def _step(network: Hopfield, state: Any, free: Any) -> Any:
    h, new = network.field(state), jnp.where(free, settled_sign(network, state), state)
    two_step = -jnp.sum(new * h) - jnp.sum(state * cast_like(network.bias, state))
    return new, network(new), two_step
