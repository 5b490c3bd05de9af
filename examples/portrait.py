"""The phase portrait of an own flow: two populations that inhibit each other."""

import jax
import jax.numpy as jnp

import thalweg as tw


class Rivals(tw.Flow):
    """Two populations of neurons, each driven and inhibited by the other."""

    drive: float = 1.0
    inhibition: float = 3.0

    domain = tw.Box([0.0, 0.0], [1.2, 1.2])
    state_names = ("a", "b")

    def velocity(self, t, state):
        return -state + jax.nn.sigmoid(4.0 * (self.drive - self.inhibition * state[::-1]))


rivals = Rivals()
equilibria = tw.find_equilibria(rivals)
print(equilibria)  # two sinks, and a saddle whose stable curve parts their basins

axes = tw.plot.phase_portrait(rivals, equilibria=equilibria)
run = tw.simulate(rivals, jnp.array([0.5, 0.45]), duration=20.0, save=200)
axes.plot(*run.states.T, color="black")
axes.figure.savefig("portrait.svg")
