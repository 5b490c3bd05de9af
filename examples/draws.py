"""Draws from the law of an energy at a temperature, by replicas that change places."""

import jax
import jax.numpy as jnp

import thalweg as tw
from thalweg.sampling import MALA, ParallelTempering

wells = tw.energies.FourWells()
ladder = ParallelTempering(MALA(0.05), [0.2, 0.4, 0.8])
draws = tw.sample(wells, ladder, jnp.zeros(2), count=1000, thin=10, key=jax.random.key(0))
print(draws)  # means, deviations, and whether to trust them

axes = tw.plot.energy_landscape(wells)
axes.plot(*draws.pooled.T, ".", color="white", markersize=2.5, markeredgecolor="none")
axes.figure.savefig("draws.svg")
