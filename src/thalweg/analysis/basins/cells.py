"""Cells of a lattice that trajectories which never close visit again and again.

A lane that is in such cells after each of several blocks on end, and that many blocks are many
times what it takes to cross the set, is taken to stay: this is seen, not proved (Datseris &
Wagemakers 2022, Chaos 32, 023104).
"""

from typing import NamedTuple

import numpy as np

# Cells along the longest side of a set: by dimension, so that an orbit of thousands of points fills
# those of a set of about that dimension.
_CELLS = {1: 256, 2: 64, 3: 32}
# In more dimensions: 12⁴ are about as many as a look at trajectories has points.
_FEWEST_CELLS = 12
# A lattice in more coordinates would have cells that no orbit fills (16⁶ are 17 million already):
# those that vary most.
_MOST_COORDINATES = 6


class Cells(NamedTuple):
    """The cells of one set.

    Attributes:
        lower: the lower corner of the lattice, shape `(d,)`, in units of the domain.
        size: the side of a cell along each coordinate, shape `(d,)`.
        shape: how many cells there are along each coordinate.
        kept: the coordinates that are looked at.
        visited: the numbers of the visited cells and of those next to them, sorted.
        point: a point of the set, shape `(d,)`.
        owner: the attractor that the set is.
    """

    lower: np.ndarray
    size: np.ndarray
    shape: tuple[int, ...]
    kept: np.ndarray
    visited: np.ndarray
    point: np.ndarray
    owner: int

    def hold(self, z: np.ndarray) -> np.ndarray:
        """Truths `(n,)`: the points `(n, d)` that lie in cells of the set."""
        place = np.floor((z[:, self.kept] - self.lower) / self.size)
        inside = np.all((place >= 0) & (place < self.shape), axis=1)
        found = np.zeros(len(z), dtype=bool)
        if inside.any():
            number = np.ravel_multi_index(tuple(place[inside].astype(int).T), self.shape)
            at = np.minimum(np.searchsorted(self.visited, number), len(self.visited) - 1)
            found[inside] = self.visited[at] == number
        return found


def cells_of(z: np.ndarray, owner: int) -> Cells:
    """The cells that points `(n, d)` of a set visit, and those next to them."""
    reach = np.ptp(z, axis=0)
    kept = np.sort(np.argsort(-reach)[:_MOST_COORDINATES])
    kept = kept[reach[kept] > 1e-9 * np.max(reach)]
    low, reach = z[:, kept].min(axis=0), reach[kept]
    count = _CELLS.get(len(kept), _FEWEST_CELLS)
    # Two cells of room on each side: for those next to visited ones.
    size = reach / count
    shape = (count + 4,) * len(kept)
    place = np.clip(np.floor((z[:, kept] - low) / size).astype(int), 0, count - 1) + 2
    steps = np.stack(np.meshgrid(*[[-1, 0, 1]] * len(kept), indexing="ij"), axis=-1)
    near = np.unique(place, axis=0)[:, None] + steps.reshape(-1, len(kept))
    numbers = np.ravel_multi_index(tuple(near.reshape(-1, len(kept)).T), shape)
    return Cells(low - 2.0 * size, size, shape, kept, np.unique(numbers), z[0], owner)


def apart(orbits: np.ndarray) -> list[np.ndarray]:
    """Orbits `(n, m, d)` in groups that share cells: the numbers of each group's orbits."""
    whole = cells_of(orbits.reshape(-1, orbits.shape[2]), 0)
    groups: list[tuple[list[int], np.ndarray]] = []
    for number, orbit in enumerate(orbits):
        place = np.floor((orbit[:, whole.kept] - whole.lower) / whole.size).astype(int)
        cells = np.unique(np.ravel_multi_index(tuple(place.T), whole.shape))
        meeting = [g for g in groups if len(np.intersect1d(g[1], cells))]
        groups = [g for g in groups if not any(g is met for met in meeting)]
        members = sorted([number, *(i for g in meeting for i in g[0])])
        groups.append((members, np.unique(np.concatenate([cells, *(g[1] for g in meeting)]))))
    return [np.array(members) for members, _ in sorted(groups, key=lambda g: -len(g[0]))]
