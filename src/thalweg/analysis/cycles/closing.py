"""From turns that trajectories take to closed orbits that pass every check."""

import numpy as np

from thalweg.analysis.cycles.families import family_dimensions, turns, windings
from thalweg.analysis.cycles.orbits import SAME, Orbit, runs_through
from thalweg.analysis.cycles.polish import polished
from thalweg.analysis.cycles.recurrence import Frame, Path, size_of
from thalweg.analysis.cycles.segments import run_segments
from thalweg.analysis.cycles.shooting import (
    Closed,
    Guess,
    Runner,
    Segments,
    close_cycles,
)
from thalweg.dynamics.problem import Problem
from thalweg.simulation.bundles import run_to_end

# A guess that went round a shorter cycle several times is divided by up to so many.
_MOST_TURNS = 6
# Of the extent of its guess; an orbit that Newton made smaller is another one, or a point.
_LEAST_SIZE = 0.2


def close_orbits_of_flow(
    problem: Problem, frame: Frame, guesses: list[Guess], centers: np.ndarray
) -> tuple[list[Orbit], int]:
    """Newton from guesses: the closed orbits they lead to, and how many failed a check.

    Arguments:
        problem: the flow and its chart.
        frame: points in units of the domain.
        guesses: one turn each.
        centers: equilibria, shape `(k, d)`: families are told apart by them, and no orbit leads
            through one.
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
    tries = polished(run, [_once(problem, run, c, p, frame) for c, p in whole], frame)
    good = [t for t in tries if t.passes() and not runs_through(t.path, centers, frame)]
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
            doubt=turn.doubt,
        )
        for turn, dimension in zip(good, dimensions, strict=True)
    ]
    return orbits, len(real) - len(good)


def key_of(path: Path, direction: float, centers: np.ndarray, frame: Frame) -> tuple[int, ...]:
    """The winding numbers of a closed path: families that differ here are different."""
    around = tuple(int(direction) * n for n in turns(path, frame))
    return around + windings(path, centers, frame)


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
