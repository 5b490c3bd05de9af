"""Partition functions by enumeration."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.trees import in_float64, is_integer
from thalweg.energies import Pairwise
from thalweg.sampling.partition.base import Estimate, PartitionMethod
from thalweg.sampling.partition.summed import SummedOut, summed_out

# States looked at together: enough for products of matrices, few enough to stay in the cache.
_CHUNK = 2**12
# Of a sum of logarithms of like size, in units of rounding.
_ROUNDING = 16.0


class Exact(PartitionMethod):
    """Enumeration of one side of a machine, the other side summed out for each of its states.

    The side that is summed out is as many units as no edge joins: the larger layer of a restricted
    machine, half of a lattice, one unit of a complete graph. Its cost is 2^(the others).

    Arguments:
        most: how many units of two values may be enumerated; of q values, so many states.

    Raises:
        InputError: more would have to be enumerated.
    """

    most: int = eqx.field(static=True, default=24)

    def __check_init__(self):
        """Refuse what is no count."""
        if not is_integer(self.most) or not 0 <= self.most <= 30:
            raise InputError(f"Exact: most must be a whole number up to 30, got {self.most!r}.")

    def estimate(self, energy: Pairwise, temperature: float, key: jax.Array | None) -> Estimate:
        """log Z and ⟨E⟩ = T² ∂ log Z/∂T, up to rounding."""
        parts = summed_out("Exact", energy)
        others = np.flatnonzero(~np.asarray(parts.summed).reshape(-1))
        bits = len(others) * np.log2(energy.units.num_values)
        if bits > self.most + 1e-9:
            raise InputError(
                f"Exact: {len(others)} units of {energy.units.num_values} values are left to be "
                f"enumerated, more than 2^{self.most} states. Estimate it instead: "
                f"log_partition(energy, temperature, Annealed(), key=key)."
            )
        with jax.enable_x64(True):
            found = _with_energy(
                in_float64(energy), parts, others.astype(np.int32), np.float64(temperature)
            )
            value, level = map(float, found)
        return Estimate(value, _ROUNDING * np.finfo(float).eps * max(abs(value), 1.0), level)


@eqx.filter_jit
def _with_energy(energy: Any, parts: Any, others: Any, temperature: Any) -> tuple[Any, Any]:
    def at(temperature: Any) -> Any:
        return enumerated(energy, parts, others, temperature)

    value, derivative = jax.jvp(at, (temperature,), (jnp.ones_like(temperature),))
    return value, temperature**2 * derivative


def enumerated(energy: Pairwise, parts: SummedOut, others: Any, temperature: Any) -> jax.Array:
    """log Z, as a function that can be differentiated in the energy and the temperature.

    Arguments:
        energy: the machine.
        parts: which of its units are summed out.
        others: the numbers of the others, `(k,)`.
        temperature: T.
    """
    values, size = energy.units.num_values, energy.size
    count = values ** others.shape[0]
    chunk = min(_CHUNK, count)
    powers = values ** np.arange(others.shape[0], dtype=np.int64)

    def log_weight(number: Any) -> jax.Array:
        digits = (number // powers) % values
        flat = jnp.zeros(size, jnp.result_type(temperature)).at[others].set(digits * 1.0)
        state = energy.units.numbered(flat.reshape(energy.shape))
        weight = parts.log_weight(energy, state, temperature, 1.0)
        return jnp.where(number < count, weight, -jnp.inf)

    def chunk_sum(start: Any) -> jax.Array:
        return jax.nn.logsumexp(jax.vmap(log_weight)(start + jnp.arange(chunk)))

    starts = jnp.arange(0, count, chunk)
    return jax.nn.logsumexp(jax.lax.map(jax.checkpoint(chunk_sum), starts))
