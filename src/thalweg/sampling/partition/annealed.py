"""Partition functions by annealed importance sampling."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.trees import as_arrays, is_integer
from thalweg.energies import Pairwise
from thalweg.sampling.discrete.blocks import Blocks, make_blocks
from thalweg.sampling.partition.base import Estimate, PartitionMethod
from thalweg.sampling.partition.summed import SummedOut, summed_out


class Annealed(PartitionMethod):
    r"""Annealed importance sampling, from units without couplings to the machine.

        log w = Σ_k log w_{k+1}(x_k) − log w_k(x_k),        Z ≈ Z_0 ⟨w⟩

    The couplings grow from 0 to their full strength in equal steps; after each, units are drawn
    by sweeps over blocks. Weights are those of the law in which as many units as no edge joins
    are summed out, which vary less. Z_0, of the fields alone, is exact. The error is the standard
    error of the mean weight: it is to be trusted where the effective share of chains is not small.

    Arguments:
        temperatures: how many steps there are.
        chains: how many independent chains.
        sweeps: how many sweeps after each step.

    Raises:
        InputError: an argument is no positive whole number, or there are fewer than 2 chains.

    References:
        Neal (2001), *Statistics and Computing* 11, 125; Salakhutdinov and Murray (2008), *ICML*.
    """

    temperatures: int = eqx.field(static=True, default=100)
    chains: int = eqx.field(static=True, default=1000)
    sweeps: int = eqx.field(static=True, default=1)

    def __check_init__(self):
        """Refuse what are no counts."""
        for name, least in (("temperatures", 1), ("chains", 2), ("sweeps", 1)):
            value = getattr(self, name)
            if not is_integer(value) or value < least:
                raise InputError(
                    f"Annealed: {name} must be a whole number from {least}, got {value!r}."
                )

    def estimate(self, energy: Pairwise, temperature: float, key: jax.Array | None) -> Estimate:
        """The mean weight and its standard error."""
        blocks, parts = make_blocks(energy), summed_out("Annealed", energy)
        key = jax.random.key(0) if key is None else key
        logs, start = _weights(as_arrays((self, energy, blocks, parts, float(temperature))), key)
        logs = np.asarray(logs, np.float64)
        top = logs.max()
        weights = np.exp(logs - top)
        mean = weights.mean()
        error = weights.std(ddof=1) / np.sqrt(len(weights)) / mean
        share = weights.sum() ** 2 / np.sum(weights**2) / len(weights)
        return Estimate(float(start) + top + np.log(mean), float(error), share=float(share))


@eqx.filter_jit
def _weights(parts: Any, key: jax.Array) -> tuple[Any, Any]:
    """log w of each chain, and log Z_0."""
    method, energy, blocks, summed, temperature = parts
    keys = jax.random.split(key, method.chains)
    temperature = jnp.asarray(temperature, float)
    blank = jnp.zeros(energy.shape, float)
    fields = jnp.broadcast_to(jnp.asarray(energy.fields, float), energy.units.features(blank).shape)
    start = jnp.sum(energy.units.log_sum(fields, temperature))

    def chain(key: jax.Array) -> Any:
        first, later = jax.random.split(key)
        x = energy.units.draw(first, fields, temperature, blank, blank * 0.0)
        return _anneal(method, energy, blocks, summed, temperature, x, later)

    return jax.vmap(chain)(keys), start


def _anneal(
    method: Annealed,
    energy: Pairwise,
    blocks: Blocks,
    summed: SummedOut,
    temperature: Any,
    x: Any,
    key: jax.Array,
) -> jax.Array:
    count, visits = method.temperatures, method.sweeps * blocks.count

    def step(k: Any, loop: Any) -> Any:
        x, total = loop
        before, after = k / count, (k + 1) / count
        total = total + summed.log_weight(energy, x, temperature, after)
        total = total - summed.log_weight(energy, x, temperature, before)
        step_key = jax.random.fold_in(key, k)

        def visit(i: Any, x: Any) -> Any:
            visit_key = jax.random.fold_in(step_key, i)
            return blocks.update(energy, temperature, after, visit_key, i % blocks.count, x)

        return jax.lax.fori_loop(0, visits, visit, x), total

    return jax.lax.fori_loop(0, count, step, (x, jnp.zeros((), x.dtype)))[1]
