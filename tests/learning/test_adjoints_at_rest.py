"""Gradients of runs that come to rest, begin there, or stay there for long."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from thalweg.learning import compare_adjoints


class Settling(tw.Flow):
    """x' = −r x + W tanh(x) + b."""

    rates: Any
    weights: Any
    bias: Any

    def velocity(self, t, state):
        return self.bias - self.rates * state + self.weights @ jnp.tanh(state)


class Gated(tw.Flow):
    """x' = −x + g sin(50 t): with g = 0 only a tangent feels what drives it."""

    gate: float = 0.0

    def velocity(self, t, state):
        return self.gate * jnp.sin(50.0 * t) - state


RNG = np.random.default_rng(0)
NOTHING = np.zeros((3, 3))
COUPLED = 0.4 * RNG.standard_normal((3, 3))
PLAIN, STIFF = np.ones(3), np.array([1.0, 30.0, 1000.0])
CASES = {
    "rest": (PLAIN, NOTHING, np.zeros(3), np.zeros(3), 5.0),
    "rest for long": (PLAIN, NOTHING, np.zeros(3), np.zeros(3), 200.0),
    "rest for very long": (PLAIN, COUPLED, np.ones(3), np.full(3, 0.5), 2000.0),
    "a network from zeros": (PLAIN, COUPLED, np.zeros(3), np.zeros(3), 20.0),
    "near rest": (PLAIN, COUPLED, np.zeros(3), np.full(3, 1e-6), 20.0),
    "far from rest": (PLAIN, COUPLED, np.ones(3), np.array([4.0, -7.0, 2.0]), 10.0),
    "stiff rest": (STIFF, NOTHING, np.zeros(3), np.zeros(3), 5.0),
    "near stiff rest": (STIFF, COUPLED, np.zeros(3), np.full(3, 1e-4), 5.0),
}


def total(state):
    return state.sum()


@pytest.mark.long
@pytest.mark.parametrize("name", CASES)
def test_adjoints_agree_with_finite_differences(name):
    """The layers are 6,000 so that steps of Euler's are stable; how near they come is no matter."""
    rates, weights, bias, start, duration = CASES[name]
    flow = Settling(rates, weights, bias)
    found = compare_adjoints(flow, total, start, (0.0, duration), layers=6000, runs=1)
    assert max(found.errors[:2]) < 1e-6


@pytest.mark.long
def test_a_gate_that_is_shut_has_its_gradient():
    """∂x/∂g = (sin 50t − 50 cos 50t + 50 e⁻ᵗ) / 2501 from rest at 0."""
    found = compare_adjoints(Gated(), total, np.zeros(2), (0.0, 7.3), layers=4000, runs=1)
    known = 2 * (np.sin(365.0) - 50 * np.cos(365.0) + 50 * np.exp(-7.3)) / 2501
    for each in found.gradients[:2]:
        assert float(each.flow.gate) == pytest.approx(known, rel=1e-6)
