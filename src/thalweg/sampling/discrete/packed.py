"""Spins of a square torus of one coupling, 32 in a word.

The rows are cut into bands; bit b of a word is a spin of band b, so that the neighbours of a word's
spins are the spins of its neighbouring words, and only where a band ends do bits turn by one.
Colours are kept apart, as on a chessboard. A spin follows the majority of its neighbours but for a
chance that depends on how large it is: a random number below a threshold, compared bit by bit for
all spins of a word at once.
"""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.dynamics import MemoryKernel
from thalweg.energies import Binary, LatticeCouplings, Pairwise
from thalweg.sampling.discrete.threefry import rotated, threefry
from thalweg.sampling.methods.base import Told

# Bits of a random number: chances are right to 2⁻²⁵, as those of single precision are.
_BITS = 24
# With fewer bands, words are so empty that spins one by one are as fast.
_LEAST_BANDS = 8


class Packed(NamedTuple):
    """Spins in words.

    Attributes:
        even: those whose row and column have an even sum, `(rows/bands, columns/2)`, uint32.
        odd: the others.
        mark: 0 of the dtype of the state, or NaN if a spin was.
    """

    even: Any
    odd: Any
    mark: Any


class PackedSweep(MemoryKernel):
    """A sweep over the two colours of a square torus of spins ±1, without a field.

    Arguments:
        energy: the lattice.
        temperature: T > 0.
        palindromic: the first colour again after the second.
    """

    energy: Pairwise
    temperature: Any
    palindromic: bool = eqx.field(static=True, default=False)

    def init(self, state: Any) -> Packed:
        """The spins in words."""
        rows, columns = state.shape
        bands = bands_of(rows)
        up = (state > 0).reshape(bands, rows // bands, columns // 2, 2)
        even_row = _even_rows(rows // bands)
        weights = jnp.uint32(1) << jnp.arange(bands, dtype=jnp.uint32)
        both = jnp.sum(
            jnp.where(up, weights[:, None, None, None], jnp.uint32(0)), 0, dtype=jnp.uint32
        )
        first, second = both[..., 0], both[..., 1]
        is_float = jnp.issubdtype(state.dtype, jnp.floating)
        mark = jnp.sum(state * 0) if is_float else jnp.zeros((), state.dtype)
        return Packed(jnp.where(even_row, first, second), jnp.where(even_row, second, first), mark)

    def state(self, carry: Packed) -> Any:
        """The spins one by one."""
        rows, columns = self.energy.shape
        bands = bands_of(rows)
        even_row = _even_rows(rows // bands)
        first = jnp.where(even_row, carry.even, carry.odd)
        second = jnp.where(even_row, carry.odd, carry.even)
        words = jnp.stack([first, second], axis=-1)
        shifts = jnp.arange(bands, dtype=jnp.uint32)[:, None, None, None]
        bits = (words[None] >> shifts) & jnp.uint32(1)
        one = jnp.ones((), carry.mark.dtype)
        return jnp.where(bits.reshape(rows, columns) == 1, one, -one) + carry.mark

    def step(self, key: jax.Array, t: Any, carry: Packed) -> tuple[Packed, Told]:
        """A sweep; it tells the energy, which costs less in words."""
        keys = jax.random.bits(key, (3, 2), jnp.uint32)
        thresholds = self._thresholds()
        even, odd, mark = carry
        even = self._drawn(even, odd, 0, keys[0], thresholds)
        odd = self._drawn(odd, even, 1, keys[1], thresholds)
        if self.palindromic:
            even = self._drawn(even, odd, 0, keys[2], thresholds)
        after = Packed(even, odd, mark)
        return after, Told(energy=self.level(after))

    def level(self, carry: Packed) -> jax.Array:
        """E of the spins: the bonds of the even ones, which are all."""
        rows, columns = self.energy.shape
        near = _neighbours(carry.odd, 0, bands_of(rows))
        unlike = jnp.sum(jax.lax.population_count(carry.even[None] ^ jnp.stack(near)))
        bonds = 2 * rows * columns
        count = bonds - 2 * unlike.astype(jnp.int32)
        mark = carry.mark if jnp.issubdtype(carry.mark.dtype, jnp.floating) else 0.0
        return -jnp.asarray(self._coupling, float) * count.astype(float) + mark

    @property
    def _coupling(self) -> Any:
        couplings = self.energy.couplings
        assert isinstance(couplings, LatticeCouplings)
        return couplings.coupling

    def _thresholds(self) -> jax.Array:
        """Masks of the bits of the two chances to leave a majority of 3 and of 4, `(24, 2)`."""
        strength = jnp.abs(jnp.asarray(self._coupling, float)) / self.temperature
        chances = jax.nn.sigmoid(-strength * jnp.array([4.0, 8.0]))
        numbers = jnp.round(chances * 2.0**_BITS).astype(jnp.uint32)
        places = jnp.arange(_BITS, dtype=jnp.uint32)[:, None]
        return jnp.uint32(0) - ((numbers[None] >> places) & jnp.uint32(1))

    def _drawn(self, own: Any, others: Any, colour: int, key: Any, thresholds: Any) -> jax.Array:
        """New spins of a colour.

        A number u is below t if, at the highest bit in which they differ, t has the 1: from the
        lowest bit up, below ← majority(below, ¬u_k, t_k).
        """
        bands = bands_of(self.energy.shape[0])
        a, b, c, d = _neighbours(others, colour, bands)
        both_of_two, both_of_others = a & b, c & d
        three = a ^ b ^ c ^ d  # or one: a majority of 3
        all_up = both_of_two & both_of_others
        four = all_up | ~(a | b | c | d)
        up = all_up | (three & (both_of_two | both_of_others))
        tie = ~(three | four)
        index = jnp.arange(own.size, dtype=jnp.uint32).reshape(own.shape)
        below = jnp.zeros_like(own)
        for pair in range(_BITS // 2):
            drawn = threefry((key[0], key[1]), index, jnp.uint32(pair))
            for place, word in zip((2 * pair, 2 * pair + 1), drawn, strict=True):
                mask = (three & thresholds[place, 0]) | (four & thresholds[place, 1])
                if place == _BITS - 1:
                    mask = mask | tie  # of a tie the chance is ½, which is this bit alone
                below = (below & ~word) | (mask & (below | ~word))
        sign = jnp.where(jnp.asarray(self._coupling) < 0, jnp.uint32(2**32 - 1), jnp.uint32(0))
        new = up ^ below ^ (sign & ~tie)
        return new & jnp.uint32(2**bands - 1)


def bands_of(rows: int) -> int:
    """The number of bands that an even number of rows is cut into: a power of two, each even."""
    bands = 1
    while bands < 32 and rows % (4 * bands) == 0:
        bands *= 2
    return bands


def can_be_packed(energy: Pairwise) -> bool:
    """True where an energy is such a lattice, large enough for it to pay."""
    couplings, units = energy.couplings, energy.units
    if not isinstance(couplings, LatticeCouplings) or not couplings.periodic:
        return False
    is_ising = isinstance(units, Binary) and (units.low, units.high) == (-1.0, 1.0)
    even = len(couplings.sides) == 2 and all(side % 2 == 0 for side in couplings.sides)
    return (
        even
        and is_ising
        and not np.any(np.asarray(energy.fields))
        and bands_of(couplings.sides[0]) >= _LEAST_BANDS
    )


def _even_rows(height: int) -> np.ndarray:
    return (np.arange(height) % 2 == 0)[:, None]


def _neighbours(others: Any, colour: int, bands: int) -> tuple[Any, Any, Any, Any]:
    """The four neighbours of each spin of a colour: above, below, and two in its row."""
    last, first = others[-1:], others[:1]
    if bands > 1:
        last, first = rotated(last, 1, bands), rotated(first, bands - 1, bands)
    above = jnp.concatenate([last, others[:-1]])
    below = jnp.concatenate([others[1:], first])
    leftwards = _even_rows(others.shape[0]) == (colour == 0)
    beside = jnp.where(leftwards, jnp.roll(others, 1, 1), jnp.roll(others, -1, 1))
    return above, below, others, beside
