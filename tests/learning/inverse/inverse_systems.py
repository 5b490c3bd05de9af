"""Energies with one or two numbers to learn, and runs down known ones."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np

import thalweg as tw

QUICK = tw.learning.Training(updates=1000, rate=0.1, batch_size=64)


class Bowl(tw.Energy):
    """½ λ |x|²."""

    stiffness: Any

    def __call__(self, state):
        return 0.5 * self.stiffness * jnp.sum(state**2)


class Wells(eqx.Module):
    """h (x² − w²)², two wells at ±w."""

    height: Any
    width: Any

    def __call__(self, state):
        return self.height * jnp.sum((state**2 - self.width**2) ** 2)


def bowl(stiffness=1.0) -> Bowl:
    """One to be trained."""
    return Bowl(np.asarray(stiffness))


def wells(height=0.5, width=0.8) -> Wells:
    """One to be trained."""
    return Wells(np.asarray(height), np.asarray(width))


def shrinking(factor: float, num: int = 8, starts=(1.0, -2.0, 0.7)) -> np.ndarray:
    """Runs x⁺ = factor · x in one coordinate, shape `(runs, num, 1)`."""
    return np.asarray(starts)[:, None, None] * factor ** np.arange(num)[None, :, None]
