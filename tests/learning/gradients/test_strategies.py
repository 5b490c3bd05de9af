"""Strategies on a network, on rules without symmetry, and where they fail."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.learning.layers import INPUT, START, STEP, TARGET, A, Bowl, bowl, half_square, network

import thalweg as tw
from thalweg.core.trees import replace
from thalweg.learning import EquilibriumPropagation, Implicit, OneStep, Truncated, Unrolled

X, Y = np.random.default_rng(5).standard_normal((3, 6)), np.array([0.3, -0.2, 0.5])
ZERO = np.zeros(11)


def weights(layer, x=X[0]):
    """The gradient in the first matrix."""
    found = layer.value_and_grad(half_square, ZERO, x, Y)
    return np.asarray(found.layer.rule.energy.first)


@pytest.fixture(scope="module")
def truth():
    with jax.enable_x64(True):
        yield weights(network(Implicit(rtol=1e-13)))


@pytest.mark.long
def test_the_unrolled_gradient_becomes_the_implicit_one(truth):
    with jax.enable_x64(True):
        found = weights(network(Unrolled(), max_steps=300))
        np.testing.assert_allclose(found, truth, atol=1e-8)


@pytest.mark.long
def test_truncation_is_its_identity(truth):
    """The last k steps of a settled run give ∂²E/∂θ∂x H⁻¹(I − (I − ηH)^k) ∂L/∂x."""
    with jax.enable_x64(True):
        layer = network(Implicit())
        energy: Any = layer.rule.energy  # type: ignore[attr-defined]
        rest = np.asarray(layer(ZERO, X[0]).state)
        hessian, mixed = map(np.asarray, _curvatures(energy, rest, X[0]))
        cotangent = np.concatenate([np.zeros(8), rest[8:] - Y])
        for count in (1, 5):
            kept = np.eye(11) - np.linalg.matrix_power(np.eye(11) - STEP * hessian, count)
            expected = -mixed @ np.linalg.solve(hessian, kept @ cotangent)
            np.testing.assert_allclose(weights(network(Truncated(count))), expected, atol=1e-11)
        np.testing.assert_array_equal(weights(network(OneStep())), weights(network(Truncated(1))))


@jax.jit
def _curvatures(energy, rest, x):
    """∂²E/∂x², and ∂²E/∂W₁∂x."""
    mixed = jax.jacobian(jax.grad(lambda w, s: replace(energy, first=w)(s, x)), argnums=1)
    return jax.hessian(energy)(rest, x), mixed(energy.first, rest)


@pytest.mark.long
def test_nudges_err_by_their_order(truth):
    with jax.enable_x64(True):
        for points, order in ((1, 1.0), (2, 2.0)):
            layers = [network(EquilibriumPropagation(nudge, points)) for nudge in (0.02, 0.04)]
            errors = [np.linalg.norm(weights(layer) - truth) for layer in layers]
            assert np.log2(errors[1] / errors[0]) == pytest.approx(order, abs=0.05)


@pytest.mark.long
def test_a_nudged_step_is_a_step_of_backpropagation_through_time():
    """Ernoult et al. 2019: t nudged steps give what the last t steps do, to first order."""
    with jax.enable_x64(True):
        for steps in (1, 4):
            nudged = network(EquilibriumPropagation(1e-4, 2, max_steps=steps), tol=1e-15)
            np.testing.assert_allclose(
                weights(nudged), weights(network(Truncated(steps))), atol=1e-8
            )


@pytest.mark.long
def test_a_batch_is_the_mean_of_its_samples():
    with jax.enable_x64(True):
        for gradient in (Implicit(), EquilibriumPropagation()):
            layer = network(gradient)
            batch = layer.value_and_grad(
                half_square, np.zeros((3, 11)), X, np.stack([Y] * 3), batched=True
            )
            singles = [weights(layer, x) for x in X]
            np.testing.assert_allclose(
                batch.layer.rule.energy.first, np.mean(singles, axis=0), atol=1e-12
            )
            assert batch.end.num_steps.shape == (3,)
            one = jax.vmap(layer, in_axes=(None, 0))(ZERO, X)
            np.testing.assert_allclose(one.state, batch.end.state, atol=1e-12)


class Squash(tw.Map):
    """tanh(Wx + b), of a Jacobian that is not symmetric."""

    matrix: Any
    bias: Any

    def step(self, t, state):
        return jnp.tanh(self.matrix @ state + self.bias)


def test_a_rule_without_an_energy_has_the_gradient_of_its_rest():
    matrix = np.array([[0.3, 0.8, 0.0], [-0.7, 0.1, 0.2], [0.4, 0.0, -0.5]])
    with jax.enable_x64(True):
        layer = tw.Relax(Squash(matrix, np.array([0.2, -0.1, 0.4])), tol=1e-14)
        target = np.array([0.1, 0.2, 0.3])
        found = layer.value_and_grad(half_square, np.zeros(3), None, target)
        rest = np.asarray(found.end.state)
        slopes = 1.0 - rest**2
        jacobian = slopes[:, None] * matrix
        adjoint = np.linalg.solve(np.eye(3) - jacobian.T, rest - target)
        np.testing.assert_allclose(found.layer.rule.bias, adjoint * slopes, atol=1e-12)
        radius = np.max(np.abs(np.linalg.eigvals(jacobian)))
        assert float(found.end.spectral_radius) == pytest.approx(radius, rel=0.1)
        with pytest.raises(tw.InputError, match="no field `energy`"):
            replace(layer, gradient=EquilibriumPropagation())(np.zeros(3))


@pytest.mark.long
def test_the_gradient_of_rest_does_not_depend_on_the_metric():
    metric = tw.ConstantMetric(np.diag([1.0, 2.0, 0.5, 3.0]))
    with jax.enable_x64(True):
        plain = bowl(Implicit()).value_and_grad(half_square, START, INPUT, TARGET)
        step = tw.GradientStep(plain_energy(), 0.1, metric)
        other = tw.Relax(step, tol=1e-15, max_steps=5000)
        found = other.value_and_grad(half_square, START, INPUT, TARGET)
        np.testing.assert_allclose(found.input, plain.input, atol=1e-11)


def test_conjugate_gradients_see_small_gradients_and_tell_their_steps():
    """In float32 the square of 1e-25 is nothing; n curvatures take n steps, or one for rounding."""
    start, x, y = (a.astype(np.float32) for a in (START, INPUT, TARGET))
    layer = bowl(Implicit(rtol=1e-5), tol=1e-6)

    def loss(end, y, size):
        return size * half_square(end, y)

    plain = layer.value_and_grad(loss, start, x, y, np.float32(1.0))
    small = layer.value_and_grad(loss, start, x, y, np.float32(1e-25))
    np.testing.assert_allclose(1e25 * np.asarray(small.input), plain.input, rtol=1e-4)
    truth = np.linalg.solve(A, np.linalg.solve(A, x) - y)
    np.testing.assert_allclose(plain.input, truth, rtol=1e-4)
    for found in (plain, small):
        assert int(found.solve.num_steps) in (4, 5)
        assert 0.0 < float(found.solve.residual) < 1e-5


def test_a_plain_nudge_does_not_depend_on_the_size_of_the_loss():
    """Nudged by the cotangent itself, 1e-25 would be lost beside states of the size of one."""
    start, x, y = (a.astype(np.float32) for a in (START, INPUT, TARGET))
    layer = bowl(EquilibriumPropagation(0.4), tol=1e-6)

    def loss(x, size):
        return size * half_square(layer(start, x), y)

    found = 1e25 * np.asarray(jax.grad(loss)(x, np.float32(1e-25)))
    truth = np.linalg.solve(A, np.linalg.solve(A, x) - y)
    np.testing.assert_allclose(found, truth, rtol=1e-3)


def plain_energy():
    return bowl(Implicit()).rule.energy  # type: ignore[attr-defined]


@pytest.mark.long
def test_arrays_that_an_energy_closes_over_have_gradients():
    with jax.enable_x64(True):
        truth = bowl(Implicit()).value_and_grad(half_square, START, INPUT, TARGET).input
        for gradient in (Implicit(), EquilibriumPropagation(0.3)):

            def loss(b, gradient=gradient):
                energy = plain_energy()
                step = tw.GradientStep(lambda x: energy(x, b), STEP)
                layer = tw.Relax(step, gradient, tol=1e-15)
                return half_square(layer(START), TARGET)

            np.testing.assert_allclose(jax.grad(loss)(INPUT), truth, atol=1e-11)


class Tree(eqx.Module):
    """A bowl whose state is a dictionary."""

    def __call__(self, state, input):
        return Bowl(np.diag([1.0, 2.0]))(jnp.stack([state["a"], state["b"][0]]), input)


@pytest.mark.long
def test_states_may_be_pytrees():
    with jax.enable_x64(True):
        layer = tw.Relax(tw.GradientStep(Tree(), 0.4), tol=1e-14)
        start = {"a": np.array(0.0), "b": np.array([1.0])}
        found = layer.value_and_grad(lambda end: end.state["b"][0], start, np.array([1.0, 3.0]))
        assert float(found.value) == pytest.approx(1.5, abs=1e-12)
        np.testing.assert_allclose(found.input, [0.0, 0.5], atol=1e-12)
        assert eqx.tree_equal(jax.tree.map(np.zeros_like, start), jax.device_get(found.start))


@pytest.mark.long
@pytest.mark.parametrize("gradient", [Implicit(), EquilibriumPropagation(1e-3)])
def test_a_gradient_that_holds_the_rest_is_not_differentiated_again(gradient):
    with jax.enable_x64(True):
        layer = bowl(gradient, tol=1e-8)

        def end(x, of=jnp.sum):
            return of(layer(START, x).state)

        assert np.all(np.isfinite(jax.grad(end)(INPUT)))
        for again in (jax.hessian(end), jax.jacfwd(jax.jit(jax.grad(end)))):
            with pytest.raises(tw.InputError, match="second derivatives take Relax"):
                again(INPUT)


@pytest.mark.long
def test_short_nudged_runs_in_a_metric_are_truncated_ones():
    """In such a metric runs towards their rest move faster at first."""
    with jax.enable_x64(True):
        rule = tw.GradientStep(
            Bowl(np.array([[1.0, 0.9], [0.9, 1.0]])), 0.5,
            geometry=tw.geometry.ConstantMetric(np.diag([1.0, 50.0])),
        )  # fmt: skip

        def gradient(way):
            layer = tw.Relax(rule, way, tol=1e-12, max_steps=9000)
            x = np.array([0.3, -0.2])
            return layer.value_and_grad(lambda end: end.state[1], np.zeros(2), x).input

        found = gradient(EquilibriumPropagation(1e-2, 2, max_steps=20))
        np.testing.assert_allclose(found, gradient(Truncated(20)), rtol=1e-9)
        assert abs(found[0]) > 0.1
