"""Cycles that are not isolated: the closed orbits around a center, a line of 2-cycles."""

import numpy as np

from thalweg.analysis.cycles.recurrence import Frame, Path
from thalweg.analysis.cycles.shooting import NEUTRAL, Closed, Return, Runner, close_cycles

_OFFSET = 0.002  # of a cycle's extent: far above what Newton leaves, below where a family bends
# A cycle that is alone pulls Newton all the way back; one of a family stays at the shift, at 1.
_STAYS = 0.1
# Errors of a multiplier that it may be away from 1 and still be 1.
_SURELY = 4.0


def neutral_directions(returned: Return, rounding: float) -> np.ndarray:
    """Unit vectors across a cycle that return as they were, a basis `(d, k)`.

    A family needs as many multipliers 1. A cycle that is isolated may have them as close to 1 as
    1e-6 (the 15-cycles of an area-preserving map), where a double one is known to the root of the
    error of the Jacobian.

    Arguments:
        returned: the return map.
        rounding: the relative error of its Jacobian.
    """
    if not returned.jacobian.size:
        return np.zeros((len(returned.section), 0))
    norm = max(1.0, float(np.linalg.norm(returned.jacobian, 2)))
    away = np.abs(np.linalg.eigvals(returned.jacobian) - 1.0)
    count = int(np.sum(away <= _SURELY * np.sqrt(rounding * norm)))
    _, values, right = np.linalg.svd(returned.jacobian - np.eye(len(returned.jacobian)))
    is_small = values <= NEUTRAL * max(1.0, values[0])
    is_small[: len(values) - count] = False
    across = returned.section @ right[is_small].T
    return across / np.linalg.norm(across, axis=0)


def rounding_of(closed: Closed) -> float:
    """The relative error of the Jacobian of one turn: of its steps, or of the integration."""
    if closed.segments.leaving is None:
        return float(np.finfo(float).eps) * len(closed.guess.nodes)
    return closed.guess.tolerances.floor


def family_dimensions(
    run: Runner, cycles: list[Closed], returns: list[Return], frame: Frame
) -> list[int]:
    """The dimension of the family through each cycle, 0 where it is isolated.

    A multiplier 1 alone does not make a family (a semi-stable cycle has one too): from a small
    distance along its direction, Newton must close a cycle there and not fall back.
    """
    owners, guesses, shifts = [], [], []
    for index, (closed, returned) in enumerate(zip(cycles, returns, strict=True)):
        length = _OFFSET * float(np.max(closed.guess.extent))
        for number, direction in enumerate(neutral_directions(returned, rounding_of(closed)).T):
            carried = length * _carried(closed, direction)
            carried *= min(1.0, length / float(np.max(np.abs(carried))))
            for shift in (carried, -carried):
                owners.append((index, number))
                shifts.append(shift[0])
                guesses.append(closed.guess._replace(nodes=closed.guess.nodes + shift))
    passed = set()
    for owner, shift, found in zip(owners, shifts, close_cycles(run, guesses, frame), strict=True):
        if found is not None:
            moved = frame.shorten(found.guess.nodes[0] - cycles[owner[0]].guess.nodes[0])
            if moved @ shift > _STAYS * (shift @ shift):
                passed.add(owner)
    return [sum(owner[0] == index for owner in passed) for index in range(len(cycles))]


def _carried(closed: Closed, shift: np.ndarray) -> np.ndarray:
    """A shift of the first node as the segments carry it to each node, shape `(m, d)`."""
    shifts = [shift]
    for segment in closed.segments.maps[:-1]:
        shifts.append(segment @ shifts[-1])
    return np.array(shifts)


def turns(path: Path, frame: Frame) -> tuple[int, ...]:
    """Number of turns of a closed path round each angle."""
    net = np.sum(path.z[:, 1] - path.z[:, 0], axis=0)
    return tuple(int(n) for n in np.round(net[frame.angles]))


def windings(path: Path, points: np.ndarray, frame: Frame) -> tuple[int, ...]:
    """Winding numbers of a closed path in the plane about the points `(k, 2)`.

    Two families of closed orbits that enclose different equilibria are different families.
    """
    if path.z.shape[2] != 2 or not len(points):
        return ()
    start = path.z[0, 0]
    steps = np.cumsum(path.z[:, 1] - path.z[:, 0], axis=0)
    line = np.concatenate([start[None], start + steps])
    middle = 0.5 * (line.min(axis=0) + line.max(axis=0))
    counts = []
    for point in points:
        away = line - (middle + frame.shorten(point - middle))
        angle = np.unwrap(np.arctan2(away[:, 1], away[:, 0]))
        counts.append(abs(round(float(angle[-1] - angle[0]) / (2.0 * np.pi))))
    return tuple(counts)
