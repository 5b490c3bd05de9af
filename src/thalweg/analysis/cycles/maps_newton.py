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

# In widths: far above what Newton leaves (1e-12), below any two cycles that can be told apart.
SAME = 1e-6
# Of the extent of a cycle: so far apart two ends are two cycles, however badly they are known.
_NEAR = 1e-3
# Units of rounding that the image of a point may be off by.
_ROUNDINGS = 10.0
# A gap as small as rounding: Newton's method is cheap on maps and goes all the way.
_SMALL_STEP = 1e-15
_FEW = 8  # each costs a Newton iteration a direction, and a map's families are of one dimension


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
        """True if orbits nearby stay near it."""
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
    returns = [return_of(c.segments) for c in closed]
    radii = [_radius(z, returned) for z, returned in zip(points, returns, strict=True)]
    new = _unseen(points, radii, known, frame)
    closed, distinct = [closed[i] for i in new], [points[i] for i in new]
    returns = [returns[i] for i in new]
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
    new = _unseen(candidates, [SAME] * len(candidates), cycles, frame)
    return [candidates[i] for i in new]


def _unseen(
    candidates: list[np.ndarray], radii: list[float], cycles: list[PeriodicOrbit], frame: Frame
) -> list[int]:
    """The numbers of the candidates that are new cycles; those within a radius are one."""
    kept = [(cycle.points, _radius(cycle.points, cycle.returned)) for cycle in cycles]
    new = []
    for number, (points, radius) in enumerate(zip(candidates, radii, strict=True)):
        if not np.all(np.isfinite(points)) or not is_minimal(points, frame):
            continue
        rivals = [(other, r) for other, r in kept if len(other) == len(points)]
        is_known = any(
            np.max(np.abs(frame.shorten(other - points[0])), axis=1).min() <= max(radius, r)
            for other, r in rivals
        )
        if not is_known:
            kept.append((points, radius))
            new.append(number)
    return new


def _radius(points: np.ndarray, returned: Return) -> float:
    """The distance within which the ends of Newton's method are one cycle.

    Where a multiplier is close to 1, rounding of the residual decides where on a curve it is zero.
    """
    size, extent = float(np.max(np.abs(points))), float(np.max(np.ptp(points, axis=0), initial=0.0))
    moved = returned.jacobian - np.eye(len(returned.jacobian))
    least = float(np.min(np.linalg.svd(moved, compute_uv=False), initial=np.inf))
    rounding = _ROUNDINGS * len(points) * np.finfo(float).eps * size
    return max(SAME, min(_NEAR * extent, rounding / max(least, np.finfo(float).tiny)))


def is_minimal(points: np.ndarray, frame: Frame) -> bool:
    """True if the points `(n, d)` of a cycle do not go round a shorter one."""
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
