"""Machines of pairs: energies and fields against sums over pairs, colours, bad input."""

import itertools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.sparse

import thalweg as tw
from thalweg.energies import (
    Binary,
    DenseCouplings,
    GaussianBinary,
    HebbianCouplings,
    Hopfield,
    LatticeCouplings,
    LayeredCouplings,
    Pairwise,
    Potts,
    SparseCouplings,
)
from thalweg.energies.colours import colour, independent_set

RNG = np.random.default_rng(11)


def random_edges(size, share):
    heads, tails = np.nonzero(np.triu(RNG.random((size, size)) < share, 1))
    return np.stack([heads, tails], 1)


BROKEN: Any = 2.5
GRAPH = random_edges(9, 0.3)
COUPLINGS = {
    "edges": SparseCouplings(GRAPH, RNG.normal(size=len(GRAPH)), 9),
    "edges of one value": SparseCouplings(GRAPH, 0.7, 9),
    "layers": LayeredCouplings([RNG.normal(size=(2, 3)), RNG.normal(size=(3, 4))]),
    "torus": LatticeCouplings([3, 4], 0.6),
    "open lattice": LatticeCouplings([2, 3], -0.4, periodic=False),
    "cube": LatticeCouplings([3, 3, 3], 0.2),
    "chain": LatticeCouplings([5], 0.2, periodic=False),
    "patterns": HebbianCouplings(RNG.choice([-1.0, 1.0], (3, 6))),
}


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


@eqx.filter_jit
def evaluated(energy, state):
    return energy(state), energy.local_fields(state)


@eqx.filter_jit
def evaluated_alone(energy, state):
    return energy(state)


@pytest.mark.long
@pytest.mark.parametrize("couplings", COUPLINGS.values(), ids=COUPLINGS.keys())
def test_energy_and_fields_of_spins(couplings):
    """Against the sum over pairs of the dense matrix; the edges are the same pairs."""
    matrix, size = couplings.dense(), couplings.size
    heads, tails, values = couplings.edges()
    again = np.zeros((size, size))
    np.add.at(again, (heads, tails), values)
    np.testing.assert_allclose(again + again.T, matrix, rtol=1e-14, atol=1e-15)
    fields = RNG.normal(size=couplings.shape)
    spins = RNG.choice([-1.0, 1.0], couplings.shape)
    level, local = evaluated(Pairwise(couplings, fields), spins)
    flat, h = spins.ravel(), fields.ravel()
    pairs = sum(matrix[i, j] * flat[i] * flat[j] for i, j in itertools.combinations(range(size), 2))
    assert float(level) == pytest.approx(-pairs - h @ flat, rel=1e-12)
    np.testing.assert_allclose(np.ravel(local), matrix @ flat + h, rtol=1e-12, atol=1e-13)
    whole = np.asarray(evaluated(Pairwise(couplings, fields), spins.astype(np.int8))[0])
    assert whole == pytest.approx(float(level), rel=1e-12)


@pytest.mark.parametrize("name", ["edges", "torus", "layers"])
def test_energy_of_potts_states(name):
    couplings = COUPLINGS[name]
    matrix, size = couplings.dense(), couplings.size
    fields = RNG.normal(size=(*couplings.shape, 3))
    states = RNG.integers(0, 3, couplings.shape)
    level, local = evaluated(Pairwise(couplings, fields, states=3), states)
    flat, h = states.ravel(), fields.reshape(size, 3)
    pairs = itertools.combinations(range(size), 2)
    expected = -sum(matrix[i, j] for i, j in pairs if flat[i] == flat[j])
    assert float(level) == pytest.approx(expected - h[np.arange(size), flat].sum(), rel=1e-12)
    shares = matrix @ (flat[:, None] == np.arange(3)) + h
    np.testing.assert_allclose(np.reshape(local, (size, 3)), shares, rtol=1e-12, atol=1e-13)


def test_two_states_of_potts_are_spins_with_half_the_coupling():
    """−2J[s = s'] = −J s s' − J."""
    spins = RNG.choice([-1.0, 1.0], (3, 4))
    one = float(evaluated(Pairwise.lattice([3, 4], 0.8), spins)[0])
    potts = Pairwise(LatticeCouplings([3, 4], 1.6), units=Potts(2))
    two = float(evaluated(potts, (spins > 0).astype(float))[0])
    assert two == pytest.approx(one - 0.8 * 24, rel=1e-12)


def test_restricted_machine_by_hand():
    weights, visible, hidden = RNG.normal(size=(3, 2)), RNG.normal(size=3), RNG.normal(size=2)
    v, h = np.array([1.0, 0.0, 1.0]), np.array([0.0, 1.0])
    energy = Pairwise.rbm(weights, visible, hidden)
    expected = -(v @ weights @ h + visible @ v + hidden @ h)
    assert float(evaluated(energy, np.r_[v, h])[0]) == pytest.approx(expected, rel=1e-12)
    v = np.array([0.3, -1.2, 0.7])
    gaussian = Pairwise.rbm(weights, visible, hidden, deviations=[0.5, 1.0, 2.0])
    own = np.sum((v / [0.5, 1.0, 2.0]) ** 2) / 2
    expected = own - (v @ weights @ h + visible @ v + hidden @ h)
    assert float(evaluated(gaussian, np.r_[v, h])[0]) == pytest.approx(expected, rel=1e-12)


def test_matrices_are_kept_by_their_edges_where_most_of_them_is_zero():
    ring = np.roll(np.eye(12), 1, 0) + np.roll(np.eye(12), -1, 0)
    assert isinstance(Pairwise(ring).couplings, SparseCouplings)
    assert isinstance(Pairwise(np.ones((3, 3)) - np.eye(3)).couplings, DenseCouplings)
    sparse = Pairwise(scipy.sparse.csr_array(ring)).couplings
    assert isinstance(sparse, SparseCouplings)
    np.testing.assert_array_equal(sparse.dense(), ring)


@pytest.mark.long
def test_random_states_are_states():
    key = jax.random.key(0)
    for energy in (
        Pairwise.lattice(4),
        Pairwise.lattice(4, states=5),
        Pairwise.rbm(np.ones((3, 2))),
        Pairwise.rbm(np.ones((3, 2)), deviations=2.0),
    ):
        states = energy.random(key, 200)
        assert states.shape == (200, *energy.shape)
        energy.check_state(states)
        assert len(np.unique(np.asarray(states).reshape(200, -1)[:, -1])) == energy.units.num_values
        assert energy.random(key).shape == energy.shape
    assert Pairwise.lattice(4).random(key).dtype == jnp.int8
    numbers = np.asarray(Pairwise.rbm(np.ones((1, 1)), deviations=2.0).random(key, 4000))[:, 0]
    assert numbers.std() == pytest.approx(2.0, abs=4 * 2.0 / np.sqrt(8000))


@pytest.mark.parametrize("size", [7, 12])
def test_colours_separate_neighbours(size):
    for share in (0.15, 0.4, 1.0):
        heads, tails = random_edges(size, share).T
        colours = colour(heads, tails, size)
        assert np.all(colours[heads] != colours[tails])
        assert len(np.unique(colours)) == colours.max() + 1
        apart = independent_set(heads, tails, size, np.zeros(size, bool))
        assert not np.any(apart[heads] & apart[tails])
    assert colour(heads, tails, size).max() == size - 1  # of a complete graph


def test_two_colours_where_two_will_do():
    for couplings in (LatticeCouplings([6, 4]), LatticeCouplings([5, 3], periodic=False)):
        heads, tails, _ = couplings.edges()
        assert colour(heads, tails, couplings.size).max() == 1
    heads, tails, _ = LatticeCouplings([5]).edges()
    assert colour(heads, tails, 5).max() == 2
    # DSATUR is exact on a wheel of six spokes, where taking units as they come is not.
    heads = np.array([0, 1, 2, 3, 4, 5, 6, 6, 6, 6, 6, 6])
    tails = np.array([1, 2, 3, 4, 5, 0, 0, 1, 2, 3, 4, 5])
    assert colour(heads, tails, 7).max() == 2


def test_hopfield_is_a_machine_of_pairs():
    matrix = COUPLINGS["edges"].dense()
    spins = RNG.choice([-1.0, 1.0], 9)
    one, two = (evaluated_alone(kind(matrix, 0.3), spins) for kind in (Hopfield, Pairwise))
    assert float(two) == pytest.approx(float(one), rel=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Pairwise([[0.0, 1.0], [2.0, 0.0]]), r"W\[0, 1\] = 1 and W\[1, 0\] = 2"),
        (lambda: Pairwise([[1.0, 1.0], [1.0, 0.0]]), "zero diagonal"),
        (lambda: Pairwise(np.ones((2, 3))), r"must be square, got the shape \(2, 3\)"),
        (lambda: Pairwise([[0.0, np.nan], [np.nan, 0.0]]), "not finite"),
        (lambda: Pairwise(scipy.sparse.csr_array(np.triu(np.ones((3, 3)), 1))), "symmetric"),
        (lambda: Pairwise(scipy.sparse.eye_array(3)), "zero diagonal"),
        (lambda: Pairwise.lattice(4, np.inf), "not finite"),
        (lambda: Pairwise.lattice(4, fields=np.ones(3)), r"fields have the shape \(3,\)"),
        (lambda: Pairwise.lattice(2), "at least 3"),
        (lambda: Pairwise.lattice([4, BROKEN]), "whole numbers"),
        (lambda: Pairwise.lattice(4, states=1), "states must be a whole number from 2"),
        (lambda: Pairwise.lattice(4, np.ones(3)), "coupling must be one number"),
        (lambda: Pairwise.rbm(np.ones(3)), "weights must be a matrix"),
        (lambda: Pairwise.rbm(np.ones((3, 2)), np.ones(2)), r"3 units have the shape \(2,\)"),
        (lambda: Pairwise.rbm(np.ones((3, 2)), deviations=-1.0), "must not be negative"),
        (lambda: Pairwise.deep([np.ones((3, 2)), np.ones((3, 2))]), "n_0, n_1"),
        (lambda: Pairwise.deep([np.ones((3, 2))], [0.0]), "one a layer, 2, got 1"),
        (lambda: SparseCouplings([[0, 3]], 1.0, 3), r"units 0 to 2, got \[0, 3\]"),
        (lambda: SparseCouplings([[1, 1]], 1.0, 3), r"got \[1, 1\]"),
        (lambda: SparseCouplings([[0, 1], [1, 0]], 1.0, 3), "twice"),
        (lambda: SparseCouplings([[0, 1]], np.ones(2), 3), "expected"),
        (lambda: SparseCouplings([[0.5, 1.0]], 1.0, 3), "pairs of whole numbers"),
        (lambda: Binary(1.0, 0.0), "low must be below high"),
        (lambda: Potts(1), "at least 2"),
    ],
)
def test_bad_input(make, message):
    with pytest.raises(tw.InputError, match=message):
        make()


@pytest.mark.parametrize(
    ("energy", "state", "message"),
    [
        (Pairwise.lattice(3), np.zeros((3, 3)), r"-1 and 1 only, but the entry at \(0, 0\) is 0"),
        (Pairwise.lattice(3), np.ones((3, 4)), r"must have the shape \(3, 3\), got \(3, 4\)"),
        (Pairwise.lattice(3), np.full((3, 3), np.nan), "is nan"),
        (Pairwise.lattice(3, states=3), np.full((3, 3), 3), "whole numbers 0 to 2"),
        (Pairwise.rbm(np.ones((1, 1))), np.array([1.0, -1.0]), "0 and 1 only"),
        (
            Pairwise(DenseCouplings([[0.0, 1.0], [1.0, 0.0]]), units=GaussianBinary([1.0, 0.0])),
            np.array([np.inf, 1.0]),
            "must be finite",
        ),
    ],
)
def test_states_that_are_none(energy, state, message):
    with pytest.raises(tw.InputError, match=message):
        energy.check_state(state)


def test_states_of_another_shape_have_no_energy():
    with pytest.raises(tw.InputError, match=r"shape \(3, 3\), got \(9,\)"):
        Pairwise.lattice(3)(np.ones(9))
