"""Steps of Jordan, Kinderlehrer and Otto against those of Gaussians."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats

import thalweg as tw
from thalweg.sampling import QuantileFreeEnergy, jko_step


def bowl(x):
    return jnp.sum(x**2) / 2.0


def gaussian(mean, deviation, count):
    return mean + deviation * scipy.stats.norm.ppf((np.arange(count) + 0.5) / count)


@pytest.mark.long
def test_ten_steps_of_a_gaussian():
    """From N(2, 9), λ = T = 1, τ = .1: mean 2/1.1¹⁰ = .771087, variance 2.21639."""
    mean, deviation = 2.0, 3.0
    for _ in range(10):
        mean, deviation = mean / 1.1, (deviation + np.sqrt(deviation**2 + 0.44)) / 2.2
    assert (mean, deviation**2) == pytest.approx((0.771087, 2.21639), abs=1e-5)
    variances = []
    with jax.enable_x64(True):
        for count in (100, 200):
            rule = jko_step(bowl, 1.0, 0.1, count)
            end = tw.simulate(rule, gaussian(2.0, 3.0, count), steps=10, save="end").final
            assert np.mean(end) == pytest.approx(mean, rel=1e-12)
            assert np.all(np.diff(end) > 0.0)
            variances.append(np.var(end))
    errors = np.array(variances) - deviation**2
    assert errors[0] / errors[1] == pytest.approx(2.0, abs=0.03)
    # Without the error of order 1/n what is left is of its square.
    assert 2.0 * errors[1] - errors[0] == pytest.approx(0.0, abs=5e-4)


def test_the_free_energy_of_a_uniform_law():
    """On [0, L]: ⟨x²/2⟩ = L²/6 and −T log L, but for the ends."""
    count, length, temperature = 4000, 3.0, 0.7
    x = length * (np.arange(count) + 0.5) / count
    with jax.enable_x64(True):
        found = QuantileFreeEnergy(bowl, temperature)(x)
    assert float(found) == pytest.approx(length**2 / 6 - temperature * np.log(length), abs=1e-3)
    assert np.isposinf(QuantileFreeEnergy(bowl)(jnp.array([1.0, 0.5])))


def test_bad_numbers_are_refused():
    with pytest.raises(tw.InputError, match="temperature must be positive"):
        jko_step(bowl, 0.0, 0.1, 10)
    with pytest.raises(tw.InputError, match="count must be a whole number"):
        jko_step(bowl, 1.0, 0.1, 1)
    with pytest.raises(tw.InputError, match="step_size must be positive"):
        jko_step(bowl, 1.0, -0.1, 10)
    with pytest.raises(tw.InputError, match=r"jko_step: step_size .*, got -0\.1"):
        jko_step(bowl, 1.0, -0.1, 10)


def test_a_state_is_as_many_quantiles_in_order():
    rule = jko_step(bowl, 1.0, 0.5, 4)
    with pytest.raises(tw.InputError, match=r"\(count=4\).* got the shape \(3,\)"):
        rule.step(0, jnp.arange(3.0))
    step = eqx.filter_jit(rule.step)
    assert np.all(np.diff(step(0, np.arange(4.0))) > 0.0)
    assert np.isnan(step(0, np.array([0.0, 2.0, 1.0, 3.0]))).all()


def jko_of_gaussian(mean, deviation, step_size, steps):
    """m' = m/(1 + τ), s' = [s + √(s² + 4τ(1 + τ))]/(2(1 + τ)), at λ = T = 1."""
    for _ in range(steps):
        mean /= 1 + step_size
        root = np.sqrt(deviation**2 + 4 * step_size * (1 + step_size))
        deviation = (deviation + root) / (2 * (1 + step_size))
    return mean, deviation


@pytest.mark.long
def test_steps_of_a_gaussian_are_of_first_order_and_have_no_bias_at_rest():
    exact = np.array([2.0 / np.e, 1.0 + 8.0 / np.e**2])
    errors = []
    for steps in (40, 80):
        mean, deviation = jko_of_gaussian(2.0, 3.0, 1.0 / steps, steps)
        errors.append(np.array([mean, deviation**2]) - exact)
    np.testing.assert_allclose(errors[0] / errors[1], 2.0, rtol=0.03)
    assert jko_of_gaussian(0.0, 1.0, 0.7, 1) == pytest.approx((0.0, 1.0), abs=1e-15)
    # The step itself: the quantiles of the law at rest stay, but for their spread in the gaps.
    with jax.enable_x64(True):
        drifts = []
        for count in (50, 100):
            rest = tw.simulate(
                jko_step(bowl, 1.0, 0.7, count), gaussian(0.0, 1.0, count), steps=60, save="end"
            ).final
            drifts.append(np.var(rest) - 1.0)
    assert 2.0 * drifts[1] - drifts[0] == pytest.approx(0.0, abs=2e-3)
