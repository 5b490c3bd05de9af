"""A closed orbit found, and when two of them are the same."""

from typing import NamedTuple

import numpy as np

from thalweg.analysis.cycles.recurrence import Frame, Path, lies_on, size_of
from thalweg.analysis.cycles.shooting import NEUTRAL, Return

SAME = 1e-4  # of the extent: far above what Newton leaves, far below what tells orbits apart
# Relative: ten times closer than `SAME`, since the period is an average over the orbit.
_SAME_PERIOD = 1e-5
# Of the length of a piece: nearer to a state of rest no step of a solver is that long, unless it
# passed over the rest unseen. Within so much of a piece the points on it bound the cubic, too.
_THROUGH, _ON_A_PIECE = 1e-3, 16


class Orbit(NamedTuple):
    """A closed orbit found.

    Attributes:
        period: how long one turn takes.
        path: the orbit, in steps forwards in time.
        returned: the return map of its first point.
        residual: the largest gap between one piece of it and the next, relative to how far it
            reaches along each coordinate.
        accuracy: by how much, relative to it, the period changes between two tolerances.
        continuum: 0 when isolated, else the dimension of its family.
        key: what it winds about: families that differ here are different.
        doubt: how far off multipliers near 1 may be, as the orbit may be off.
    """

    period: float
    path: Path
    returned: Return
    residual: float
    accuracy: float
    continuum: int
    key: tuple[int, ...]
    doubt: float = 0.0

    def attracts(self, direction: float) -> bool:
        """True if trajectories that run in this direction of time stay on it or its family."""
        size = np.abs(np.linalg.eigvals(self.returned.jacobian))
        if self.continuum:
            return True
        return bool(np.all(size < 1.0 + NEUTRAL if direction > 0 else size > 1.0 - NEUTRAL))


def runs_through(path: Path, rests: np.ndarray, frame: Frame) -> bool:
    """True if a path leads through one of the states of rest `(k, d)`, where no orbit goes on.

    A solver whose steps are longer than what stops the rule steps over it.
    """
    extent = np.maximum(size_of(path, frame), np.finfo(float).tiny)
    fractions = np.linspace(0.0, 1.0, _ON_A_PIECE + 1)
    pieces = np.arange(len(path))[:, None]
    line = path.at(np.repeat(pieces, len(fractions), axis=1), fractions) / extent
    chords = np.diff(line, axis=1)
    squared = np.maximum(np.sum(chords**2, axis=2), np.finfo(float).tiny)
    lengths = np.sum(np.sqrt(squared), axis=1)
    for rest in rests:
        away = frame.shorten(rest - line[:, :-1] * extent) / extent
        along = np.clip(np.sum(away * chords, axis=2) / squared, 0.0, 1.0)
        gaps = np.linalg.norm(away - along[..., None] * chords, axis=2)
        if np.any(np.min(gaps, axis=1) < _THROUGH * lengths):
            return True
    return False


def distinct_orbits(orbits: list[Orbit], frame: Frame) -> list[Orbit]:
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
    if abs(a.period - b.period) > _SAME_PERIOD * max(a.period, b.period):
        return False
    return lies_on(a.path.z[0, 0], a.path.velocity[0, 0], b.path, frame, SAME)
