"""Starts followed until each is decided: a pool of lanes that is kept full.

Decided lanes leave after every block of steps and the next starts take their places; once no start
is left, what remains is brought together in fewer lanes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from thalweg.analysis.basins.cells import Cells
from thalweg.analysis.basins.lanes import (
    BLOCK,
    MAP_BLOCK,
    Lanes,
    Regions,
    jacobians,
    move_flow,
    move_map,
)
from thalweg.core.batches import in_batches
from thalweg.core.errors import InputError
from thalweg.core.progress import Progress
from thalweg.dynamics.problem import Problem

# Labels of starts without an attractor: below zero, where attractors are counted from 0.
DIVERGED, LEFT, UNDECIDED = -1, -2, -3
# Blocks on end after each of which a lane has to be in the cells of a set: 256 steps of a flow, in
# which what only passes through has left.
_RECURS = 8
# When all starts are under way and only an eighth of the lanes is busy, the rest moves on in a pool
# of that size: two sizes are two compiled programs, and more would cost more than they save.
_FEWER = 8
# A pool is no smaller: beneath this a block costs the same.
_LEAST = 64
# A lane that hardly moves is at rest if Newton's step from it is so many tolerances long at most:
# else its steps are short, as those of a stiff flow are, and it is on its way. (Explicit steps keep
# a point at rest trembling by some tolerances.)
_NEAR = 100.0


@dataclass(frozen=True)
class Following:
    """Settings by which starts are followed.

    Attributes:
        tolerance: the error allowed a step of a flow in each coordinate, in widths of the domain.
        bound: a state this many widths of the domain from its middle, in any coordinate that is no
            angle, is lost: it counts as diverged.
        max_steps: how many steps a start may take; what is not decided then is undecided.
        early: stop a trajectory as soon as it is decided; False follows each to the end (which
            `duration` has to say), to see that nothing depends on it.
        lanes: how many trajectories are under way at once.
        prove: try to prove of regions, by intervals, that all of them tends to their attractor.

    Raises:
        InputError: a number that must be positive, or whole, is not.
    """

    tolerance: float = 1e-6
    bound: float = 1e3
    max_steps: int = 20_000
    early: bool = True
    lanes: int = 1024
    prove: bool = True

    def __post_init__(self) -> None:
        for name in ("tolerance", "bound", "max_steps", "lanes"):
            if not getattr(self, name) > 0:
                raise InputError(f"Following: {name} must be positive, got {getattr(self, name)}.")
        for name in ("max_steps", "lanes"):
            if not is_whole(getattr(self, name)):
                number = getattr(self, name)
                raise InputError(f"Following: {name} must be a whole number, got {number}.")


def is_whole(number: Any) -> bool:
    """True of a whole number, which True and False are not."""
    return isinstance(number, int | np.integer) and not isinstance(number, bool)


class Followed(NamedTuple):
    """The ends of starts.

    Attributes:
        label: the attractor of each, `DIVERGED` or `UNDECIDED`, shape `(n,)`.
        time: how long each was followed, shape `(n,)`.
        steps: how many steps were tried of each, shape `(n,)`.
        z: where each was then, shape `(n, d)`.
    """

    label: np.ndarray
    time: np.ndarray
    steps: np.ndarray
    z: np.ndarray


class _Pool:
    """Lanes under way, in arrays of one size; a lane without a start has `index` −1."""

    def __init__(self, size: int, dimension: int):
        self.index = np.full(size, -1)
        self.t, self.h, self.z = np.zeros(size), np.zeros(size), np.zeros((dimension, size))
        self.spent = np.zeros(size, dtype=np.int64)
        self.recurs = np.zeros(size, dtype=np.int64)

    def take(self, starts: np.ndarray, first: int) -> int:
        """Fill free lanes with starts from number `first` on; returns the next number."""
        free = np.flatnonzero(self.index < 0)[: len(starts) - first]
        self.index[free] = first + np.arange(len(free))
        self.z[:, free] = starts[self.index[free]].T
        for part in (self.t, self.h, self.spent, self.recurs):
            part[free] = 0
        return first + len(free)

    def in_fewer(self, size: int) -> "_Pool":
        """The lanes that have a start, in a smaller pool."""
        kept, pool = np.flatnonzero(self.index >= 0), _Pool(size, len(self.z))
        for name in ("index", "t", "h", "spent", "recurs"):
            getattr(pool, name)[: len(kept)] = getattr(self, name)[kept]
        pool.z[:, : len(kept)] = self.z[:, kept]
        return pool


def follow(
    problem: Problem,
    regions: Regions,
    starts: np.ndarray,
    settings: Following,
    duration: float = np.inf,
    cells: Sequence[Cells] = (),
    label: str = "basins",
) -> Followed:
    """Follow starts `(n, d)`, in units of the domain, until each is decided or its time is over.

    Call with x64 enabled.
    """
    count, dimension = starts.shape
    is_flow = problem.rule.has_continuous_time
    move, length = (move_flow, BLOCK) if is_flow else (move_map, MAP_BLOCK)
    found = Followed(
        np.full(count, UNDECIDED), np.zeros(count), np.zeros(count, np.int64), starts.copy()
    )
    size = min(settings.lanes, max(_LEAST, 1 << (count - 1).bit_length()))
    pool, first, done = _Pool(size, dimension), 0, 0
    numbers = np.asarray(settings.tolerance), np.asarray(settings.bound)
    with Progress(label, total=count, unit="start") as progress:
        while done < count:
            first = pool.take(starts, first)
            few = max(size // _FEWER, 1)
            if first == count and len(pool.index) > few and np.sum(pool.index >= 0) <= few:
                pool = pool.in_fewer(few)
            busy = pool.index >= 0
            lanes = Lanes(pool.t, pool.h, pool.z, np.where(busy, duration, 0.0))
            moved, seen = move(problem, lanes, regions, *numbers)
            pool.t, pool.h, pool.z = (np.array(a) for a in moved[:3])
            pool.spent += length
            ratio, owner, lost, over = (np.array(a) for a in seen)
            told = np.where(ratio <= 1.0, owner, UNDECIDED)
            told = np.where(lost & (ratio > 1.0), DIVERGED, _recurring(pool, cells, told))
            ends = (pool.t >= duration) | (pool.spent >= settings.max_steps) | lost
            over &= settings.early & busy
            over[over] = _are_at_rest(problem, pool.z[:, over].T, settings.tolerance)
            leaves = busy & (ends | over | (settings.early & (told != UNDECIDED)))
            at = pool.index[leaves]
            found.label[at], found.time[at] = told[leaves], pool.t[leaves]
            found.steps[at], found.z[at] = pool.spent[leaves], pool.z[:, leaves].T
            pool.index[leaves] = -1
            done += len(at)
            progress.update(done)
    return found


def _are_at_rest(problem: Problem, z: np.ndarray, tolerance: float) -> np.ndarray:
    """Truths `(n,)`: the points `(n, d)` that are states of rest."""
    if not len(z):
        return np.zeros(0, dtype=bool)
    values, matrices = in_batches(lambda some: jacobians(problem, some), z, _LEAST)
    finite = np.all(np.isfinite(values), axis=1) & np.all(np.isfinite(matrices), axis=(1, 2))
    inverses = np.linalg.pinv(np.where(finite[:, None, None], matrices, 0.0))
    steps = np.einsum("nij,nj->ni", inverses, values)
    return finite & (np.max(np.abs(steps), axis=1) <= _NEAR * tolerance)


def _recurring(pool: _Pool, cells: Sequence[Cells], told: np.ndarray) -> np.ndarray:
    """The labels, those in the cells of one set for several blocks on end among them."""
    if not cells:
        return told
    where = np.full(len(told), UNDECIDED)
    for part in cells:
        where[part.hold(pool.z.T)] = part.owner
    pool.recurs = np.where(where == UNDECIDED, 0, pool.recurs + 1)
    return np.where((told == UNDECIDED) & (pool.recurs >= _RECURS), where, told)
