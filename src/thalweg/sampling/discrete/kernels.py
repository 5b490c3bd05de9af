"""Kernels of machines: sweeps over blocks, and one unit after another at random."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.trees import cast_like, computable
from thalweg.dynamics import MemoryKernel
from thalweg.energies import Pairwise
from thalweg.energies.colours import adjacency
from thalweg.sampling.discrete.blocks import Blocks, reach_of
from thalweg.sampling.methods.base import Told

# As in `blocks`: a few units of rounding of the size of a field's terms.
_ROUNDING = 8.0


class BlockSweep(MemoryKernel):
    """A sweep: every block in turn is drawn from its law given all others.

    Arguments:
        energy: the machine.
        temperature: T ≥ 0.
        blocks: its units in blocks.
        palindromic: go through the blocks and back, which makes the sweep reversible.
    """

    energy: Pairwise
    temperature: Any
    blocks: Blocks
    palindromic: bool = eqx.field(static=True, default=False)

    def init(self, state: Any) -> Any:
        """The state itself."""
        return state

    def state(self, carry: Any) -> Any:
        """The carry itself."""
        return carry

    def step(self, key: jax.Array, t: Any, carry: Any) -> tuple[Any, Told]:
        """A sweep over all blocks."""
        count = self.blocks.count
        steps = 2 * count - 1 if self.palindromic else count

        def visit(i: Any, x: Any) -> Any:
            k = jnp.where(i < count, i, 2 * count - 2 - i)
            return self.update(jax.random.fold_in(key, i), k, x)

        x = jax.lax.fori_loop(0, steps, visit, computable(carry))
        return x.astype(carry.dtype), Told()

    def update(self, key: jax.Array, k: Any, x: Any) -> Any:
        """The state after a draw of block k."""
        temperature = cast_like(self.temperature, x)
        return self.blocks.update(self.energy, temperature, 1.0, key, k, x)


class Neighbours(eqx.Module):
    """The neighbours of each unit, read unit by unit.

    Arguments:
        starts: where those of each unit begin, `(N,)`.
        degrees: how many each has, `(N,)`.
        others: the neighbours, one unit's after another's.
        values: W of each.
        most: the largest degree.
    """

    starts: Any
    degrees: Any
    others: Any
    values: Any
    most: int = eqx.field(static=True)

    @classmethod
    def of(cls, energy: Pairwise) -> "Neighbours":
        """Those of a machine."""
        heads, tails, values = energy.couplings.edges()
        starts, index = adjacency(heads, tails, energy.size)
        order = np.argsort(np.concatenate([heads, tails]), kind="stable")
        degrees = np.diff(starts)
        most = max(int(degrees.max(initial=0)), 1)
        room = (0, most)  # so that a slice of the last unit does not begin before it
        return cls(
            starts[:-1].astype(np.int32),
            degrees.astype(np.int32),
            np.pad(index, room).astype(np.int32),
            np.pad(np.concatenate([values, values])[order], room),
            most,
        )

    def sum(self, i: Any, features: Any) -> jax.Array:
        """Σ_j W_ij φ_j of unit i."""
        at = jnp.asarray(self.starts)[i]
        others = jax.lax.dynamic_slice(jnp.asarray(self.others), (at,), (self.most,))
        values = jax.lax.dynamic_slice(cast_like(self.values, features), (at,), (self.most,))
        values = jnp.where(jnp.arange(self.most) < jnp.asarray(self.degrees)[i], values, 0.0)
        return values @ features[others]


class RandomVisits(MemoryKernel):
    """N visits to units chosen at random, each drawn from its law given all others.

    Arguments:
        energy: the machine.
        temperature: T ≥ 0.
        neighbours: those of each unit.
        reach: the size of the terms of each field, `(N,)`.
    """

    energy: Pairwise
    temperature: Any
    neighbours: Neighbours
    reach: Any

    @classmethod
    def of(cls, energy: Pairwise, temperature: Any) -> "RandomVisits":
        """Those of a machine."""
        reach = np.broadcast_to(reach_of(energy), energy.shape).reshape(-1)
        return cls(energy, temperature, Neighbours.of(energy), reach)

    def init(self, state: Any) -> Any:
        """The state itself."""
        return state

    def state(self, carry: Any) -> Any:
        """The carry itself."""
        return carry

    def step(self, key: jax.Array, t: Any, carry: Any) -> tuple[Any, Told]:
        """N visits."""
        size = self.energy.size
        where_key, draw_key = jax.random.split(key)
        order = jax.random.randint(where_key, (size,), 0, size)

        def visit(k: Any, x: Any) -> Any:
            return self.visit(jax.random.fold_in(draw_key, k), order[k], x)

        x = jax.lax.fori_loop(0, size, visit, computable(carry).reshape(-1))
        return x.reshape(carry.shape).astype(carry.dtype), Told()

    def visit(self, key: jax.Array, i: Any, x: Any) -> Any:
        """The flat state after a draw of unit i."""
        i, units = jnp.asarray(i), self.energy.units
        features = units.features(x)
        own = cast_like(self.energy.fields, features)
        tail = features.shape[1:]
        if own.ndim == len(self.energy.shape) + len(tail):
            own = own.reshape(features.shape)[i]
        field = (self.neighbours.sum(i, features) + own)[None]
        slack = _ROUNDING * jnp.finfo(x.dtype).eps * cast_like(self.reach, x)[i]
        temperature = cast_like(self.temperature, x)
        new = units.at(i[None]).draw(key, field, temperature, x[i][None], slack)
        return x.at[i].set(new[0])
