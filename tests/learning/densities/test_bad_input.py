"""Draws, temperatures, models and samplers of which no law can be learned: said what and where."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.learning.densities.density_systems import HalfLine
from tests.learning.densities.machines import glass
from tests.learning.inverse.inverse_systems import bowl

import thalweg as tw
from thalweg.energies import Pairwise, Polynomial
from thalweg.learning import (
    ContrastiveDivergence,
    DenoisingScoreMatching,
    ExactLikelihood,
    NoiseContrastive,
    PersistentDivergence,
    PseudoLikelihood,
    ScoreMatching,
    Updates,
    learn_density,
)
from thalweg.sampling import MALA, NUTS, SGLD, BlockGibbs

DRAWS = np.random.default_rng(0).standard_normal((200, 1))
FEW = np.linspace(-2.0, 2.0, 200)
GLASS = glass(np.zeros(18))
SPINS = np.ones((4, 9))
HIDDEN = Pairwise.deep([np.zeros((2, 2)), np.zeros((2, 2))])


@pytest.mark.parametrize(
    ("energy", "states", "method", "options", "message"),
    [
        (bowl(), DRAWS, ScoreMatching(), {"temperature": 0.0}, "temperature must be positive"),
        (bowl(), DRAWS, ScoreMatching(), {"temperature": -1.0}, "temperature must be positive"),
        (bowl(), DRAWS, "score matching", {}, "method must be one of"),
        (bowl(), DRAWS[:, 0], ScoreMatching(), {}, r"must be an array \(n, d\)"),
        (bowl(), DRAWS[:1], ScoreMatching(), {}, "give 2 at least"),
        (bowl(), np.ones((5, 1)), ScoreMatching(), {}, "a subspace"),
        (lambda x: x[0] ** 2, DRAWS, ScoreMatching(), {}, "floating numbers to learn"),
        (Polynomial.full(2, 2), DRAWS, ScoreMatching(), {}, "does not take a state of 1"),
        (GLASS, SPINS, ScoreMatching(), {}, "take PseudoLikelihood"),
        (bowl(), DRAWS, PseudoLikelihood(), {}, "is for machines of pairs"),
        (GLASS, 0.5 * SPINS, PseudoLikelihood(), {}, r"must hold -1 and 1 only, .*at \(0, 0\)"),
        (GLASS, np.ones((4, 10)), PseudoLikelihood(), {}, "10 units, more than the machine's 9"),
        (GLASS, SPINS, ExactLikelihood(most=2), {}, "would enumerate 6 units"),
        (Pairwise(np.zeros((9, 9))), SPINS, PseudoLikelihood(), {}, "couplings without an edge"),
        (HIDDEN, np.ones((3, 2)), ExactLikelihood(), {}, "hidden units 2 and 4 are coupled"),
        (GLASS, SPINS, PersistentDivergence(SGLD(0.1)), {}, "no sampler for Pairwise"),
        (bowl(), DRAWS, ContrastiveDivergence(BlockGibbs(1.0)), {}, "no sampler for Bowl"),
        (bowl(), DRAWS, ContrastiveDivergence(SGLD(0.1, 0.5)), {}, "give both the same"),
        (bowl(), DRAWS, ScoreMatching(np.zeros((1, 2))), {}, "rests have 2 coordinates"),
    ],
)
def test_what_is_refused(energy, states, method, options, message):
    with pytest.raises(tw.InputError, match=message):
        learn_density(energy, states, method, **options)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ContrastiveDivergence(SGLD(0.1, 0.0)), "temperature of the sampler must be pos"),
        (lambda: ContrastiveDivergence(NUTS()), "that tunes nothing"),
        (lambda: ContrastiveDivergence(SGLD(0.1), 0), "steps must be a positive integer"),
        (lambda: PersistentDivergence(MALA(0.1), chains=0), "chains must be a positive integer"),
        (lambda: DenoisingScoreMatching(0.0), "noise must be positive"),
        (lambda: NoiseContrastive(spread=-1.0), "spread must be positive"),
        (lambda: Updates(averaged=0.0), r"averaged must be in \(0, 1\]"),
        (lambda: Polynomial([1.0], [(1, -1)]), "must not be negative"),
        (lambda: Polynomial([1.0, 2.0], [(1,), (1,)]), "there twice"),
    ],
)
def test_methods_that_make_no_sense(make, message):
    with pytest.raises(tw.InputError, match=message):
        make()


def test_draws_outside_the_energys_domain_are_named():
    energy = HalfLine(np.asarray(1.0), np.asarray(2.0))
    fine = np.random.default_rng(0).gamma(3.0, 1.0, (500, 1))
    found = learn_density(energy, fine, ScoreMatching())
    assert found.is_converged
    bad = fine.copy()
    bad[7] = -0.25
    with pytest.raises(tw.InputError, match=r"1 of 500 draws .* at draw 7, \(-0.25\)"):
        learn_density(energy, bad, ScoreMatching())


def test_a_model_without_a_law_is_named_and_slopes_alone_are_told():
    with pytest.raises(tw.InputError, match="as it begins: The energy has no normalizable law"):
        learn_density(bowl(-1.0), DRAWS, NoiseContrastive())
    # Of two wells far from their tails a cubic sees slopes; no law belongs to it.
    cubic = Polynomial([0.5, 0.1], [(2,), (3,)])
    found = learn_density(cubic, DRAWS + 0.3, ScoreMatching())
    assert "far away in the direction" in found.no_law
    assert "no farther" in found.remarks()[-2]


@pytest.mark.long
def test_a_chain_that_ran_away_is_named_with_its_update():
    # Steps of 3 on a bowl of curvature 1 (below 2 they hold): |x| doubles each.
    how = Updates(count=100, rate=1e-9)
    method = PersistentDivergence(SGLD(3.0), chains=20, steps=200, updates=how)
    with pytest.raises(
        tw.DivergenceError, match=r"chain \d+ ran away in update \d+, from the state"
    ):
        learn_density(bowl(), DRAWS, method, key=jax.random.key(0))


class Kinked(tw.Energy):
    """w |x|^{3/2}: finite with its slope at 0, but of infinite curvature."""

    scale: Any

    def __call__(self, state):
        return self.scale * jnp.sum(jnp.abs(state) ** 1.5)


def test_nothing_that_is_not_finite_becomes_a_number():
    at_the_kink = np.concatenate([DRAWS, [[0.0]]])
    with pytest.raises(tw.DivergenceError, match="the loss of score matching, or its slope, left"):
        learn_density(Kinked(np.asarray(1.0)), at_the_kink, ScoreMatching())


@pytest.mark.long
def test_a_form_that_is_too_free_falls_into_a_hole_and_is_refused():
    # A narrow well round one draw, ever narrower: its curvature is all gain.
    class Spikes(tw.Energy):
        heights: Any
        sharpness: Any

        def __call__(self, state):
            wells = self.heights * jnp.exp(-0.5 * (self.sharpness * (state[0] - FEW)) ** 2)
            return 0.5 * state[0] ** 2 - jnp.sum(wells)

    few = FEW[:, None]
    spikes = Spikes(np.full(200, 0.1), np.full(200, 1.0))
    with pytest.raises(tw.ConvergenceError, match="falls without bound"):
        learn_density(spikes, few, ScoreMatching())


def test_numbers_that_do_the_same_are_named():
    twice = bowl() + bowl()
    with pytest.raises(tw.ConvergenceError, match="does not fix the energy"):
        learn_density(twice, DRAWS, ScoreMatching())
