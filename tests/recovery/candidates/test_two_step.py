"""Two-step energies of synchronous networks, against their closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.recovery.recovery_systems import proportional_gap, values

import thalweg as tw
from thalweg.recovery import make_question
from thalweg.recovery.candidates.two_step import TwoStepLevel

SQUARE = tw.Box([-1.5, -1.5], [1.5, 1.5])


def ask(step, box=SQUARE):
    """The two-step level alone."""
    rule = tw.as_map(step)
    with jax.enable_x64(True):
        return TwoStepLevel().ask(make_question(rule, box, equilibria=(), cycles=()))


@pytest.mark.long
@pytest.mark.parametrize("threshold", [0.0, 0.25])
def test_a_synchronous_hopfield_network(threshold):
    weights = jnp.array([[0.0, 1.0], [1.0, 0.0]])

    def step(x):
        return jnp.sign(weights @ x + threshold)

    def known(x):
        first = step(x)
        second = step(first)
        return -second @ weights @ first - threshold * jnp.sum(first + second)

    found = ask(step)
    assert found.outcome == "yes"
    points = np.random.default_rng(0).uniform(-1.5, 1.5, (50, 2))
    np.testing.assert_allclose(values(found.energy, points), values(known, points), atol=1e-9)


@pytest.mark.long
def test_a_smooth_synchronous_network_with_unequal_gains():
    """x⁺ = tanh(D W x): −yᵀWx + Σ ∫ atanh / d over both, at x and y after a step."""
    weights, gains = jnp.array([[-2.0, 0.5], [0.5, -1.5]]), jnp.array([1.0, 2.0])

    def step(x):
        return jnp.tanh(gains * (weights @ x))

    def unit(y):
        inner = jnp.clip(y, -1.0 + 1e-15, 1.0 - 1e-15)
        return jnp.sum((inner * jnp.arctanh(inner) + 0.5 * jnp.log1p(-(inner**2))) / gains)

    def known(x):
        first = step(x)
        second = step(first)
        return -second @ weights @ first + unit(first) + unit(second)

    found = ask(step)
    assert found.outcome == "yes"
    points = np.random.default_rng(0).uniform(-0.5, 0.5, (50, 2))

    assert proportional_gap(found.energy, known, points)[0] < 1e-9
    rises = values(lambda x: known(step(x)) - known(x), points)
    assert np.max(rises) <= 1e-12


def test_a_rotation_has_none():
    assert ask(lambda x: 0.9 * jnp.stack([-x[1], x[0]])).outcome == "no"
    assert ask(lambda x: jnp.sign(jnp.stack([-x[1], x[0]]))).outcome == "no"
