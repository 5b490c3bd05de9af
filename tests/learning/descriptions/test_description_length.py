"""Bits of basins, of numbers and of residuals; the degree of a quartic from its slopes."""

import jax
import numpy as np
import pytest
from tests.results import keeps_the_protocol

import thalweg as tw
from thalweg.energies import Polynomial
from thalweg.learning import Normal, describe_ends, describe_gradients, start_bits
from thalweg.learning.descriptions.numbers import bits_as_known, bits_at

EVEN = Polynomial([-0.5, 0.25], [(2,), (4,)])
# E' = (x + 1)(x − .5)(x − 2): a maximum at .5.
ASKEW = Polynomial([1.0, -0.75, -0.5, 0.25], [(1,), (2,), (3,), (4,)])


@pytest.mark.long
def test_two_even_wells_cost_one_bit():
    bits = start_bits(EVEN, np.array([[-3.0], [-0.1], [0.2], [1.5]]), Normal())
    np.testing.assert_allclose(bits, 1.0, atol=1e-12)


@pytest.mark.long
def test_a_boundary_that_is_not_in_the_middle():
    one, other = start_bits(ASKEW, np.array([[-1.0], [2.0]]), Normal())
    # Data half in each basin; data from the prior, the entropy of its masses.
    assert 0.5 * (one + other) == pytest.approx(1.11438, abs=5e-6)
    share = 2.0**-one
    assert share * one + (1.0 - share) * other == pytest.approx(0.89148, abs=5e-6)
    assert share + 2.0**-other == pytest.approx(1.0, abs=1e-12)


@pytest.mark.long
def test_a_far_basin_keeps_its_digits():
    # Beyond .5, of N(−40, 1): log Φ(−40.5) = −½ 40.5² − log(40.5 √2π) and a little.
    (bits,) = start_bits(ASKEW, np.array([[2.0]]), Normal(-40.0))
    nats = 0.5 * 40.5**2 + np.log(40.5 * np.sqrt(2.0 * np.pi)) - np.log1p(-1.0 / 40.5**2)
    assert bits == pytest.approx(nats / np.log(2.0), rel=1e-6)


@pytest.mark.long
def test_four_wells_in_the_plane_cost_two_bits():
    # (x² − 1)² + (y² − 1)²: four basins, equal by symmetry.
    wells = Polynomial([-2.0, -2.0, 1.0, 1.0], [(2, 0), (0, 2), (4, 0), (0, 4)])
    corners = np.array([[1.0, 1.0], [-1.0, 1.0], [0.3, -2.0], [-0.5, -0.5]])
    bits = start_bits(wells, corners, Normal(draws=3000), key=jax.random.key(1))
    error = np.sqrt(3.0 / 3000) / np.log(2.0)  # of log₂ of a share of a quarter
    np.testing.assert_allclose(bits, 2.0, atol=4.0 * error)
    assert np.sum(2.0**-bits) == pytest.approx(1.0, abs=1e-12)


def test_bits_of_a_number():
    # Rounded to δ, of the prior N(0, s²): −log₂ p(θ)δ.
    law = np.exp(-0.5 * (0.7 / 2.0) ** 2) / (2.0 * np.sqrt(2.0 * np.pi))
    assert bits_at(np.array([0.7]), 0.01, 2.0) == pytest.approx(-np.log2(0.01 * law))
    # At its best precision δ = √(12/F) it costs that, and half a nat of the residual.
    information = 1e8
    best = bits_at(np.array([0.7]), np.sqrt(12.0 / information), 2.0) + 0.5 / np.log(2.0)
    found = bits_as_known(np.array([0.7]), np.array([[information]]), 2.0)
    assert found == pytest.approx(best, rel=1e-6)
    # Any other precision costs more: −log₂ δ + F δ²/24 nats.
    for factor in (0.5, 2.0):
        delta = factor * np.sqrt(12.0 / information)
        nats = information * delta**2 / 24.0
        assert bits_at(np.array([0.7]), delta, 2.0) + nats / np.log(2.0) > found + 0.1


def chosen_degree(noise: float, rng: np.random.Generator) -> int:
    """The degree with the fewest bits, of 1 to 8, for slopes of x⁴/4 − x²/2 + x/10."""
    x = rng.uniform(-1.5, 1.5, 200)
    y = x**3 - x + 0.1 + noise * rng.standard_normal(200)
    lengths = [
        describe_gradients(Polynomial.full(1, degree), x[:, None], y[:, None], noise=noise).total
        for degree in range(1, 9)
    ]
    return 1 + int(np.argmin(lengths))


@pytest.mark.long
@pytest.mark.parametrize("noise", [0.05, 0.2])
def test_the_degree_of_a_quartic_is_chosen(noise):
    rng = np.random.default_rng(0)
    assert [chosen_degree(noise, rng) for _ in range(5)] == [4] * 5


@pytest.mark.long
@pytest.mark.parametrize("noise", [0.05, 0.2])
def test_it_is_in_95_of_100_repeats(noise):
    rng = np.random.default_rng(1)
    right = sum(chosen_degree(noise, rng) == 4 for _ in range(200))
    assert right >= 190


def test_numbers_are_fitted_and_may_be_rounded():
    x = np.linspace(-1.5, 1.5, 200)[:, None]
    found = describe_gradients(Polynomial.full(1, 4), x, x**3 - x + 0.1, noise=0.1)
    fitted: Polynomial = found.energy
    np.testing.assert_allclose(fitted.coefficients, [0.1, -0.5, 0.0, 0.25], atol=1e-12)
    # Nothing is missed: what is left is the density of the noise, 200 log₂ √(2π) σ bits.
    assert found.residual == pytest.approx(200.0 * np.log2(np.sqrt(2.0 * np.pi) * 0.1))
    coarse = describe_gradients(Polynomial.full(1, 4), x, x**3 - x + 0.1, noise=0.1, precision=0.2)
    np.testing.assert_allclose(coarse.energy.coefficients, [0.0, -0.4, 0.0, 0.2], atol=1e-12)
    assert coarse.numbers < found.numbers
    assert coarse.residual > found.residual
    keeps_the_protocol(found)


@pytest.mark.long
def test_a_spurious_minimum_pays():
    ends = np.array([[-1.0], [-1.1], [-0.9]])
    lengths = {
        name: describe_ends(energy, ends, noise=0.1, precision=0.01)
        for name, energy in (("one", Polynomial([1.0, 0.5], [(1,), (2,)])), ("two", EVEN))
    }
    # A bowl at −1 needs no bits for starts, two wells one a datum; the residual is the same.
    assert lengths["one"].starts == pytest.approx(0.0, abs=1e-12)
    assert lengths["two"].starts == pytest.approx(3.0, abs=1e-12)
    assert lengths["one"].residual == pytest.approx(lengths["two"].residual, abs=1e-6)


@pytest.mark.long
def test_ends_are_missed_by_the_minimum_of_their_basin():
    # E' = x(x − 2)(x − 10): 3 lies nearer to the minimum 0, and in the basin of 10.
    wells = Polynomial([10.0, -4.0, 0.25], [(2,), (3,), (4,)])
    rows = np.array([[3.0]])
    found = describe_ends(wells, rows, noise=1.0, precision=1e-3, prior=Normal(5.0, 4.0))
    nats = 0.5 * 7.0**2 + 0.5 * np.log(2.0 * np.pi)
    assert found.residual == pytest.approx(nats / np.log(2.0), rel=1e-9)
    # In the plane too, with a bowl beside it.
    plane = Polynomial([10.0, -4.0, 0.25, 0.5], [(2, 0), (3, 0), (4, 0), (0, 2)])
    both = np.array([[3.0, 1.0]])
    prior = Normal([5.0, 0.0], [4.0, 1.0], draws=200)
    found = describe_ends(plane, both, noise=0.01, precision=1e-3, prior=prior)
    nats = 0.5 * (7.0**2 + 1.0) * 1e4 + np.log(2.0 * np.pi * 1e-4)
    assert found.residual == pytest.approx(nats / np.log(2.0), rel=1e-6)


@pytest.mark.long
def test_a_minimum_far_outside_the_prior_has_a_basin():
    # E' = x(x − 1)(x − 20): of N(0, 1) the basin of 20 has what is above 1.
    wells = Polynomial([10.0, -7.0, 0.25], [(2,), (3,), (4,)])
    (bits,) = start_bits(wells, np.array([[2.0]]), Normal())
    assert bits == pytest.approx(-np.log2(0.15865525393145707), rel=1e-9)
    found = describe_ends(wells, np.array([[2.0]]), noise=1.0, precision=1e-3)
    nats = 0.5 * 18.0**2 + 0.5 * np.log(2.0 * np.pi)
    assert found.residual == pytest.approx(nats / np.log(2.0), rel=1e-12)
    # A bowl as flat as x⁴ is one, and a shoulder is none: E' = x²(x + 4), above 0.
    assert start_bits(Polynomial([1.0], [(4,)]), np.array([[2.0]]), Normal())[0] == 0.0
    shoulder = Polynomial([4.0 / 3.0, 0.25], [(3,), (4,)])
    with pytest.raises(tw.InputError, match="a saddle or a shoulder is below it"):
        start_bits(shoulder, np.array([[2.0]]), Normal())


@pytest.mark.long
def test_what_is_refused():
    x = np.linspace(-1.0, 1.0, 20)[:, None]
    with pytest.raises(tw.InputError, match="noise must be positive"):
        describe_gradients(EVEN, x, x, noise=0.0)
    with pytest.raises(tw.InputError, match="must have one shape"):
        describe_gradients(EVEN, x, x[:5], noise=0.1)
    with pytest.raises(tw.ConvergenceError, match="fix 1 of the 2 numbers"):
        describe_gradients(Polynomial([0.0, 1.0], [(0,), (2,)]), x, x, noise=0.1)
    with pytest.raises(tw.InputError, match="the basin of no minimum"):
        start_bits(Polynomial([-1.0], [(2,)]), x[:3], Normal())
    with pytest.raises(tw.InputError, match="deviation must be positive"):
        Normal(deviation=-1.0)
