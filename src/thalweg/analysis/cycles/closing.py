"""From turns that trajectories take to closed orbits that pass every check."""

from typing import NamedTuple

import numpy as np

from thalweg.analysis.cycles.families import family_dimensions, turns, windings
from thalweg.analysis.cycles.orbits import SAME, Orbit
from thalweg.analysis.cycles.recurrence import Frame, Path, size_of
from thalweg.analysis.cycles.segments import run_segments
from thalweg.analysis.cycles.shooting import (
    Closed,
    Guess,
    Return,
    Runner,
    Segments,
    close_cycles,
    correction,
    gaps,
    return_of,
)
from thalweg.dynamics.problem import Problem
from thalweg.simulation.bundles import LANES, run_to_end

# A guess that went round a shorter cycle several times is divided by up to so many.
_MOST_TURNS = 6
# Of the extent of its guess; an orbit that Newton made smaller is another one, or a point.
_LEAST_SIZE = 0.2
# What a closed orbit must keep to be reported; Newton leaves a tenth of it, mostly far less.
# Tangents are known less well than the orbit: that of a relaxation oscillator closes to 1e-8 where
# its trivial multiplier is 1e-3 off.
_WORST_RESIDUAL, _WORST_TRIVIAL, _WORST_ACCURACY = 1e-6, 1e-2, 1e-3


class _Turn(NamedTuple):
    """A closed orbit with its path and its return map, before it is known to pass the checks."""

    closed: Closed
    path: Path
    returned: Return
    residual: float
    accuracy: float

    def passes(self) -> bool:
        """True if it closes, the velocity returns as it was, and two tolerances agree."""
        trivial = 1.0 if self.returned.trivial is None else self.returned.trivial
        return bool(
            self.residual <= _WORST_RESIDUAL
            and abs(trivial - 1.0) <= _WORST_TRIVIAL
            and self.accuracy <= _WORST_ACCURACY
            and np.all(np.isfinite(self.returned.jacobian))
        )


def close_orbits_of_flow(
    problem: Problem, frame: Frame, guesses: list[Guess], centers: np.ndarray
) -> tuple[list[Orbit], int]:
    """Newton from guesses: the closed orbits they lead to, and how many failed a check.

    Arguments:
        problem: the flow and its chart.
        frame: points in units of the domain.
        guesses: one turn each.
        centers: equilibria that families are told apart by, shape `(k, d)`.
    """

    def run(trials: list[Guess], tolerances: list[float]) -> list[Segments]:
        return run_segments(problem, trials, tolerances)

    found = close_cycles(run, guesses, frame)
    again = [i for i, c in enumerate(found) if c is None and np.any(guesses[i].relative)]
    plain = [guesses[i]._replace(relative=False) for i in again]
    for i, closed in zip(again, close_cycles(run, plain, frame), strict=True):
        found[i] = closed
    pairs = [(c, _path(problem, c.guess)) for c in found if c is not None]
    # Newton may shrink a turn around a focus to the focus itself, which closes trivially.
    real = [
        (c, p)
        for c, p in pairs
        if not len(p) or np.max(size_of(p, frame)) > _LEAST_SIZE * np.max(c.guess.extent)
    ]
    whole = [(c, p) for c, p in real if _is_whole(c.guess, p)]
    tries = _tries(run, [_once(problem, run, c, p, frame) for c, p in whole], frame)
    good = [turn for turn in tries if turn.passes()]
    dimensions = family_dimensions(
        run, [turn.closed for turn in good], [turn.returned for turn in good], frame
    )
    orbits = [
        Orbit(
            period=turn.closed.guess.period,
            path=turn.path,
            returned=turn.returned,
            residual=turn.residual,
            accuracy=turn.accuracy,
            continuum=dimension,
            key=key_of(turn.path, 1.0, centers, frame),
        )
        for turn, dimension in zip(good, dimensions, strict=True)
    ]
    return orbits, len(real) - len(good)


def key_of(path: Path, direction: float, centers: np.ndarray, frame: Frame) -> tuple[int, ...]:
    """The winding numbers of a closed path: families that differ here are different."""
    around = tuple(int(direction) * n for n in turns(path, frame))
    return around + windings(path, centers, frame)


def _tries(run: Runner, pairs: list[tuple[Closed, Path]], frame: Frame) -> list[_Turn]:
    """Return maps, gaps and accuracies of closed orbits, forwards in time."""
    if not pairs:
        return []
    paths = [p if c.guess.direction > 0 else p.backwards() for c, p in pairs]
    nodes = [_finely(c.guess, p) for (c, _), p in zip(pairs, paths, strict=True)]
    segments = run(nodes, [n.tolerances.finest for n in nodes])
    return [
        _turn(c, path, n, s, frame)
        for (c, _), path, n, s in zip(pairs, paths, nodes, segments, strict=True)
    ]


def _turn(closed: Closed, path: Path, nodes: Guess, segments: Segments, frame: Frame) -> _Turn:
    """An orbit, its period corrected by the finest segments, which say how far off it may be."""
    gap = gaps(nodes, segments, frame)
    change = np.inf
    if np.all(np.isfinite(gap)) and np.all(np.isfinite(segments.maps)):
        change = _period_change(nodes, segments, gap, len(closed.guess.nodes))
    period = closed.guess.period * (1.0 + (change if abs(change) < _WORST_ACCURACY else 0.0))
    return _Turn(
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


def _path(problem: Problem, guess: Guess) -> Path:
    """The orbit through the nodes, run once round in the direction of the guess."""
    times = guess.shares * guess.period
    direction = np.full(len(times), guess.direction)
    fine = guess.tolerances.fine
    lengths = (np.broadcast_to(p, guess.nodes.shape) for p in (guess.scale, guess.relative))
    begin = np.cumsum(times) - times
    tracks = run_to_end(
        problem, guess.nodes, times, direction, fine, *lengths, is_stiff=guess.is_stiff
    )
    pieces = []
    for node in range(len(times)):
        passed = begin[node]
        for track in tracks:
            t = passed + track.t[node]
            pieces.append(Path.of(t, track.z[node], guess.direction * track.velocity[node]))
            passed = t[-1]
    return Path.join(pieces)


def _is_whole(guess: Guess, path: Path) -> bool:
    """True if a path goes all the way round, without a gap in time."""
    if not len(path):
        return False
    missing = np.abs(np.diff(np.concatenate([[0.0], path.t.ravel(), [guess.period]]))[::2])
    return bool(np.max(missing) <= 1e-9 * guess.period)


def _once(
    problem: Problem, run: Runner, closed: Closed, path: Path, frame: Frame
) -> tuple[Closed, Path]:
    """The orbit gone round once, if the path goes round it several times."""
    shorter = _shorter(closed, path, frame)
    again = None if shorter is None else close_cycles(run, [shorter], frame)[0]
    return (closed, path) if again is None else (again, _path(problem, again.guess))


def _finely(guess: Guess, path: Path) -> Guess:
    """Many nodes along an orbit forwards in time: over a short segment no multiplier is extreme."""
    inner = np.linspace(0, len(path), min(LANES, len(path)), endpoint=False).astype(int)
    shares = np.diff([*path.t[inner, 0], path.t[-1, 1]]) / guess.period
    return guess._replace(nodes=path.z[inner, 0], shares=shares, direction=1.0)


def _shorter(closed: Closed, path: Path, frame: Frame) -> Guess | None:
    """A guess of the same orbit gone round once, if the path goes round it several times."""
    period, guess = closed.guess.period, closed.guess
    extent = size_of(path, frame)
    for count in range(2, _MOST_TURNS + 1):
        piece = int(np.searchsorted(path.t[:, 1], period / count))
        t = path.t[piece]
        there = path.at(piece, (period / count - t[0]) / (t[1] - t[0]))
        if np.max(np.abs(frame.shorten(there - guess.nodes[0]))) < SAME * np.max(extent):
            inner = np.linspace(0, piece, len(guess.nodes), endpoint=False).astype(int)
            shares = np.diff([*path.t[inner, 0], period / count]) * count / period
            return guess._replace(
                nodes=path.z[inner, 0], period=period / count, shares=shares, extent=extent
            )
    return None
