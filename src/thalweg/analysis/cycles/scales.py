"""Choice of the coordinates of a flow that are measured relative to their distance from 0.

A population that falls to 1e-16 and recovers forgets everything that an error of 1e-13 of its
largest value would keep. Where a coordinate stays on one side of 0 its own size is the scale.
"""

import numpy as np

from thalweg.analysis.cycles.recurrence import Frame, Path
from thalweg.dynamics.problem import Problem
from thalweg.simulation.bundle_steps import Start
from thalweg.simulation.bundles import LANES, run_batch

# Beside the typical rate: far below anything that matters, far above rounding.
_VANISHES = 1e-9


def multiplied(problem: Problem, frame: Frame, starts: np.ndarray, width: int) -> np.ndarray:
    """Coordinates whose rate vanishes where they are 0, as x' = x g(x, y) does, shape `(d,)`.

    Arguments:
        problem: the flow and its chart.
        frame: points in units of the domain.
        starts: points to look at, shape `(n, d)`.
        width: how many tangents the lanes of the search carry: with another number of them another
            program would be compiled.
    """
    dimension = starts.shape[1]
    if dimension >= LANES:
        return np.zeros(dimension, dtype=bool)
    few = starts[: LANES // (dimension + 1)]
    on_faces = np.repeat(few[None], dimension, axis=0)
    on_faces[np.arange(dimension), :, np.arange(dimension)] = 0.0
    points = np.concatenate([few, on_faces.reshape(-1, dimension)])[:LANES]
    still = Start(
        points, np.zeros((len(points), dimension, width)), np.ones(len(points)),
        np.zeros(len(points)), np.array(1.0),
    )  # fmt: skip
    rates = np.abs(run_batch(problem, still).velocity[:, 0])
    usual = np.nanmedian(rates[: len(few)], axis=0)
    there = rates[len(few) :].reshape(dimension, len(few), dimension)
    worst = np.array([np.max(there[i, :, i]) for i in range(dimension)])
    return (worst <= _VANISHES * usual) & (usual > 0.0) & ~frame.angles


def keeps_sign(turn: Path, frame: Frame) -> np.ndarray:
    """Coordinates that stay on one side of 0 along a turn, shape `(d,)`."""
    low, high = np.min(turn.z, axis=(0, 1)), np.max(turn.z, axis=(0, 1))
    return (low * high > 0.0) & ~frame.angles
