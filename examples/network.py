"""Fixed points of a network of 24 units, from states that it was seen in."""

import jax.numpy as jnp
import numpy as np

import thalweg as tw

rng = np.random.default_rng(1)
patterns = rng.choice([-1.0, 1.0], (3, 24))
weights = jnp.asarray(1.5 * patterns.T @ patterns / 24)
network = tw.as_map(lambda h: jnp.tanh(weights @ h))  # any update of yours, its input held

starts = rng.uniform(-0.5, 0.5, (48, 24))
recorded = np.concatenate(
    [tw.simulate(network, start, steps=6).states for start in jnp.asarray(starts)]
)
box = tw.Box([-1.0] * 24, [1.0] * 24)
points = tw.find_equilibria(network, box, starts=recorded)
print(points)  # each pattern and its negative are sinks; saddles part them

axes = tw.plot.phase_portrait(network, box, equilibria=points, starts=recorded[::70])
axes.figure.savefig("network.svg")
