"""A flow that turns as it goes down a quartic, and exact draws of its noisy runs at rest."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import thalweg as tw

T = 0.5
TILT = 0.3


class Turning(tw.Flow):
    """f = −(I + J)∇E with J = [[0, a], [−a, 0]] and E = (x² − 1)²/2 + y²/2 + .3xy."""

    turn: Any = 2.0

    def velocity(self, t, state):
        x, y = state
        down, across = 2.0 * x * (x**2 - 1.0) + TILT * y, y + TILT * x
        return -jnp.stack([down + self.turn * across, across - self.turn * down])


class Linear(tw.Flow):
    """f = Ax."""

    matrix: Any

    def velocity(self, t, state):
        return jnp.asarray(self.matrix) @ state


class HalfLine(tw.Energy):
    """w x − k log x, on x > 0: the law of Gamma."""

    slope: Any
    order: Any

    def __call__(self, state):
        return jnp.sum(self.slope * state - self.order * jnp.log(state))


def slopes(x: np.ndarray) -> np.ndarray:
    """∇E of the turning flow at rows."""
    a, b = x.T
    return np.stack([2.0 * a * (a**2 - 1.0) + TILT * b, b + TILT * a], axis=1)


def quartic_draws(count: int, seed: int) -> np.ndarray:
    """Exact draws of e^{−E/T}: y given x is N(−.3x, T), x by its distribution function."""
    rng = np.random.default_rng(seed)
    grid = np.linspace(-3.5, 3.5, 100_001)
    shares = np.cumsum(np.exp(-((grid**2 - 1.0) ** 2 - TILT**2 * grid**2) / (2.0 * T)))
    x = np.interp(rng.random(count), shares / shares[-1], grid)
    return np.stack([x, -TILT * x + np.sqrt(T) * rng.standard_normal(count)], axis=1)


def with_moments(draws: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """The same draws, moved and stretched so that their mean is 0 and their covariance as given."""
    centred = draws - draws.mean(axis=0)
    own = np.linalg.cholesky(centred.T @ centred / len(draws))
    return np.linalg.solve(own, centred.T).T @ np.linalg.cholesky(covariance).T


def gradients(energy: Any, rows: np.ndarray) -> np.ndarray:
    """∇E at rows, in float64."""
    with jax.enable_x64(True):
        return np.asarray(_gradients(energy, rows))


@eqx.filter_jit
def _gradients(energy, rows):
    return jax.vmap(jax.grad(energy))(rows)
