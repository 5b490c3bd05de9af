"""Replicas at several temperatures that change places, to cross barriers."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.trees import cast_like, replace
from thalweg.dynamics import MemoryKernel
from thalweg.sampling.methods.base import Energy, Method, PlainMethod, Told
from thalweg.sampling.methods.metropolis import WeighedKernel


class TemperingKernel(MemoryKernel):
    """A step of every replica, and exchanges of neighbours in temperature.

    Arguments:
        energy: `state → scalar`.
        kernel: the steps of one replica, with a field `temperature`.
        temperatures: rising, `(n,)`.
    """

    energy: Any
    kernel: Any
    temperatures: Any

    def init(self, state: Any) -> Any:
        """The carry of each replica, all in one state; the coldest first."""
        carry = self.kernel.init(state)
        count = jnp.shape(self.temperatures)[0]
        return jax.tree.map(lambda x: jnp.broadcast_to(x, (count, *jnp.shape(x))), carry)

    def step(self, key: jax.Array, t: Any, carry: Any) -> tuple[Any, Told]:
        """All replicas a step on; then pairs (0, 1), (2, 3), … or (1, 2), … change places."""
        count = jnp.shape(self.temperatures)[0]
        own, other = jax.random.split(key)
        carry, info = jax.vmap(self._moved)(
            jax.random.split(own, count), self.temperatures, carry, jnp.full(count, t)
        )
        levels = jax.vmap(lambda c: self.energy(self.kernel.state(c)))(carry)
        if isinstance(info, Told) and info.energy is not None:
            levels = info.energy
        order, chance = self.exchange(other, t, levels)
        carry = jax.tree.map(lambda x: x[order], carry)
        if isinstance(self.kernel, WeighedKernel):
            ladder = jnp.asarray(self.temperatures)
            carry = jax.vmap(self.kernel.retempered)(carry, ladder[order], ladder)
        return carry, Told(acceptance=chance, energy=levels[order[0]])

    def _moved(self, key: jax.Array, temperature: Any, carry: Any, t: Any) -> tuple[Any, Any]:
        return replace(self.kernel, temperature=temperature).step(key, t, carry)

    def exchange(self, key: jax.Array, t: Any, levels: Any) -> tuple[jax.Array, jax.Array]:
        """The new places of replicas, `(n,)`, and the mean probability with which pairs exchange.

        Arguments:
            key: the randomness.
            t: the index of the step; even ones try (0, 1), (2, 3), …, odd ones the other pairs.
            levels: E of the replicas, `(n,)`.
        """
        beta = 1.0 / cast_like(self.temperatures, levels)
        places = jnp.arange(len(beta))
        is_first = (places % 2) == (t % 2)
        partner = jnp.where(is_first, places + 1, places - 1)
        has_partner = (partner >= 0) & (partner < len(beta))
        partner = jnp.where(has_partner, partner, places)
        # The same number for both of a pair: that of the first.
        gain = (beta - beta[partner]) * (levels - levels[partner])
        chance = jnp.where(jnp.isnan(gain), 0.0, jnp.exp(jnp.minimum(gain, 0.0)))
        first = jnp.where(is_first, places, partner)
        drawn = jax.random.uniform(key, beta.shape, beta.dtype)[first]
        order = jnp.where(has_partner & (drawn < chance), partner, places)
        pairs = jnp.maximum(jnp.sum(has_partner), 1)
        # With two temperatures every other step tries nothing, which counts as no refusal.
        mean = jnp.sum(jnp.where(has_partner, chance, 0.0)) / pairs
        return order, jnp.where(jnp.any(has_partner), mean, 1.0)

    def state(self, carry: Any) -> Any:
        """The state of the coldest replica."""
        return self.kernel.state(jax.tree.map(lambda x: x[0], carry))


class ParallelTempering(PlainMethod):
    r"""Replicas at rising temperatures, each with steps of a method, that change places.

        neighbours i, j exchange with probability min(1, e^{(1/T_i − 1/T_j)(E_i − E_j)})

    which leaves the product of their laws invariant; pairs take turns. What is drawn is the coldest
    replica. Hot ones cross barriers that cold ones do not. The acceptance is that of exchanges:
    temperatures are well spaced where it is a fifth to a half.

    Arguments:
        method: the steps of one replica, which must have a temperature, and tunes
            nothing: `MALA`, `SGLD`, `BlockGibbs`, `Glauber`.
        temperatures: T, rising, two at least; the first is that of the law.

    Raises:
        InputError: the temperatures are not positive and rising, or the method is none of these.

    Example:
        >>> import jax, jax.numpy as jnp, thalweg as tw
        >>> wells = tw.energies.DoubleWell(barrier=2.0)
        >>> ladder = tw.sampling.ParallelTempering(tw.sampling.MALA(0.05), [0.3, 0.8, 2.0])
        >>> run = tw.sample(wells, ladder, jnp.ones(1), thin=10, key=jax.random.key(0))
        >>> run.warnings
        []

    References:
        Swendsen & Wang (1986), *Physical Review Letters* 57, 2607; Syed, Bouchard-Côté,
        Deligiannidis & Doucet (2022), *JRSS B* 84, 321, for pairs that take turns.
    """

    method: Method
    temperatures: Any = eqx.field(converter=lambda given: _ladder(given))

    def __check_init__(self):
        """Refuse what is no ladder of temperatures, and methods without one."""
        ladder = self.temperatures
        is_ladder = ladder.ndim == 1 and len(ladder) >= 2 and np.all(np.isfinite(ladder))
        if not is_ladder or not ladder[0] > 0 or not np.all(np.diff(ladder) > 0):
            raise InputError(
                f"ParallelTempering: temperatures must be positive and rise, two at least, got "
                f"{ladder.tolist()}."
            )
        if not isinstance(self.method, PlainMethod) or not hasattr(self.method, "temperature"):
            raise InputError(
                f"ParallelTempering: method must be one that tunes nothing, such as MALA(0.1), got "
                f"{self.method!r}."
            )

    @property
    def temperature(self) -> float:
        """The lowest temperature, that of the draws."""
        return self.temperatures[0]

    def kernel(self, energy: Energy) -> TemperingKernel:
        """Steps and exchanges; they leave the product of the laws invariant."""
        kernel: Any = self.method.kernel(energy)
        if not hasattr(kernel, "temperature"):
            raise InputError(
                f"ParallelTempering: the kernel of {type(self.method).__name__} has no field "
                f"`temperature` that could be another for each replica."
            )
        return TemperingKernel(energy, kernel, self.temperatures)

    def disperse(self, energy: Energy, start: Any, key: jax.Array) -> Any:
        """Leave it to the method of one replica."""
        return self.method.disperse(energy, start, key)

    def refuse(self, energy: Energy, states: Any) -> None:
        """Leave it to the method of one replica."""
        self.method.refuse(energy, states)


def _ladder(given: Any) -> np.ndarray:
    """Temperatures as numbers; what holds none is no ladder either."""
    array = np.asarray(given)
    return array.astype(float) if array.dtype.kind in "iuf" else np.full(array.shape, np.nan)
