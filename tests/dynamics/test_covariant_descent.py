"""The general covariant form against formulas by hand, and the axioms as verdicts."""

import json
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from thalweg.analysis import check_axioms, check_bounded_below, homogeneity_degree
from thalweg.dynamics import CovariantDescent
from thalweg.energies import Hopfield, NeuralEnergy
from thalweg.models.hopfield import ReluNetwork

X = np.array([0.4, -0.7, 1.2])


def energy(x):
    return jnp.sin(x[0] * x[1]) + 0.25 * jnp.sum(x**4) + x[0] * x[2]


def polar(x):
    """The metric of the plane in polar coordinates (r, φ): diag(1, r²)."""
    return jnp.stack([jnp.ones_like(x[0]), x[0] ** 2])


TERMS = ("c1", "c3", "c3_laplacian", "c3_hessian", "c3_gradient_of_laplacian")


def test_flat_terms_are_their_formulas():
    @jax.jit
    def both(x):
        slope, hessian = jax.grad(energy)(x), jax.hessian(energy)(x)
        trace = jnp.trace(hessian)
        third = jax.grad(lambda x: jnp.trace(jax.hessian(energy)(x)))(x)
        by_hand = (slope, (slope @ slope) * slope, trace * slope, hessian @ slope, third)
        chosen: list[dict[str, Any]] = [{"c1": 0.0} | {name: 2.0} for name in TERMS]
        flows = (CovariantDescent(energy, **coefficients) for coefficients in chosen)
        guess = CovariantDescent(energy, c3_laplacian=1.0, probes=4000).laplacian(x)
        return by_hand, [flow.velocity(0.0, x) for flow in flows], trace, guess

    with jax.enable_x64(True):
        expected, found, trace, guess = jax.device_get(both(X))
    for term, velocity in zip(expected, found, strict=True):
        np.testing.assert_allclose(velocity, -2.0 * term, rtol=1e-10)
    assert float(guess) == pytest.approx(float(trace), abs=0.3)


def test_the_laplacian_in_polar_coordinates_is_that_of_the_plane():
    """Of r² cos 2φ·r, in closed form: Δ(r³ cos 2φ) = (9 − 4) r cos 2φ."""

    def wave(x):
        return x[0] ** 3 * jnp.cos(2.0 * x[1])

    with jax.enable_x64(True):
        for geometry in (tw.DiagonalMetric(polar), tw.MetricField(lambda x: jnp.diag(polar(x)))):
            flow = CovariantDescent(wave, c3_laplacian=1.0, geometry=geometry)
            point = np.array([1.3, 0.4])
            assert float(eqx.filter_jit(flow.laplacian)(point)) == pytest.approx(
                5 * 1.3 * np.cos(0.8), rel=1e-12
            )


@pytest.mark.long
def test_the_form_with_every_term_is_covariant_and_local_and_blind_to_constants():
    found = check_axioms(
        lambda e, g: CovariantDescent(e, 1.0, 0.3, 0.2, 0.4, 0.1, geometry=g), samples=2
    )
    for name in ("locality", "shift", "covariance"):
        assert found[name].holds, str(found)
    assert not found["scaling"].holds


@pytest.mark.parametrize(
    ("coefficients", "degree"),
    [((1, 0, 0, 0), 0), ((0, 1, 0, 0), 0), ((0, 0, 1, 0), -1), ((0, 0, 0, 1), -1)],
)
def test_terms_scale_as_the_theory_says(coefficients, degree):
    def cone(x):
        return jnp.sum(np.array([0.5, 1.0, 2.0]) * x**4) ** 0.25

    c1, c3, laplacian, hessian = (float(c) for c in coefficients)
    flow = CovariantDescent(cone, c1, c3, laplacian, hessian)
    found = homogeneity_degree(lambda x: flow.velocity(0.0, x), 3, samples=4)
    assert found.holds
    assert found.degree == pytest.approx(degree, abs=1e-6)


@pytest.mark.long
def test_steepest_descent_obeys_all_axioms_and_others_break_one():
    found = check_axioms(tw.SteepestDescent, samples=2)
    assert found.holds, str(found)
    assert found.degree == pytest.approx(0.0, abs=1e-9)
    assert str(found).splitlines()[0] == "Axioms of SteepestDescent: 4 of 4 hold"
    assert type(found).from_dict(json.loads(json.dumps(found.to_dict()))) == found

    def by_energy(energy, geometry):
        return tw.as_flow(lambda x: -energy(x) * jax.grad(energy)(x))

    shifted = check_axioms(by_energy, samples=2)
    assert not shifted["shift"].holds
    assert not shifted["covariance"].holds
    assert shifted["locality"].holds
    assert shifted.degree == pytest.approx(1.0, abs=1e-6)

    def by_phase(energy, geometry):  # of which E and E + 3.7 are alike
        turn = 2.0 * jnp.pi / 3.7
        return tw.as_flow(lambda x: -(2 + jnp.sin(turn * energy(x))) * jax.grad(energy)(x))

    assert not check_axioms(by_phase, samples=2)["shift"].holds

    for distance in (2.0, 0.05, 1e-5):

        def far(energy, geometry, distance=distance):
            return tw.as_flow(lambda x: -jax.grad(energy)(x + distance))

        assert not check_axioms(far, samples=2)["locality"].holds


def test_a_flow_that_takes_the_mean_of_two_sides_is_not_local():
    """A change that is alike on both sides would cancel in the mean of them."""

    def mean(energy, geometry):
        slope = jax.grad(energy)
        return tw.as_flow(lambda x: -0.5 * (slope(x + 0.3) + slope(x - 0.3)))

    assert not check_axioms(mean, samples=2)["locality"].holds


@pytest.mark.parametrize(("value", "fact"), [(np.nan, "is not finite"), (0.0, "does not move")])
def test_a_flow_of_which_no_axiom_says_anything_is_refused(value, fact):
    with pytest.raises(tw.InputError, match=f"builder: the flow of .* {fact}"):
        check_axioms(lambda energy, geometry: tw.as_flow(lambda x: value * x), samples=2)


def test_a_factor_periodic_in_the_logarithm_is_no_power():
    """Its period is that of half-decades, at which all of them would look alike."""

    def periodic(x):
        return x * (1.0 + 0.1 * jnp.sin(4.0 * jnp.pi * jnp.log10(jnp.abs(x))))

    found = homogeneity_degree(periodic, 1)
    assert not found.holds
    assert 0.05 < found.residual < 0.3


def turning(x):
    angle = jnp.log(jnp.sum(x * x))
    return jnp.stack([jnp.cos(angle), jnp.sin(angle)]) * jnp.sqrt(jnp.sum(x * x))


# Their lengths are powers of λ, or all but powers.
@pytest.mark.parametrize(
    "fn",
    [
        turning,
        lambda x: jnp.where(jnp.sum(x * x) < 1.0, x, -x),
        lambda x: jnp.concatenate([1e8 * x, jnp.sum(x * x, keepdims=True)]),
        lambda x: jnp.abs(x[:1]) + 1e-9,
    ],
    ids=["turns", "changes its sign", "a small entry of another degree", "a small constant"],
)
def test_all_of_a_value_must_scale_not_its_length_alone(fn):
    found = homogeneity_degree(fn, 2)
    assert found.degree == pytest.approx(1.0, abs=1e-6)
    assert not found.holds


def test_lengths_far_below_one_are_measured():
    found = homogeneity_degree(lambda x: 1e-200 * x, 2)
    assert found.holds
    assert found.degree == pytest.approx(1.0, abs=1e-9)


def test_where_a_function_is_not_finite_or_vanishes_it_is_said():
    half = homogeneity_degree(lambda x: jnp.where(x[0] > 0.0, x, jnp.nan), 2)
    assert not half.holds
    assert 0 < half.undefined < 16
    assert "not finite along" in str(half)
    assert type(half).from_dict(json.loads(json.dumps(half.to_dict()))) == half
    gated = homogeneity_degree(lambda x: jnp.where(jnp.abs(x) > 0.3, x, 0.0), 1)
    assert not gated.holds
    assert homogeneity_degree(lambda x: jax.nn.relu(x), 1).holds  # zero all along half the line


@pytest.mark.long
def test_theorem_9_holds_without_biases_and_fails_with_them():
    network = ReluNetwork.random((4, 8, 4), jax.random.key(0))
    assert homogeneity_degree(network, 4).holds
    assert homogeneity_degree(network, 4).degree == pytest.approx(1.0, abs=1e-6)
    square = homogeneity_degree(NeuralEnergy(network, "square"), 4)
    assert square.degree == pytest.approx(2.0, abs=1e-6)
    shifted = ReluNetwork(network.weights, tuple(b + 0.5 for b in network.biases))
    assert not homogeneity_degree(shifted, 4).holds


@pytest.mark.long
def test_ways_down_without_end_are_found_before_running():
    matrix = np.diag([-1.0] * 7, 1) * 0.1
    indefinite = Hopfield(matrix + matrix.T)
    found = check_bounded_below(indefinite, 8)
    assert found.holds is False
    assert found.growth == pytest.approx(2.0, abs=1e-3)
    assert found.witness is not None
    assert float(indefinite(100.0 * found.witness)) < 0.0
    assert check_bounded_below(energy, 3).holds is None
    assert check_bounded_below(lambda x: jnp.exp(-x[0]), 1).holds is None
    assert "No ray" in str(check_bounded_below(lambda x: jnp.sum(x**2), 2))
    assert type(found).from_dict(json.loads(json.dumps(found.to_dict()))) == found


@pytest.mark.long
def test_slow_falls_and_curved_valleys_are_ways_down():
    slow = check_bounded_below(lambda x: -jnp.log(1.0 + jnp.sum(x * x)), 3)
    assert slow.holds is False
    assert slow.is_straight
    assert slow.growth == pytest.approx(0.0, abs=1e-3)
    assert "logarithm" in str(slow)

    def valley(x):
        return 1e6 * (x[1] - x[0] ** 2) ** 2 - x[0]

    curved = check_bounded_below(valley, 2)
    assert curved.holds is False
    assert not curved.is_straight
    assert curved.growth == pytest.approx(0.5, abs=1e-3)  # y = x² at a distance r: E = −√r
    assert curved.path is not None
    with jax.enable_x64(True):
        assert float(valley(curved.path[-1])) == pytest.approx(-1e3, rel=1e-2)
    bowl = check_bounded_below(lambda x: 1e6 * (x[1] - x[0] ** 2) ** 2 + (1.0 - x[0]) ** 2, 2)
    assert bowl.holds is None


@pytest.mark.long
def test_a_fall_along_what_is_conserved_is_none():
    def slope(x):
        return x[1] ** 2 - x[0]

    assert check_bounded_below(slope, 2).holds is False
    assert check_bounded_below(slope, 2, conserved=[[1.0, 0.0]]).holds is None
    with pytest.raises(tw.InputError, match=r"finite vectors of 2 numbers"):
        check_bounded_below(slope, 2, conserved=[1.0, 0.0, 0.0])


@pytest.mark.long
def test_bad_input_is_named():
    with pytest.raises(tw.InputError, match="probes must be a positive integer, got 0"):
        CovariantDescent(energy, probes=0)
    with pytest.raises(tw.InputError, match="needs a metric in coordinates, not Sphere"):
        CovariantDescent(energy, c3_laplacian=1.0, geometry=tw.Sphere())
    with pytest.raises(tw.InputError, match="energy must be callable, got 3"):
        CovariantDescent(3)  # type: ignore[arg-type]
    with pytest.raises(tw.InputError, match="fn vanishes, or is not finite at some"):
        homogeneity_degree(lambda x: 0.0 * x, 2)
