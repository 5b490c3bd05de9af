"""The polish of closed orbits: period, multipliers and accuracy, by many short segments.

The period is corrected once more by segments at the finest tolerance; how much it changes is the
accuracy that a cycle reports, and the gaps that are left are its residual. A multiplier near 1 is
known as well as the place of the orbit is: where two cycles merge, hardly.
"""

from typing import NamedTuple

import numpy as np

from thalweg.analysis.cycles.recurrence import Frame, Path
from thalweg.analysis.cycles.shooting import (
    Closed,
    Guess,
    Return,
    Runner,
    Segments,
    correction,
    gaps,
    return_of,
)
from thalweg.simulation.bundles import LANES

# What a closed orbit must keep to be reported; Newton leaves a tenth of it, mostly far less.
# Tangents are known less well than the orbit: that of a relaxation oscillator closes to 1e-8 where
# its trivial multiplier is 1e-3 off.
_WORST_RESIDUAL, _WORST_TRIVIAL, _WORST_ACCURACY = 1e-6, 1e-2, 1e-3
# A multiplier that is nearer to 1 is looked at again on an orbit beside the one found, at most so
# far off; where two cycles merge the gaps say half as much as they should, so more is allowed for.
NEAR_ONE, _FARTHEST, _SURELY = 1e-2, 1e-3, 10.0


class Turn(NamedTuple):
    """A closed orbit with its path and its return map, before it is known to pass the checks."""

    closed: Closed
    path: Path
    returned: Return
    residual: float
    accuracy: float
    doubt: float = 0.0

    def passes(self) -> bool:
        """True if it closes, the velocity returns as it was, and two tolerances agree."""
        trivial = 1.0 if self.returned.trivial is None else self.returned.trivial
        return bool(
            self.residual <= _WORST_RESIDUAL
            and abs(trivial - 1.0) <= _WORST_TRIVIAL
            and self.accuracy <= _WORST_ACCURACY
            and np.all(np.isfinite(self.returned.jacobian))
        )


def polished(run: Runner, pairs: list[tuple[Closed, Path]], frame: Frame) -> list[Turn]:
    """Return maps, gaps and accuracies of closed orbits, forwards in time."""
    if not pairs:
        return []
    paths = [p if c.guess.direction > 0 else p.backwards() for c, p in pairs]
    nodes = [_finely(c.guess, p) for (c, _), p in zip(pairs, paths, strict=True)]
    segments = run(nodes, [n.tolerances.finest for n in nodes])
    found = [
        _turn(c, path, n, s, frame)
        for (c, _), path, n, s in zip(pairs, paths, nodes, segments, strict=True)
    ]
    moved = {
        i: _beside(turn, nodes[i], segments[i], frame)
        for i, turn in enumerate(found)
        if turn.passes() and np.any(np.abs(_multipliers(turn.returned) - 1.0) < NEAR_ONE)
    }
    if moved:
        again = run(list(moved.values()), [n.tolerances.finest for n in moved.values()])
        for i, other in zip(moved, again, strict=True):
            found[i] = found[i]._replace(doubt=_change(found[i], _return_of(moved[i], other)))
    return found


def _multipliers(returned: Return) -> np.ndarray:
    return np.linalg.eigvals(returned.jacobian)


def _beside(turn: Turn, nodes: Guess, segments: Segments, frame: Frame) -> Guess:
    """The orbit moved by as much as it may be off along what returns almost as it was."""
    jacobian = turn.returned.jacobian
    _, values, right = np.linalg.svd(jacobian - np.eye(len(jacobian)))
    missed = np.sum(np.max(np.abs(gaps(nodes, segments, frame)), axis=1))
    length = min(missed / max(values[-1], np.finfo(float).tiny), _FARTHEST)
    shifts = [length * turn.returned.section @ right[-1]]
    for segment in segments.maps[:-1]:
        shifts.append(segment @ shifts[-1])
    return nodes._replace(nodes=nodes.nodes + np.array(shifts))


def _change(turn: Turn, other: Return) -> float:
    """The error of multipliers near 1, from those on an orbit beside it."""
    if not np.all(np.isfinite(other.jacobian)):
        return np.inf
    own, there = _multipliers(turn.returned), _multipliers(other)
    near = own[np.abs(own - 1.0) < NEAR_ONE]
    return _SURELY * float(np.max(np.min(np.abs(near[:, None] - there), axis=1)))


def _turn(closed: Closed, path: Path, nodes: Guess, segments: Segments, frame: Frame) -> Turn:
    """An orbit, its period corrected by the finest segments, which say how far off it may be."""
    gap = gaps(nodes, segments, frame)
    change = np.inf
    if np.all(np.isfinite(gap)) and np.all(np.isfinite(segments.maps)):
        change = _period_change(nodes, segments, gap, len(closed.guess.nodes))
    period = closed.guess.period * (1.0 + (change if abs(change) < _WORST_ACCURACY else 0.0))
    return Turn(
        closed=closed._replace(guess=closed.guess._replace(period=period)),
        path=path,
        returned=_return_of(nodes, segments),
        residual=float(np.max(np.abs(gap))),
        accuracy=max(np.finfo(float).eps, abs(change)),
    )


def _period_change(nodes: Guess, segments: Segments, gap: np.ndarray, count: int) -> float:
    """The relative correction of the period, from segments joined to `count` longer ones."""
    scaled, shares = segments.over(nodes.units), nodes.shares
    assert scaled.leaving is not None
    assert scaled.arriving is not None
    groups = np.array_split(np.arange(len(gap)), min(count, len(gap)))
    dimension = gap.shape[1]
    maps, missed, moved = [], [], []
    for group in groups:
        whole, miss, move = np.eye(dimension), np.zeros(dimension), np.zeros(dimension)
        for k in group:
            part = scaled.maps[k]
            whole, miss = part @ whole, part @ miss + gap[k]
            move = part @ move + shares[k] * scaled.arriving[k]
        maps.append(whole)
        missed.append(miss)
        moved.append(move / np.sum(shares[group]))
    first = [group[0] for group in groups]
    longer = nodes._replace(
        nodes=nodes.nodes[first], shares=np.array([np.sum(shares[group]) for group in groups])
    )
    parts = Segments(longer.nodes, np.array(maps), scaled.leaving[first], np.array(moved))
    return correction(longer, parts, np.array(missed))[1]


def _return_of(nodes: Guess, segments: Segments) -> Return:
    """The return map in units of scale, its section in units of the domain."""
    returned = return_of(segments.over(nodes.units))
    return returned._replace(section=nodes.units[0][:, None] * returned.section)


def _finely(guess: Guess, path: Path) -> Guess:
    """Many nodes along an orbit forwards in time: over a short segment no multiplier is extreme."""
    inner = np.linspace(0, len(path), min(LANES, len(path)), endpoint=False).astype(int)
    shares = np.diff([*path.t[inner, 0], path.t[-1, 1]]) / guess.period
    return guess._replace(nodes=path.z[inner, 0], shares=shares, direction=1.0)
