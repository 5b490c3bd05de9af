"""Two classic maps: Hénon's of the plane and the logistic map of the line."""

from typing import Any

import jax
import jax.numpy as jnp

from thalweg.core.domains import Box
from thalweg.dynamics import Map


class Henon(Map):
    r"""A quadratic map of the plane that stretches, folds and contracts areas.

        x⁺ = 1 − a x² + y        y⁺ = b x

    Arguments:
        a: the folding a.
        b: the contraction b of areas (up to sign).

    References:
        M. Hénon, Commun. Math. Phys. 50, 69 (1976).
    """

    a: float = 1.4
    b: float = 0.3

    domain = Box([-2.0, -1.0], [2.0, 1.0])
    state_names = ("x", "y")

    def step(self, t: Any, state: jax.Array) -> jax.Array:
        """(x⁺, y⁺)."""
        x, y = state
        return jnp.stack([1.0 - self.a * x**2 + y, self.b * x])


class Logistic(Map):
    r"""A population limited by its own density, x⁺ = r x (1 − x).

    Fixed points 0 and 1 − 1/r with multipliers r and 2 − r; the default r has a stable 2-cycle.

    Arguments:
        r: rate of growth, 0 < r ≤ 4 on the unit interval.

    References:
        R. M. May, Nature 261, 459 (1976).
    """

    r: float = 3.2

    domain = Box(0.0, 1.0)
    state_names = ("x",)

    def step(self, t: Any, state: jax.Array) -> jax.Array:
        """x⁺, a scalar."""
        return self.r * state * (1.0 - state)
