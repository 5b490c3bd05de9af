"""The nodes that the steps of a map lead to, where they carry neighbours far apart."""

import numpy as np

from thalweg.analysis.landscapes.lattice import Lattice

# Nodes in all that steps lead to: the graph of them takes up to half a gigabyte.
_LARGEST = 10_000_000
# Of a cell: what touches a node's surroundings by rounding alone does not lead there.
_ROUNDING = 1e-6


def images(
    lattice: Lattice, gone: np.ndarray, has_left: np.ndarray, stage: np.ndarray, corners: np.ndarray
) -> tuple[np.ndarray, int]:
    """All nodes `(n, m)`, some repeated, round which the image of what lies round each node may be.

    What lies round a node is the box that is nearer to it than to any other. Its image is taken to
    lie in the box that the images of the ways half to each neighbour span.

    Arguments:
        lattice: the nodes.
        gone: how far each run has gone at each stage, in cells, shape `(n, stages, d)`.
        has_left: truths `(n, stages)`: it is outside by then.
        stage: at which the image is taken, shape `(n,)`.
        corners: those of the cell that the node itself is led to, shape `(n, 2ᵈ)`: what there is
            of a node that leaves, or whose image is too large.

    Returns:
        The nodes, and for how many of them the image was too large.
    """
    every, shape = np.arange(len(gone)), np.array(lattice.shape)
    low, high = (part[every, stage] for part in _spans(lattice, gone, has_left))
    middle = np.stack(np.unravel_index(every, lattice.shape), axis=1) + gone[every, stage]
    first = np.ceil(middle + low - 0.5 + _ROUNDING).astype(np.int64)
    last = np.floor(middle + high + 0.5 - _ROUNDING).astype(np.int64)
    # What shrinks to a place half way between two nodes may be round either.
    first, last = np.minimum(first, last), np.maximum(first, last)
    last = np.where(lattice.turns, np.minimum(last, first + shape - 1), last)
    first = np.where(lattice.turns, first, np.clip(first, 0, shape - 1))
    last = np.where(lattice.turns, last, np.clip(last, 0, shape - 1))
    counts = last - first + 1
    sizes = np.prod(counts, axis=1)
    own, left = corners.shape[1], has_left[every, stage]
    is_torn = ~left & (sizes > max(own, _LARGEST // len(gone)))
    is_image = ~left & ~is_torn
    found = np.empty((len(gone), max(int(np.max(sizes[is_image], initial=1)), own)), dtype=np.int32)
    for column in range(found.shape[1]):
        rest, index = column % sizes, np.empty_like(counts)
        for side in range(len(shape)):
            rest, part = np.divmod(rest, counts[:, side])
            index[:, side] = (first[:, side] + part) % shape[side]
        there = np.ravel_multi_index(tuple(index.T), lattice.shape)
        found[:, column] = np.where(is_image, there, corners[:, column % own])
    return found, int(np.count_nonzero(is_torn))


def _spans(
    lattice: Lattice, gone: np.ndarray, has_left: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Reach of the image of what lies round each node, below and above the node's own image.

    Both in cells, shape `(n, stages, d)`. A neighbour that has left says nothing.
    """
    grid = gone.reshape(*lattice.shape, *gone.shape[1:])
    away = has_left.reshape(*lattice.shape, -1, 1)
    low, high = np.zeros_like(grid), np.zeros_like(grid)
    turn = np.array(lattice.shape, dtype=float)
    for side, (count, turns) in enumerate(zip(lattice.shape, lattice.turns, strict=True)):
        for sign in (1, -1):
            beside = np.roll(grid, -sign, axis=side) - grid
            beside = beside - np.where(lattice.turns, turn * np.rint(beside / turn), 0.0)
            beside[..., side] += sign
            unknown = np.roll(away, -sign, axis=side) | ~np.isfinite(beside)
            if not turns:  # there is no neighbour beyond a wall
                unknown[(slice(None),) * side + (count - 1 if sign > 0 else 0,)] = True
            beside = np.where(unknown, 0.0, 0.5 * beside)
            low, high = low + np.minimum(beside, 0.0), high + np.maximum(beside, 0.0)
    return low.reshape(gone.shape), high.reshape(gone.shape)
