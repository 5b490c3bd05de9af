"""Methods of sampling (abstract): a kernel for an energy, starts of chains, a warm-up."""

import functools
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.trees import has_tracer
from thalweg.dynamics import Transition
from thalweg.sampling.chance import MOST_DRAWN, parted

Energy = Callable[[Any], Any]

# Halvings of a chain's distance from its start until the energy is finite: down to rounding.
_HALVINGS = 24


class Told(NamedTuple):
    """The info of a step of a method's kernel; None where it has nothing to tell.

    Attributes:
        acceptance: the probability with which the proposal was accepted, in [0, 1].
        is_divergent: whether the proposal was lost by its integrator.
        energy: E at the new state.
    """

    acceptance: Any = None
    is_divergent: Any = None
    energy: Any = None


class Warmed(NamedTuple):
    """The end of the warm-up of a chain.

    Attributes:
        state: the state there.
        found: what was tuned, a pytree of numbers, or None.
    """

    state: Any
    found: Any = None


class Method(eqx.Module):
    """A way to draw from e^{−E/T}/Z, with respect to the volume of the coordinates (abstract).

    It holds no energy. A field `temperature` says T, in units of the energy.

    For developers: implement `kernel`, `disperse`, `refuse`, `warm_up` and `tuned`; `PlainMethod`
    implements the last two where nothing is tuned, `PlainContinuousMethod` all but `kernel` where
    states are real numbers besides. Laws: the kernel leaves the law invariant, or its docstring
    says how far off it is; its `step` tells a `Told`; everything but `kernel` and `refuse` is pure
    and runs inside a trace, where each chain is one lane.
    """

    @abstractmethod
    def kernel(self, energy: Energy) -> Transition:
        """The transition that `simulate` runs; made on the host, once for all chains."""

    @abstractmethod
    def disperse(self, energy: Energy, start: Any, key: jax.Array) -> Any:
        """The first state of one chain, given a start: farther apart than the law is wide."""

    @abstractmethod
    def refuse(self, energy: Energy, states: Any) -> None:
        """Refuse starts that are no states of its own, a leading axis for the chains; on the host.

        Those that are none of the energy's are refused already.
        """

    @abstractmethod
    def warm_up(self, kernel: Any, start: Any, count: int, key: jax.Array) -> Warmed:
        """Take `count` steps from a start: where they lead, and what they tune."""

    @abstractmethod
    def tuned(self, kernel: Any, found: Any) -> Transition:
        """The kernel with what the warm-up found."""


class PlainMethod(Method):
    """A method that tunes nothing: its warm-up is steps that are thrown away (abstract)."""

    def warm_up(self, kernel: Any, start: Any, count: int, key: jax.Array) -> Warmed:
        """The state after `count` steps."""
        # The key after those of the steps.
        first = kernel.begin(jax.random.fold_in(key, count), start)
        taken = parted(
            lambda *given: kernel.step(*given)[0], key, jnp.int32(0), first,
            steps=count, most=MOST_DRAWN // max(count, 1),
        )  # fmt: skip
        keys = jax.vmap(jax.random.fold_in, (None, 0))(key, jnp.arange(max(count, 1)))
        drawn = jax.vmap(taken.drawn)(keys)

        def step(index: Any, carry: Any) -> Any:
            return taken.rest(jax.tree.map(lambda x: x[index], drawn), index, carry)

        return Warmed(kernel.state(jax.lax.fori_loop(0, jnp.int32(count), step, first)))

    def tuned(self, kernel: Any, found: Any) -> Transition:
        """The kernel itself."""
        return kernel


def is_broken(state: Any) -> jax.Array:
    """True where a floating number of a state is not finite."""
    floats = [x for x in jax.tree.leaves(state) if jnp.issubdtype(jnp.result_type(x), jnp.floating)]
    is_fine = [jnp.all(jnp.isfinite(x)) for x in floats]
    return ~functools.reduce(jnp.logical_and, is_fine, jnp.bool_(True))


def is_continuous(state: Any) -> bool:
    """True for a state with floating numbers, which may leave the finite."""
    leaves = jax.tree.leaves(state)
    return any(jnp.issubdtype(jnp.result_type(x), jnp.floating) for x in leaves)


def scattered(energy: Energy, start: Any, key: jax.Array) -> Any:
    """A start plus independent standard normal numbers, nearer where the energy is not finite.

    Arguments:
        energy: `state → scalar`.
        start: a state of floating numbers where the energy is finite.
        key: the randomness.
    """
    leaves, treedef = jax.tree.flatten(start)
    keys = jax.random.split(key, len(leaves))
    away = [
        jax.random.normal(k, jnp.shape(x), jnp.result_type(x))
        for k, x in zip(keys, leaves, strict=True)
    ]

    def at(share: Any) -> Any:
        moved = [x + share.astype(d.dtype) * d for x, d in zip(leaves, away, strict=True)]
        return jax.tree.unflatten(treedef, moved)

    def is_off(loop: Any) -> jax.Array:
        share, halvings = loop
        return ~jnp.isfinite(energy(at(share))) & (halvings < _HALVINGS)

    share, _ = jax.lax.while_loop(
        is_off, lambda loop: (0.5 * loop[0], loop[1] + 1), (jnp.float32(1.0), jnp.int32(0))
    )
    return at(share)


def check_temperature(name: str, temperature: Any, *, least: str = "positive") -> None:
    """Refuse what is no one number, not positive, or below zero where `least` is "at least 0".

    Raises:
        InputError: of a method called `name`.
    """
    if has_tracer(temperature):
        return
    value = np.asarray(temperature)
    is_number = value.ndim == 0 and value.dtype.kind in "iuf" and bool(np.isfinite(value))
    if not is_number or not (value > 0 if least == "positive" else value >= 0):
        cure = (
            " At zero temperature there is no law to draw from: GradientStep and SteepestDescent "
            "go down instead."
            if least == "positive"
            else ""
        )
        raise InputError(f"{name}: temperature must be {least}, got {temperature!r}.{cure}")
