"""Derivatives through `simulate` where the state is at rest and its steps have no error."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw


class Relaxing(tw.Flow):
    """x' = b − r x."""

    rate: Any
    bias: Any

    def velocity(self, t, state):
        return self.bias - self.rate * state


class Tanh(tw.Flow):
    """x' = −x + tanh(W x)."""

    weights: Any

    def velocity(self, t, state):
        return jnp.tanh(self.weights @ state) - state


def end(start, rate, bias, duration, **options):
    """x(T)."""
    rule = Relaxing(rate, bias)
    run = tw.simulate(rule, start, duration=duration, save="end", **options)
    return jnp.sum(run.final)


backward = jax.jit(jax.grad(end, argnums=(0, 1, 2)))


@pytest.mark.long
@pytest.mark.parametrize("duration", [1.0, 5.0, 20.0, 200.0])
def test_at_rest_a_gradient_decays_as_it_must(duration):
    """From 0: ∂x/∂x₀ = e⁻ᵀ, ∂x/∂r = 0, ∂x/∂b = 1 − e⁻ᵀ; the tolerance is 1e-6 a step."""
    with jax.enable_x64(True):
        start, rate, bias = backward(0.0, 1.0, 0.0, duration)
    assert abs(float(start) - np.exp(-duration)) < 2e-6
    assert float(rate) == 0.0
    assert float(bias) == pytest.approx(-np.expm1(-duration), abs=2e-6)


@pytest.mark.long
def test_without_other_derivatives_the_start_has_its_own_to_the_end():
    alone = jax.jit(jax.grad(end))
    with jax.enable_x64(True):
        for duration in (5.0, 20.0, 200.0):
            found = float(alone(0.0, 1.0, 0.0, duration))
            assert found == pytest.approx(np.exp(-duration), rel=1e-4)


@pytest.mark.long
@pytest.mark.parametrize("start", [0.5, 1.0, 1.0 + 1e-6, 40.0])
@pytest.mark.parametrize("duration", [50.0, 2000.0])
def test_in_single_precision(start, duration):
    """x' = 1 − x: ∂x/∂b = 1 and ∂x/∂r = −1 once all is at rest."""
    found = backward(np.float32(start), np.float32(1.0), np.float32(1.0), np.float32(duration))
    np.testing.assert_allclose(np.array(found), [0.0, -1.0, 1.0], atol=2e-5)


@pytest.mark.long
def test_a_stiff_rest():
    """Rates 1 and 1,000: the slow one has long steps only as far as the fast one is stable."""
    rates = np.array([1.0, 1000.0])
    with jax.enable_x64(True):
        start, _, bias = backward(np.zeros(2), rates, np.zeros(2), 5.0)
    np.testing.assert_allclose(start, np.exp(-5.0 * rates), atol=2e-6)
    np.testing.assert_allclose(bias, -np.expm1(-5.0 * rates) / rates, atol=2e-6)


@pytest.mark.long
@pytest.mark.parametrize(
    ("derivatives", "method"),
    [
        ("forward", tw.simulation.Adaptive),
        ("both", tw.Stiff),
        ("both", tw.simulation.Adaptive),
        ("forward", tw.Stiff),
    ],
)
def test_forwards_too(method, derivatives):
    options = method(derivatives=derivatives, max_steps=256)
    with jax.enable_x64(True):
        run = functools.partial(end, rate=1.0, bias=0.0, duration=20.0, method=options)
        _, found = jax.jit(lambda x: jax.jvp(run, (x,), (jnp.ones_like(x),)))(0.0)
    assert float(found) == pytest.approx(np.exp(-20.0), rel=1e-4)


@pytest.mark.long
def test_implicit_steps_in_reverse():
    with jax.enable_x64(True):
        run = functools.partial(end, bias=0.0, duration=20.0, method=tw.Stiff())
        start, _ = jax.jit(jax.grad(run, argnums=(0, 1)))(0.0, 1.0)
    assert float(start) == pytest.approx(np.exp(-20.0), rel=1e-4)


@pytest.mark.long
def test_a_network_from_zeros():
    """∂x(T)/∂x₀ = exp((W − 1) T), from e^{−.2 T} to e^{−1.7 T}."""
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((4, 4)))[0]
    rates = np.array([-0.2, -0.6, -1.1, -1.7])
    with jax.enable_x64(True):
        weights = jnp.asarray(turn @ np.diag(1.0 + rates) @ turn.T)

        def last(start):
            run = tw.simulate(Tanh(weights), start, duration=30.0, save="end")
            return turn[:, 0] @ run.final

        found = jax.jit(jax.grad(last))(jnp.zeros(4))
    np.testing.assert_allclose(found, np.exp(-6.0) * turn[:, 0], atol=1e-7)


@pytest.mark.long
def test_what_a_velocity_closes_over_is_differentiated():
    def last(rate):
        rule = tw.as_flow(lambda x: 1.0 - rate * x)
        return tw.simulate(rule, jnp.array(2.0 / 3.0), duration=30.0, save="end").final

    with jax.enable_x64(True):
        assert float(jax.jit(jax.grad(last))(1.5)) == pytest.approx(-1 / 1.5**2, rel=1e-6)


@pytest.mark.long
def test_a_run_without_derivatives_takes_no_more_steps():
    """At rest a run is two dozen steps to t = 1,000; its derivative, held to stability, many."""

    def steps(start):
        rule = Relaxing(jnp.array(1.0), jnp.array(0.0))
        run = tw.simulate(rule, start, duration=1000.0, save="end")
        return run.final, run.steps

    with jax.enable_x64(True):
        _, plain = jax.jit(steps)(0.0)
        (_, held), _ = jax.jit(jax.value_and_grad(steps, has_aux=True))(0.0)
    assert int(plain) < 30
    assert 300 < int(held) < 5000


@pytest.mark.long
def test_a_square_root_at_zero_has_a_run_and_no_gradient():
    """x' = −√|x|-like flows have no derivative at 0; the value is found all the same."""

    def last(start):
        rule = tw.as_flow(lambda x: -jnp.sign(x) * jnp.sqrt(jnp.abs(x)))
        return tw.simulate(rule, start, duration=1.0, save="end").final

    with jax.enable_x64(True):
        value, _ = jax.jit(jax.value_and_grad(last))(jnp.array(4.0))
    assert float(value) == pytest.approx(2.25, rel=1e-5)
