"""Small systems with known equilibria, shared by the tests of analysis."""

from typing import Any

import jax.numpy as jnp
import numpy as np

import thalweg as tw


def flow(fn: Any, lower: Any, upper: Any, **options: Any) -> tw.Flow:
    return tw.as_flow(fn, domain=tw.Box(lower, upper, **options))


def square(half_width: float, dimension: int = 2) -> tuple[list[float], list[float]]:
    return [-half_width] * dimension, [half_width] * dimension


class Polynomial(tw.Flow):
    """A planar cubic field with coefficients on the monomials x^i y^j, i + j ≤ 3."""

    p: Any
    q: Any
    domain = tw.Box([-3.0, -3.0], [3.0, 3.0])

    def velocity(self, t, state):
        x, y = state
        monomials = jnp.stack([x**i * y**j for i in range(4) for j in range(4 - i)])
        return jnp.stack([self.p @ monomials, self.q @ monomials])


class TanhNetwork(tw.Flow):
    """h' = −h + tanh(W h)."""

    weights: Any
    domain = tw.Box([-1.2] * 8, [1.2] * 8)

    def velocity(self, t, state):
        return -state + jnp.tanh(self.weights @ state)


class Henon(tw.Map):
    a: float = 1.4
    b: float = 0.3
    domain = tw.Box([-3.0, -3.0], [3.0, 3.0])

    def step(self, t, state):
        x, y = state
        return jnp.stack([1.0 - self.a * x**2 + y, self.b * x])


def symmetric_weights(seed: int = 3, gain: float = 3.0) -> np.ndarray:
    draw = np.random.default_rng(seed).normal(size=(8, 8))
    return gain * (draw + draw.T) / np.sqrt(32.0)
