"""Kernels of machines: their exact transition matrices, their draws, and their limit at T = 0."""

import itertools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.sampling.discrete.transitions import law_of, matrix_of

import thalweg as tw
from thalweg.dynamics.spin_sweeps import sweep
from thalweg.energies import DenseCouplings, Hopfield, LayeredCouplings, Pairwise, SparseCouplings
from thalweg.sampling import BlockGibbs, Glauber

RNG = np.random.default_rng(5)


def symmetric(size, share=1.0):
    upper = np.triu(RNG.normal(size=(size, size)) * (RNG.random((size, size)) < share), 1)
    return upper + upper.T


def edges(size, share):
    heads, tails = np.nonzero(np.triu(RNG.random((size, size)) < share, 1))
    return SparseCouplings(np.stack([heads, tails], 1), RNG.normal(size=len(heads)), size)


STAR = [[0, leaf] for leaf in range(1, 8)]
MACHINES = {
    "ring": Pairwise.lattice([6], 1.0),
    "odd ring": Pairwise.lattice([5], 0.7, 0.2),
    "open square": Pairwise.lattice([2, 3], 0.8, -0.1, periodic=False),
    "complete": Pairwise(DenseCouplings(symmetric(6)), RNG.normal(size=6)),
    "graph": Pairwise(edges(7, 0.5), RNG.normal(size=7)),
    "star": Pairwise(SparseCouplings(STAR, [0.5, -1.0, 0.7, 0.2, -0.4, 0.9, 0.3], 8), 0.2),
    "restricted": Pairwise.rbm(RNG.normal(size=(4, 3)), RNG.normal(size=4), 0.3),
    "deep": Pairwise.deep([RNG.normal(size=(2, 3)), RNG.normal(size=(3, 2))], spins=True),
}
every_machine = pytest.mark.parametrize("energy", MACHINES.values(), ids=MACHINES.keys())
TEMPERATURE = 1.7


@pytest.fixture
def double():
    with jax.enable_x64(True):
        yield


def update(kernel, key, k, x):
    return kernel.update(key, k, x)


def visit(kernel, key, k, x):
    return kernel.visit(key, k, x.reshape(-1)).reshape(x.shape)


def imbalance(law, matrix):
    flow = law[:, None] * matrix
    return np.abs(flow - flow.T).max()


@every_machine
def test_blocks_keep_the_law(double, energy):
    law = law_of(energy, TEMPERATURE)
    kernel: Any = BlockGibbs(TEMPERATURE).kernel(energy)
    count = kernel.blocks.count
    parts = [matrix_of(kernel, update, k) for k in range(count)]
    whole = np.eye(len(law))
    for part in parts:
        assert np.abs(part.sum(axis=1) - 1.0).max() < 1e-12
        assert np.abs(law @ part - law).max() < 1e-12
        assert imbalance(law, part) < 1e-12
        whole = whole @ part
    assert np.abs(law @ whole - law).max() < 1e-12
    # Every unit is drawn in a sweep: every state is reached from every other.
    assert whole.min() > 0.0
    assert imbalance(law, whole) > 1e-4
    there_and_back = whole
    for part in parts[-2::-1]:
        there_and_back = there_and_back @ part
    assert imbalance(law, there_and_back) < 1e-12


def test_a_sweep_of_a_ring_is_not_reversible(double):
    """By 8e-3 at J/T = .7 on a ring of 6: from matrices of single spins, multiplied in NumPy."""
    energy = Pairwise.lattice([6], 0.7)
    kernel = BlockGibbs(1.0).kernel(energy)
    whole = matrix_of(kernel, update, 0) @ matrix_of(kernel, update, 1)
    assert imbalance(law_of(energy, 1.0), whole) == pytest.approx(0.007792178205302789, rel=1e-10)


@pytest.mark.long
@every_machine
def test_random_visits_are_reversible(double, energy):
    law = law_of(energy, TEMPERATURE)
    kernel = Glauber(TEMPERATURE).kernel(energy)
    matrix = sum(matrix_of(kernel, visit, k) for k in range(energy.size)) / energy.size
    assert np.abs(law @ matrix - law).max() < 1e-12
    assert imbalance(law, matrix) < 1e-12
    assert np.linalg.matrix_power(matrix, energy.size).min() > 0.0


@pytest.mark.long
@pytest.mark.parametrize(
    "method",
    [BlockGibbs(TEMPERATURE), BlockGibbs(TEMPERATURE, palindromic=True), Glauber(TEMPERATURE)],
    ids=["blocks", "palindromic", "visits"],
)
@pytest.mark.parametrize("name", ["restricted", "graph"])
def test_draws_have_the_law(method, name):
    """Counts of all states against exact probabilities, by chi-square of independent chains."""
    energy = MACHINES[name]
    law, chains = law_of(energy, TEMPERATURE), 4000
    found = np.asarray(_ends(method.kernel(energy), chains, 30)).reshape(chains, -1)
    numbers = (found == found.max()) @ 2 ** np.arange(energy.size)[::-1]
    counts = np.bincount(numbers, minlength=len(law))
    often = law * chains >= 5.0
    expected = np.append(law[often], law[~often].sum()) * chains
    seen = np.append(counts[often], counts[~often].sum())
    chi2, freedom = np.sum((seen - expected) ** 2 / expected), len(expected) - 1
    assert chi2 < freedom + 4.0 * np.sqrt(2.0 * freedom)


@eqx.filter_jit
def _ends(kernel, chains, steps):
    def chain(key):
        start_key, key = jax.random.split(key)
        x = kernel.energy.random(start_key).astype(jnp.float32)
        keys = jax.random.split(key, steps)
        return jax.lax.scan(lambda x, k: (kernel.draw(k, 0, x), None), x, keys)[0]

    return jax.vmap(chain)(jax.random.split(jax.random.key(3), chains))


@pytest.mark.long
def test_correlations_of_an_open_chain(double):
    """⟨s_i s_{i+r}⟩ = tanh(J/T)^r: of the exact law, and of draws within standard errors."""
    energy = Pairwise.lattice([8], 1.0, periodic=False)
    law = law_of(energy, TEMPERATURE)
    states = np.array(list(itertools.product([-1.0, 1.0], repeat=8)))
    found = np.asarray(_ends(BlockGibbs(TEMPERATURE).kernel(energy), 4000, 40))
    for distance in range(1, 6):
        expected = np.tanh(1.0 / TEMPERATURE) ** distance
        exact = law @ (states[:, 1] * states[:, 1 + distance])
        assert exact == pytest.approx(expected, rel=1e-12)
        seen = np.mean(found[:, 1] * found[:, 1 + distance])
        assert abs(seen - expected) < 4.0 * np.sqrt((1.0 - expected**2) / 4000)


@pytest.mark.long
def test_potts_draws_have_the_law():
    energy = Pairwise.lattice([5], 0.9, np.array([0.0, 0.4, -0.2]), states=3)
    every = np.array(list(itertools.product(range(3), repeat=5)))
    levels = -0.9 * (every == np.roll(every, -1, 1)).sum(1)
    levels -= np.array([0.0, 0.4, -0.2])[every].sum(1)
    law = np.exp(-levels / TEMPERATURE)
    law /= law.sum()
    for method in (BlockGibbs(TEMPERATURE), Glauber(TEMPERATURE)):
        found = np.asarray(_ends(method.kernel(energy), 4000, 20)).astype(int)
        counts = np.bincount(found @ 3 ** np.arange(5)[::-1], minlength=len(law))
        often = law * 4000 >= 5.0
        expected = np.append(law[often], law[~often].sum()) * 4000
        seen = np.append(counts[often], counts[~often].sum())
        chi2, freedom = np.sum((seen - expected) ** 2 / expected), len(expected) - 1
        assert chi2 < freedom + 4.0 * np.sqrt(2.0 * freedom)


@pytest.mark.long
def test_gaussian_visible_units_have_their_moments():
    """The joint covariance by hand: v | h is N(σ²(a + Wh), σ²T), h of two units is enumerated."""
    weights, fields = np.array([[0.8, -0.5], [0.3, 0.9]]), [np.array([0.1, -0.3]), 0.2]
    deviations, temperature = np.array([0.7, 1.2]), 0.8
    energy = Pairwise.rbm(weights, *fields, deviations=deviations)
    hidden = np.array(list(itertools.product([0.0, 1.0], repeat=2)))
    means = deviations**2 * (fields[0] + hidden @ weights.T)
    logs = (np.sum(means**2 / deviations**2, 1) / 2 + 0.2 * hidden.sum(1)) / temperature
    masses = np.exp(logs) / np.exp(logs).sum()
    mean = masses @ means
    second = masses @ (means**2) + deviations**2 * temperature
    found = np.asarray(_ends(BlockGibbs(temperature).kernel(energy), 20000, 20))[:, :2]
    error = np.sqrt((second - mean**2) / 20000)
    assert np.all(np.abs(found.mean(0) - mean) < 4.0 * error)
    spread = np.std(found**2, axis=0) / np.sqrt(20000)
    assert np.all(np.abs((found**2).mean(0) - second) < 4.0 * spread)


def test_at_zero_temperature_blocks_are_the_sequential_spins():
    """On a complete graph every unit is a block of its own; same states, and ties stay."""
    couplings = symmetric(6)
    energy = Hopfield(couplings)
    kernel: Any = BlockGibbs(0.0).kernel(energy)
    order = np.asarray(kernel.blocks.sites)[:, 0]
    states = np.array(list(itertools.product([-1.0, 1.0], repeat=6)), np.float32)
    found = np.asarray(_drawn(kernel, jax.random.key(0), states))
    expected = np.asarray(_swept(energy, states, order))
    np.testing.assert_array_equal(found, expected)
    assert np.any(found != states)


@pytest.mark.long
def test_nearly_zero_temperature_is_zero_temperature():
    energy = MACHINES["graph"]
    states = np.array(list(itertools.product([-1.0, 1.0], repeat=7)), np.float32)
    key = jax.random.key(1)
    for method in (BlockGibbs, Glauber):
        cold = np.asarray(_drawn(method(1e-6).kernel(energy), key, states))
        still = np.asarray(_drawn(method(0.0).kernel(energy), key, states))
        np.testing.assert_array_equal(cold, still)


@pytest.mark.long
@pytest.mark.parametrize("method", [BlockGibbs(0.0), Glauber(0.0)], ids=["blocks", "visits"])
def test_ties_stay_where_rounding_hides_them(method):
    """Sums like .1 + .6 − .7 that are not zero in floating numbers are none of a field either."""
    seen = 0
    for one, two in itertools.combinations(np.arange(1, 8) / 10.0, 2):
        couplings = np.zeros((4, 4))
        couplings[0, 1:] = couplings[1:, 0] = [one, two, -(one + two)]
        energy = Hopfield(couplings)
        held = np.ones(4, np.float32)
        field = float(_field(energy, held)[0])
        held[0] = -np.sign(field) or 1.0
        seen += field != 0.0
        found = np.asarray(_swept_free(energy, held[None], np.arange(4) == 0))[0]
        np.testing.assert_array_equal(found, held)
        kernel = method.kernel(energy)
        new = (_updated if isinstance(method, BlockGibbs) else _visited)(kernel, held)
        assert float(new[0]) == held[0]
    assert seen > 0


@eqx.filter_jit
def _field(energy, x):
    return energy.field(x)


@eqx.filter_jit
def _updated(kernel, x):
    return kernel.update(jax.random.key(0), jnp.argmax(jnp.any(kernel.blocks.sites == 0, 1)), x)


@eqx.filter_jit
def _visited(kernel, x):
    return kernel.visit(jax.random.key(0), jnp.int32(0), x)


@eqx.filter_jit
def _drawn(kernel, key, states):
    return jax.vmap(lambda x: kernel.draw(key, 0, x))(states)


@eqx.filter_jit
def _swept(energy, states, order):
    return jax.vmap(lambda x: sweep(energy, x, order)[0])(states)


@pytest.mark.long
def test_visits_at_zero_temperature_are_those_of_asynchronous_spins():
    energy = Hopfield(symmetric(6), RNG.normal(size=6))
    kernel = Glauber(0.0).kernel(energy)
    states = np.array(list(itertools.product([-1.0, 1.0], repeat=6)), np.float32)
    for unit in range(6):
        found = np.asarray(_visits(kernel, unit, states))
        free = np.arange(6) == unit
        expected = np.asarray(_swept_free(energy, states, free))
        np.testing.assert_array_equal(found, expected)


@eqx.filter_jit
def _visits(kernel, unit, states):
    return jax.vmap(lambda x: kernel.visit(jax.random.key(0), unit, x))(states)


@eqx.filter_jit
def _swept_free(energy, states, free):
    return jax.vmap(lambda x: sweep(energy, x, jnp.arange(x.size), free)[0])(states)


@pytest.mark.long
def test_machines_are_sampled():
    energy = MACHINES["restricted"]
    run = tw.sample(
        energy,
        BlockGibbs(TEMPERATURE),
        energy.random(jax.random.key(0)),
        count=2000,
        key=jax.random.key(1),
    )
    law = law_of(energy, TEMPERATURE)
    with jax.enable_x64(True):
        states = np.array(list(itertools.product([0.0, 1.0], repeat=7)))
    mean = law @ states
    error = np.sqrt(mean * (1 - mean) / run.ess[:7])
    assert np.all(np.abs(run.mean[:7] - mean) < 4.5 * error)
    assert run.states.dtype == np.int8


@pytest.mark.long
def test_bad_input():
    key = jax.random.key(0)
    with pytest.raises(tw.InputError, match="temperature must be at least 0, got -1"):
        BlockGibbs(-1.0)
    with pytest.raises(tw.InputError, match="temperature must be at least 0, got nan"):
        Glauber(float("nan"))
    with pytest.raises(tw.InputError, match=r"must be thalweg\.energies\.Pairwise or"):
        BlockGibbs(1.0).kernel(tw.energies.DoubleWell())
    energy = MACHINES["ring"]
    with pytest.raises(tw.InputError, match=r"a state of the machine has the shape \(6,\)"):
        BlockGibbs(1.0).disperse(energy, jnp.ones(5), key)
    with pytest.raises(tw.InputError, match=r"must hold -1 and 1 only, but the entry at \(2,\)"):
        tw.sample(energy, BlockGibbs(1.0), jnp.array([1, 1, 0, 1, 1, 1]), key=key)
    with pytest.raises(tw.InputError, match="shape"):
        tw.sample(energy, BlockGibbs(1.0), jnp.ones(5), key=key)


@pytest.mark.long
def test_each_graph_has_the_blocks_that_suit_it():
    kinds = {
        name: type(BlockGibbs(1.0).kernel(energy).blocks).__name__  # type: ignore[attr-defined]
        for name, energy in MACHINES.items()
    }
    assert kinds == {
        "ring": "MaskedBlocks",
        "odd ring": "TableBlocks",
        "open square": "MaskedBlocks",
        "complete": "TableBlocks",
        "graph": "TableBlocks",
        "star": "EdgeBlocks",
        "restricted": "MaskedBlocks",
        "deep": "MaskedBlocks",
    }


@pytest.mark.long
def test_layers_have_two_colours():
    energy = MACHINES["deep"]
    assert isinstance(energy.couplings, LayeredCouplings)
    kernel: Any = BlockGibbs(1.0).kernel(energy)
    assert kernel.blocks.count == 2
