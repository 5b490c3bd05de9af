"""Refinement of a split until its share settles, and the rule at points, for all regions."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.dynamics import Problem
from thalweg.dynamics.points import displacements_at

_BATCH = 1024  # points at once, of one size for all fields
# A share that changes by less is refined no further.
_SETTLED = 1e-6


@dataclass(frozen=True)
class Part:
    """The gradient part of a rule.

    Attributes:
        energy: E, a callable `state → scalar`.
        share: what it leaves, the mean of |remainder|² over that of |f|².
        change: how much the share changed with the last refinement.
    """

    energy: Any
    share: float
    change: float


def refined(solve: Callable[[int], tuple[Any, float] | None], counts: Iterable[int]) -> Part | None:
    """The finest of several solutions, or the first that changes no more.

    Arguments:
        solve: from a number of functions to an energy and the share of the remainder; None where
            the rule is not finite.
        counts: how many functions, growing.
    """
    energy, share, change = None, float("nan"), float("inf")
    for count in counts:
        solved = solve(count)
        if solved is None:
            return None
        change, share, energy = abs(solved[1] - share), solved[1], solved[0]
        if change < _SETTLED:
            break
    return Part(energy, share, change)


def velocities(problem: Problem, points: np.ndarray) -> tuple[np.ndarray, float]:
    """The rule at any number of points, in coordinates, and the unit that it is measured in.

    Returns:
        Numbers `(n, d)` of size one at most, whose squares neither vanish nor overflow, and what
        they are to be multiplied by: the largest component, or 1 where nothing moves.
    """
    found = displacements_at(problem, points, _BATCH)
    largest = float(np.max(np.abs(found), initial=0.0))
    unit = largest if np.isfinite(largest) and largest > 0.0 else 1.0
    return found / unit, unit
