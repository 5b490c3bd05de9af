"""One mode of a deep linear network."""

from typing import Any

import jax
import jax.numpy as jnp

from thalweg.core.domains import Box
from thalweg.dynamics import Flow


class DeepLinearMode(Flow):
    r"""Gradient descent on one singular mode of a two-layer linear network.

        τ a' = (s − ab) b        τ b' = (s − ab) a

    a and b are the weights of the two layers along the mode. The origin is a saddle with
    eigenvalues ±s/τ; the hyperbola ab = s is a line of minima with eigenvalues 0 and −(a² + b²)/τ.
    The difference a² − b² is conserved, and the error E = (s − ab)²/2 falls.

    Arguments:
        strength: the singular value s > 0 of the data.
        tau: the time constant τ, one over the learning rate.

    References:
        A. M. Saxe, J. L. McClelland & S. Ganguli, arXiv:1312.6120 (2013).
    """

    strength: float = 3.0
    tau: float = 1.0

    domain = Box([-3.0, -3.0], [3.0, 3.0])
    state_names = ("a", "b")

    def energy(self, state: jax.Array) -> jax.Array:
        """The squared error (s − ab)²/2."""
        a, b = state
        return 0.5 * (self.strength - a * b) ** 2

    def velocity(self, t: Any, state: jax.Array) -> jax.Array:
        """(a', b')."""
        a, b = state
        error = self.strength - a * b
        return jnp.stack([error * b, error * a]) / self.tau
