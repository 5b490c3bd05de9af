"""The fastest states of a region, on walls and in corners too."""

import numpy as np

from thalweg.core.batches import in_batches
from thalweg.recovery.question import Question, evaluate

# Of the ascent: how many points climb, the lengths of their steps, and of the one that finds walls,
# in widths of the region.
_NUM_CLIMBS, _CLIMB, _PROBE = 32, 0.1 * 0.8 ** np.arange(32), 1e-6


def fastest_states(question: Question, points: np.ndarray) -> np.ndarray:
    """The ends of ascent of |f| from the fastest of `(n, d)` points, along walls too."""
    chart, widths = question.chart, np.asarray(question.chart.widths)

    def unit(moves: np.ndarray) -> np.ndarray:
        lengths = np.linalg.norm(moves / widths, axis=1, keepdims=True)
        return np.where(lengths > 0.0, moves / np.where(lengths > 0.0, lengths, 1.0), 0.0)

    def moved(at: np.ndarray, step: float, moves: np.ndarray) -> np.ndarray:
        return np.asarray(chart.clip(at + step * moves))

    velocity = in_batches(lambda some: evaluate(question.problem, some)[:1], points)[0]
    speeds = np.nan_to_num(np.linalg.norm(velocity, axis=1), nan=-1.0, posinf=-1.0)
    at = points[np.argsort(-speeds)[:_NUM_CLIMBS]]
    for step in _CLIMB:
        velocity, jacobians = in_batches(lambda some: evaluate(question.problem, some), at)
        with np.errstate(over="ignore", invalid="ignore"):
            slopes = np.einsum("nij,ni->nj", jacobians, velocity) * widths**2
        uphill = unit(np.where(np.isfinite(slopes), slopes, 0.0))
        # What is left of it at a wall goes along the wall.
        at = moved(at, step, unit(moved(at, _PROBE, uphill) - at))
    return at
