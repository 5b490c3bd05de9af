"""The energy of a rule that does not say it has one: a network of two graded neurons."""

import jax.numpy as jnp

import thalweg as tw


class Network(tw.Flow):
    """x' = −x + W tanh(x), with symmetric weights (Hopfield 1984)."""

    excitation: float = 1.2
    inhibition: float = 0.6

    domain = tw.Box([-3.0, -3.0], [3.0, 3.0])

    def velocity(self, t, state):
        x, y = jnp.tanh(state)
        pull = self.excitation * jnp.stack([x, y]) - self.inhibition * jnp.stack([y, x])
        return pull - state


network = Network()
equilibria = tw.find_equilibria(network)
verdict = tw.recover_energy(network, equilibria=equilibria)
print(verdict)  # steepest descent in a metric that is constant, W⁻¹
assert verdict.kind == "constant-metric"

axes = tw.plot.verdict(verdict, network, equilibria=equilibria)
axes.figure.savefig("recovered.svg")
