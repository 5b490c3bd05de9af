"""The moves of a rule from node to node of a lattice: where its runs end, and what they pass."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.analysis.landscapes.images import images
from thalweg.analysis.landscapes.lattice import Lattice
from thalweg.analysis.landscapes.paths import BATCH, paths
from thalweg.dynamics import Problem
from thalweg.dynamics.points import displacements_at

_SAMPLE = 1024  # nodes, of which the usual speed is that of the middle one
# Cells: the corners of cells whose runs are no further apart leave no gap between them.
_APART = 2.0
# Of the usual speed: what is slower is the rounding of a rest.
_AT_REST = 1e-9


@dataclass(frozen=True)
class Moves:
    """A run from each node, as far as some cells; one node more stands for all that is outside.

    What the runs of neighbours enclose is covered by the corners of the cells that they are in, as
    long as they are not far apart. The steps of the graph are as much of each run as that holds of.
    Steps of a map may be far apart at once: they lead to all nodes that the image of what lies
    around their own may touch.

    Attributes:
        lattice: the nodes.
        slow: the longest time of a piece of a run.
        pieces: of each run: half as many as the lattice has nodes along a side, of a map as many
            steps as usually go as far. Each run blurs by a part of its last cell, so the longer the
            less.
        ends: the corners of the cell that each run ends in, shape `(n, 2ᵈ)`; n where it left.
        weights: their weights, which add up to one.
        steps: the nodes that each step of the graph ends in, shape `(n, m)`, some of them repeated:
            the corners of a cell, or more.
        length: the pieces of each step, shape `(n,)`.
        passed: the nearest nodes of a run's points in turn, shape `(n, pieces + 1)`.
        spent: the time spent near each of them, likewise.
        rests: truths `(n,)`, the nodes where nothing moves; they lead to themselves.
        torn: the number of nodes whose steps lead neighbours too far apart to be covered.
    """

    lattice: Lattice
    slow: float
    pieces: int
    ends: np.ndarray
    weights: np.ndarray
    steps: np.ndarray
    length: np.ndarray
    passed: np.ndarray
    spent: np.ndarray
    rests: np.ndarray
    torn: int = 0

    @property
    def outside(self) -> int:
        """The number of the node that stands for all that is outside."""
        return self.lattice.size

    @property
    def duration(self) -> float:
        """The time that a run usually takes, of those that do not leave at once; NaN of none."""
        times = np.sum(self.spent, axis=1)
        lasting = times[times > 0.0]
        return float(np.median(lasting)) if len(lasting) else float("nan")

    def matrix(self) -> Any:
        """The weights as a sparse matrix of shape `(n + 1, n + 1)`; what is outside stays there."""
        from scipy.sparse import csr_matrix

        count, corners = self.ends.shape
        rows = np.append(np.repeat(np.arange(count), corners), count)
        columns, entries = np.append(self.ends, count), np.append(self.weights, 1.0)
        return csr_matrix((entries, (rows, columns)), shape=(count + 1, count + 1))

    def integral(self, rates: np.ndarray) -> np.ndarray:
        """Integral `(n,)` along each run of rates given at the nodes, `(n,)`."""
        return np.einsum("np,np->n", rates[self.passed], self.spent)

    def on_the_way(self, reached: np.ndarray) -> np.ndarray:
        """Truths `(n + 1,)`: nodes reached, and those that the steps from them pass.

        Arguments:
            reached: truths, likewise.
        """
        from_there = reached[:-1]
        is_step = np.arange(self.passed.shape[1]) <= self.length[from_there, None]
        found = reached.copy()
        found[self.passed[from_there][is_step]] = True
        return found


def moves(problem: Problem, lattice: Lattice) -> Moves:
    """Run from every node."""
    points, is_flow = lattice.points(), problem.rule.has_continuous_time
    slow, pieces = _slow(problem, lattice, points), max(lattice.shape) // 2
    if not is_flow:
        pieces = int(np.clip(np.ceil(0.5 * slow), 1, pieces))
    stages = np.append(2 ** np.arange(int(np.ceil(np.log2(pieces)))), pieces)
    parts = []
    for first in range(0, len(points), BATCH):
        run = paths(problem, lattice.spacing, slow, pieces, points[first : first + BATCH])
        nearest = lattice.nearest(run.states.reshape(-1, points.shape[1]))
        at = run.states[:, stages]
        lasts = np.sum(np.diff(run.times, axis=1) > 0.0, axis=1)  # pieces, until it leaves
        has_left = run.left[:, None] & (stages > lasts[:, None])
        passed = nearest.reshape(run.times.shape).astype(np.int32)
        gone = np.abs(run.states[:, 1] - run.states[:, 0]) / (lattice.spacing * lattice.cells)
        share = run.times[:, 1:2] / slow  # of the time in which the usual run crosses
        rests = (run.times[:, 1] > 0.0) & np.all(gone <= _AT_REST * share, axis=1)
        steps = np.max(np.abs(np.diff(run.states, axis=1)) / lattice.spacing, axis=2)
        is_close = np.logical_and.accumulate(steps <= _APART, axis=1)[:, stages - 1]
        parts.append((at, has_left, passed, _spent(run.times, is_flow), rests, is_close))
    at, has_left, passed, spent, rests, is_close = map(np.concatenate, zip(*parts, strict=True))
    gone = (at - points[:, None]) / lattice.spacing
    stage = _covered(lattice, gone)
    if not is_flow:  # no node that a step of the graph passes may be left out
        stage = np.minimum(stage, np.maximum(np.sum(is_close, axis=1) - 1, 0))
    every, torn = np.arange(len(points)), 0
    at = np.where(rests[:, None, None], points[:, None], at)
    ends, weights = _corners(lattice, at[:, -1], has_left[:, -1])
    steps, _ = _corners(lattice, at[every, stage], has_left[every, stage])
    if not is_flow:
        steps, torn = images(lattice, gone, has_left, stage, steps)
    return Moves(
        lattice, slow, pieces, ends, weights, steps, stages[stage], passed, spent, rests, torn
    )


def _spent(times: np.ndarray, is_flow: bool) -> np.ndarray:
    """The time spent near each point of runs: half of both pieces beside it; a map's whole step."""
    if not is_flow:
        return np.diff(times, axis=1, append=times[:, -1:])
    halves = 0.5 * np.diff(times, axis=1, prepend=0.0, append=times[:, -1:])
    return halves[:, :-1] + halves[:, 1:]


def _corners(
    lattice: Lattice, points: np.ndarray, has_left: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The corners round points and their weights, or the node outside where a run has left.

    Of a point on a node or a side of its cell, only the corners that it lies between: what rests
    on a node leads nowhere else.
    """
    corners, weights = lattice.corners(points)
    heaviest = np.take_along_axis(corners, np.argmax(weights, axis=1)[:, None], axis=1)
    corners = np.where(weights > 0.0, corners, heaviest)
    corners[has_left], weights[has_left] = lattice.size, 0.0
    weights[has_left, 0] = 1.0
    return corners, weights


def _covered(lattice: Lattice, gone: np.ndarray) -> np.ndarray:
    """The last stage `(n,)` up to which the run of a node is near those of all its neighbours.

    Arguments:
        lattice: the nodes.
        gone: how far each run has gone at each stage, in cells, shape `(n, stages, d)`.
    """
    grid = gone.reshape(*lattice.shape, *gone.shape[1:])
    near = np.ones(grid.shape[:-1], dtype=bool)
    for side, (count, turns) in enumerate(zip(lattice.shape, lattice.turns, strict=True)):
        beside = np.roll(grid, -1, axis=side) - grid
        beside[..., side] += 1.0
        is_near = np.linalg.norm(beside, axis=-1) <= _APART
        if not turns:
            is_near[(slice(None),) * side + (count - 1,)] = True  # there is no neighbour
        near &= is_near & np.roll(is_near, 1, axis=side)
    lasting = np.logical_and.accumulate(near.reshape(len(gone), -1), axis=1)
    return np.maximum(np.sum(lasting, axis=1) - 1, 0)


def _slow(problem: Problem, lattice: Lattice, points: np.ndarray) -> float:
    """The time in which a run of the usual speed crosses the region."""
    some = points[:: max(len(points) // _SAMPLE, 1)]
    widths = lattice.spacing * lattice.cells
    speeds = np.linalg.norm(displacements_at(problem, some) / widths, axis=1)
    moving = speeds[np.isfinite(speeds) & (speeds > 0.0)]
    return 1.0 / float(np.median(moving)) if len(moving) else 1.0
