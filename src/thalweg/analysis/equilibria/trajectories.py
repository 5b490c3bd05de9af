"""Trajectories by the batch, cheap, from whose ends the search for roots starts anew.

A search for roots lands near its start, and in many dimensions that is near the saddles in the
middle. Trajectories end where a simulation would: in the attractors.
"""

from typing import NamedTuple

import numpy as np

from thalweg.dynamics.points import displacements_at
from thalweg.dynamics.problem import Problem
from thalweg.simulation.bundle_steps import Start
from thalweg.simulation.bundles import LANES, run_batch

# The search for roots finishes what a trajectory begins: the runs need only end in its basin.
_TOLERANCE = 1e-4
_MOST_BLOCKS = 3  # each 128 steps: what has not settled by then starts the search from where it is
_STEPS_OF_MAPS = 64  # a rate of .7 a step comes within 1e-10; the search for roots does the rest
# A trajectory that moves less than this share of the domain in a tenth of its steps has settled.
_SETTLED = 1e-3
_FAR = 3.0  # widths beyond the domain from which no trajectory is waited for
# The same shape as in the search for cycles, so that both share one program.
_WHOLE_JACOBIAN = 4


class Ends(NamedTuple):
    """Ends of trajectories.

    Attributes:
        y: the last points, shape `(n, d)`; NaN where a trajectory left for good.
        is_still: whether each hardly moved at the end, shape `(n,)`: it came to rest, or passes
            slowly.
    """

    y: np.ndarray
    is_still: np.ndarray


def follow(problem: Problem, starts: np.ndarray, direction: np.ndarray) -> Ends:
    """Run trajectories until they settle, leave, or have taken enough steps.

    Arguments:
        problem: the rule and its chart.
        starts: shape `(n, d)`.
        direction: +1 forwards in time, −1 backwards (flows only), shape `(n,)`.
    """
    if not problem.rule.has_continuous_time:
        return _iterate(problem, starts)
    parts = range(0, len(starts), LANES)
    ends = [_run(problem, starts[i : i + LANES], direction[i : i + LANES]) for i in parts]
    if not ends:
        return Ends(starts, np.zeros(len(starts), dtype=bool))
    return Ends(*(np.concatenate(part) for part in zip(*ends, strict=True)))


def _iterate(problem: Problem, points: np.ndarray) -> Ends:
    for _ in range(_STEPS_OF_MAPS):
        points = np.asarray(problem.chart.wrap(points + displacements_at(problem, points)))
        points = np.where(problem.chart.inside(points, _FAR)[:, None], points, np.nan)
    last = displacements_at(problem, points) / np.asarray(problem.chart.widths)
    return Ends(points, np.max(np.abs(last), axis=1) < _SETTLED)


def _run(problem: Problem, points: np.ndarray, direction: np.ndarray) -> Ends:
    chart, widths = problem.chart, np.asarray(problem.chart.widths)
    count, dimension = points.shape
    width = dimension if dimension <= _WHOLE_JACOBIAN else 1
    tangents = np.tile(np.eye(dimension, width), (count, 1, 1))
    z, duration = points / widths, np.full(count, np.inf)
    left, settled = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
    for _ in range(_MOST_BLOCKS):
        track = run_batch(
            problem,
            Start(z, tangents, direction, duration, np.array(_TOLERANCE)),
        )
        last = track.z[:, -1]
        settled = np.max(np.abs(last - track.z[:, -13]), axis=1) < _SETTLED
        left |= ~np.asarray(chart.inside(last * widths, _FAR))
        z = np.where(left[:, None], np.nan, np.asarray(chart.wrap(last * widths)) / widths)
        duration = np.where(settled | left, 0.0, duration)
        if not np.any(duration):
            break
        z = np.where(left[:, None], points / widths, z)
    return Ends(np.where(left[:, None], np.nan, z * widths), settled & ~left)
