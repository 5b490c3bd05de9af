"""Values of a parameter at which nothing was found that attracts."""

from collections.abc import Iterable

import numpy as np

# Shares of the range: a gap this short between stable parts is none, for their ends lie on points
# of branches and not on the bifurcations themselves.
_SHORTEST = 0.01


def without_attractor(
    stable: Iterable[tuple[float, float]], low: float, high: float
) -> list[tuple[float, float]]:
    """Spans of a range that no stable part of a branch covers, in their order.

    Arguments:
        stable: the least and largest value of each stable part.
        low: where the range begins.
        high: where it ends.
    """
    reached, gaps = low, []
    for begin, end in [*sorted(stable), (high, high)]:
        if begin - reached > _SHORTEST * (high - low):
            gaps.append((reached, begin))
        reached = float(np.maximum(reached, end))
    return gaps
