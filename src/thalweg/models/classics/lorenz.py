"""The Lorenz system."""

from typing import Any

import jax
import jax.numpy as jnp

from thalweg.core.domains import Box
from thalweg.dynamics import Flow


class Lorenz(Flow):
    r"""Convection in a heated layer, cut down to three modes.

        x' = σ(y − x)        y' = x(ρ − z) − y        z' = xy − βz

    For ρ > 1 the equilibria are the origin and (±√(β(ρ − 1)), ±√(β(ρ − 1)), ρ − 1); the default ρ
    is chaotic, and between ρ = 1 and 24.74 the pair is stable.

    Arguments:
        sigma: Prandtl number σ.
        rho: Rayleigh number ρ, relative to the onset of convection.
        beta: aspect ratio β of the rolls.

    References:
        E. N. Lorenz, J. Atmos. Sci. 20, 130 (1963).
    """

    sigma: float = 10.0
    rho: float = 28.0
    beta: float = 8.0 / 3.0

    domain = Box([-25.0, -30.0, -10.0], [25.0, 30.0, 50.0])
    state_names = ("x", "y", "z")

    def velocity(self, t: Any, state: jax.Array) -> jax.Array:
        """(x', y', z')."""
        x, y, z = state
        return jnp.stack([self.sigma * (y - x), x * (self.rho - z) - y, x * y - self.beta * z])
