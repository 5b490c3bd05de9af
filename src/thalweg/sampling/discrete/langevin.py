"""Proposals that turn many units at once, those that the gradient of the energy speaks for."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.trees import cast_like, computable, has_tracer
from thalweg.dynamics import MemoryKernel, Transition
from thalweg.energies import Binary, Pairwise
from thalweg.sampling.methods.base import PlainMethod, Told, check_temperature


class FlipCarry(NamedTuple):
    """Units on their way.

    Attributes:
        units: the state.
        level: its energy.
        gradient: the gradient there.
    """

    units: Any
    level: Any
    gradient: Any


class FlipProposals(MemoryKernel):
    """One proposal, accepted or not.

    Arguments:
        energy: `state → scalar`, differentiable between the values of its units.
        temperature: T > 0.
        step_size: α.
        units: the two values.
    """

    energy: Callable[[Any], Any]
    temperature: Any
    step_size: Any
    units: Binary

    def init(self, state: Any) -> FlipCarry:
        """The state, its energy and the gradient there."""
        level, gradient = jax.value_and_grad(self.energy)(computable(state))
        return FlipCarry(state, level, gradient)

    def state(self, carry: FlipCarry) -> Any:
        """The units."""
        return carry.units

    def step(self, key: jax.Array, t: Any, carry: FlipCarry) -> tuple[FlipCarry, Told]:
        """The proposal if it is accepted, else the same state; it tells the chance."""
        turn_key, accept_key = jax.random.split(key)
        x = computable(carry.units)
        turns = jax.random.uniform(turn_key, x.shape, x.dtype) < self.chances(x, carry.gradient)
        proposed = jnp.where(turns, self._turned(x), x)
        after = self.init(proposed)
        chance = jnp.exp(jnp.minimum(self.log_ratio(FlipCarry(x, *carry[1:]), after), 0.0))
        is_accepted = jax.random.uniform(accept_key, (), chance.dtype) < chance
        after = after._replace(units=proposed.astype(carry.units.dtype))
        new = jax.tree.map(lambda a, b: jnp.where(is_accepted, a, b), after, carry)
        return new, Told(acceptance=chance, energy=new.level)

    def chances(self, x: Any, gradient: Any) -> jax.Array:
        """The probability with which each unit is turned in a proposal."""
        change = self._turned(x) - x
        step_size = cast_like(self.step_size, x)
        drive = -0.5 * gradient * change / cast_like(self.temperature, x)
        return jax.nn.sigmoid(drive - 0.5 * change**2 / step_size)

    def log_ratio(self, before: FlipCarry, after: FlipCarry) -> jax.Array:
        """log of the ratio of Metropolis and Hastings, whose least of it and 0 counts."""
        turns = before.units != after.units

        def log_proposal(carry: FlipCarry) -> jax.Array:
            chance = self.chances(carry.units, carry.gradient)
            return jnp.sum(jnp.where(turns, jnp.log(chance), jnp.log1p(-chance)))

        fall = (before.level - after.level) / cast_like(self.temperature, before.level)
        return fall + log_proposal(after) - log_proposal(before)

    def _turned(self, x: Any) -> jax.Array:
        return cast_like(self.units.low, x) + cast_like(self.units.high, x) - x


class DiscreteLangevin(PlainMethod):
    r"""Proposals by the gradient, of all units at once, with an accept test: DMALA.

        P(x_i turns by Δ_i) = σ(−½ ∂_iE Δ_i/T − Δ_i²/(2α))

    Of any energy of units of two values that can be differentiated between them; an energy that is
    linear in each unit is best served by `BlockGibbs` where blocks are few, by this where every
    unit couples with every other. Reversible with respect to e^{−E/T}/Z.

    Arguments:
        step_size: α: the smaller, the fewer units turn at once, and the more proposals are
            accepted.
        temperature: T > 0, in units of the energy.
        units: the two values, where the energy does not say them: spins ±1 unless given.

    Raises:
        InputError: the temperature or the step size is not positive, or the units of the energy
            have not two values.

    References:
        Zhang, Liu and Liu (2022), *ICML*.
    """

    step_size: Any = 0.5
    temperature: Any = 1.0
    units: Binary = Binary()

    def __check_init__(self):
        """Refuse what is not positive."""
        check_temperature("DiscreteLangevin", self.temperature)
        if not has_tracer(self.step_size) and not 0.0 < self.step_size < float("inf"):
            raise InputError(
                f"DiscreteLangevin: step_size must be positive, got {self.step_size!r}."
            )

    def kernel(self, energy: Any) -> Transition:
        """Proposals for the energy."""
        return FlipProposals(energy, self.temperature, self.step_size, self._units_of(energy))

    def disperse(self, energy: Any, start: Any, key: jax.Array) -> Any:
        """A state in which both values are as likely."""
        drawn = self._units_of(energy).random(key, jnp.shape(start))
        return drawn.astype(jnp.result_type(start))

    def refuse(self, energy: Any, states: Any) -> None:
        """Refuse states that hold another value than the two."""
        units = self._units_of(energy)
        for state in np.asarray(states):
            units.check("DiscreteLangevin: a start", state)

    def _units_of(self, energy: Any) -> Binary:
        units = energy.units if isinstance(energy, Pairwise) else self.units
        if not isinstance(units, Binary):
            raise InputError(
                f"DiscreteLangevin turns units of two values, and these are "
                f"{type(units).__name__}; take BlockGibbs."
            )
        return units
