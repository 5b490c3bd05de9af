"""An energy with its minima and saddles, and a run that goes down it."""

import jax.numpy as jnp

import thalweg as tw

surface = tw.energies.MuellerBrown()
flow = tw.SteepestDescent(surface)
equilibria = tw.find_equilibria(flow)
print(equilibria)  # three minima, two saddles between them

axes = tw.plot.energy_landscape(surface, equilibria=equilibria)
run = tw.simulate(flow, jnp.array([-0.8, 0.75]), duration=0.1, save=200)
axes.plot(*run.states.T, color="white")
axes.figure.savefig("landscape.svg")
