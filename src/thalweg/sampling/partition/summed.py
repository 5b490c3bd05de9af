"""The units of a machine in two parts: those that are summed out, and the others.

No edge joins two units of the first part, so their sum is a product, had at once for every state of
the others.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.shapes import Array, Bool, Float, Num, Number
from thalweg.core.trees import cast_like, computable
from thalweg.energies import LatticeCouplings, Pairwise
from thalweg.energies.colours import independent_set


class SummedOut(eqx.Module):
    r"""The law of some units of a machine, the others summed out.

        log w(x) = −E(x, 0)/T + Σ_j log Σ_{x_j} e^{(f_j(x) φ(x_j) − s(x_j))/T}

    Σ_x w(x) is the partition function.

    Arguments:
        summed: the units that are summed out, the shape of a state, booleans.
    """

    summed: Any

    def log_weight(self, energy: Pairwise, state: Any, temperature: Any, strength: Any) -> Any:
        """log w of the others, whatever the state has where units are summed out.

        Arguments:
            energy: the machine.
            state: `shape`, floating.
            temperature: T.
            strength: a factor of its couplings.
        """
        features = energy.units.features(state)
        tail = (1,) * (features.ndim - len(energy.shape))
        features = jnp.where(jnp.reshape(self.summed, (*energy.shape, *tail)), 0.0, features)
        products = strength * energy.products(features)
        fields = cast_like(energy.fields, features)
        level = -jnp.sum(features * (0.5 * products + fields))
        sums = energy.units.log_sum(products + fields, temperature)
        return jnp.sum(jnp.where(self.summed, sums, 0.0)) - level / temperature


def free_energy(
    energy: Pairwise,
    state: Num[Array, "*shape"],
    temperature: Number,
    summed: Bool[Array, "*shape"],
) -> Float[jax.Array, ""]:
    r"""The free energy of some units, the others summed out: F(x) = −T log Σ e^{−E/T}, a scalar.

    The law of those units alone is e^{−F/T}/Z. Of a restricted machine with the hidden units summed
    out, the mean of F over data plus T log Z is T times the negative log-likelihood.

    Arguments:
        energy: the machine.
        state: a state; what it has where units are summed out does not matter.
        temperature: T > 0.
        summed: which units are summed out, `shape` booleans; no two of them may be coupled.
    """
    x = computable(state)
    return -temperature * SummedOut(summed).log_weight(energy, x, cast_like(temperature, x), 1.0)


def summed_out(name: str, energy: Pairwise) -> SummedOut:
    """A largest set of units that no edge joins, all that take any number among them.

    Raises:
        InputError: two of those are coupled.
    """
    first = np.broadcast_to(energy.units.continuous, energy.shape).reshape(-1)
    couplings = energy.couplings
    if isinstance(couplings, LatticeCouplings) and all(n % 2 == 0 for n in couplings.sides):
        return SummedOut(np.indices(couplings.sides).sum(axis=0) % 2 == 0)
    heads, tails, values = couplings.edges()
    heads, tails = heads[values != 0.0], tails[values != 0.0]
    both = first[heads] & first[tails]
    if np.any(both):
        pair = int(heads[np.argmax(both)]), int(tails[np.argmax(both)])
        raise InputError(
            f"{name}: the units {pair[0]} and {pair[1]} take any number and are coupled; only "
            f"machines whose numbers couple with other units alone have an answer here."
        )
    return SummedOut(independent_set(heads, tails, energy.size, first).reshape(energy.shape))
