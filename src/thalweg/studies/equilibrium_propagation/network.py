"""A layered network at rest, and its gradient by centred equilibrium propagation."""

import itertools
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.randomness import host_generator

_FEEDBACK = 0.25  # of Glorot's weights, where they go both ways


class LayeredNetwork(eqx.Module):
    r"""Layers that rest where an energy is least.

        E(s, x) = Σ_k ½|s_k|² − s_k·(W_k s_{k−1} + b_k),        s_0 = x

    with 0 ≤ s_k ≤ 1 but in the last layer. Given its neighbours, a layer rests at W_k s_{k−1} +
    W_{k+1}ᵀ s_{k+1} + b_k, clipped to that, so that one sweep (every second layer, then the others)
    goes down E by exact steps of whole blocks.

    Attributes:
        weights: W, `(after, before)` each.
        biases: b.
    """

    weights: tuple[Any, ...]
    biases: tuple[Any, ...]

    @classmethod
    def random(cls, sizes: Sequence[int], key: jax.Array) -> "LayeredNetwork":
        """Uniform weights (Glorot's, a quarter of them above the first) and zero biases, float32.

        Weights that go both ways are a loop: as large as Glorot's, several rests compete.
        """
        rng, weights = host_generator(key), []
        for before, after in itertools.pairwise(sizes):
            limit = np.sqrt(6.0 / (before + after)) * (_FEEDBACK if weights else 1.0)
            weights.append(rng.uniform(-limit, limit, (after, before)).astype(np.float32))
        return cls(tuple(weights), tuple(np.zeros(len(w), np.float32) for w in weights))

    def energy(self, states: Sequence[Any], inputs: Any) -> Any:
        """E of each sample: states `(batch, n_k)`, inputs `(batch, n_0)`; shape `(batch,)`."""
        total, below = jnp.zeros(len(inputs), inputs.dtype), inputs
        for weight, bias, s in zip(self.weights, self.biases, states, strict=True):
            total += jnp.sum(s * (0.5 * s - below @ weight.T - bias[None]), axis=1)
            below = s
        return total

    def start(self, inputs: Any) -> tuple[Any, ...]:
        """Zero states of a batch."""
        return tuple(jnp.zeros((len(inputs), len(b)), inputs.dtype) for b in self.biases)

    def drive(self, inputs: Any) -> Any:
        """The drive of the first layer by the input, W_1 x + b_1: the same in every sweep."""
        return inputs @ self.weights[0].T + self.biases[0][None]

    def settle(
        self, drive: Any, states: tuple[Any, ...], sweeps: int, target: Any = None, nudge: Any = 0.0
    ) -> tuple[Any, ...]:
        """The states after so many sweeps down E + β ½|s_n − y|².

        Arguments:
            drive: that of the inputs.
            states: where to begin.
            sweeps: how many.
            target: y, `(batch, n_n)`; unused without a nudge.
            nudge: β, above −1.
        """
        last = len(self.biases) - 1

        def block(states: list[Any], k: int) -> Any:
            pull = drive if k == 0 else states[k - 1] @ self.weights[k].T + self.biases[k][None]
            if k < last:
                pull = pull + states[k + 1] @ self.weights[k + 1]
                return jnp.clip(pull, 0.0, 1.0)
            return pull if target is None else (pull + nudge * target) / (1.0 + nudge)

        def sweep(states: tuple[Any, ...], _: None) -> tuple[tuple[Any, ...], None]:
            new = list(states)
            for parity in (0, 1):
                for k in range(parity, last + 1, 2):
                    new[k] = block(new, k)
            return tuple(new), None

        return jax.lax.scan(sweep, states, None, length=sweeps)[0]


class Rests(eqx.Module):
    """Lengths of a run: sweeps to rest, sweeps when nudged, and the nudge β."""

    free: int = eqx.field(static=True, default=15)
    nudged: int = eqx.field(static=True, default=4)
    nudge: float = eqx.field(static=True, default=0.2)


def propagation_loss(network: LayeredNetwork, inputs: Any, target: Any, how: Rests) -> Any:
    """A number whose gradient in the network is that of centred equilibrium propagation.

    (E(s⁺) − E(s⁻)) / 2β with the states held: its derivative is that of the loss ½|s_n − y|² at
    rest, but for terms of the order of β². Also the loss and the mistakes of the free rest.
    """
    held = jax.lax.stop_gradient(network)
    drive = held.drive(inputs)
    free = held.settle(drive, held.start(inputs), how.free)
    up, down = (held.settle(drive, free, how.nudged, target, s * how.nudge) for s in (1.0, -1.0))
    gap = network.energy(up, inputs) - network.energy(down, inputs)
    loss = 0.5 * jnp.mean(jnp.sum((free[-1] - target) ** 2, axis=1))
    wrong = jnp.argmax(free[-1], axis=1) != jnp.argmax(target, axis=1)
    return jnp.mean(gap) / (2.0 * how.nudge), {"rest": loss, "mistakes": jnp.mean(wrong)}


def rest_loss(network: LayeredNetwork, inputs: Any, target: Any, sweeps: int) -> Any:
    """The loss after so many sweeps, to be differentiated through all of them."""
    end = network.settle(network.drive(inputs), network.start(inputs), sweeps)
    return 0.5 * jnp.mean(jnp.sum((end[-1] - target) ** 2, axis=1))


def forward_loss(network: LayeredNetwork, inputs: Any, target: Any) -> Any:
    """The loss of the same layers without feedback: what backpropagation trains."""
    s = inputs
    for weight, bias in zip(network.weights, network.biases, strict=True):
        pull = s @ weight.T + bias[None]
        s = pull if weight is network.weights[-1] else jnp.clip(pull, 0.0, 1.0)
    return 0.5 * jnp.mean(jnp.sum((s - target) ** 2, axis=1))


@eqx.filter_jit
def alignment(network: LayeredNetwork, inputs: Any, target: Any, how: Rests, sweeps: int) -> Any:
    """The cosine between the gradient of equilibrium propagation and that through all sweeps."""
    one = jax.grad(lambda net: propagation_loss(net, inputs, target, how)[0])(network)
    other = jax.grad(lambda net: rest_loss(net, inputs, target, sweeps))(network)
    a, b = (
        jnp.concatenate([leaf.ravel() for leaf in jax.tree.leaves(tree)]) for tree in (one, other)
    )
    return a @ b / (jnp.linalg.norm(a) * jnp.linalg.norm(b))


@eqx.filter_jit
def mistakes(network: LayeredNetwork, inputs: Any, labels: Any, sweeps: int) -> Any:
    """The share of the inputs that the rest misreads."""
    end = network.settle(network.drive(inputs), network.start(inputs), sweeps)
    return jnp.mean(jnp.argmax(end[-1], axis=1) != labels)
