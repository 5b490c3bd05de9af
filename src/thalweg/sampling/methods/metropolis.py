"""Langevin proposals that are accepted or refused, so that the law is exact."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from thalweg.core.trees import cast_like
from thalweg.dynamics import MemoryKernel
from thalweg.sampling.methods.base import Energy, Told, check_temperature
from thalweg.sampling.methods.continuous import PlainContinuousMethod, refuse_constrained
from thalweg.sampling.methods.extras import import_blackjax, in_precision_of
from thalweg.sampling.methods.sgld import check_step


class Known(NamedTuple):
    """A state and what is known of the energy there.

    Attributes:
        state: x.
        level: E(x).
        covector: ∇E(x).
    """

    state: Any
    level: Any
    covector: Any


class LogWeight(NamedTuple):
    """The logarithm of the unnormalized law, −E/T, as BlackJAX takes it.

    Attributes:
        energy: E.
        temperature: T.
    """

    energy: Any
    temperature: Any

    def __call__(self, state: Any) -> jax.Array:
        """−E(x)/T."""
        return -self.energy(state) / cast_like(self.temperature, state)


def known_at(energy: Energy, state: Any) -> Known:
    """A state, its energy and its gradient."""
    level, covector = jax.value_and_grad(energy)(state)
    return Known(state, level, covector)


def as_weighed(known: Known, temperature: Any) -> tuple[Any, Any, Any]:
    """What BlackJAX keeps: the state, −E/T and its gradient."""
    beta = 1.0 / cast_like(temperature, known.state)
    return known.state, -beta * known.level, jax.tree.map(lambda g: -beta * g, known.covector)


def as_known(weighed: Any, temperature: Any) -> Known:
    """The state, E and its gradient of what BlackJAX keeps."""
    position, log_weight, covector = weighed[:3]
    t = cast_like(temperature, position)
    return Known(position, -t * log_weight, jax.tree.map(lambda g: -t * g, covector))


class MALAKernel(MemoryKernel):
    """One proposal of Langevin, accepted or refused.

    Arguments:
        energy: `state → scalar`.
        step_size: η.
        temperature: T > 0.
    """

    energy: Any
    step_size: Any
    temperature: Any

    def init(self, state: Any) -> Known:
        """The state, its energy and its gradient."""
        return known_at(self.energy, state)

    def step(self, key: jax.Array, t: Any, carry: Known) -> tuple[Known, Told]:
        """The proposal x − η∇E + √(2ηT) ξ, or x."""
        mala = import_blackjax("MALA").mcmc.mala
        # Its steps are of the law's logarithm: η T of −∇E/T.
        length = cast_like(self.step_size, carry.state) * cast_like(self.temperature, carry.state)
        weighed = mala.MALAState(*as_weighed(carry, self.temperature))
        weight = LogWeight(self.energy, self.temperature)
        with in_precision_of(carry.state):
            after, info = mala.build_kernel()(key, weighed, weight, length)
        known = as_known(after, self.temperature)
        # A refused proposal changes nothing, not even by rounding.
        known = jax.tree.map(lambda new, old: jnp.where(info.is_accepted, new, old), known, carry)
        return known, Told(acceptance=info.acceptance_rate, energy=known.level)

    def state(self, carry: Known) -> Any:
        """The state."""
        return carry.state


class MALA(PlainContinuousMethod):
    r"""The Metropolis-adjusted Langevin algorithm: a Langevin step, accepted or refused.

        x' = x − η∇E(x) + √(2ηT) ξ,    accepted with min(1, e^{−(E' − E)/T} q(x|x') / q(x'|x))

    Its law is exact. As T → 0 it is `GradientStep(energy, η)` with a test: the step is made where
    E falls by η/4 |∇E + ∇E'|² at least. On a standard normal law the mean acceptance is
    1 − (2/π) asin ρ (`bias_ledger`); steps are best where that is near .57 in many dimensions.

    Arguments:
        step_size: η > 0.
        temperature: T > 0, in units of the energy.

    Steps by BlackJAX.

    Raises:
        InputError: a number is out of its range, or BlackJAX is not installed.

    References:
        Roberts & Tweedie (1996), *Bernoulli* 2, 341; Roberts & Rosenthal (1998), *JRSS B* 60, 255.
    """

    step_size: Any
    temperature: Any = 1.0

    def __check_init__(self):
        """Refuse numbers out of their range."""
        check_temperature("MALA", self.temperature)
        check_step("MALA", self.step_size)

    def kernel(self, energy: Energy) -> MALAKernel:
        """The step; it leaves e^{−E/T} invariant."""
        import_blackjax("MALA")
        refuse_constrained("MALA", energy)
        return MALAKernel(energy, self.step_size, self.temperature)
