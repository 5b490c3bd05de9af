"""Bowls learned from draws, against what each method finds on paper: sign, size and bias."""

import jax
import numpy as np
import pytest
from tests.learning.densities.density_systems import gradients, with_moments
from tests.learning.inverse.inverse_systems import bowl

import thalweg as tw
from thalweg.learning import (
    ContrastiveDivergence,
    DenoisingScoreMatching,
    LearnedDensity,
    NoiseContrastive,
    PersistentDivergence,
    SampledLikelihood,
    ScoreMatching,
    SlicedScoreMatching,
    Updates,
    learn_density,
)
from thalweg.sampling import BAOAB, MALA, OBABO, SGLD

V = 1.7
# Their second moment is v to rounding; their mean 0.
DRAWS = with_moments(np.random.default_rng(0).standard_normal((2000, 1)), np.array([[V]]))


def learned(method, draws=DRAWS, **options) -> LearnedDensity:
    return learn_density(bowl(), draws, method, key=jax.random.key(3), **options)


@pytest.mark.long
def test_score_matching_is_the_inverse_covariance():
    rng = np.random.default_rng(1)
    draws = rng.standard_normal((300, 3)) @ rng.standard_normal((3, 3)) + [1.0, -2.0, 0.5]
    form = tw.energies.Polynomial.full(3, 2)
    inverse = np.linalg.inv(np.cov(draws.T, ddof=0))
    found = learn_density(form, draws, ScoreMatching(), temperature=0.5)
    x = rng.standard_normal((4, 3))
    np.testing.assert_allclose(
        gradients(found.energy, x), 0.5 * (x - draws.mean(axis=0)) @ inverse, atol=1e-11
    )
    assert found.is_converged
    assert not found.no_law


@pytest.mark.long
@pytest.mark.parametrize("scale", [1.0, 1e-4, 1e4])
def test_no_unit_of_the_draws_matters(scale):
    draws = 0.3 + np.random.default_rng(0).standard_normal((500, 1))
    powers = scale ** np.arange(1.0, 5.0)
    form = tw.energies.Polynomial.full(1, 4)
    for rests in (None, np.full((1, 1), 0.5)):
        plain = learn_density(form, draws, ScoreMatching(rests))
        at = None if rests is None else scale * rests
        found = learn_density(form, scale * draws, ScoreMatching(at))
        np.testing.assert_allclose(found.values * powers, plain.values, rtol=1e-6)
        np.testing.assert_allclose(found.errors * powers, plain.errors, rtol=1e-4)
        assert found.is_converged
        if at is not None:
            # In units of 1/scale, and of slopes near one.
            assert abs(scale * gradients(found.energy, at)[0, 0]) < 1e-8


def test_the_errors_of_score_matching_are_those_of_the_second_moment():
    found = learned(ScoreMatching())
    assert found.values[0] == pytest.approx(1.0 / V, rel=1e-12)
    # w = 1/⟨x²⟩, so its error is that of ⟨x²⟩ times w².
    error = np.std(DRAWS**2) / V**2 / np.sqrt(len(DRAWS))
    assert found.errors[0] == pytest.approx(error, rel=1e-9)


def test_slices_are_exact_where_there_is_one_direction():
    assert learned(SlicedScoreMatching(1)).values[0] == pytest.approx(1.0 / V, rel=1e-12)


def test_denoising_adds_the_variance_of_the_noise():
    found = learned(DenoisingScoreMatching(0.8, draws=8))
    # A wrong sign of the noise gives a negative w, no noise 1/v.
    assert abs(found.values[0] - 1.0 / (V + 0.64)) < 4.0 * found.errors[0]
    assert found.errors[0] < 0.05 * (1.0 / V - 1.0 / (V + 0.64)) * 4.0


def test_noise_contrast_finds_the_energy_and_its_partition_function():
    found = learned(NoiseContrastive(ratio=4))
    assert abs(found.values[0] - 1.0 / V) < 4.0 * found.errors[0]
    assert found.errors[0] < 0.05 / V
    assert found.log_partition == pytest.approx(0.5 * np.log(2.0 * np.pi * V), abs=0.03)


@pytest.mark.long
@pytest.mark.parametrize("steps", [1, 4])
def test_contrastive_divergence_has_the_bias_of_its_steps_whatever_their_number(steps):
    eta = 0.4
    method = ContrastiveDivergence(SGLD(eta), steps, Updates(batch_size=0))
    found = learned(method)
    # (1 − ηw)² v + 2η = v; the truth, 1/v = .588, is 18 % lower.
    biased = (1.0 - np.sqrt(1.0 - 2.0 * eta / V)) / eta
    assert found.values[0] == pytest.approx(biased, rel=1.5e-2)
    assert biased > 1.15 / V
    assert found.is_converged


@pytest.mark.long
def test_persistent_chains_have_the_same_bias_and_exact_ones_none():
    eta = 0.4
    found = learned(PersistentDivergence(SGLD(eta), updates=Updates(batch_size=0)))
    biased = (1.0 - np.sqrt(1.0 - 2.0 * eta / V)) / eta
    assert found.values[0] == pytest.approx(biased, rel=1.5e-2)
    exact = learned(SampledLikelihood(MALA(0.8), updates=Updates(count=400, batch_size=0)))
    assert exact.values[0] == pytest.approx(1.0 / V, rel=1.5e-2)


def biased(eta: float) -> float:
    """The w that steps x − ηwx + √(2η) ξ have N(0, v) of: (1 − ηw)² v + 2η = v."""
    return (1.0 - np.sqrt(1.0 - 2.0 * eta / V)) / eta


@pytest.mark.long
@pytest.mark.parametrize(
    ("sampler", "eta"), [(BAOAB(1.0), 0.25 * (1.0 + np.exp(-1.0))), (OBABO(0.9), 0.5 * 0.9**2)]
)
def test_one_step_with_inertia_from_the_draws_is_one_without(sampler, eta):
    # From p of N(0, 1), BAOAB is a step of SGLD with η = (1 + e^{−γh})h²/4, OBABO with h²/2. At
    # rest there would be too little noise: w < 1/v = .588.
    found = learned(ContrastiveDivergence(sampler, updates=Updates(batch_size=0)))
    assert found.values[0] == pytest.approx(biased(eta), rel=1.5e-2)
    assert biased(eta) > 1.08 / V
    assert found.is_converged


@pytest.mark.long
def test_chains_with_inertia_keep_their_momenta_between_updates():
    # BAOAB has the exact law of a bowl whatever h; of OBABO it is w(1 − wh²/4) = 1/v, as η = h²/2.
    updates = Updates(batch_size=0)
    exact = learned(PersistentDivergence(BAOAB(0.9), updates=updates))
    assert exact.values[0] == pytest.approx(1.0 / V, rel=1.5e-2)
    wide = learned(PersistentDivergence(OBABO(0.9), updates=updates))
    assert wide.values[0] == pytest.approx(biased(0.5 * 0.9**2), rel=1.5e-2)
    # Of short steps too: a chain at rest at each update would have a variance far too small.
    short = SampledLikelihood(BAOAB(0.05), 500, 20, Updates(count=300, batch_size=0))
    assert learned(short).values[0] == pytest.approx(1.0 / V, rel=3e-2)


def test_a_temperature_scales_the_energy_and_not_the_law():
    for method in (
        ScoreMatching(),
        DenoisingScoreMatching(0.8),
        SlicedScoreMatching(1),
        NoiseContrastive(ratio=4),
    ):
        one, other = learned(method), learned(method, temperature=3.0)
        assert other.values[0] == pytest.approx(3.0 * one.values[0], rel=1e-10)


@pytest.mark.long
def test_another_form_compiles_and_another_number_does_not(count_compiles):
    learned(ScoreMatching())
    short, shorter = Updates(100, 1e-2), Updates(60, 2e-2)
    learned(PersistentDivergence(SGLD(0.4), updates=short))
    learned(DenoisingScoreMatching(0.8))
    with count_compiles() as compiled:
        learn_density(bowl(2.5), 0.5 * DRAWS, ScoreMatching(), temperature=0.7)
        # More rows of the same power of two, other steps, other numbers of updates.
        learn_density(bowl(2.5), 0.5 * DRAWS[:1500], ScoreMatching())
        learned(PersistentDivergence(SGLD(0.3), updates=shorter))
        learned(DenoisingScoreMatching(0.7))
    assert compiled.count == 0
