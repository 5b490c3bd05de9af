"""Values of a parameter at which nothing was found that attracts."""

from collections.abc import Iterable

# A gap of a smaller share of the range between stable parts is none: it would not be seen in a
# figure, and their ends lie on points of branches, not on the bifurcations themselves.
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
        reached = max(reached, end)
    return gaps
