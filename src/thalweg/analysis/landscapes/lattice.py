"""Grids over a region in NumPy: nodes, the cells around points, values in between, distances."""

import itertools
from dataclasses import dataclass

import numpy as np

from thalweg.core.charts import Chart
from thalweg.core.graphs import components_of

# Of a cell: a point nearer to a node has none of its weight on the others.
_ON_NODE = 1e-9
# Of a cell: a point nearer to a side of its cell touches the cell beyond, too.
_ON_SIDE = 1e-6


@dataclass(frozen=True)
class Lattice:
    """Nodes at equal distances over a box; those of an angle go once round.

    Attributes:
        lower: the first node, shape `(d,)`.
        spacing: between neighbours along each coordinate, shape `(d,)`.
        shape: the number of nodes along each.
        turns: truths `(d,)`, the coordinates that are angles.
    """

    lower: np.ndarray
    spacing: np.ndarray
    shape: tuple[int, ...]
    turns: np.ndarray

    @classmethod
    def over(cls, chart: Chart, count: int) -> "Lattice":
        """The lattice of a chart with as many nodes along each side, those of walls on them."""
        turns = chart.angles
        cells = count - np.where(turns, 0, 1)
        return cls(
            np.asarray(chart.bounds[0]), np.asarray(chart.widths) / cells,
            (count,) * chart.dimension, turns,
        )  # fmt: skip

    @property
    def size(self) -> int:
        """The number of nodes."""
        return int(np.prod(self.shape))

    @property
    def cells(self) -> np.ndarray:
        """The number of cells along each coordinate, shape `(d,)`."""
        return np.array(self.shape) - np.where(self.turns, 0, 1)

    def points(self) -> np.ndarray:
        """All nodes, shape `(n, d)`."""
        counts = zip(self.lower, self.spacing, self.shape, strict=True)
        sides = [low + step * np.arange(count) for low, step, count in counts]
        mesh = np.meshgrid(*sides, indexing="ij")
        return np.stack([side.ravel() for side in mesh], axis=1)

    def corners(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Corners of the cells that points `(m, d)` lie in, and their weights, both `(m, 2ᵈ)`.

        The weights are those of multilinear interpolation; points outside count as on the wall.
        """
        counts, place = np.array(self.shape), self._places(points)
        first = np.minimum(np.floor(place).astype(np.int64), counts - np.where(self.turns, 1, 2))
        part = place - first
        part = np.where(part < _ON_NODE, 0.0, np.where(part > 1.0 - _ON_NODE, 1.0, part))
        index = np.empty((len(points), 2 ** len(counts)), dtype=np.int64)
        weight = np.empty(index.shape)
        for column, offset in enumerate(itertools.product((0, 1), repeat=len(counts))):
            corner = (first + offset) % counts
            index[:, column] = np.ravel_multi_index(tuple(corner.T), self.shape)
            weight[:, column] = np.prod(np.where(offset, part, 1.0 - part), axis=1)
        return index, weight

    def nearest(self, points: np.ndarray) -> np.ndarray:
        """The nearest node of each of points `(m, d)`, shape `(m,)`."""
        place = np.rint(self._places(points)).astype(np.int64) % np.array(self.shape)
        return np.asarray(np.ravel_multi_index(tuple(place.T), self.shape))

    def _places(self, points: np.ndarray) -> np.ndarray:
        """Points in units of cells, angles brought into the first turn."""
        counts = np.array(self.shape)
        place = (points - self.lower) / self.spacing
        return np.where(self.turns, np.mod(place, counts), np.clip(place, 0.0, counts - 1.0))

    def interpolated(self, values: np.ndarray, points: np.ndarray) -> np.ndarray:
        """Values `(m,)` at points `(m, d)`, of those at the nodes, `(n,)`."""
        index, weight = self.corners(points)
        return np.sum(values[index] * weight, axis=1)

    def around(self, points: np.ndarray) -> np.ndarray:
        """The nodes that values at points `(m, d)` depend on, sorted."""
        index, weight = self.corners(points)
        return np.unique(index[weight > 0.0])

    def touched(self, points: np.ndarray) -> np.ndarray:
        """All nodes of all cells that points `(m, d)` touch, sorted: of both sides of a node."""
        signs = itertools.product((-1.0, 1.0), repeat=len(self.shape))
        beside = [points + _ON_SIDE * self.spacing * np.array(sign) for sign in signs]
        return np.unique(self.corners(np.concatenate(beside))[0])

    def groups(self, marked: np.ndarray) -> list[np.ndarray]:
        """The nodes where truths `(n,)` hold, in groups that touch, round angles as well.

        The groups come in the order of their first nodes.
        """
        from scipy.ndimage import label
        from scipy.sparse import csr_matrix

        beyond = [(int(turns),) * 2 for turns in self.turns]
        number = np.pad(np.arange(self.size).reshape(self.shape), beyond, mode="wrap")
        shown = marked[number]
        touch = np.zeros(shown.shape, dtype=np.int32)
        count = int(label(shown, np.ones((3,) * shown.ndim), output=touch))  # type: ignore[arg-type]
        # A node and its copies beyond the seam lead to all of their groups, and join them.
        there = (number[shown], self.size - 1 + touch[shown])
        joined = csr_matrix((np.ones(len(there[0])), there), shape=(self.size + count,) * 2)
        labels = components_of(joined)[: self.size][marked]
        nodes = np.flatnonzero(marked)
        return [nodes[labels == one] for one in np.unique(labels)]

    def closed(self, values: np.ndarray) -> np.ndarray:
        """Values `(n,)` at the nodes in the shape of the grid, those of angles closed."""
        again = [(0, int(turns)) for turns in self.turns]
        return np.pad(values.reshape(self.shape), again, mode="wrap")

    def distances(self, marked: np.ndarray) -> np.ndarray:
        """Distance `(n,)` of each node to the next marked one, in widths; infinite without any.

        Arguments:
            marked: truths `(n,)`.
        """
        from scipy.ndimage import distance_transform_edt

        if not marked.any():
            return np.full(self.size, np.inf)
        # Half a turn of room either way: nothing is further off than that.
        sides = list(zip(self.shape, self.turns, strict=True))
        room = [(count // 2 + 1,) * 2 if turns else (0, 0) for count, turns in sides]
        around = np.pad(marked.reshape(self.shape), room, mode="wrap")
        found = distance_transform_edt(~around, sampling=1.0 / self.cells)
        inner = tuple(slice(low, low + n) for (low, _), n in zip(room, self.shape, strict=True))
        return np.asarray(found)[inner].ravel()
