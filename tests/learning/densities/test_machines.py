"""Machines from data: a spin glass by every method, and a small restricted machine."""

import itertools

import jax
import numpy as np
import pytest
from tests.learning.densities.machines import LAW, TRUTH, draws, glass, least_error

import thalweg as tw
from thalweg.energies import DenseCouplings, Pairwise
from thalweg.learning import (
    ContrastiveDivergence,
    ExactLikelihood,
    PersistentDivergence,
    PseudoLikelihood,
    Updates,
    learn_density,
)
from thalweg.sampling import BlockGibbs, Exact, free_energy, log_partition

COUNT = 10_000
START = glass(np.zeros(18))


def errors(sets: int) -> tuple[np.ndarray, np.ndarray]:
    """The errors of couplings by pseudo-likelihood and by exact likelihood on the same draws."""
    rng = np.random.default_rng(1)
    found = []
    for _ in range(sets):
        states = draws(COUNT, rng)
        found.append([
            learn_density(START, states, method).values - TRUTH
            for method in (PseudoLikelihood(), ExactLikelihood())
        ])  # fmt: skip
    pseudo, exact = np.moveaxis(np.array(found), 1, 0)
    return pseudo, exact


def rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))


def within(sets: int) -> None:
    pseudo, exact = errors(sets)
    assert rms(pseudo) <= 1.08 * rms(exact)
    # Both are near the least error that there is; of 18 couplings a set, as chance has it.
    spread = 4.0 / np.sqrt(2.0 * 18 * sets)
    assert rms(exact) == pytest.approx(least_error(COUNT), rel=spread)


@pytest.mark.long
def test_pseudo_likelihood_is_nearly_as_good_as_the_likelihood():
    within(20)


@pytest.mark.long
def test_it_is_over_a_hundred_sets():
    within(100)


@pytest.mark.long
def test_standard_errors_are_those_of_cramer_and_rao():
    found = learn_density(START, draws(COUNT, np.random.default_rng(2)), ExactLikelihood())
    assert rms(found.errors) == pytest.approx(least_error(COUNT), rel=0.05)
    assert np.max(np.abs(found.values - TRUTH) / found.errors) < 4.0
    # The loss at the answer is the least that data allow: below that of the truth.
    assert found.loss < -LAW @ np.log(LAW) + 0.05


@pytest.mark.long
def test_a_batch_as_large_as_the_number_of_different_states_counts_each_by_its_share():
    states = draws(COUNT, np.random.default_rng(3))
    how = Updates(count=600, batch_size=len(np.unique(states, axis=0)))
    method = PersistentDivergence(BlockGibbs(1.0), updates=how)
    found = learn_density(START, states, method, key=jax.random.key(0))
    assert rms(found.values - TRUTH) < 3.0 * least_error(COUNT)


@pytest.mark.long
@pytest.mark.parametrize("method", [ContrastiveDivergence, PersistentDivergence])
def test_chains_of_gibbs_find_couplings_within_twice_the_least_error(method):
    states = draws(COUNT, np.random.default_rng(3))
    found = learn_density(START, states, method(BlockGibbs(1.0)), key=jax.random.key(0))
    assert rms(found.values - TRUTH) < 2.0 * least_error(COUNT)


@pytest.mark.long
def test_a_matrix_of_couplings_is_learned_edge_by_edge():
    machine = Pairwise(DenseCouplings(np.zeros((3, 3))), np.zeros(3))
    truth = np.array([0.4, -0.3, 0.2])
    full = Pairwise(np.array([[0, 0.4, -0.3], [0.4, 0, 0.2], [-0.3, 0.2, 0]]), np.full(3, 0.1))
    spins = np.array(list(itertools.product([-1.0, 1.0], repeat=3)))
    law = tw.sampling.FiniteBoltzmann(full, 1.0, spins).masses
    # Shares of the draws are the law to one in a million: no noise is left.
    states = np.repeat(spins, np.round(1e6 * law).astype(int), axis=0)
    for method in (PseudoLikelihood(), ExactLikelihood()):
        found = learn_density(machine, states, method)
        np.testing.assert_allclose(found.values, [*truth, 0.1, 0.1, 0.1], atol=1e-5)
        hot = learn_density(machine, states, method, temperature=3.0)
        np.testing.assert_allclose(hot.values, 3.0 * found.values, rtol=1e-6)


@pytest.mark.long
def test_a_machine_with_hidden_units_is_learned_from_its_visible_ones():
    rng = np.random.default_rng(4)
    machine = Pairwise.rbm(0.1 * rng.standard_normal((6, 3)), np.zeros(6), np.zeros(3))
    # Bits that come in two kinds, with noise.
    kinds = np.array([[1, 1, 1, 0, 0, 0], [0, 0, 1, 1, 1, 1]])
    bits = kinds[rng.integers(2, size=400)] ^ (rng.random((400, 6)) < 0.1)
    hidden = np.arange(9) >= 6

    def likelihood(energy):
        """log p a datum, by the free energy and an exact partition function."""
        rows, counts = np.unique(np.pad(bits, ((0, 0), (0, 3))), axis=0, return_counts=True)
        with jax.enable_x64(True):
            free = [float(free_energy(energy, row.astype(float), 1.0, hidden)) for row in rows]
        return -np.dot(free, counts) / 400 - log_partition(energy, 1.0, Exact()).value

    how = Updates(count=1500, rate=5e-2, batch_size=100)
    method = PersistentDivergence(BlockGibbs(1.0), chains=200, updates=how)
    found = learn_density(machine, bits, method, key=jax.random.key(1))
    before, after = likelihood(machine), likelihood(found.energy)
    # Two kinds at one in two and six bits of noise: no law is above −(log 2 + 6 · .325).
    assert before < -4.0
    assert after > -2.9
    with pytest.raises(tw.InputError, match="this one has 3"):
        learn_density(machine, bits, PseudoLikelihood())


@pytest.mark.long
def test_all_draws_of_a_machine_are_each_taken_once():
    # Fields so strong that chains hold all spins up: the first slope is that of the draws' means.
    machine = Pairwise(DenseCouplings(np.zeros((2, 2))), np.full(2, 60.0))
    states = np.array([[1.0, 1.0]] * 5 + [[1.0, -1.0]] * 2 + [[-1.0, -1.0]] * 3)
    method = PersistentDivergence(BlockGibbs(1.0), 8, updates=Updates(count=1, batch_size=0))
    found = learn_density(machine, states, method)
    means = [np.mean(np.prod(states, axis=1)), *np.mean(states, axis=0)]
    assert found.history[0] == pytest.approx(np.linalg.norm(1.0 - np.array(means)), rel=1e-6)
