"""Long orbits of a map: the cycles they settle on, and what they do that settle on none."""

from typing import NamedTuple

import numpy as np

from thalweg.analysis.cycles.iterates import LANES, STEPS, iterate
from thalweg.analysis.cycles.maps_newton import SAME, PeriodicOrbit, close_orbits
from thalweg.analysis.cycles.non_periodic import NonPeriodicRun
from thalweg.analysis.cycles.recurrence import Frame
from thalweg.dynamics.problem import Problem

LONGEST = STEPS // 2  # period that a block shows twice, as a return must be seen
_CHECKS = (2, 4, 8, 16)  # blocks after which periods are looked for: doubling keeps the looks few
_AT_REST = 1e-6  # in widths: where an orbit moves by less a step, it has come to rest
_RECURS = 0.02  # of an orbit's extent: the repeats of a chaotic one are rarely that close so soon
_FAR = 10.0  # widths beyond the domain from which no orbit is waited for


class LongOrbits(NamedTuple):
    """Outcome of long orbits.

    Attributes:
        cycles: those known before, and those that some of them settled on.
        non_periodic: those that settled on nothing.
        points: the second half of every orbit that did not run away, shape `(n, m, d)`.
        ended: how many came to rest, ran away, and settled on nothing.
    """

    cycles: list[PeriodicOrbit]
    non_periodic: list[NonPeriodicRun]
    points: np.ndarray
    ended: np.ndarray


def follow(
    problem: Problem, frame: Frame, starts: np.ndarray, known: list[PeriodicOrbit]
) -> LongOrbits:
    """Follow orbits from up to `LANES` starts until each has settled, run away, or had its time."""
    z, running = np.resize(starts, (LANES, starts.shape[1])), np.arange(LANES) < len(starts)
    tangents = np.random.default_rng(0).normal(size=z.shape)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    growth, blocks = [], []
    cycles, near, num_at_rest, gone = known, running, 0, 0
    for block in range(1, _CHECKS[-1] + 1):
        points, tangents, grown = map(np.asarray, iterate(problem, z, tangents))
        near = np.isfinite(points).all(axis=(1, 2))
        near &= frame.chart.inside(points[:, -1] * frame.widths, _FAR)
        gone, running = gone + np.sum(running & ~near), running & near
        z = np.where(near[:, None], points[:, -1], z)
        growth.append(grown)
        blocks.append(points)
        if block in _CHECKS:
            periods = {int(i): _period(points[i], frame) for i in np.flatnonzero(running)}
            running[[i for i, p in periods.items() if p == 1]] = False
            num_at_rest += list(periods.values()).count(1)
            guesses = [points[i, -p:] for i, p in periods.items() if p is not None and p > 1]
            cycles = cycles + close_orbits(problem, frame, guesses, cycles)
            running[[i for i in periods if _has_settled(points[i], cycles, frame)]] = False
        if not running.any():
            break
    late = np.stack(blocks[len(blocks) // 2 :], axis=1)
    rates = np.stack(growth[len(blocks) // 2 :], axis=1)
    non_periodic = [
        NonPeriodicRun.of(
            late[i].reshape(-1, late.shape[-1]),
            np.stack([rates[i], np.full(rates.shape[1], float(STEPS))], axis=1),
            1.0,
        )
        for i in np.flatnonzero(running)
    ]
    kept = np.isfinite(late).all(axis=(1, 2, 3)) & near
    ended = np.array([num_at_rest, gone, running.sum()])
    return LongOrbits(cycles, non_periodic, late.reshape(LANES, -1, late.shape[-1])[kept], ended)


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
    """True if the end of an orbit lies on an attracting cycle, or on one of a family of cycles."""
    for cycle in cycles:
        away = np.max(np.abs(frame.shorten(cycle.points - points[-1])), axis=1)
        size = np.max(np.ptp(cycle.points, axis=0))
        period = len(cycle.points)
        moved = np.max(np.abs(frame.shorten(points[-1] - points[-1 - period])))
        if cycle.attracts() and np.min(away) < max(_RECURS * size, SAME):
            return True
        if cycle.continuum and moved < SAME:
            return True
    return False
