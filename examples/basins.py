"""The basins of Newton's method for z³ = 1: which start ends at which root."""

import jax.numpy as jnp

import thalweg as tw


class Newton(tw.Map):
    """z⁺ = (2z + 1/z²) / 3."""

    domain = tw.Box([-1.5, -1.5], [1.5, 1.5])

    def step(self, t, state):
        x, y = state
        square = (x**2 + y**2) ** 2
        real = (2.0 * x + (x**2 - y**2) / square) / 3.0
        return jnp.stack([real, (2.0 * y - 2.0 * x * y / square) / 3.0])


basins = tw.find_basins(Newton(), grid=300)
print(basins)  # three roots, each of a third of the plane

axes = tw.plot.basins(basins)
axes.figure.savefig("basins.svg")
