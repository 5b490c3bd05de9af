"""Systems of two parameters whose curves of bifurcations have closed forms."""

import jax.numpy as jnp

import thalweg as tw


class Cubic(tw.Flow):
    """x' = h + rx − x³."""

    h: float = 0.0
    r: float = 1.0
    domain = tw.Box([-2.0], [2.0])

    def velocity(self, t, state):
        return self.h + self.r * state - state**3


class Driven(tw.Flow):
    """x' = a − x² + b cos t."""

    a: float = 0.2
    b: float = 0.1
    domain = tw.Box([-3.0], [3.0])

    def velocity(self, t, state):
        return self.a - state**2 + self.b * jnp.cos(t)


class Circle(tw.Flow):
    """x' = x² + a² + b² − .01, whose folds are a circle so small that most lines miss it."""

    a: float = 0.2
    b: float = 0.1
    domain = tw.Box([-3.0], [3.0])

    def velocity(self, t, state):
        return state**2 + self.a**2 + self.b**2 - 0.01


class BogdanovTakens(tw.Flow):
    """x' = y, y' = β₁ + β₂x + x² + sxy."""

    first: float = 0.1
    second: float = -0.1
    sign: float = 1.0
    domain = tw.Box([-3.0, -3.0], [3.0, 3.0])
    state_names = ("x", "y")

    def velocity(self, t, state):
        x, y = state
        return jnp.stack([y, self.first + self.second * x + x**2 + self.sign * x * y])


class Bautin(tw.Flow):
    """r' = r(β₁ + β₂r² − r⁴), θ' = 1."""

    first: float = 0.1
    second: float = 0.1
    domain = tw.Box([-2.0, -2.0], [2.0, 2.0])
    state_names = ("x", "y")

    def velocity(self, t, state):
        x, y = state
        square = x**2 + y**2
        growth = self.first + self.second * square - square**2
        return jnp.stack([growth * x - y, growth * y + x])


class Lagged(tw.Map):
    """x⁺ = rx(1 − (1 − m)x₋₁ − mx): some of its past holds a population back."""

    r: float = 2.0
    m: float = 0.5
    domain = tw.Box([-1.5, -1.5], [1.5, 1.5])
    state_names = ("x", "x before")

    def step(self, t, state):
        x, before = state
        return jnp.stack([self.r * x * (1.0 - (1.0 - self.m) * before - self.m * x), x])


class FoldHopf(tw.Flow):
    """x' = a + x² + y² + z², and y, z turn by 1 and grow by b + x."""

    a: float = -0.1
    b: float = 0.1
    domain = tw.Box([-1.5, -1.5, -1.5], [1.5, 1.5, 1.5])
    state_names = ("x", "y", "z")

    def velocity(self, t, state):
        x, y, z = state
        growth = self.b + x
        drift = self.a + x**2 + y**2 + z**2
        return jnp.stack([drift, growth * y - z, growth * z + y])
