"""Energies of state and input for the tests of layers: a quadratic one and a small network."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import thalweg as tw
from thalweg.core.trees import cast_like

_RNG = np.random.default_rng(3)
_ROOT = _RNG.standard_normal((4, 4))
A = 0.25 * _ROOT @ _ROOT.T + 0.5 * np.eye(4)
INPUT, START, TARGET = _RNG.standard_normal((3, 4))
STEP = 0.3


class Bowl(eqx.Module):
    """½xᵀAx − bᵀx, with the input b."""

    matrix: Any

    def __call__(self, state: Any, input: Any) -> jax.Array:
        return 0.5 * state @ self.matrix @ state - input @ state


class Power(tw.Energy):
    """c·xⁿ/n: marginal at rest for n > 2, without bound for c < 0."""

    exponent: int
    factor: float = 1.0

    def __call__(self, state):
        return self.factor * jnp.sum(state**self.exponent) / self.exponent


class Layered(eqx.Module):
    """½|s|² − ½sᵀ(Ws) terms of a net input → 8 → 3 of tanh units, both layers in one state."""

    first: Any
    second: Any
    bias: Any

    def __call__(self, state: Any, input: Any) -> jax.Array:
        r = jnp.tanh(state)
        inner, outer = r[: self.first.shape[0]], r[self.first.shape[0] :]
        drive = inner @ (cast_like(self.first, state) @ input)
        coupled = outer @ (cast_like(self.second, state) @ inner)
        return 0.5 * state @ state - drive - coupled - r @ cast_like(self.bias, state)


def bowl(gradient: Any, **settings: Any) -> tw.Relax:
    """A layer on the bowl."""
    settings = {"tol": 1e-15, "max_steps": 1000, **settings}
    return tw.Relax(tw.GradientStep(Bowl(A), STEP), gradient, **settings)


def network(gradient: Any, **settings: Any) -> tw.Relax:
    """A layer on a network of 6 inputs, 8 and 3 units."""
    rng = np.random.default_rng(1)
    first, second = 0.5 * rng.standard_normal((8, 6)), 0.4 * rng.standard_normal((3, 8))
    energy = Layered(first, second, 0.1 * rng.standard_normal(11))
    settings = {"tol": 1e-14, "max_steps": 2000, **settings}
    return tw.Relax(tw.GradientStep(energy, STEP), gradient, **settings)


def half_square(end: Any, target: Any) -> jax.Array:
    """½|x − y|² of the last coordinates, as many as the target has."""
    return 0.5 * jnp.sum((end.state[-len(target) :] - target) ** 2)
