"""Trajectories that neither come to rest nor close: where they stay, and how fast they part.

The largest Lyapunov exponent is the mean rate at which a tangent vector grows, and its standard
error comes from trajectories that are independent of one another. Whether what does not close is
chaotic, quasi-periodic or merely slow, no finite run decides; the exponent says what speaks for
which.
"""

from typing import NamedTuple

import numpy as np

# Of the extent: two halves of one chaotic run differ by about as much in their boxes.
_SIMILAR = 0.3
_STEADY = 1.3  # growth from the first half of a run to the second beyond which it has not settled
_MANY = 8  # runs from which the spread of a mean is known to a quarter
_SURE = 4.0  # standard errors above zero: some are estimated from few, dependent stretches
_FOLDS = 5.0  # e-folds of a tangent in all: shear on a torus grows like t, and makes no more of it


class NonPeriodicRun(NamedTuple):
    """One such trajectory.

    Attributes:
        lower: the lower bounds of where it stays, shape `(d,)`, in units of the domain.
        upper: the upper bounds.
        is_steady: whether it reached as far early as it did late.
        growth: by how much, as a logarithm, a tangent vector grew in each stretch of time, and how
            long that was, shape `(b, 2)`.
        direction: +1 forwards in time, −1 backwards.
    """

    lower: np.ndarray
    upper: np.ndarray
    is_steady: bool
    growth: np.ndarray
    direction: float

    @classmethod
    def of(cls, z: np.ndarray, growth: np.ndarray, direction: float) -> "NonPeriodicRun":
        """From its points `(n, d)`, angles wrapped, and the growth of its tangent."""
        early, late = np.array_split(z, 2)
        reach = np.array([np.max(np.ptp(part, axis=0)) for part in (early, late)])
        is_steady = bool(np.max(reach) <= _STEADY * np.min(reach))
        return cls(z.min(axis=0), z.max(axis=0), is_steady, growth, direction)


class NonPeriodicSet(NamedTuple):
    """Trajectories that recur in one region without closing.

    Attributes:
        lanes: how many of them there are.
        exponent: the largest Lyapunov exponent, per unit of time (per step, of a map).
        error: its standard error.
        is_chaotic: whether the exponent is positive beyond doubt.
        lower: the lower bounds of the region, shape `(d,)`, in units of the domain.
        upper: the upper bounds.
        direction: +1 forwards in time, −1 backwards.
    """

    lanes: int
    exponent: float
    error: float
    is_chaotic: bool
    lower: np.ndarray
    upper: np.ndarray
    direction: float


def group(non_periodic: list[NonPeriodicRun]) -> list[NonPeriodicSet]:
    """Steady runs that fill the same region, together; the largest group first."""
    groups: list[list[NonPeriodicRun]] = []
    for run in non_periodic:
        if run.is_steady:
            home = next((g for g in groups if _is_similar(g[0], run)), None)
            if home is None:
                groups.append([run])
            else:
                home.append(run)
    return [_summary(members) for members in sorted(groups, key=len, reverse=True)]


def _is_similar(a: NonPeriodicRun, b: NonPeriodicRun) -> bool:
    size = np.max(np.maximum(a.upper - a.lower, b.upper - b.lower))
    apart = max(np.max(np.abs(a.lower - b.lower)), np.max(np.abs(a.upper - b.upper)))
    return bool(a.direction == b.direction and apart <= _SIMILAR * size)


def _summary(members: list[NonPeriodicRun]) -> NonPeriodicSet:
    totals = np.array([m.growth.sum(axis=0) for m in members])
    # Few trajectories: take stretches of time as independent instead.
    samples = totals if len(members) >= _MANY else np.concatenate([m.growth for m in members])
    rates, weights = samples[:, 0] / samples[:, 1], samples[:, 1] / samples[:, 1].sum()
    exponent = float(weights @ rates)
    spread = float(weights @ (rates - exponent) ** 2)
    error = float(np.sqrt(spread / max(len(rates) - 1, 1)))
    folds = exponent * float(np.median(totals[:, 1]))
    return NonPeriodicSet(
        lanes=len(members),
        exponent=exponent,
        error=error,
        is_chaotic=exponent > _SURE * error and folds > _FOLDS,
        lower=np.min([m.lower for m in members], axis=0),
        upper=np.max([m.upper for m in members], axis=0),
        direction=members[0].direction,
    )
