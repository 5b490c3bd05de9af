"""Fresh runs along which a landscape is looked at."""

from collections.abc import Sequence

import jax
import numpy as np

from thalweg.analysis.landscapes.known import Known
from thalweg.analysis.landscapes.moves import Moves
from thalweg.analysis.landscapes.paths import BATCH, paths
from thalweg.analysis.landscapes.recurrent import Component
from thalweg.analysis.landscapes.result import LandscapeCheck
from thalweg.core.randomness import host_generator
from thalweg.dynamics import Problem

# Rounds, each of as many pieces as a move: runs go as far as hundreds of cells.
_ROUNDS = 8
_STREAM = 17  # of random numbers, apart from those of the searches
# Of the range: a step that rises by less rises by rounding.
_ROUNDING = 1e-12
_MOST = 0.99  # of the runs, which the usual rise is that of
_A_WAY = 3.0  # cells: along runs that go further between the sets, V must fall


def check(
    problem: Problem,
    moves: Moves,
    found: Sequence[Component],
    known: Sequence[Known],
    values: np.ndarray,
    key: jax.Array | None,
) -> LandscapeCheck:
    """Follow V along runs from random starts, and round the cycles.

    Arguments:
        problem: the rule and its chart.
        moves: those that V was made from.
        found: the recurrent sets.
        known: what is known of them.
        values: V at the nodes, shape `(n,)`.
        key: of the starts.
    """
    starts = np.asarray(problem.chart.draw(host_generator(key, _STREAM), BATCH))
    lattice, size = moves.lattice, starts.shape[1]
    recurs = np.zeros(lattice.size, dtype=bool)
    for one in found:
        recurs |= one.band[:-1]
    width = float(np.ptp(values)) or 1.0
    heights, between, lengths, left = [], [], [], np.zeros(len(starts), dtype=bool)
    for _ in range(_ROUNDS):
        run = paths(problem, lattice.spacing, moves.slow, moves.pieces, starts)
        flat = run.states.reshape(-1, size)
        heights.append(lattice.interpolated(values, flat).reshape(len(starts), -1))
        is_moving = np.diff(run.times, axis=1, prepend=-1.0) > 0.0
        apart = ~recurs[lattice.nearest(flat)].reshape(is_moving.shape)
        between.append(apart[:, :-1] & is_moving[:, 1:])
        gone = np.diff(run.states, axis=1) / lattice.spacing
        lengths.append(np.linalg.norm(gone, axis=2))
        starts, left = np.asarray(problem.chart.wrap(run.states[:, -1])), left | run.left
    rises = np.concatenate([np.diff(part, axis=1) for part in heights], axis=1) / width
    steps = np.concatenate(between, axis=1)
    goes = np.sum(np.concatenate(lengths, axis=1) * steps, axis=1) > _A_WAY
    is_flat = -np.sum(rises * steps, axis=1) <= _ROUNDING
    course = np.concatenate([part[:, :-1] for part in heights] + [heights[-1][:, -1:]], axis=1)
    above = np.max(course - np.minimum.accumulate(course, axis=1), axis=1) / width
    return LandscapeCheck(
        runs=len(starts),
        steps=int(steps.sum()),
        rising=float(np.mean(rises[steps] > _ROUNDING)) if steps.any() else 0.0,
        usual=float(np.quantile(above, _MOST)),
        worst=float(np.max(above)),
        spread=_spread(problem, moves, known, values) / width,
        left=float(np.mean(left)),
        moving=float(np.mean(goes)),
        flat=float(np.mean(is_flat[goes])) if goes.any() else 0.0,
    )


def _spread(problem: Problem, moves: Moves, known: Sequence[Known], values: np.ndarray) -> float:
    """The most by which V varies along a cycle: a run from a point of it may leave it."""
    spreads = [0.0]
    for one in known:
        if one.cycle is None or one.is_family:
            continue
        curve = np.asarray(problem.chart.wrap(one.curve))
        spreads.append(float(np.ptp(moves.lattice.interpolated(values, curve))))
    return max(spreads)
