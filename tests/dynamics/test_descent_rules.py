"""SteepestDescent and GradientStep against closed forms."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import thalweg as tw

A = np.array([[2.0, 0.5], [0.5, 1.0]])
B = np.array([1.0, -1.0])
M = np.array([[4.0, 1.0], [1.0, 2.0]])
NOT_AN_ENERGY: Any = 3.0
A_CLASS: Any = tw.Euclidean
ENERGY = tw.energies.Quadratic(A, B)


def solve(matrix, p):
    """An independent solve: Gaussian elimination in NumPy."""
    return np.linalg.solve(matrix, p)


@pytest.mark.parametrize(
    ("geometry", "matrix"), [(tw.Euclidean(), np.eye(2)), (tw.ConstantMetric(M), M)]
)
def test_descent_of_a_quadratic_is_linear(geometry, matrix):
    x = np.array([0.3, -1.2])
    gradient = A @ x - B
    with jax.enable_x64(True):
        flow = tw.SteepestDescent(ENERGY, geometry)
        np.testing.assert_allclose(flow.velocity(0.0, x), -solve(matrix, gradient), rtol=1e-13)
        step = tw.GradientStep(ENERGY, 0.1, geometry)
        np.testing.assert_allclose(step.step(0, x), x - 0.1 * solve(matrix, gradient), rtol=1e-13)
        rest = solve(A, B)
        np.testing.assert_allclose(flow.displacement(0.0, rest), 0.0, atol=1e-15)
        np.testing.assert_allclose(step.displacement(0, rest), 0.0, atol=1e-15)


def test_gradient_descent_contracts_each_mode_by_one_minus_eta_lambda():
    values, vectors = np.linalg.eigh(A)
    with jax.enable_x64(True):
        rule = tw.GradientStep(tw.energies.Quadratic(A), 0.3)
        for value, vector in zip(values, vectors.T, strict=True):
            np.testing.assert_allclose(rule.step(0, vector), (1 - 0.3 * value) * vector, rtol=1e-13)


@eqx.filter_jit
def energy_change(step_size, x):
    energy = tw.energies.Quadratic(jnp.diag(jnp.array([1.0, 4.0])))
    return energy(tw.GradientStep(energy, step_size).step(0, x)) - energy(x)


@given(st.floats(0.01, 1.0), st.floats(-2.0, 2.0), st.sampled_from([0.49, 0.51]))
def test_a_step_descends_iff_it_is_short_enough(x, y, step_size):
    """ηλ ≤ 2 for the steepest mode λ = 4 is η ≤ 1/2; just above it, that mode climbs."""
    with jax.enable_x64(True):
        on_steepest = np.array([0.0, x])
        change = energy_change(jnp.asarray(step_size), on_steepest)
        assert (change <= 0.0) == (step_size < 0.5)
        assert energy_change(jnp.asarray(0.49), np.array([y, x])) <= 0.0


def test_descent_of_a_tree_is_a_tree():
    flow = tw.SteepestDescent(lambda s: jnp.sum(s["a"] ** 2) + 3.0 * s["b"])
    velocity = flow.velocity(0.0, {"a": jnp.array([1.0, 2.0]), "b": jnp.asarray(0.0)})
    np.testing.assert_array_equal(velocity["a"], [-2.0, -4.0])
    assert velocity["b"] == -3.0


def test_domain_and_names_come_from_the_energy():
    surface = tw.energies.MuellerBrown()
    for rule in (tw.SteepestDescent(surface), tw.GradientStep(2.0 * surface, 1e-4)):
        assert rule.domain is surface.domain
        assert rule.state_names == ("x", "y")
    assert tw.SteepestDescent(lambda x: x).domain is None
    assert tw.GradientStep(lambda x: x, 0.1).state_names is None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: tw.SteepestDescent(NOT_AN_ENERGY),
            "energy must be a callable state → scalar, got 3.0",
        ),
        (lambda: tw.SteepestDescent(ENERGY, A_CLASS), "geometry is the class"),
        (lambda: tw.GradientStep(ENERGY, 0.0), "step_size must be positive, got 0.0"),
        (lambda: tw.GradientStep(ENERGY, np.nan), "step_size must be positive, got nan"),
    ],
)
def test_bad_parts_are_named(make, message):
    with pytest.raises(tw.InputError, match=message):
        make()


def test_a_traced_step_size_is_not_inspected():
    shape = jax.eval_shape(
        lambda eta: tw.GradientStep(ENERGY, eta).step(0, jnp.ones(2)), jnp.asarray(0.1)
    )
    assert shape.shape == (2,)
