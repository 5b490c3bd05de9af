"""Hierarchical data: items at the leaves of a tree, with features that branch as they do."""

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.randomness import host_generator
from thalweg.core.tables import counted
from thalweg.core.trees import is_integer


@dataclass(frozen=True, repr=False)
class HierarchicalData:
    """Items and their features, grown down a tree.

    Attributes:
        features: `(items, features)`, entries ±1: each row is what one item is like.
        labels: `(items, depth)`: which branch the item took at every level, from the root.
        branching: the number of branches at every level.
        flip_probability: how likely a feature changes along an edge.
    """

    features: np.ndarray
    labels: np.ndarray
    branching: tuple[int, ...]
    flip_probability: float

    def __repr__(self) -> str:
        items, features = self.features.shape
        branches = "×".join(map(str, self.branching))
        return (
            f"HierarchicalData({counted(items, 'item')}, {counted(features, 'feature')}, branches "
            f"{branches}, flip_probability={self.flip_probability:g})"
        )

    @property
    def num_items(self) -> int:
        """The number of leaves."""
        return len(self.features)

    def inputs(self) -> np.ndarray:
        """One-hot inputs, one row an item: the identity `(items, items)`."""
        return np.eye(self.num_items)

    def clusters(self, level: int) -> np.ndarray:
        """Node of a level (1 is below the root) from which each item descends, `(items,)`.

        Raises:
            InputError: the tree has no such level.
        """
        depth = len(self.branching)
        if not 1 <= level <= depth:
            raise InputError(
                f"level must be from 1 to {depth}, the depth of the tree, got {level}."
            )
        return np.asarray(
            np.ravel_multi_index(tuple(self.labels[:, :level].T), self.branching[:level])
        )

    def expected_similarity(self) -> np.ndarray:
        """⟨x_i·x_j⟩ a feature, `(items, items)`: (1 − 2p)^{2h}, h edges below the common node."""
        shared = np.cumprod(self.labels[:, None, :] == self.labels[None, :, :], axis=2).sum(axis=2)
        return (1.0 - 2.0 * self.flip_probability) ** (2.0 * (len(self.branching) - shared))


def hierarchical_trees(
    num_features: int = 100,
    depth: int = 3,
    branching: int | Sequence[int] = 4,
    flip_probability: float = 0.05,
    key: jax.Array | None = None,
) -> HierarchicalData:
    r"""Features that diffuse down a tree: at the root ±1 at random, then flipped along each edge.

    Arguments:
        num_features: how many features; they branch independently.
        depth: the number of levels below the root.
        branching: branches a node, one number or one a level; the items are the leaves.
        flip_probability: the probability, on every edge, that a feature changes sign; 0 to 0.5.
        key: the randomness; None means `jax.random.key(0)`.

    Raises:
        InputError: a count is not positive, or the probability is outside [0, 0.5].

    Example:
        >>> from thalweg.data import hierarchical_trees
        >>> hierarchical_trees(num_features=100, depth=3, branching=4).features.shape
        (64, 100)

    References:
        Saxe, McClelland & Ganguli (2013), arXiv:1312.6120, sec. 3 (branching diffusion).
    """
    levels = (branching,) * depth if isinstance(branching, int | np.integer) else tuple(branching)
    counts = (num_features, depth, *levels)
    if any(not is_integer(n) or n < 1 for n in counts) or len(levels) != depth:
        raise InputError(
            f"num_features, depth and branching must be positive integers, branching one number or "
            f"{depth} of them; got num_features={num_features}, depth={depth}, "
            f"branching={branching}."
        )
    if not 0.0 <= flip_probability <= 0.5:
        raise InputError(f"flip_probability must be from 0 to 0.5, got {flip_probability}.")
    generator = host_generator(key)
    features = generator.choice([-1.0, 1.0], size=(1, num_features))
    for count in levels:
        features = np.repeat(features, count, axis=0)
        flips = generator.random(features.shape) < flip_probability
        features = np.where(flips, -features, features)
    labels = np.stack(np.unravel_index(np.arange(len(features)), levels), axis=1)
    return HierarchicalData(features, labels, levels, float(flip_probability))
