"""Blocks of units that do not couple with one another, drawn at once."""

from abc import abstractmethod
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.trees import cast_like
from thalweg.energies import LatticeCouplings, LayeredCouplings, Pairwise
from thalweg.energies.colours import colour

# Up to here all fields are computed for every block: that needs no tables, and two colours do.
_FEW = 2
# A table of neighbours is as fast as sums over edges where no more of it is filled up than this.
_WASTE = 4
# A field is a sum of terms that are themselves rounded: a few units of rounding of their size.
_ROUNDING = 8.0


class Blocks(eqx.Module):
    """Units in blocks, no two of a block coupled (abstract).

    Law: `update` draws the units of one block from their law given all others.
    """

    @property
    @abstractmethod
    def count(self) -> int:
        """The number of blocks."""

    @abstractmethod
    def update(
        self, energy: Pairwise, temperature: Any, strength: Any, key: jax.Array, k: Any, x: Any
    ) -> Any:
        """The state after a draw of block k.

        Arguments:
            energy: the machine.
            temperature: T.
            strength: the factor that its couplings have for now.
            key: the randomness.
            k: the number of the block.
            x: the state, floating.
        """


class MaskedBlocks(Blocks):
    """Blocks by the colour of each unit: all fields are computed, those of a colour are used.

    Arguments:
        colours: of each unit, the shape of a state.
        reach: the size of the terms of a field, for its rounding.
        num_colours: their number.
    """

    colours: Any
    reach: Any
    num_colours: int = eqx.field(static=True)

    @property
    def count(self) -> int:
        """The number of colours."""
        return self.num_colours

    def update(
        self, energy: Pairwise, temperature: Any, strength: Any, key: jax.Array, k: Any, x: Any
    ) -> Any:
        """A draw of all units, of which those of the colour are kept."""
        features = energy.units.features(x)
        field = strength * energy.products(features) + cast_like(energy.fields, features)
        slack = _slack(self.reach, x)
        new = energy.units.draw(key, field, temperature, x, slack)
        return jnp.where(self.colours == k, new, x)


class EdgeBlocks(Blocks):
    """Blocks by the edges that lead into each: a sweep costs O(E), however many blocks.

    Arguments:
        sites: the units of each block, `(blocks, most)`, filled up with N.
        places: the place in its block of the unit that each edge leads into, `(blocks, edges)`.
        others: the unit at the other end.
        values: W; 0 of what fills up.
        reach: the size of the terms of each field, `(N,)`.
    """

    sites: Any
    places: Any
    others: Any
    values: Any
    reach: Any

    @property
    def count(self) -> int:
        """The number of rows."""
        return self.sites.shape[0]

    def update(
        self, energy: Pairwise, temperature: Any, strength: Any, key: jax.Array, k: Any, x: Any
    ) -> Any:
        """The fields of one block and a draw of it."""
        sites, flat = jnp.asarray(self.sites)[k], x.reshape(-1)
        features = energy.units.features(flat)
        near = _times(features[jnp.asarray(self.others)[k]], cast_like(self.values, features)[k])
        field = jnp.zeros((sites.shape[0], *near.shape[1:]), near.dtype)
        field = strength * field.at[jnp.asarray(self.places)[k]].add(near)
        return _drawn(energy, temperature, self.reach, key, sites, field, features, x)


class TableBlocks(Blocks):
    """Blocks by a table of neighbours, for graphs whose units have about as many each.

    Arguments:
        sites: the units of each block, `(blocks, most)`, filled up with N.
        others: their neighbours, `(blocks, most, degree)`.
        values: W; 0 of what fills up.
        reach: the size of the terms of each field, `(N,)`.
    """

    sites: Any
    others: Any
    values: Any
    reach: Any

    @property
    def count(self) -> int:
        """The number of rows."""
        return self.sites.shape[0]

    def update(
        self, energy: Pairwise, temperature: Any, strength: Any, key: jax.Array, k: Any, x: Any
    ) -> Any:
        """The fields of one block and a draw of it."""
        sites, features = jnp.asarray(self.sites)[k], energy.units.features(x.reshape(-1))
        near = _times(features[jnp.asarray(self.others)[k]], cast_like(self.values, features)[k])
        field = strength * jnp.sum(near, axis=1)
        return _drawn(energy, temperature, self.reach, key, sites, field, features, x)


def make_blocks(energy: Pairwise) -> Blocks:
    """Blocks of a machine: those of its colours."""
    couplings, reach = energy.couplings, reach_of(energy)
    if isinstance(couplings, LatticeCouplings) and _is_even(couplings):
        places = np.indices(couplings.sides).sum(axis=0) % 2
        return MaskedBlocks(places.astype(np.int32), reach, 2)
    heads, tails, values = couplings.edges()
    colours = colour(heads, tails, energy.size)
    count = int(colours.max(initial=0)) + 1
    if count <= _FEW and isinstance(couplings, LayeredCouplings):
        return MaskedBlocks(colours.astype(np.int32).reshape(energy.shape), reach, count)
    sites = _rows(colours, np.arange(energy.size), count, energy.size).astype(np.int32)
    reach = np.broadcast_to(reach, energy.shape).reshape(-1)
    ends, others = np.concatenate([heads, tails]), np.concatenate([tails, heads])
    both = np.concatenate([values, values])
    degree = int(np.bincount(ends, minlength=1).max(initial=0))
    if sites.size * degree <= _WASTE * len(ends):
        near, weights = (_rows(ends, part, energy.size, 0) for part in (others, both))
        within = np.minimum(sites, energy.size - 1)
        return TableBlocks(sites, near[within].astype(np.int32), weights[within], reach)
    place = np.zeros(energy.size + 1, int)
    place[sites] = np.arange(sites.shape[1])
    order = colours[ends]
    places = _rows(order, place[ends], count, 0).astype(np.int32)
    near = _rows(order, others, count, 0).astype(np.int32)
    return EdgeBlocks(sites, places, near, _rows(order, both, count, 0.0), reach)


def reach_of(energy: Pairwise) -> Any:
    """The size of the terms of a field together, the shape of a state or one number."""
    couplings = energy.couplings
    fields = np.abs(np.asarray(energy.fields, np.float64))
    if isinstance(couplings, LatticeCouplings):
        total = 2.0 * len(couplings.sides) * np.abs(float(np.asarray(couplings.coupling)))
        return total + fields.max(initial=0.0)
    heads, tails, values = couplings.edges()
    ends, both = np.concatenate([heads, tails]), np.abs(np.concatenate([values, values]))
    total = np.bincount(ends, both, minlength=energy.size)
    return total.reshape(energy.shape) + fields.max(initial=0.0)


def _is_even(couplings: LatticeCouplings) -> bool:
    return not couplings.periodic or all(side % 2 == 0 for side in couplings.sides)


def _slack(reach: Any, x: Any) -> jax.Array:
    return _ROUNDING * jnp.finfo(x.dtype).eps * cast_like(reach, x)


def _times(features: Any, values: Any) -> jax.Array:
    """Features of neighbours times couplings."""
    return features * values.reshape(values.shape + (1,) * (features.ndim - values.ndim))


def _drawn(
    energy: Pairwise,
    temperature: Any,
    reach: Any,
    key: jax.Array,
    sites: Any,
    field: Any,
    features: Any,
    x: Any,
) -> jax.Array:
    """A state with some units drawn, given the couplings' part of their fields."""
    flat = x.reshape(-1)
    field = field + _flat_fields(energy, features)[sites]
    new = energy.units.at(sites).draw(key, field, temperature, flat[sites], _slack(reach, x)[sites])
    return flat.at[sites].set(new, mode="drop").reshape(x.shape)


def _flat_fields(energy: Pairwise, features: Any) -> jax.Array:
    """h of each unit in turn, of the shape of the features of a flat state."""
    fields, tail = cast_like(energy.fields, features), features.shape[1:]
    if fields.ndim == len(energy.shape) + len(tail):
        return fields.reshape(features.shape)
    return jnp.broadcast_to(fields, features.shape)


def _rows(labels: np.ndarray, values: np.ndarray, count: int, filler: Any) -> np.ndarray:
    """The values of each label in a row of its own, filled up to one length."""
    order = np.argsort(labels, kind="stable")
    lengths = np.bincount(labels, minlength=count)
    table = np.full((count, max(int(lengths.max(initial=0)), 1)), filler, values.dtype)
    within = np.arange(len(labels)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    table[labels[order], within] = values[order]
    return table
