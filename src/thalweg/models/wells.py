"""Steepest descents into wells."""

from typing import Any

import jax
import jax.numpy as jnp

from thalweg.core.domains import Box
from thalweg.dynamics import Flow


class FourWells(Flow):
    r"""Descent into four wells, the product of two double wells of different width.

        x' = −∂V/∂x        y' = −∂V/∂y        V = x²(x² − a)/4 + y²(y² − b)/4

    Nine equilibria, x ∈ {0, ±√(a/2)} with y ∈ {0, ±√(b/2)}: four sinks, four saddles, a source.

    Arguments:
        a: twice the square of the wells' position along x.
        b: the same along y.
    """

    a: float = 2.2
    b: float = 2.0

    domain = Box([-2.0, -2.0], [2.0, 2.0])
    state_names = ("x", "y")

    def energy(self, state: jax.Array) -> jax.Array:
        """V(x, y)."""
        x, y = state
        return 0.25 * (x**2 * (x**2 - self.a) + y**2 * (y**2 - self.b))

    def velocity(self, t: Any, state: jax.Array) -> jax.Array:
        """−∇V."""
        x, y = state
        return -jnp.stack([x**3 - 0.5 * self.a * x, y**3 - 0.5 * self.b * y])
