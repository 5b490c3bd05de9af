"""The search for closed orbits of a flow: long runs, recurrence, Newton, families."""

import numpy as np

from thalweg.analysis.cycles.closing import close_orbits_of_flow, key_of
from thalweg.analysis.cycles.long_runs import ON_CYCLE, RUNNING, LongRuns
from thalweg.analysis.cycles.orbits import Orbit, distinct_orbits
from thalweg.analysis.cycles.recurrence import Frame, Recurrence, find_recurrence, lies_on
from thalweg.analysis.cycles.scales import keeps_sign
from thalweg.analysis.cycles.shooting import Guess
from thalweg.dynamics.problem import Problem
from thalweg.simulation.bundles import LANES

NODES = 8  # segments of a turn: over an eighth of it a chaotic or unstable orbit grows little
# Blocks after which returns are looked for: doubling keeps the looks few in long transients.
CHECKS = (2, 4, 8, 16, 32)
_BATCH = 8  # cycles closed side by side: with `NODES` segments each they fill the 64 lanes
_STEADY = 1e-4  # a return as good as this repeats, where a slow spiral inwards still moves by more
# A batch that closes shows which other lanes are on its cycles; the second takes what is left.
_ROUNDS = 2
_MOST_TRIES = 2  # a return that Newton could not close twice is no cycle at this stage of the run


def search_flow(
    problem: Problem,
    frame: Frame,
    starts: np.ndarray,
    centers: np.ndarray,
    orbits: list[Orbit],
) -> tuple[list[Orbit], LongRuns, int]:
    """All closed orbits that trajectories from the starts lead to, and the runs of these.

    The third of what it returns is how many turns seemed to close and failed a check.

    Arguments:
        problem: the flow and its chart.
        frame: points in units of the domain.
        starts: shape `(n, d)`, n at most half the number of lanes.
        centers: equilibria that tell families of closed orbits in the plane apart, shape `(k, d)`.
        orbits: those known before.
    """
    runs = LongRuns(problem, frame, starts)
    failed = 0
    tries = np.zeros(len(runs.z), dtype=int)
    for check in CHECKS:
        runs.run(check)
        allowed = np.minimum(tries + 1, _MOST_TRIES)
        for _ in range(_ROUNDS):
            found = _gather(runs, frame, centers, orbits, tries < allowed)
            if not found:
                break
            tries[list(found)] += 1
            guesses = [
                Guess(
                    turn.nodes, turn.period, turn.shares, turn.extent, runs.direction[lane],
                    keeps_sign(turn.turn, frame), turn.extent, bool(runs.is_stiff[lane]),
                )
                for lane, turn in found.items()
            ]  # fmt: skip
            new, lost = close_orbits_of_flow(problem, frame, guesses, centers)
            orbits, failed = distinct_orbits(orbits + new, frame), failed + lost
        if not np.any(runs.status == RUNNING):
            break
    return orbits, runs, failed


def _gather(
    runs: LongRuns, frame: Frame, centers: np.ndarray, orbits: list[Orbit], open_to: np.ndarray
) -> dict[int, Recurrence]:
    """Lanes that recur, each in a way of its own; lanes on a known orbit are marked as done."""
    found: dict[int, Recurrence] = {}
    for lane in np.flatnonzero(runs.status == RUNNING):
        direction, last = runs.direction[lane], runs.paths[lane][-1]
        point, velocity = last.z[-1, 1], last.velocity[-1, 1]
        held = [orbit for orbit in orbits if orbit.attracts(direction)]
        if any(lies_on(point, direction * velocity, orbit.path, frame) for orbit in held):
            runs.status[lane] = ON_CYCLE
            continue
        rivals = [r.turn for other, r in found.items() if runs.direction[other] == direction]
        if not open_to[lane] or any(lies_on(point, velocity, turn, frame) for turn in rivals):
            continue
        # Implicit steps are dear: more and shorter segments, side by side.
        nodes = LANES if runs.is_stiff[lane] else NODES
        recurrence = find_recurrence(runs.window(int(lane)), frame, nodes)
        if recurrence is None:
            continue
        key = key_of(recurrence.turn, direction, centers, frame)
        steady = recurrence.mismatch < _STEADY
        if steady and any(orbit.continuum and orbit.key == key for orbit in orbits):
            runs.status[lane] = ON_CYCLE
        elif len(found) < _BATCH:
            found[int(lane)] = recurrence
    return found
