"""Langevin proposals that are accepted or refused, so that the law is exact."""

from typing import Any, NamedTuple

import jax

from thalweg.core.trees import cast_like
from thalweg.dynamics import MemoryKernel
from thalweg.sampling.methods.base import Energy, Told, check_temperature
from thalweg.sampling.methods.continuous import PlainContinuousMethod, refuse_constrained
from thalweg.sampling.methods.extras import import_blackjax, in_precision_of
from thalweg.sampling.methods.sgld import check_step


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


def weighed_at(energy: Energy, temperature: Any, state: Any) -> tuple[Any, Any, Any]:
    """A state as BlackJAX keeps it: with −E/T and its gradient."""
    return state, *jax.value_and_grad(LogWeight(energy, temperature))(state)


class WeighedKernel(MemoryKernel):
    """A kernel whose carry is a state, −E/T and its gradient (abstract).

    For developers: implement what a `MemoryKernel` asks for; `retempered` is what replicas at other
    temperatures need when they change places.
    """

    def retempered(self, carry: Any, before: Any, after: Any) -> Any:
        """The carry of the same state at another temperature."""
        position, weight, gradient = carry
        ratio = cast_like(before, weight) / cast_like(after, weight)
        return type(carry)(position, ratio * weight, jax.tree.map(lambda g: ratio * g, gradient))


class MALAKernel(WeighedKernel):
    """One proposal of Langevin, accepted or refused.

    Arguments:
        energy: `state → scalar`.
        step_size: η.
        temperature: T > 0.
    """

    energy: Any
    step_size: Any
    temperature: Any

    def init(self, state: Any) -> Any:
        """The state, −E/T and its gradient, as BlackJAX keeps them."""
        weighed = weighed_at(self.energy, self.temperature, state)
        return import_blackjax("MALA").mcmc.mala.MALAState(*weighed)

    def step(self, key: jax.Array, t: Any, carry: Any) -> tuple[Any, Told]:
        """The proposal x − η∇E + √(2ηT) ξ, or x."""
        mala, x = import_blackjax("MALA").mcmc.mala, carry.position
        temperature = cast_like(self.temperature, x)
        # Its steps are of the law's logarithm: η T of −∇E/T.
        length = cast_like(self.step_size, x) * temperature
        weight = LogWeight(self.energy, self.temperature)
        with in_precision_of(x):
            after, info = mala.build_kernel()(key, carry, weight, length)
        return after, Told(info.acceptance_rate, energy=-temperature * after.logdensity)

    def state(self, carry: Any) -> Any:
        """The state."""
        return carry.position


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
