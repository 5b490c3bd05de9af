"""The search for n-cycles of a map: long orbits for stable ones, roots of gⁿ − id for all."""

from typing import Any, NamedTuple

import jax
import numpy as np

from thalweg.analysis.families import family_dimensions, neutral_directions
from thalweg.analysis.iterates import LANES, STEPS, Iterate, iterate, orbits_of, run_steps
from thalweg.analysis.problem import Problem
from thalweg.analysis.recurrence import Frame
from thalweg.analysis.search import ROUND, Scales, probe, search_all
from thalweg.analysis.shooting import (
    NEUTRAL,
    Closed,
    Guess,
    Return,
    Segments,
    close_cycles,
    return_of,
)
from thalweg.analysis.wandering import Wanderer

CHECKS = (2, 4, 8, 16)
LONGEST = STEPS // 2
_AT_REST = 1e-6
_RECURS = 0.02
_SAME = 1e-6
_SMALL_STEP = 1e-15
_CONVERGED = 1e-10
_ROUNDS = 8
_SEEN_ENOUGH = 3
_FAR = 10.0
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


def search_map(
    problem: Problem, frame: Frame, starts: np.ndarray, key: jax.Array | None, max_period: int
) -> tuple[list[PeriodicOrbit], list[Wanderer]]:
    """The n-cycles of a map, and what orbits do that settle on nothing.

    Arguments:
        problem: the map and its chart.
        frame: points in units of the domain.
        starts: of long orbits, shape `(n, d)`, n at most the number of lanes.
        key: draws the starts of the search for roots.
        max_period: the longest cycles that are searched for as roots.
    """
    cycles, wanderers, visited = _follow(problem, frame, starts)
    for period in range(2, max_period + 1):
        hits: list[int] = []
        for index in range(_ROUNDS):
            points = _candidates(problem, frame, period, visited, key, index)
            cycles += _close(problem, frame, points, cycles)
            rivals = [cycle for cycle in cycles if len(cycle.points) == period]
            hits += [_owner(z[0], rivals, frame) for z in points if _is_minimal(z, frame)]
            counts = np.bincount([h for h in hits if h >= 0], minlength=len(rivals))
            if np.all(counts >= _SEEN_ENOUGH) or any(cycle.continuum for cycle in rivals):
                break
    return cycles, wanderers


def _follow(
    problem: Problem, frame: Frame, starts: np.ndarray
) -> tuple[list[PeriodicOrbit], list[Wanderer], np.ndarray]:
    """Long orbits: the cycles they settle on, those that settle on none, and points they visit."""
    z, running = np.resize(starts, (LANES, starts.shape[1])), np.arange(LANES) < len(starts)
    tangents = np.random.default_rng(0).normal(size=z.shape)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    growth, blocks = [], []
    cycles: list[PeriodicOrbit] = []
    visited = np.zeros((0, z.shape[1]))
    for block in range(1, CHECKS[-1] + 1):
        points, tangents, grown = map(np.asarray, iterate(problem, z, tangents))
        near = np.isfinite(points).all(axis=(1, 2))
        near &= frame.chart.inside(points[:, -1] * frame.widths, _FAR)
        running &= near
        z = np.where(near[:, None], points[:, -1], z)
        growth.append(grown)
        blocks.append(points)
        if block in CHECKS:
            visited = np.concatenate([visited, z[near]])
            periods = {int(i): _period(points[i], frame) for i in np.flatnonzero(running)}
            running[[i for i, p in periods.items() if p == 1]] = False
            guesses = [points[i, -p:] for i, p in periods.items() if p is not None and p > 1]
            cycles += _close(problem, frame, guesses, cycles)
            running[[i for i in periods if _has_settled(points[i], cycles, frame)]] = False
        if not running.any():
            break
    late = np.stack(blocks[len(blocks) // 2 :], axis=1)
    rates = np.stack(growth[len(blocks) // 2 :], axis=1)
    wanderers = [
        Wanderer.of(
            late[i].reshape(-1, late.shape[-1]),
            np.stack([rates[i], np.full(rates.shape[1], float(STEPS))], axis=1),
            1.0,
        )
        for i in np.flatnonzero(running)
    ]
    return cycles, wanderers, visited


def _period(points: np.ndarray, frame: Frame) -> int | None:
    """After how many steps an orbit `(STEPS, d)` repeats itself, 1 at rest, or None."""
    mismatch = np.array(
        [
            np.max(np.abs(frame.shorten(points[-LONGEST:] - points[-LONGEST - p : -p])))
            for p in range(1, LONGEST + 1)
        ]
    )
    if mismatch[0] <= _AT_REST:
        return 1
    limit = min(10.0 * mismatch.min() + 1e-9, _RECURS * np.max(np.ptp(points, axis=0)))
    period = 1 + int(np.argmax(mismatch <= limit))
    return period if mismatch[period - 1] <= limit and period > 1 else None


def _has_settled(points: np.ndarray, cycles: list[PeriodicOrbit], frame: Frame) -> bool:
    """Whether the end of an orbit lies on an attracting cycle, or on one of a family of cycles."""
    for cycle in cycles:
        away = np.max(np.abs(frame.shorten(cycle.points - points[-1])), axis=1)
        size = np.max(np.ptp(cycle.points, axis=0))
        period = len(cycle.points)
        moved = np.max(np.abs(frame.shorten(points[-1] - points[-1 - period])))
        if cycle.attracts() and np.min(away) < max(_RECURS * size, _SAME):
            return True
        if cycle.continuum and moved < _SAME:
            return True
    return False


def _candidates(
    problem: Problem,
    frame: Frame,
    period: int,
    visited: np.ndarray,
    key: jax.Array | None,
    index: int,
) -> list[np.ndarray]:
    """Cycles of one period from a batch of random starts and some visited points."""
    starts = np.array(probe(problem, key, 1000 * period + index, None, ROUND).starts)
    share = min(len(visited), LANES)
    if share:
        starts[-share:] = np.roll(visited, -share * index, axis=0)[:share] * frame.widths
    scales = Scales(frame.widths, frame.widths)
    iterated: Any = Iterate(problem, np.asarray(period))
    end = search_all(iterated, starts, scales)
    roots = np.asarray(end.y)[np.asarray(end.residual) < _CONVERGED] / frame.widths
    return list(orbits_of(problem, roots, period)) if len(roots) else []


def _unseen(
    candidates: list[np.ndarray], cycles: list[PeriodicOrbit], frame: Frame
) -> list[np.ndarray]:
    """Cycles not known yet, each once, modulo where they start; none that is a shorter one."""
    kept: list[np.ndarray] = [cycle.points for cycle in cycles]
    new = []
    for points in candidates:
        if not np.all(np.isfinite(points)) or not _is_minimal(points, frame):
            continue
        rivals = [other for other in kept if len(other) == len(points)]
        away = [np.max(np.abs(frame.shorten(other - points[0])), axis=1).min() for other in rivals]
        if min(away, default=np.inf) > _SAME:
            kept.append(points)
            new.append(points)
    return new


def _owner(point: np.ndarray, cycles: list[PeriodicOrbit], frame: Frame) -> int:
    """The index of the cycle that a point lies on, or −1."""
    for index, cycle in enumerate(cycles):
        if np.max(np.abs(frame.shorten(cycle.points - point)), axis=1).min() <= _SAME:
            return index
    return -1


def _is_minimal(points: np.ndarray, frame: Frame) -> bool:
    period = len(points)
    divisors = [p for p in range(1, period) if period % p == 0]
    away = np.max(np.abs(frame.shorten(points - points[0])), axis=1)
    return bool(np.all(away[divisors] > _SAME))


def _close(
    problem: Problem, frame: Frame, candidates: list[np.ndarray], known: list[PeriodicOrbit]
) -> list[PeriodicOrbit]:
    """Newton from candidates: the cycles they lead to that are not known, one of each family."""

    def run(trials: list[Guess], tolerances: list[float]) -> list[Segments]:
        return run_steps(problem, trials)

    guesses = []
    for points in _unseen(candidates, known, frame):
        reach = np.max(np.abs(frame.shorten(points - points[0])), axis=0)
        extent = np.maximum(reach, 1e-3 * np.max(reach))
        guesses.append(Guess(points, float(len(points)), np.ones(len(points)), extent))
    closed = [c for c in close_cycles(run, guesses, frame, _SMALL_STEP) if c is not None]
    points = [frame.wrap(c.guess.nodes) for c in closed]
    distinct = _unseen(points, known, frame)
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


def _dimensions(run: Any, closed: list[Closed], returns: list[Return], frame: Frame) -> list[int]:
    """The dimension of the family of each; of many neutral ones a few stand for the rest."""
    neutral = [i for i, r in enumerate(returns) if neutral_directions(r).shape[1]]
    few = neutral[:_FEW]
    measured = family_dimensions(run, [closed[i] for i in few], [returns[i] for i in few], frame)
    dimensions = [0] * len(closed)
    for i in neutral:
        dimensions[i] = max(measured)
    for i, dimension in zip(few, measured, strict=True):
        dimensions[i] = dimension
    return dimensions
