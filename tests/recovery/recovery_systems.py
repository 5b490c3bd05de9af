"""The systems of the known answers, with their parameters as arrays so that each compiles once."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import thalweg as tw


class TanhNetwork(tw.Flow):
    """u' = −u + W tanh(u)."""

    weights: jax.Array

    def velocity(self, t, state):
        return -state + self.weights @ jnp.tanh(state)


def tanh_energy(weights):
    """−½ vᵀWv + Σ ∫ atanh, v = tanh u."""

    def energy(u):
        v = jnp.tanh(u)
        return -0.5 * v @ weights @ v + jnp.sum(u * v - jnp.log(jnp.cosh(u)))

    return energy


class LotkaVolterra(tw.Flow):
    """x' = x (rates − A x)."""

    rates: jax.Array
    interaction: jax.Array

    def velocity(self, t, state):
        return state * (self.rates - self.interaction @ state)


class Replicator(tw.Flow):
    """x' = x (A x − x·A x)."""

    payoff: jax.Array

    def velocity(self, t, state):
        fitness = self.payoff @ state
        return state * (fitness - state @ fitness)


class Normalization(tw.Flow):
    """The reduced normalization network of `theory/normalization.md`, in continuous time."""

    drive: jax.Array
    target: jax.Array
    alpha: float = 0.7
    beta: float = -0.3
    sigma: float = 0.6

    def outputs(self, u):
        return self.drive / (self.sigma**2 + u)

    def velocity(self, t, state):
        outputs = self.outputs(state)
        pool = outputs @ self.drive
        return self.alpha * (outputs * pool / state.shape[0] - self.target) + self.beta * (
            state - self.target
        )

    def known_energy(self, u):
        shifted = self.sigma**2 + u
        pool = self.outputs(u) @ self.drive
        first = self.alpha / (2 * u.shape[0]) * pool**2
        second = self.alpha * jnp.sum(self.target * self.drive * jnp.log(shifted))
        leak = u - (self.sigma**2 + self.target) * jnp.log(shifted)
        return first + second - self.beta * jnp.sum(self.drive * leak)


class NormalizationWeights(tw.Flow):
    """The same network before its reduction: W of shape (n, n)."""

    drive: jax.Array
    homeostatic: jax.Array
    alpha: float = 0.7
    beta: float = -0.3
    sigma: float = 0.6

    def velocity(self, t, state):
        outputs = self.drive / (self.sigma**2 + state @ self.drive / self.drive.shape[0])
        gap = jnp.outer(outputs, outputs) - self.homeostatic
        return self.alpha * gap + self.beta * (state - self.homeostatic)


class CoupledAngles(tw.Flow):
    """x' = drift + Σ_j strength_j sin(k_j·x) k_j: two oscillators have k = (1, −1)."""

    drift: Any
    strength: Any
    whole: Any

    def velocity(self, t, state):
        return self.drift + (self.strength * jnp.sin(self.whole @ state)) @ self.whole


class Kinked(tw.Flow):
    """x' = A x + B relu(x − w) + C sign(x − w)."""

    matrix: Any
    bends: Any
    jumps: Any
    walls: Any

    def velocity(self, t, state):
        away = state - self.walls
        return self.matrix @ state + self.bends @ jax.nn.relu(away) + self.jumps @ jnp.sign(away)


class Hurried(tw.Flow):
    """x' = −exp(c·x) (1 + a·turn) (H x + q x³)."""

    rate: Any
    mixing: Any
    form: Any
    stiff: Any

    def velocity(self, t, state):
        slope = self.form @ state + self.stiff * state**3
        return -jnp.exp(self.rate @ state) * (self.mixing @ slope)


class Spotted(tw.Flow):
    """x' = −x + amount · exp(−|x − c|²/size²) · turn @ (x − c): a gradient but near c."""

    amount: Any
    centre: Any
    size: Any
    turn: Any

    def velocity(self, t, state):
        away = state - self.centre
        spot = self.amount * jnp.exp(-jnp.sum(away**2) / self.size**2)
        return -state + spot * (self.turn @ away)


class Rings(tw.Flow):
    """r' = outward · r (1 − r²)(1 − r²/far²), and x turns at `rate`: cycles at 1 and at `far`."""

    outward: Any
    far: Any
    rate: Any

    def velocity(self, t, state):
        square = jnp.sum(state**2)
        pace = self.outward * (1.0 - square) * (1.0 - square / self.far**2)
        return pace * state + self.rate * jnp.stack([-state[1], state[0]])


class Pendulum(tw.Flow):
    """θ'' = −γ θ' − sin θ."""

    friction: float = 0.5

    domain = tw.Box([-np.pi, -2.0], [np.pi, 2.0], periodic=[True, False])

    def velocity(self, t, state):
        return jnp.stack([state[1], -self.friction * state[1] - jnp.sin(state[0])])


class Henon(tw.Map):
    """x⁺ = 1 − a x² + y, y⁺ = b x."""

    a: float = 1.4
    b: float = 0.3

    domain = tw.Box([-2.0, -1.0], [2.0, 1.0])

    def step(self, t, state):
        x, y = state
        return jnp.stack([1.0 - self.a * x**2 + y, self.b * x])


def cube(low, high, size):
    return tw.Box(np.full(size, low), np.full(size, high))


def values(energy, points):
    """An energy at points, in float64, by one program."""
    with jax.enable_x64(True):
        return np.asarray(jax.jit(jax.vmap(energy))(np.asarray(points, dtype=np.float64)))


def proportional_gap(energy, known, points):
    """The largest gap between an energy and a·known + b, and a."""
    found, given = values(energy, points), values(known, points)
    fit = np.polynomial.polynomial.polyfit(given, found, 1)
    gap = np.max(np.abs(np.polynomial.polynomial.polyval(given, fit) - found))
    return gap / abs(fit[1]), fit[1]
