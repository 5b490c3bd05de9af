"""The search for closed orbits of a flow: survey, recurrence, Newton, families."""

from typing import NamedTuple

import numpy as np

from thalweg.analysis.cycles.families import family_dimensions, turns, windings
from thalweg.analysis.cycles.long_runs import ON_CYCLE, RUNNING, Survey
from thalweg.analysis.cycles.recurrence import (
    Frame,
    Path,
    Recurrence,
    find_recurrence,
    lies_on,
    size_of,
)
from thalweg.analysis.cycles.segments import run_segments
from thalweg.analysis.cycles.shooting import (
    NEUTRAL,
    Closed,
    Guess,
    Return,
    Segments,
    close_cycles,
    gaps,
    return_of,
)
from thalweg.dynamics.problem import Problem
from thalweg.simulation.bundles import LANES, run_to_end

NODES = 8
CHECKS = (2, 4, 8, 16, 32)
_BATCH = 8
_STEADY = 1e-4
_ROUNDS = 2
_MOST_TRIES = 2
_MOST_TURNS = 6
_SAME = 1e-4
_LEAST_SIZE = 0.2


class Orbit(NamedTuple):
    """A closed orbit found.

    Attributes:
        period: how long one turn takes.
        path: the orbit, in steps forwards in time.
        returned: the return map of its first point.
        residual: the largest gap between one piece of it and the next, in units of the domain.
        correction: the last relative correction of the period.
        continuum: 0 when isolated, else the dimension of its family.
        key: what it winds about: families that differ here are different.
    """

    period: float
    path: Path
    returned: Return
    residual: float
    correction: float
    continuum: int
    key: tuple[int, ...]

    def attracts(self, direction: float) -> bool:
        """Whether trajectories that run in this direction of time stay on it or its family."""
        size = np.abs(np.linalg.eigvals(self.returned.jacobian))
        if self.continuum:
            return True
        return bool(np.all(size < 1.0 + NEUTRAL if direction > 0 else size > 1.0 - NEUTRAL))


def search_flow(
    problem: Problem,
    frame: Frame,
    starts: np.ndarray,
    centers: np.ndarray,
    orbits: list[Orbit],
) -> tuple[list[Orbit], Survey]:
    """All closed orbits that trajectories from the starts lead to, and the survey of these.

    Arguments:
        problem: the flow and its chart.
        frame: points in units of the domain.
        starts: shape `(n, d)`, n at most half the number of lanes.
        centers: equilibria that tell families of closed orbits in the plane apart, shape `(k, d)`.
        orbits: those known before.
    """
    survey = Survey(problem, frame, starts)
    tries = np.zeros(len(survey.z), dtype=int)
    for check in CHECKS:
        survey.run(check)
        allowed = np.minimum(tries + 1, _MOST_TRIES)
        for _ in range(_ROUNDS):
            found = _gather(survey, frame, centers, orbits, tries < allowed)
            if not found:
                break
            tries[list(found)] += 1
            guesses = [
                Guess(turn.nodes, turn.period, turn.shares, turn.extent, survey.direction[lane])
                for lane, turn in found.items()
            ]
            orbits = _merged(orbits + _close(problem, frame, guesses, centers), frame)
        if not np.any(survey.status == RUNNING):
            break
    return orbits, survey


def _gather(
    survey: Survey, frame: Frame, centers: np.ndarray, orbits: list[Orbit], open_to: np.ndarray
) -> dict[int, Recurrence]:
    """Lanes that recur, each in a way of its own; lanes on a known orbit are marked as done."""
    found: dict[int, Recurrence] = {}
    for lane in np.flatnonzero(survey.status == RUNNING):
        direction, last = survey.direction[lane], survey.paths[lane][-1]
        point, velocity = last.z[-1, 1], last.velocity[-1, 1]
        held = [orbit for orbit in orbits if orbit.attracts(direction)]
        if any(lies_on(point, direction * velocity, orbit.path, frame) for orbit in held):
            survey.status[lane] = ON_CYCLE
            continue
        rivals = [r.turn for other, r in found.items() if survey.direction[other] == direction]
        if not open_to[lane] or any(lies_on(point, velocity, turn, frame) for turn in rivals):
            continue
        recurrence = find_recurrence(survey.window(int(lane)), frame, NODES)
        if recurrence is None:
            continue
        key = _key(recurrence.turn, direction, centers, frame)
        steady = recurrence.mismatch < _STEADY
        if steady and any(orbit.continuum and orbit.key == key for orbit in orbits):
            survey.status[lane] = ON_CYCLE
        elif len(found) < _BATCH:
            found[int(lane)] = recurrence
    return found


def _key(path: Path, direction: float, centers: np.ndarray, frame: Frame) -> tuple[int, ...]:
    around = tuple(int(direction) * n for n in turns(path, frame))
    return around + windings(path, centers, frame)


def _close(
    problem: Problem, frame: Frame, guesses: list[Guess], centers: np.ndarray
) -> list[Orbit]:
    """Newton from the guesses: the orbits they lead to."""

    def run(trials: list[Guess], tolerances: list[float]) -> list[Segments]:
        return run_segments(problem, trials, tolerances)

    closed = [c for c in close_cycles(run, guesses, frame) if c is not None]
    paths = [_path(problem, c.guess) for c in closed]
    # Newton may shrink a turn around a focus to the focus itself, which closes trivially.
    real = [
        len(p) and np.max(size_of(p, frame)) > _LEAST_SIZE * np.max(c.guess.extent)
        for c, p in zip(closed, paths, strict=True)
    ]
    closed = [c for c, is_real in zip(closed, real, strict=True) if is_real]
    paths = [p for p, is_real in zip(paths, real, strict=True) if is_real]
    for i, guess in enumerate([_shorter(c, p, frame) for c, p in zip(closed, paths, strict=True)]):
        again = None if guess is None else close_cycles(run, [guess], frame)[0]
        if again is not None:
            closed[i], paths[i] = again, _path(problem, again.guess)
    paths = [
        p if c.guess.direction > 0 else p.backwards() for c, p in zip(closed, paths, strict=True)
    ]
    nodes = [_finely(c.guess, p) for c, p in zip(closed, paths, strict=True)]
    segments = run(nodes, [guess.fine for guess in nodes]) if nodes else []
    returns = [return_of(s) for s in segments]
    dimensions = family_dimensions(run, closed, returns, frame)
    return [
        Orbit(
            period=c.guess.period,
            path=path,
            returned=returned,
            residual=float(np.max(np.abs(gaps(n, s, frame)))),
            correction=c.correction,
            continuum=dimension,
            key=_key(path, 1.0, centers, frame),
        )
        for c, path, n, s, returned, dimension in zip(
            closed, paths, nodes, segments, returns, dimensions, strict=True
        )
    ]


def _path(problem: Problem, guess: Guess) -> Path:
    """The orbit through the nodes, run once round in the direction of the guess."""
    times = guess.shares * guess.period
    direction = np.full(len(times), guess.direction)
    begin = np.cumsum(times) - times
    tracks = run_to_end(problem, guess.nodes, times, direction, guess.fine)
    pieces = []
    for node in range(len(times)):
        passed = begin[node]
        for track in tracks:
            t = passed + track.t[node]
            pieces.append(Path.of(t, track.z[node], guess.direction * track.velocity[node]))
            passed = t[-1]
    return Path.join(pieces)


def _finely(guess: Guess, path: Path) -> Guess:
    """Many nodes along an orbit forwards in time: over a short segment no multiplier is extreme."""
    inner = np.linspace(0, len(path), min(LANES, len(path)), endpoint=False).astype(int)
    shares = np.diff([*path.t[inner, 0], path.t[-1, 1]]) / guess.period
    return Guess(path.z[inner, 0], guess.period, shares, guess.extent)


def _shorter(closed: Closed, path: Path, frame: Frame) -> Guess | None:
    """A guess of the same orbit gone round once, if the path goes round it several times."""
    period, guess = closed.guess.period, closed.guess
    extent = size_of(path, frame)
    for count in range(2, _MOST_TURNS + 1):
        piece = int(np.searchsorted(path.t[:, 1], period / count))
        t = path.t[piece]
        there = path.at(piece, (period / count - t[0]) / (t[1] - t[0]))
        if np.max(np.abs(frame.shorten(there - guess.nodes[0]))) < _SAME * np.max(extent):
            inner = np.linspace(0, piece, NODES, endpoint=False).astype(int)
            shares = np.diff([*path.t[inner, 0], period / count]) * count / period
            return Guess(path.z[inner, 0], period / count, shares, extent, guess.direction)
    return None


def _merged(orbits: list[Orbit], frame: Frame) -> list[Orbit]:
    """Each orbit once, and of each family the largest inside the domain."""
    kept: list[Orbit] = []
    for orbit in orbits:
        rival = next((i for i, other in enumerate(kept) if _is_same(orbit, other, frame)), None)
        if rival is None:
            kept.append(orbit)
        elif orbit.continuum and _rank(orbit, frame) > _rank(kept[rival], frame):
            kept[rival] = orbit
    return kept


def _rank(orbit: Orbit, frame: Frame) -> tuple[bool, float]:
    inside = bool(np.all(frame.chart.inside(orbit.path.z[:, 0] * frame.widths)))
    size = float(np.max(size_of(orbit.path, frame)))
    return inside, size if inside else -size


def _is_same(a: Orbit, b: Orbit, frame: Frame) -> bool:
    if a.continuum and b.continuum and a.key == b.key:
        return True
    if abs(a.period - b.period) > 1e-5 * max(a.period, b.period):
        return False
    return lies_on(a.path.z[0, 0], a.path.velocity[0, 0], b.path, frame, _SAME)
