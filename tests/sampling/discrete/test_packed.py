"""Spins in words: the same random words as JAX's, the same neighbours, the exact energy."""

import equinox as eqx
import jax
import jax.extend.random
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from thalweg.energies import Pairwise
from thalweg.sampling import BlockGibbs, Torus, log_partition
from thalweg.sampling.discrete.packed import Packed, PackedSweep, bands_of, can_be_packed
from thalweg.sampling.discrete.threefry import threefry

CRITICAL = 2.0 / np.log(1.0 + np.sqrt(2.0))


def test_words_are_those_of_jax():
    counters = np.random.default_rng(0).integers(0, 2**32, (2, 50), dtype=np.uint32)
    key = np.array([123456789, 4000000000], np.uint32)
    expected = np.asarray(jax.extend.random.threefry_2x32(key, counters.reshape(-1)))
    found = _threefry(key, counters)
    np.testing.assert_array_equal(np.concatenate([np.asarray(x) for x in found]), expected)


@eqx.filter_jit
def _threefry(key, counters):
    return threefry((key[0], key[1]), counters[0], counters[1])


def test_bands():
    found = {rows: bands_of(rows) for rows in (4, 6, 8, 16, 32, 64, 96, 100, 128, 1024)}
    assert found == {
        4: 2, 6: 1, 8: 4, 16: 8, 32: 16, 64: 32, 96: 16, 100: 2, 128: 32, 1024: 32
    }  # fmt: skip
    for rows, bands in found.items():
        assert rows % (2 * bands) == 0


@eqx.filter_jit
def packed_and_back(kernel, states):
    def one(state):
        carry = kernel.init(state)
        return kernel.state(carry), kernel.level(carry), kernel.energy(state)

    return jax.vmap(one)(states)


@pytest.mark.parametrize("sides", [(4, 6), (6, 4), (8, 10), (64, 4)])
def test_spins_come_back_and_their_energy(sides):
    """The energy in words is that of the edges, so the neighbours are the same."""
    kernel = PackedSweep(Pairwise.lattice(sides, 0.7), 2.0)
    states = np.random.default_rng(1).choice(np.array([-1, 1], np.int8), (20, *sides))
    back, level, expected = map(np.asarray, packed_and_back(kernel, states))
    np.testing.assert_array_equal(back, states)
    assert back.dtype == np.int8
    np.testing.assert_allclose(level, expected, rtol=1e-5, atol=1e-4)


@eqx.filter_jit
def swept(kernel, state, keys):
    return jax.vmap(lambda key: kernel.draw(key, 0, state))(keys)


@pytest.mark.long
@pytest.mark.parametrize("coupling", [1.0, -0.8])
@pytest.mark.parametrize("sides", [(4, 6), (8, 4)])
def test_chances_of_a_sweep(coupling, sides):
    """Each spin of the first colour is +1 as often as its field says, by standard errors.

    The colours of a chessboard: the second one's fields are those after the first was drawn.
    """
    kernel = PackedSweep(Pairwise.lattice(sides, coupling), 2.2)
    start = np.random.default_rng(3).choice(np.array([-1, 1], np.int8), sides)
    count = 20000
    found = np.asarray(swept(kernel, start, jax.random.split(jax.random.key(0), count)))
    even = np.indices(sides).sum(0) % 2 == 0

    def chances(x):
        near = sum(np.roll(x, way, axis) for way in (1, -1) for axis in (-1, -2))
        return 1.0 / (1.0 + np.exp(-2.0 * coupling * near / 2.2))

    up = (found > 0).astype(float)
    for colour, expected in ((even, chances(start)), (~even, chances(found))):
        spare = np.sqrt(0.25 / count) * 4.5
        gap = (up - expected).mean(axis=0)
        assert np.abs(gap[colour]).max() < spare
    # Given the other colour, spins of one are independent, within a word and between words.
    errors = (up - chances(start))[:, even] / np.sqrt(0.25)
    correlations = errors.T @ errors / count
    np.fill_diagonal(correlations, 0.0)
    assert np.abs(correlations).max() < 4.5 / np.sqrt(count)


@pytest.mark.long
def test_palindromic_sweeps_draw_the_first_colour_again():
    kernel = PackedSweep(Pairwise.lattice((8, 4), 5.0), 0.1, palindromic=True)
    start = np.where(np.indices((8, 4)).sum(0) % 2 == 0, -1, 1).astype(np.int8)
    found = np.asarray(swept(kernel, start, jax.random.split(jax.random.key(0), 4)))
    np.testing.assert_array_equal(found, 1)


@pytest.mark.long
@pytest.mark.parametrize("temperature", [2.0, CRITICAL, 3.0])
def test_energy_a_spin_is_kaufmans(temperature):
    """32², within 4 standard errors of independent chains."""
    energy = Pairwise.lattice(32, 1.0)
    expected = log_partition(energy, temperature, Torus()).mean_energy / 32**2
    kernel = BlockGibbs(temperature).kernel(energy)
    assert isinstance(kernel, PackedSweep)
    run = tw.sample(
        energy,
        BlockGibbs(temperature),
        tw.sampling.Starts(jnp.ones((16, 32, 32), jnp.int8)),
        count=500,
        chains=16,
        warmup=1000,
        thin=4,
        key=jax.random.key(4),
    )
    means = np.asarray(run.energies).mean(axis=1) / 32**2
    error = means.std(ddof=1) / np.sqrt(16)
    assert error < 1e-2
    assert abs(means.mean() - expected) < 4.0 * error


def test_which_are_packed():
    assert can_be_packed(Pairwise.lattice(32, -1.0))
    for energy in (
        Pairwise.lattice(30),
        Pairwise.lattice(32, periodic=False),
        Pairwise.lattice(32, fields=0.1),
        Pairwise.lattice(32, states=3),
        Pairwise.lattice([16, 16, 16]),
    ):
        assert not can_be_packed(energy)
    assert not isinstance(BlockGibbs(0.0).kernel(Pairwise.lattice(32)), PackedSweep)


@pytest.mark.long
def test_nan_is_not_masked():
    kernel = PackedSweep(Pairwise.lattice(4), 2.0)
    broken = np.ones((4, 4), np.float32)
    broken[1, 2] = np.nan
    found = np.asarray(swept(kernel, broken, jax.random.split(jax.random.key(0), 2)))
    assert np.all(np.isnan(found))
    carry = Packed(jnp.zeros((2, 2), jnp.uint32), jnp.zeros((2, 2), jnp.uint32), jnp.float32(0))
    assert kernel.state(carry).dtype == jnp.float32
