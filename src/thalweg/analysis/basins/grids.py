"""Labels on a grid, followed only where neighbours differ.

A coarse lattice of the grid's points is labelled first. A point of the next finer one takes the
label of the coarse cell around it where that cell and all next to it have one label; everywhere
else it is followed itself, and so is every point that turns out to have a neighbour with another
label. What is thinner than a coarse cell is missed where nothing of it was met.
"""

from collections.abc import Callable, Sequence

import numpy as np

# Points along the shorter side of the first lattice, at least: a basin narrower than a hundredth of
# the domain could lie between two.
_COARSE = 96
# The largest step of the first lattice: from here on a halving saves little.
_LARGEST = 16
_UNSET = np.iinfo(np.int32).min


def middles(lower: np.ndarray, upper: np.ndarray, counts: Sequence[int]) -> list[np.ndarray]:
    """The middles of equal cells along each coordinate."""
    return [
        low + (np.arange(n) + 0.5) * (high - low) / n
        for low, high, n in zip(lower, upper, counts, strict=True)
    ]


def label_grid(
    label: Callable[[np.ndarray], np.ndarray], axes: Sequence[np.ndarray], refine: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Labels of all points of a grid, and which of them were followed, arrays of its shape.

    Arguments:
        label: of points `(n, d)` the labels `(n,)`.
        axes: the coordinates along each side, d arrays.
        refine: follow only where neighbours differ; False follows every point.
    """
    shape = tuple(len(axis) for axis in axes)
    labels = np.full(shape, _UNSET, dtype=np.int32)
    followed = np.zeros(shape, dtype=bool)

    def follow(at: tuple[np.ndarray, ...]) -> None:
        if len(at[0]):
            points = np.stack([axis[i] for axis, i in zip(axes, at, strict=True)], axis=1)
            labels[at], followed[at] = label(points), True

    stride = _first_stride(shape) if refine else 1
    lattice = _lattice(shape, stride)
    follow(tuple(a.ravel() for a in np.meshgrid(*lattice, indexing="ij")))
    while stride > 1:
        stride //= 2
        finer = _lattice(shape, stride)
        mesh = np.ix_(*finer)
        guess = _inferred(labels[np.ix_(*lattice)], lattice, finer)
        labels[mesh] = np.where(labels[mesh] == _UNSET, guess, labels[mesh])
        follow(_at(finer, labels[mesh] == _UNSET))
        # A boundary that was seen somewhere is traced to where it ends.
        while np.any(doubted := _differs(labels[mesh]) & ~followed[mesh]):
            follow(_at(finer, doubted))
        lattice = finer
    return labels, followed


def _lattice(shape: tuple[int, ...], stride: int) -> list[np.ndarray]:
    return [np.unique([*range(0, n, stride), n - 1]) for n in shape]


def _at(lattice: list[np.ndarray], chosen: np.ndarray) -> tuple[np.ndarray, ...]:
    """The places in the grid of the chosen points of a lattice."""
    return tuple(side[i] for side, i in zip(lattice, np.nonzero(chosen), strict=True))


def _differs(labels: np.ndarray) -> np.ndarray:
    """Points that have a neighbour, diagonal ones too, with another label."""
    low, high = labels, labels
    for side in range(labels.ndim):
        low, high = _around(low, side, np.minimum), _around(high, side, np.maximum)
    return low != high


def _first_stride(shape: tuple[int, ...]) -> int:
    """A power of two that leaves the first lattice its points along each longer side."""
    shortest = min((n for n in shape if n > 1), default=1)
    return int(min(_LARGEST, 1 << max(shortest // _COARSE, 1).bit_length() - 1))


def _inferred(coarse: np.ndarray, lattice: list[np.ndarray], finer: list[np.ndarray]) -> np.ndarray:
    """The one label of the cells around each point of the finer lattice, or `_UNSET`."""
    low, high = coarse, coarse
    for side in range(coarse.ndim):
        if coarse.shape[side] > 1:
            low, high = _cells(low, side, np.minimum), _cells(high, side, np.maximum)
    places = [
        np.clip(np.searchsorted(rough, fine, side="right") - 1, 0, max(len(rough) - 2, 0))
        for rough, fine in zip(lattice, finer, strict=True)
    ]
    low, high = low[np.ix_(*places)], high[np.ix_(*places)]
    return np.where(low == high, low, _UNSET)


def _around(values: np.ndarray, side: int, pick: Callable[..., np.ndarray]) -> np.ndarray:
    """The extreme over each place of a side and those next to it."""
    values = np.moveaxis(values, side, 0)
    found = values.copy()
    found[1:] = pick(found[1:], values[:-1])
    found[:-1] = pick(found[:-1], values[1:])
    return np.moveaxis(found, 0, side)


def _cells(values: np.ndarray, side: int, pick: Callable[..., np.ndarray]) -> np.ndarray:
    """The extreme over each cell of a side and the cells next to it."""
    values = np.moveaxis(values, side, 0)
    cells = np.moveaxis(pick(values[:-1], values[1:]), 0, side)
    return _around(cells, side, pick)
