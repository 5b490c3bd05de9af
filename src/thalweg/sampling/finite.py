"""The law e^{−E/T}/Z on finitely many states."""

import operator
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp, xlogy

from thalweg.core.checks import check_energy
from thalweg.core.errors import InputError
from thalweg.core.shapes import Integer
from thalweg.core.trees import cast_like, in_float64, is_integer
from thalweg.sampling.methods.base import check_temperature

# Where all states are held at once; more ask for samples.
_MOST_STATES = 2**20
# States whose energies are computed in one go, so that what an energy needs on the way stays small.
_CHUNK = 2**14


class FiniteBoltzmann(eqx.Module):
    r"""The law of an energy at a temperature on finitely many states, as their probabilities.

        π ∝ e^{−E/T}        F(p) = Σ p E + T Σ p log p,    T KL(p‖π) = F(p) − F(π)

    Arguments:
        energy: `state → scalar`.
        temperature: T > 0, in units of the energy.
        states: all states, a pytree of arrays with a first axis of n ≤ 2²⁰; `all_spins(count)` for
            spins.

    Attributes:
        levels: E of each state, `(n,)`, float64.
        temperature: T.
        states: the states.

    Raises:
        InputError: the energy is not callable or no scalar, the temperature is not positive, there
            are no states or more than 2²⁰, or the energy is not finite at one.

    Example:
        >>> import thalweg as tw
        >>> from thalweg.sampling import FiniteBoltzmann, all_spins
        >>> network = tw.energies.Hopfield([[0.0, 1.0], [1.0, 0.0]])
        >>> law = FiniteBoltzmann(network, 1.0, all_spins(2))
        >>> [round(float(share), 4) for share in law.masses]
        [0.4404, 0.0596, 0.0596, 0.4404]
    """

    levels: Any
    temperature: Any
    states: Any

    def __init__(self, energy: Callable[[Any], Any], temperature: float, states: Any) -> None:
        check_energy("FiniteBoltzmann: energy", energy)
        check_temperature("FiniteBoltzmann", temperature)
        lengths = {np.shape(x)[0] if np.ndim(x) else 0 for x in jax.tree.leaves(states)}
        count = lengths.pop() if len(lengths) == 1 else 0
        if not 1 <= count <= _MOST_STATES:
            raise InputError(
                f"FiniteBoltzmann: states must have a common first axis of 1 to 2²⁰, got "
                f"{[np.shape(x) for x in jax.tree.leaves(states)]}. Of more, estimate: "
                f"log_partition(energy, temperature, Annealed()), or sample."
            )
        with jax.enable_x64(True):
            held = in_float64(energy)
            parts = [
                np.asarray(_levels(held, jax.tree.map(operator.itemgetter(rows), states)))
                for rows in (slice(a, a + _CHUNK) for a in range(0, count, _CHUNK))
            ]
        levels = np.concatenate(parts)
        if levels.ndim != 1:
            raise InputError(
                f"FiniteBoltzmann: energy must return a scalar, got the shape {levels.shape[1:]}."
            )
        if not np.all(np.isfinite(levels)):
            where = int(np.argmin(np.isfinite(levels)))
            raise InputError(f"FiniteBoltzmann: the energy is not finite at state {where}.")
        self.levels, self.temperature, self.states = levels, float(temperature), states

    @property
    def masses(self) -> np.ndarray:
        """π, `(n,)`."""
        weights = np.exp((self.levels.min() - self.levels) / self.temperature)
        return weights / weights.sum()

    @property
    def log_partition(self) -> float:
        """log Σ e^{−E/T}."""
        lowest = self.levels.min()
        weights = np.exp((lowest - self.levels) / self.temperature)
        return float(np.log(weights.sum()) - lowest / self.temperature)

    def free_energy(self, p: Any) -> jax.Array:
        """F(p), a scalar: least at π. Its steepest descent on `Simplex()` is that of Fisher–Rao."""
        temperature = cast_like(self.temperature, p)
        return jnp.sum(p * cast_like(self.levels, p)) + temperature * jnp.sum(xlogy(p, p))

    def divergence(self, p: Any) -> jax.Array:
        """KL(p‖π), a scalar."""
        log_law = -cast_like(self.levels, p) / cast_like(self.temperature, p)
        return jnp.sum(xlogy(p, p) - p * (log_law - logsumexp(log_law)))


def all_spins(count: int) -> Integer[np.ndarray, "states spins"]:
    """All states of spins ±1, shape `(2^count, count)`, bytes; the last spin changes fastest.

    Arguments:
        count: how many spins, 1 to 20.

    Raises:
        InputError: it is not; of more spins there are too many states to list.
    """
    if not is_integer(count) or not 1 <= count <= 20:
        raise InputError(
            f"all_spins: count must be a whole number from 1 to 20, got {count!r}. Of more spins "
            f"estimate: log_partition(energy, temperature, Annealed()), or sample."
        )
    bits = np.arange(2**count, dtype=np.int32)[:, None] >> np.arange(count - 1, -1, -1)
    return (2 * (bits & 1) - 1).astype(np.int8)


@eqx.filter_jit
def _levels(energy: Any, states: Any) -> jax.Array:
    return jax.vmap(energy)(states)
