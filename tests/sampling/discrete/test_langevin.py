"""Proposals by the gradient: their exact transition matrix, and draws of an energy of one's own."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.sampling.discrete.transitions import law_of, states_of

import thalweg as tw
from thalweg.energies import DenseCouplings, Pairwise
from thalweg.sampling import DiscreteLangevin

RNG = np.random.default_rng(4)
UPPER = np.triu(RNG.normal(size=(6, 6)), 1)
COMPLETE = Pairwise(DenseCouplings(UPPER + UPPER.T), RNG.normal(size=6))


@eqx.filter_jit
def _of_pairs(kernel, states):
    """The chances of every state, and the log ratio of every pair."""
    carries = jax.vmap(kernel.init)(states)
    chances = jax.vmap(kernel.chances)(states, carries.gradient)

    def row(before):
        return jax.vmap(lambda after: kernel.log_ratio(before, after))(carries)

    return chances, jax.vmap(row)(carries)


@pytest.mark.parametrize(
    "energy", [COMPLETE, Pairwise.rbm(RNG.normal(size=(4, 2)), 0.3)], ids=["spins", "bits"]
)
def test_proposals_are_reversible(energy):
    with jax.enable_x64(True):
        states = states_of(energy)
        law = law_of(energy, 1.3)
        kernel = DiscreteLangevin(0.8, 1.3).kernel(energy)
        chances, ratios = map(np.asarray, _of_pairs(kernel, states))
    turns = states[:, None] != states[None]
    proposal = np.prod(np.where(turns, chances[:, None], 1.0 - chances[:, None]), axis=-1)
    np.testing.assert_allclose(proposal.sum(axis=1), 1.0, rtol=1e-12)
    matrix = proposal * np.exp(np.minimum(ratios, 0.0))
    matrix += np.diag(1.0 - matrix.sum(axis=1))
    flow = law[:, None] * matrix
    assert np.abs(flow - flow.T).max() < 1e-12
    assert np.abs(law @ matrix - law).max() < 1e-12
    assert np.abs(flow - np.diag(np.diag(flow))).max() > 1e-3


class Cubic(tw.Energy):
    """Triples of spins, which are no pairs."""

    coupling: float = 0.6

    def __call__(self, state):
        return -self.coupling * jnp.sum(state * jnp.roll(state, 1) * jnp.roll(state, 2))


@pytest.mark.long
def test_draws_of_an_energy_of_triples():
    energy, temperature = Cubic(), 1.5
    run = tw.sample(
        energy,
        DiscreteLangevin(0.7, temperature),
        jnp.ones(5, jnp.int8),
        count=4000,
        key=jax.random.key(2),
    )
    every = np.array(list(itertools.product([-1, 1], repeat=5)))
    levels = -0.6 * (every * np.roll(every, 1, 1) * np.roll(every, 2, 1)).sum(1)
    law = np.exp(-levels / temperature)
    law /= law.sum()
    mean = law @ levels
    spread = np.sqrt(law @ (levels - mean) ** 2)
    assert run.mean[-1] == pytest.approx(mean, abs=4.5 * spread / np.sqrt(run.ess[-1]))
    assert run.states.dtype == np.int8
    assert set(np.unique(run.states)) == {-1, 1}
    assert 0.1 < run.acceptances.mean() < 1.0


def test_bad_input():
    with pytest.raises(tw.InputError, match="temperature must be positive, got 0"):
        DiscreteLangevin(temperature=0.0)
    with pytest.raises(tw.InputError, match=r"step_size must be positive, got -1\.0"):
        DiscreteLangevin(-1.0)
    with pytest.raises(tw.InputError, match="these are Potts; take BlockGibbs"):
        DiscreteLangevin().kernel(Pairwise.lattice(4, states=3))


@pytest.mark.parametrize(
    "start", [jnp.array([1.0, 0.3, -1.0]), tw.sampling.Starts(np.zeros((2, 3), np.float32))]
)
def test_units_of_other_values_are_refused_where_the_energy_does_not(start):
    with pytest.raises(tw.InputError, match="a start must hold -1 and 1 only"):
        tw.sample(Cubic(), DiscreteLangevin(), start, chains=2, key=jax.random.key(0))
