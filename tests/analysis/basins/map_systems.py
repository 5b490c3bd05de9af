"""Maps with known basins."""

from typing import Any

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


class Swapping(tw.Map):
    """x⁺ = −(x + .095 sin 2πx), which swaps n + ½ and −n − ½ for every n, and attracts there."""

    domain = tw.Box([-60.0], [60.0])

    def step(self, t, state):
        return -(state + 0.095 * jnp.sin(2.0 * jnp.pi * state))


class Turning(tw.Map):
    """A turn of the plane by the golden angle, and a pull onto the circle of radius 1."""

    pull: Any
    domain = tw.Box([-2.0, -2.0], [2.0, 2.0])

    def step(self, t, state):
        angle = jnp.pi * (3.0 - jnp.sqrt(5.0))
        x, y = state * (1.0 + self.pull * (1.0 - jnp.sum(state**2)))
        return jnp.stack(
            [jnp.cos(angle) * x - jnp.sin(angle) * y, jnp.sin(angle) * x + jnp.cos(angle) * y]
        )
