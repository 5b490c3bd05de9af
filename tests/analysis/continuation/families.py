"""Systems with one parameter whose branches and bifurcations are known."""

from typing import Any

import jax.numpy as jnp

import thalweg as tw


class Reaction(tw.Flow):
    """Two steps of a reaction A → B → C in a stirred tank; AUTO's demo `ab`."""

    p1: float = 0.05
    p2: float = 14.0
    p3: float = 2.0
    domain = tw.Box([0.0, 0.0], [1.0, 8.0])
    state_names = ("u", "v")

    def velocity(self, t, state):
        u, v = state
        rate = self.p1 * (1.0 - u) * jnp.exp(v)
        return jnp.stack([rate - u, self.p2 * rate - (1.0 + self.p3) * v])


class GrayScott(tw.Flow):
    """Autocatalysis in a stirred tank: an isola of equilibria."""

    feed: float = 0.03
    decay: float = 0.05
    domain = tw.Box([0.0, 0.0], [1.0, 1.0])
    state_names = ("u", "v")

    def velocity(self, t, state):
        u, v = state
        return jnp.stack(
            [self.feed * (1.0 - u) - u * v**2, u * v**2 - (self.feed + self.decay) * v]
        )


class Cusp(tw.Flow):
    """x' = h + rx − x³, each coordinate by itself."""

    r: float = 0.5
    h: float = 0.01
    domain = tw.Box([-2.0], [2.0])

    def velocity(self, t, state):
        return self.h + self.r * state - state**3


class Units(tw.Flow):
    """x' = −x + tanh βx, each coordinate by itself."""

    beta: float = 1.5
    domain = tw.Box([-2.0, -2.0], [2.0, 2.0])

    def velocity(self, t, state):
        return -state + jnp.tanh(self.beta * state)


class Epidemic(tw.Flow):
    """x' = x(β(1 − x) − γ)."""

    beta: float = 2.0
    gamma: float = 1.0
    domain = tw.Box([0.0], [1.0])

    def velocity(self, t, state):
        return state * (self.beta * (1.0 - state) - self.gamma)


class Delayed(tw.Map):
    """x⁺ = rx(1 − x₋₁)."""

    r: float = 1.5
    domain = tw.Box([-1.0, -1.0], [1.0, 1.0])
    state_names = ("x", "x before")

    def step(self, t, state):
        x, before = state
        return jnp.stack([self.r * x * (1.0 - before), x])


class Doubling(tw.Map):
    """−(1 + μ)x + ax² + bx³, which flips at μ = 0."""

    mu: Any
    square: Any
    cube: Any

    def step(self, t, state):
        return -(1.0 + self.mu) * state + self.square * state**2 + self.cube * state**3


class Bubble(tw.Map):
    """x⁺ = top − μ² − x²: what the quadratic map does up to `top` and back again."""

    mu: float = 0.1
    top: float = 1.3
    domain = tw.Box([-2.0], [2.0])

    def step(self, t, state):
        return self.top - self.mu**2 - state**2


class Takens(tw.Flow):
    """x' = y, y' = β₁ + β₂x + x² − xy, with β₂ = −.3: a Hopf point, a fold, a homoclinic orbit."""

    beta: float = -0.1
    domain = tw.Box([-2.0, -2.0], [2.0, 2.0])

    def velocity(self, t, state):
        x, y = state
        return jnp.stack([y, self.beta - 0.3 * x + x**2 - x * y])


class Steep(tw.Flow):
    """x' = p¹ − x⁴; the power has no second derivative at p = 0, where JAX gives NaN."""

    p: float = 0.5
    domain = tw.Box([-2.0], [2.0])

    def velocity(self, t, state):
        return jnp.prod(self.p ** jnp.arange(2)) - state**4


class Slope(tw.Flow):
    """x' = p − sin x on a circle: one closed branch, all round it."""

    p: float = 0.0
    domain = tw.Box([0.0], [2.0 * jnp.pi], periodic=[True])

    def velocity(self, t, state):
        return self.p - jnp.sin(state)


class Root(tw.Flow):
    """x' = √p − x, which is not defined below p = 0."""

    p: float = 1.0
    domain = tw.Box([-3.0], [3.0])

    def velocity(self, t, state):
        return jnp.sqrt(self.p) - state


class Coupled(tw.Flow):
    """A tree of states: x' = −x + W tanh(x) in two parts, W two by two."""

    weights: Any
    domain = tw.Box({"a": [-3.0], "b": [-3.0]}, {"a": [3.0], "b": [3.0]})

    def velocity(self, t, state):
        rates = jnp.tanh(jnp.concatenate([state["a"], state["b"]]))
        drive = self.weights @ rates
        return {"a": -state["a"] + drive[:1], "b": -state["b"] + drive[1:]}


class Switch(tw.Flow):
    """x ⇌ y by a cooperative reaction; conserves x + y: x' = −x + y(k + x²)."""

    k: float = 0.05
    domain = tw.Box([0.0, 0.0], [10.0, 10.0])
    state_names = ("x", "y")

    def velocity(self, t, state):
        x, y = state
        flux = -x + y * (self.k + x**2) / (1.0 + x**2)
        return jnp.stack([flux, -flux])


class Generalised(tw.Flow):
    """r' = r(μ + r² − r⁴), θ' = 1."""

    mu: float = 0.1
    domain = tw.Box([-2.0, -2.0], [2.0, 2.0])
    state_names = ("x", "y")

    def velocity(self, t, state):
        x, y = state
        square = x**2 + y**2
        growth = self.mu + square - square**2
        return jnp.stack([growth * x - y, growth * y + x])


class Tube(tw.Flow):
    """The unit circle, and what is near it turning by `turn` of a turn while it goes round once.

    The multipliers of the circle are e^{2π(μ ± i·turn)} if `apart` is 0; with half a turn and
    `apart` at 1 they are −e^{2πμ} and −e^{2π(μ − 1)}.
    """

    mu: float = -0.3
    turn: float = 0.3
    apart: float = 0.0
    domain = tw.Box([-2.0, -2.0, -1.0], [2.0, 2.0, 1.0])
    state_names = ("x", "y", "z")

    def velocity(self, t, state):
        x, y, z = state
        radius = jnp.sqrt(x**2 + y**2)
        out, angle = radius - 1.0, self.turn * jnp.arctan2(y, x)
        # Along a direction that turns with the orbit the second rate is smaller.
        slow = jnp.cos(angle) * out + jnp.sin(angle) * z
        fast = jnp.cos(angle) * z - jnp.sin(angle) * out
        slow, fast = self.mu * slow, (self.mu - self.apart) * fast
        change = jnp.cos(angle) * slow - jnp.sin(angle) * fast - self.turn * z
        rise = jnp.sin(angle) * slow + jnp.cos(angle) * fast + self.turn * out
        return jnp.stack([change * x / radius - y, change * y / radius + x, rise])
