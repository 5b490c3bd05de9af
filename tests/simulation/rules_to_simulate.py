"""Rules with closed solutions; few, because each is compiled once for every way to save."""

import json
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import thalweg as tw


class Linear(tw.Flow):
    """x' = A x: x(t) = exp(tA) x(0)."""

    matrix: Any

    state_names = ("x", "v")

    def velocity(self, t, state):
        return self.matrix @ state


class Polynomial(tw.Flow):
    """x' = c₁x + c₂x²: decay, logistic growth, a blow-up at t = 1/x(0)."""

    linear: float = 0.0
    square: float = 0.0

    def velocity(self, t, state):
        return self.linear * state + self.square * state**2


class Emptying(tw.Flow):
    """x' = √(limit − t), which ends at t = limit."""

    limit: float = 1.0

    def velocity(self, t, state):
        return jnp.sqrt(self.limit - t) + 0.0 * state

    def exact(self, t):
        return 2 / 3 * (self.limit**1.5 - (self.limit - t) ** 1.5)


class Logistic(tw.Map):
    """x⁺ = r x (1 − x)."""

    r: float = 3.2

    def step(self, t, state):
        return self.r * state * (1.0 - state)


class Counting(tw.Map):
    """x⁺ = x + t, which shows what time a map sees."""

    def step(self, t, state):
        return state + t


def rotation(frequency: float = 1.0, damping: float = 0.0) -> Linear:
    """x'' + 2·damping·x' + frequency²·x = 0."""
    return Linear(np.array([[0.0, 1.0], [-(frequency**2), -2.0 * damping]]))


def is_json(data: Any) -> bool:
    """Whether data survive JSON as they are, and hold no NaN."""
    return json.loads(json.dumps(data, allow_nan=False)) == data


class LinearNoise(tw.Diffusion):
    """dx = A x dt + G dW, with G a number, a strength a coordinate, or a matrix; for any pytree."""

    rate: Any = 1.0
    level: Any = 0.5

    def drift(self, t, state):
        return jax.tree.map(lambda x: -self.rate * x, state)

    def noise(self, t, state):
        return self.level


class GeometricNoise(tw.Diffusion):
    """dx = μ x dt + σ x dW: x(t) = x(0) exp((μ − σ²/2) t + σ W(t))."""

    growth_rate: float = 0.3
    level: float = 0.8

    def drift(self, t, state):
        return self.growth_rate * state

    def noise(self, t, state):
        return self.level * state


class Counter(tw.MemoryKernel):
    """A walk that remembers how many steps went up."""

    stride: float = 1.0

    def init(self, state):
        return state, jnp.zeros((), jnp.int32)

    def step(self, key, t, carry):
        state, ups = carry
        up = jax.random.bernoulli(key)
        way = jnp.where(up, self.stride, -self.stride)
        return (state + way.astype(state.dtype), ups + up), {"up": up}

    def state(self, carry):
        return carry[0]
