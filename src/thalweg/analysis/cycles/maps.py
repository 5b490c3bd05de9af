"""The search for n-cycles of a map: long orbits for stable ones, roots of gⁿ − id for all."""

from typing import Any

import jax
import numpy as np

from thalweg.analysis.cycles.iterates import LANES, Iterate, orbits_of
from thalweg.analysis.cycles.long_orbits import follow
from thalweg.analysis.cycles.maps_newton import PeriodicOrbit, close_orbits, is_minimal, owner_of
from thalweg.analysis.cycles.non_periodic import NonPeriodicRun
from thalweg.analysis.cycles.recurrence import Frame
from thalweg.analysis.equilibria.search import ROUND, Scales, probe, search_all
from thalweg.dynamics.problem import Problem

MAX_PERIOD = 8  # of near returns of orbits, unless a caller asks: longer ones are mostly chance
_CONVERGED = 1e-10  # scaled residual of an n-th iterate, which magnifies rounding n times over
_ROUNDS = 8  # batches of random starts a period before it is given up that all were seen often
# Visits of every cycle: the chance of one unseen that is as easy to find is 5 %, e^−3.
_SEEN_ENOUGH = 3
_NEAR_RETURN = 0.05  # of the orbits' extent: within it Newton's method usually closes a cycle
_RETURNS = 8  # a period: the nearest are tried, the others lead to the same cycles
# Of 256 starts so many lie on orbits: unstable cycles of an attractor are dense there.
_VISITED = 64


def search_map(
    problem: Problem,
    frame: Frame,
    starts: np.ndarray,
    key: jax.Array | None,
    max_period: int | None,
) -> tuple[list[PeriodicOrbit], list[NonPeriodicRun], np.ndarray]:
    """The n-cycles of a map, what orbits do that settle on nothing, and how many of them end how.

    Arguments:
        problem: the map and its chart.
        frame: points in units of the domain.
        starts: of long orbits, shape `(n, d)`.
        key: draws the starts of the search for roots.
        max_period: the longest cycles that are searched for as roots; None: no roots, only what the
            long orbits come close to, for maps of which every step is dear.
    """
    cycles: list[PeriodicOrbit] = []
    non_periodic: list[NonPeriodicRun] = []
    stretches, ended = [], np.zeros(3, dtype=int)
    for first in range(0, len(starts), LANES):
        long_orbits = follow(problem, frame, starts[first : first + LANES], cycles)
        cycles, stretches = long_orbits.cycles, [*stretches, long_orbits.points]
        non_periodic, ended = non_periodic + long_orbits.non_periodic, ended + long_orbits.ended
    if max_period is None:
        periods = range(2, MAX_PERIOD + 1)
        near = [z for n in periods for points in stretches for z in _near_returns(points, n, frame)]
        return cycles + close_orbits(problem, frame, near, cycles), non_periodic, ended
    visited = np.concatenate([z[:, -4:].reshape(-1, starts.shape[1]) for z in stretches])
    for period in range(2, max_period + 1):
        hits: list[int] = []
        for index in range(_ROUNDS):
            found = _candidates(problem, frame, period, visited, key, index)
            cycles = cycles + close_orbits(problem, frame, found, cycles)
            rivals = [cycle for cycle in cycles if len(cycle.points) == period]
            hits += [owner_of(z[0], rivals, frame) for z in found if is_minimal(z, frame)]
            counts = np.bincount([h for h in hits if h >= 0], minlength=len(rivals))
            if np.all(counts >= _SEEN_ENOUGH) or any(cycle.continuum for cycle in rivals):
                break
    return cycles, non_periodic, ended


def is_dear(problem: Problem) -> bool:
    """True if one step of the map runs a loop inside, as an integration over a period does."""
    program = str(jax.make_jaxpr(problem.step)(np.zeros(problem.chart.dimension)))
    return "while[" in program or "scan[" in program


def _near_returns(points: np.ndarray, period: int, frame: Frame) -> list[np.ndarray]:
    """Stretches of orbits `(n, m, d)` that come back close to where they were, the closest few."""
    if points.shape[1] <= period:
        return []
    away = np.max(np.abs(frame.shorten(points[:, period:] - points[:, :-period])), axis=2)
    size = np.max(np.ptp(points, axis=(0, 1)), initial=0.0)
    times, closest = np.argmin(away, axis=1), np.min(away, axis=1)
    lanes = [lane for lane in np.argsort(closest) if closest[lane] <= _NEAR_RETURN * size]
    stretches = [points[lane, times[lane] : times[lane] + period] for lane in lanes]
    return [z for z in stretches if is_minimal(z, frame)][:_RETURNS]


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
    share = min(len(visited), _VISITED)
    if share:
        starts[-share:] = np.roll(visited, -share * index, axis=0)[:share] * frame.widths
    scales = Scales(frame.widths, frame.widths)
    iterated: Any = Iterate(problem, np.asarray(period))
    end = search_all(iterated, starts, scales)
    roots = np.asarray(end.y)[np.asarray(end.residual) < _CONVERGED] / frame.widths
    return list(orbits_of(problem, roots, period)) if len(roots) else []
