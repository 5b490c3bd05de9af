"""Momentum, proximal and mirror steps against their closed forms."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from thalweg.dynamics import MirrorStep, Momentum, ProximalStep
from thalweg.energies import DoubleWell, Quadratic
from thalweg.geometry import LogBarrier

BAD: Any = 3.0  # neither an energy nor a potential
CURVATURES = np.geomspace(1.0, 100.0, 5)
COST = np.array([0.3, -0.2, 1.1, 0.0])
SHARES = np.array([0.1, 0.2, 0.3, 0.4])
STEEPEST, FLATTEST = CURVATURES[-1], CURVATURES[0]
ROOTS = np.sqrt(STEEPEST) + np.sqrt(FLATTEST)
KAPPA = np.sqrt(STEEPEST / FLATTEST)
RATIO = (KAPPA - 1.0) / (KAPPA + 1.0)


@pytest.fixture(autouse=True)
def float64():
    with jax.enable_x64(True):
        yield


class Linear(tw.Energy):
    """E(x) = c·x + T Σ x log x."""

    cost: np.ndarray
    temperature: float = 0.0

    def __call__(self, state):
        # Without the entropy where T = 0, whose gradient at a share of zero is infinite.
        weighted = self.temperature * jnp.where(state > 0, state * jnp.log(state), 0.0)
        return jnp.sum(self.cost * state + weighted)


@pytest.mark.parametrize(
    ("make", "radius", "tolerance"),
    [
        (lambda e: tw.GradientStep(e, 2.0 / (FLATTEST + STEEPEST)), 99.0 / 101.0, 1e-12),
        # Double roots: rounding moves them by its square root.
        (lambda e: Momentum(e, 1.0 / STEEPEST, RATIO, nesterov=True), 0.9, 1e-7),
        (lambda e: Momentum(e, 4.0 / ROOTS**2, RATIO**2), 9.0 / 11.0, 1e-7),
        (lambda e: ProximalStep(e, 0.5), 1.0 / (1.0 + 0.5 * FLATTEST), 1e-12),
    ],
)
def test_rates_on_a_quadratic(make, radius, tolerance):
    rule = make(Quadratic(np.diag(CURVATURES)))
    rest = rule.begin(np.zeros(5)) if isinstance(rule, Momentum) else np.zeros(5)
    found = np.max(np.abs(tw.linearize(rule, rest).eigenvalues))
    assert found == pytest.approx(radius, abs=tolerance)


def test_momentum_is_its_recursion():
    energy, x, d = DoubleWell(), np.array([0.4, -1.3]), np.array([0.1, 0.2])
    slope = jax.jit(jax.grad(energy))
    for nesterov in (False, True):
        at = x + 0.7 * d if nesterov else x
        rule = Momentum(energy, 0.05, 0.7, nesterov=nesterov)
        after = jax.jit(rule.step)(0, (x, d))
        np.testing.assert_allclose(after.step, 0.7 * d - 0.05 * slope(at), rtol=1e-14)
        np.testing.assert_allclose(after.position, x + after.step, rtol=1e-14)
        np.testing.assert_array_equal(rule.position(rule.begin(x)), x)


def test_a_proximal_step_on_a_quadratic_shrinks_every_mode():
    rule = ProximalStep(Quadratic(np.diag(CURVATURES)), 0.5)
    start = np.arange(1.0, 6.0)
    step = jax.jit(lambda x: rule.step(0, x))
    for scale in (1.0, 1e-150, 1e150):
        after = step(scale * start)
        np.testing.assert_allclose(after, scale * start / (1.0 + 0.5 * CURVATURES), rtol=1e-12)
    np.testing.assert_array_equal(step(np.zeros(5)), 0.0)


def test_a_proximal_step_is_implicit_and_never_rises():
    energy, eta = DoubleWell(), 0.1
    starts = np.random.default_rng(0).normal(size=(50, 2)) * 3.0
    rule = ProximalStep(energy, eta)
    after = np.asarray(jax.jit(jax.vmap(lambda x: rule.step(0, x)))(starts))
    look = jax.jit(jax.vmap(jax.value_and_grad(energy)))
    (before, _), (reached, slopes) = look(starts), look(after)
    np.testing.assert_allclose(after, starts - eta * slopes, rtol=1e-12, atol=1e-12)
    assert np.all(reached <= before)


def test_its_derivative_is_that_of_the_implicit_function():
    energy, x = DoubleWell(), np.array([0.3, -2.5])
    rule = ProximalStep(energy, 0.1)
    hessian = np.asarray(jax.jit(lambda x: jax.hessian(energy)(rule.step(0, x)))(x))
    expected = np.linalg.inv(np.eye(2) + 0.1 * hessian)
    for derivative in (jax.jacfwd, jax.jacrev):
        found = jax.jit(derivative(lambda y: rule.step(0, y)))(x)
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def test_a_proximal_step_to_no_minimum_is_nan():
    """So long a step that the root near the ridge is a maximum of what is minimized."""
    start, energy = np.array([0.01]), jax.jit(DoubleWell())
    after = np.asarray(jax.jit(lambda x: ProximalStep(DoubleWell(), 10.0).step(0, x))(start))
    lowest = float(energy(after)) + (after.item() - 0.01) ** 2 / 20.0
    assert np.isnan(lowest) or lowest < energy(start)


def test_exponentiated_gradient_of_a_linear_cost():
    run = tw.simulate(MirrorStep(Linear(COST), 0.7), SHARES, steps=50)
    expected = SHARES * np.exp(-0.7 * run.times[:, None] * COST)
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(run.states, expected, rtol=1e-14)


def test_with_an_entropy_it_contracts_to_the_softmax():
    eta, temperature = 0.3, 0.5
    run = tw.simulate(MirrorStep(Linear(COST, temperature), eta), SHARES, steps=12)
    rest = np.exp(-COST / temperature)
    away = np.log(run.states) - np.log(rest / rest.sum())
    away -= away.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(away[1:], (1.0 - eta * temperature) * away[:-1], atol=1e-14)


def test_its_limit_is_the_replicator():
    energy = Linear(COST, 0.5)
    flow = tw.SteepestDescent(energy, tw.Simplex())
    at = tw.simulate(flow, SHARES, duration=1.0, save="end", rtol=1e-12, atol=1e-14).final
    errors = [
        np.max(np.abs(tw.simulate(MirrorStep(energy, 1.0 / n), SHARES, steps=n).final - at))
        for n in (200, 400)
    ]
    assert errors[0] / errors[1] == pytest.approx(2.0, abs=0.02)


def test_a_barrier_on_a_linear_cost():
    cost = np.abs(COST)
    run = tw.simulate(MirrorStep(Linear(cost), 0.3, LogBarrier()), SHARES, steps=100)
    expected = SHARES / (1.0 + 0.3 * cost * run.times[:, None] * SHARES)
    np.testing.assert_allclose(run.states, expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Momentum(BAD, 0.1), "energy must be a callable"),
        (lambda: Momentum(DoubleWell(), 0.0), "step_size must be positive"),
        (lambda: Momentum(DoubleWell(), 0.1, 1.0), r"momentum must lie in \[0, 1\)"),
        (lambda: Momentum(DoubleWell(), 0.1, -0.1), r"momentum must lie in \[0, 1\)"),
        (lambda: ProximalStep(DoubleWell(), -1.0), "step_size must be positive"),
        (lambda: ProximalStep(BAD, 1.0), "energy must be a callable"),
        (lambda: MirrorStep(DoubleWell(), np.nan), "step_size must be positive"),
        (lambda: MirrorStep(DoubleWell(), 0.1, BAD), "potential must be a Potential"),
    ],
)
def test_bad_parts_are_refused(make, words):
    with pytest.raises(tw.InputError, match=words):
        make()
