"""A ring attractor."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.domains import Box
from thalweg.core.errors import InputError
from thalweg.core.trees import cast_like
from thalweg.dynamics import Flow


class RingAttractor(Flow):
    r"""Neurons tuned to directions, whose rest states are a bump of activity at any angle.

        r_i' = −r_i + g p_i / (1 + |z|²)
        p_i = (2/n) Σ_j cos(θ_i − θ_j) r_j        z = (2/n) Σ_j r_j e^{iθ_j}        θ_j = 2πj/n

    Recurrence of cosine shape with divisive normalization. Normalization by |z|² keeps the symmetry
    exact for every n ≥ 3: for g > 1 the rest states are the origin (eigenvalues g − 1 twice, else
    −1) and the ring r_i = √(g − 1) cos(θ_i − φ), with eigenvalues 0 along it, −2(g − 1)/g across
    it and −1 else. It is the descent of E = |r|²/2 − (gn/4) log(1 + |z|²).

    Arguments:
        size: the number n of neurons.
        gain: the strength g of the recurrence.

    References:
        R. Ben-Yishai, R. L. Bar-Or & H. Sompolinsky, PNAS 92, 3844 (1995) (cosine recurrence);
        K. Zhang, J. Neurosci. 16, 2112 (1996) (ring of rest states).
    """

    size: int = eqx.field(static=True, default=8)
    gain: float = 3.0

    def __check_init__(self):
        """Refuse a ring too small to be symmetric."""
        if self.size < 3:
            raise InputError(f"RingAttractor: size must be at least 3, got {self.size}.")

    @property
    def domain(self) -> Box:
        """A cube that holds the ring at the default gain."""
        return Box(np.full(self.size, -2.0), np.full(self.size, 2.0))

    def energy(self, state: jax.Array) -> jax.Array:
        """|r|²/2 − (gn/4) log(1 + |z|²)."""
        z = self._population_vector(state)
        return 0.5 * jnp.sum(state**2) - 0.25 * self.gain * self.size * jnp.log1p(jnp.sum(z**2))

    def velocity(self, t: Any, state: jax.Array) -> jax.Array:
        """r', shape `(n,)`."""
        z = self._population_vector(state)
        recurrent = z @ self._directions(state)
        return -state + self.gain * recurrent / (1.0 + jnp.sum(z**2))

    def _directions(self, state: jax.Array) -> jax.Array:
        angles = 2.0 * np.pi * np.arange(self.size) / self.size
        return cast_like(np.stack([np.cos(angles), np.sin(angles)]), state)

    def _population_vector(self, state: jax.Array) -> jax.Array:
        return 2.0 / self.size * (self._directions(state) @ state)
