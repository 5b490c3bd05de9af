"""Maps with known basins."""

import jax.numpy as jnp

import thalweg as tw


class Newton(tw.Map):
    """Newton's method for z³ = 1, with z = x + iy."""

    domain = tw.Box([-1.5, -1.5], [1.5, 1.5])

    def step(self, t, state):
        x, y = state
        squares = x**2 + y**2
        # (2z + z̄²/|z|⁴)/3
        return jnp.stack(
            [
                (2.0 * x + (x**2 - y**2) / squares**2) / 3.0,
                (2.0 * y - 2.0 * x * y / squares**2) / 3.0,
            ]
        )
