"""Oscillators of the plane: van der Pol and the pendulum."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.domains import Box
from thalweg.dynamics import Flow


class VanDerPol(Flow):
    r"""An oscillator with negative damping inside |x| < 1 and positive outside.

        x' = y        y' = μ(1 − x²)y − x

    One unstable equilibrium, the origin, inside one stable cycle of amplitude near 2.

    Arguments:
        mu: strength μ of the damping; near 0 the cycle is a circle, for large μ it relaxes.

    References:
        B. van der Pol, Phil. Mag. 2, 978 (1926).
    """

    mu: float = 1.0

    domain = Box([-3.0, -4.0], [3.0, 4.0])
    state_names = ("x", "y")

    def velocity(self, t: Any, state: jax.Array) -> jax.Array:
        """(x', y')."""
        x, y = state
        return jnp.stack([y, self.mu * (1.0 - x**2) * y - x])


class Pendulum(Flow):
    r"""A rigid pendulum, damped, on the circle of its angles.

        θ' = ω        ω' = −(g/l) sin θ − γω

    θ = 0 hangs, θ = ±π (one and the same state) stands. The mechanical energy per unit of m l²,
    E = ω²/2 + (g/l)(1 − cos θ), changes at the rate −γω².

    Arguments:
        gravity: g, m/s².
        length: l, m.
        damping: γ, 1/s; without it the hanging state is a center.

    References:
        S. H. Strogatz, Nonlinear Dynamics and Chaos (1994), section 6.7.
    """

    gravity: float = 9.81
    length: float = 1.0
    damping: float = 0.5

    domain = Box([-np.pi, -8.0], [np.pi, 8.0], periodic=[True, False])
    state_names = ("theta", "omega")

    def energy(self, state: jax.Array) -> jax.Array:
        """The mechanical energy ω²/2 + (g/l)(1 − cos θ), in 1/s²."""
        theta, omega = state
        return 0.5 * omega**2 + self.gravity / self.length * (1.0 - jnp.cos(theta))

    def velocity(self, t: Any, state: jax.Array) -> jax.Array:
        """(θ', ω')."""
        theta, omega = state
        pull = self.gravity / self.length * jnp.sin(theta)
        return jnp.stack([omega, -pull - self.damping * omega])
