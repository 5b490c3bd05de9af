"""Study `deep-linear-tree`: progressive differentiation of hierarchical data, linear and ReLU."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import DivergenceError, InputError
from thalweg.data import HierarchicalData, hierarchical_trees
from thalweg.models import deep_linear as dl

ACTIVATIONS = {"linear": lambda x: x, "relu": jax.nn.relu}


@dataclass(frozen=True)
class Differentiation:
    """Knowledge of the items of a tree in a network that learns them.

    Attributes:
        data: the items.
        activation: `"linear"` or `"relu"`.
        steps: how many samples had been seen, `(T,)`.
        outputs: the network's output for every item, `(T, items, features)`.
        hidden: the last hidden layer's activity for every item, `(T, items, hidden)`.
        errors: mean squared error per feature, `(T,)`.
    """

    data: HierarchicalData
    activation: str
    steps: np.ndarray
    outputs: np.ndarray
    hidden: np.ndarray
    errors: np.ndarray

    def mode_strengths(self) -> tuple[np.ndarray, np.ndarray]:
        """Learned part of every singular mode of the data, `(T, r)`, and the goal `(r,)`."""
        left, strengths, right = np.linalg.svd(self.data.features, full_matrices=False)
        learned = np.einsum("ir,tif,rf->tr", left, self.outputs, right)
        return learned, strengths

    def level_progress(self) -> np.ndarray:
        """The learned share of what tells siblings apart at each level of the tree, `(T, depth)`.

        At level l: the regression of the outputs on the data, both as differences between the means
        of the nodes of level l and of their parents. It is 1 when learned.
        """
        shares, parents = [], np.zeros(self.data.num_items, dtype=int)
        for level in range(1, len(self.data.branching) + 1):
            nodes = self.data.clusters(level)
            mean = _average_over(nodes) - _average_over(parents)
            target = mean @ self.data.features
            overlap = np.einsum("if,tif->t", target, mean @ self.outputs)
            shares.append(overlap / np.sum(target**2))
            parents = nodes
        return np.stack(shares, axis=1)

    def half_steps(self) -> np.ndarray:
        """Samples seen until each level is half learned, `(depth,)`; NaN where it never is."""
        progress = self.level_progress()
        reached = progress >= 0.5
        first = np.argmax(reached, axis=0)
        return np.where(reached.any(axis=0), self.steps[first].astype(float), np.nan)

    def similarity(self) -> np.ndarray:
        """Overlaps of the outputs of pairs of items per feature, `(T, items, items)`."""
        return self.outputs @ self.outputs.mT / self.outputs.shape[2]

    def item_map(self) -> np.ndarray:
        """Items in the plane of most variance of the fully trained outputs, `(T, items, 2)`."""
        final = self.outputs[-1] - self.outputs[-1].mean(axis=0)
        plane = np.linalg.svd(final, full_matrices=False)[2][:2]
        centered = self.outputs - self.outputs.mean(axis=1, keepdims=True)
        return centered @ plane.T


def tree_differentiation(
    activation: str = "linear",
    *,
    data: HierarchicalData | None = None,
    hidden: Sequence[int] = (64, 128, 128),
    learning_rate: float = 2e-3,
    scale: float | None = None,
    num_steps: int = 40_000,
    num_saves: int = 81,
    key: jax.Array | None = None,
) -> Differentiation:
    """Learn the features of the items of a tree by online gradient descent, one item a step.

    Inputs are one-hot, scaled to Σxx = I. A step takes one item at random.

    Arguments:
        activation: `"linear"` or `"relu"`, of the hidden layers.
        data: the tree; None means 100 features, depth 3, branching 4, flips with probability 0.05.
        hidden: the hidden sizes.
        learning_rate: the step η.
        scale: a layer of n inputs starts with standard deviation `scale/√n`; None means 0.5 for
            linear layers, and √2 times that for ReLU, which halves the power.
        num_steps: how many samples to see.
        num_saves: how many states to keep, both ends included.
        key: the randomness of the tree, the start and the order.

    Raises:
        InputError: the activation is unknown, or there are fewer steps than saves.
        DivergenceError: the outputs are no longer finite.
    """
    if activation not in ACTIVATIONS:
        raise InputError(f"activation must be one of {sorted(ACTIVATIONS)}, got {activation!r}.")
    if num_saves < 2 or num_steps < num_saves - 1:
        raise InputError(
            f"num_saves must be from 2 to num_steps + 1, got {num_saves} for {num_steps} steps."
        )
    key = jax.random.key(0) if key is None else key
    data = hierarchical_trees(key=key) if data is None else data
    scale = 0.5 * (2**0.5 if activation == "relu" else 1.0) if scale is None else scale
    items, features = data.features.shape
    widths = (items, *hidden, features)
    unit = dl.small_gaussian(widths, 1.0, key)
    start = tuple(jnp.asarray(scale * w / np.sqrt(w.shape[1]), jnp.float32) for w in unit)
    inputs = jnp.asarray(np.sqrt(items) * data.inputs(), jnp.float32)
    targets = jnp.asarray(data.features, jnp.float32)
    every = num_steps // (num_saves - 1)
    weights, steps = start, np.arange(num_saves) * every
    outputs, hiddens = [], []
    for i in range(num_saves):
        if i:
            weights = _learn(
                weights, inputs, targets, learning_rate, key, steps[i - 1], every, activation
            )
        shown = [np.asarray(layer) for layer in _activity(weights, inputs, activation)[-2:]]
        hiddens.append(shown[0])
        outputs.append(shown[1])
        if not np.all(np.isfinite(shown[1])):
            raise DivergenceError(
                f"tree_differentiation: outputs are no longer finite after {steps[i]:,} items; "
                f"take a smaller learning_rate than {learning_rate:g}."
            )
    return Differentiation(
        data=data,
        activation=activation,
        steps=steps,
        outputs=np.stack(outputs),
        hidden=np.stack(hiddens),
        errors=np.array([np.mean((o - data.features) ** 2) for o in outputs]),
    )


@partial(jax.jit, static_argnames=("activation",))
def _activity(weights: Any, x: jax.Array, activation: str) -> list[jax.Array]:
    layers = [x]
    for weight in weights[:-1]:
        layers.append(ACTIVATIONS[activation](layers[-1] @ weight.T))
    return [*layers, layers[-1] @ weights[-1].T]


@partial(jax.jit, static_argnames=("count", "activation"))
def _learn(
    weights: Any,
    inputs: jax.Array,
    targets: jax.Array,
    learning_rate: Any,
    key: jax.Array,
    first: Any,
    count: int,
    activation: str,
) -> Any:
    def error(weights: Any, row: jax.Array) -> jax.Array:
        output = _activity(weights, inputs[row], activation)[-1]
        return 0.5 * jnp.sum((targets[row] - output) ** 2)

    def step(t: jax.Array, weights: Any) -> Any:
        row = jax.random.randint(jax.random.fold_in(key, first + t), (), 0, len(inputs))
        gradient = jax.grad(error)(weights, row)
        return jax.tree.map(lambda w, g: w - learning_rate * g, weights, gradient)

    return jax.lax.fori_loop(0, count, step, weights)


def _average_over(nodes: np.ndarray) -> np.ndarray:
    """The matrix that replaces every item by the mean of its node."""
    same = (nodes[:, None] == nodes[None, :]).astype(float)
    return same / same.sum(axis=1, keepdims=True)
