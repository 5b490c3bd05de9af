"""n-cycles of a map: Newton on all their points, which of them are the same, and families."""

from typing import Any, NamedTuple

import numpy as np

from thalweg.analysis.cycles.families import family_dimensions, neutral_directions, rounding_of
from thalweg.analysis.cycles.iterates import run_steps
from thalweg.analysis.cycles.recurrence import Frame
from thalweg.analysis.cycles.shooting import (
    NEUTRAL,
    Closed,
    Guess,
    Return,
    Segments,
    close_cycles,
    return_of,
)
from thalweg.dynamics.problem import Problem

SAME = 1e-6
_SMALL_STEP = 1e-15
_FEW = 8


class PeriodicOrbit(NamedTuple):
    """An n-cycle found.

    Attributes:
        points: its points in order, shape `(n, d)`, in units of the domain.
        returned: the Jacobian of the n-step map at the first.
        residual: the largest distance between the image of a point and the next point.
        continuum: 0 when isolated, else the dimension of its family.
    """

    points: np.ndarray
    returned: Return
    residual: float
    continuum: int

    def attracts(self) -> bool:
        """Whether orbits nearby stay near it."""
        size = np.abs(np.linalg.eigvals(self.returned.jacobian))
        return bool(self.continuum or np.all(size < 1.0 + NEUTRAL))


def close_orbits(
    problem: Problem, frame: Frame, candidates: list[np.ndarray], known: list[PeriodicOrbit]
) -> list[PeriodicOrbit]:
    """Newton from candidates: the cycles they lead to that are not known, one of each family."""

    def run(trials: list[Guess], tolerances: list[float]) -> list[Segments]:
        return run_steps(problem, trials)

    guesses = []
    for points in unseen(candidates, known, frame):
        reach = np.max(np.abs(frame.shorten(points - points[0])), axis=0)
        extent = np.maximum(reach, 1e-3 * np.max(reach))
        guesses.append(Guess(points, float(len(points)), np.ones(len(points)), extent))
    closed = [c for c in close_cycles(run, guesses, frame, _SMALL_STEP) if c is not None]
    points = [frame.wrap(c.guess.nodes) for c in closed]
    distinct = unseen(points, known, frame)
    closed = [c for c, p in zip(closed, points, strict=True) if any(p is d for d in distinct)]
    returns = [return_of(c.segments) for c in closed]
    dimensions = _dimensions(run, closed, returns, frame)
    families = {len(cycle.points) for cycle in known if cycle.continuum}
    found = []
    for c, z, returned, dimension in zip(closed, distinct, returns, dimensions, strict=True):
        if dimension and len(z) in families:
            continue
        families |= {len(z)} if dimension else set()
        found.append(PeriodicOrbit(z, returned, c.residual, dimension))
    return found


def unseen(
    candidates: list[np.ndarray], cycles: list[PeriodicOrbit], frame: Frame
) -> list[np.ndarray]:
    """Cycles not known yet, each once, modulo where they start; none that is a shorter one."""
    kept: list[np.ndarray] = [cycle.points for cycle in cycles]
    new = []
    for points in candidates:
        if not np.all(np.isfinite(points)) or not is_minimal(points, frame):
            continue
        rivals = [other for other in kept if len(other) == len(points)]
        away = [np.max(np.abs(frame.shorten(other - points[0])), axis=1).min() for other in rivals]
        if min(away, default=np.inf) > SAME:
            kept.append(points)
            new.append(points)
    return new


def is_minimal(points: np.ndarray, frame: Frame) -> bool:
    """Whether the points `(n, d)` of a cycle do not go round a shorter one."""
    period = len(points)
    divisors = [p for p in range(1, period) if period % p == 0]
    away = np.max(np.abs(frame.shorten(points - points[0])), axis=1)
    return bool(np.all(away[divisors] > SAME))


def owner_of(point: np.ndarray, cycles: list[PeriodicOrbit], frame: Frame) -> int:
    """The index of the cycle that a point lies on, or −1."""
    for index, cycle in enumerate(cycles):
        if np.max(np.abs(frame.shorten(cycle.points - point)), axis=1).min() <= SAME:
            return index
    return -1


def _dimensions(run: Any, closed: list[Closed], returns: list[Return], frame: Frame) -> list[int]:
    """The dimension of the family of each; of many neutral ones a few stand for the rest."""
    pairs = enumerate(zip(closed, returns, strict=True))
    neutral = [i for i, (c, r) in pairs if neutral_directions(r, rounding_of(c)).shape[1]]
    few = neutral[:_FEW]
    measured = family_dimensions(run, [closed[i] for i in few], [returns[i] for i in few], frame)
    dimensions = [0] * len(closed)
    for i in neutral:
        dimensions[i] = max(measured)
    for i, dimension in zip(few, measured, strict=True):
        dimensions[i] = dimension
    return dimensions
