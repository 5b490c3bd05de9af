"""Jumps of a flow: where it is not continuous, points next to a jump only look like equilibria.

Between pairs of random points the largest change of the field is halved down to rounding. Where it
stays finite, the field jumps. A jump whose two sides point against each other is one through zero:
states are held there, at rest in Filippov's sense, though the field is zero on neither side.

References:
    Filippov (1988), Differential Equations with Discontinuous Righthand Sides, §4.
"""

from typing import NamedTuple

import numpy as np

from thalweg.analysis.equilibria.search import ROUND
from thalweg.dynamics.points import displacements_at
from thalweg.dynamics.problem import Problem

# Halvings down to rounding; after the first few, a change that fell by their square root is smooth.
_HALVINGS, _FIRST = 48, 8
# A change that grew so much on the way is that of a pole.
_POLE = 1e3
# The two sides of a jump through zero cancel to this share of their size.
_CANCELS = 1e-6
# Two steps, in widths: across a jump the field changes as much over the shorter one.
_SHORT, _LONG = 1e-10, 1e-6
# Of the change over the longer step, a smooth field's is 1e-4; the least, of the field's size.
_AS_MUCH, _LEAST = 0.3, 1e-6


class Jumps(NamedTuple):
    """Jumps of a flow, at the points that were looked at.

    Attributes:
        points: shape `(k, d)`.
        is_through_zero: whether states are held at each of them, shape `(k,)`.
        num_poles: at how many points the field seems to be infinite.
    """

    points: np.ndarray
    is_through_zero: np.ndarray
    num_poles: int


def find_jumps(problem: Problem) -> Jumps:
    """Jumps on the segments between random points of the domain."""
    rng = np.random.default_rng(8)
    low, high = problem.chart.draw(rng, ROUND), problem.chart.draw(rng, ROUND)
    at_low, at_high = displacements_at(problem, low), displacements_at(problem, high)
    size = np.max(np.abs(np.concatenate([at_low, at_high])), axis=0, initial=0.0)
    size = np.where(np.isfinite(size) & (size > 0.0), size, 1.0)
    first = _change(at_low, at_high, size)
    for halving in range(_HALVINGS):
        middle = 0.5 * (low + high)
        at_middle = displacements_at(problem, middle)
        upper = _change(at_middle, at_high, size) > _change(at_low, at_middle, size)
        low, at_low = _either(upper, middle, low), _either(upper, at_middle, at_low)
        high, at_high = _either(upper, high, middle), _either(upper, at_high, at_middle)
        still = _change(at_low, at_high, size) > first / 2.0 ** (0.5 * (halving + 1))
        if halving >= _FIRST and not np.any(still):
            return Jumps(low[:0], np.zeros(0, dtype=bool), 0)
    last = _change(at_low, at_high, size)
    poles = last >= _POLE * np.maximum(first, _LEAST)
    jumps = (last > _LEAST) & (last > 0.01 * first) & ~poles
    opposed = _opposed(at_low[jumps], at_high[jumps], size)
    return Jumps(0.5 * (low + high)[jumps], opposed, int(np.sum(poles)))


def beside_jumps(problem: Problem, points: np.ndarray) -> np.ndarray:
    """Truths `(k,)`: the points `(k, d)` right beside which the field jumps."""
    count, dimension = points.shape
    if not count:
        return np.zeros(0, dtype=bool)
    directions = np.concatenate([np.eye(dimension), -np.eye(dimension)]) * np.asarray(
        problem.chart.widths
    )
    steps = np.array([_SHORT, _LONG])[:, None, None] * directions
    near = points[:, None, None] + steps
    value = displacements_at(problem, near.reshape(-1, dimension)).reshape(count, 2, -1, dimension)
    here = displacements_at(problem, points)[:, None, None]
    short, far = np.max(np.abs(value - here), axis=2).transpose(1, 0, 2)
    return np.any((short > _AS_MUCH * far) & (short > _LEAST * np.max(far, initial=0.0)), axis=1)


def _opposed(first: np.ndarray, second: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Truths `(k,)`: the jumps of which some mean of the two sides is zero."""
    a, b = first / size, second / size
    length = np.sum((a - b) ** 2, axis=1)
    share = np.clip(-np.sum(b * (a - b), axis=1) / np.where(length > 0.0, length, 1.0), 0.0, 1.0)
    left = np.linalg.norm(b + share[:, None] * (a - b), axis=1)
    is_between = (share > 0.0) & (share < 1.0)
    return is_between & (left <= _CANCELS * np.sqrt(length))


def _change(a: np.ndarray, b: np.ndarray, size: np.ndarray) -> np.ndarray:
    change = np.max(np.abs(a - b) / size, axis=1)
    return np.where(np.isfinite(change), change, 0.0)


def _either(which: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.where(which[:, None], a, b)
