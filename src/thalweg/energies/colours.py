"""Colours of graphs, no edge joining two units of one colour: what can be updated at once."""

import heapq

import numpy as np

from thalweg.core.graphs import components


def colour(heads: np.ndarray, tails: np.ndarray, size: int) -> np.ndarray:
    """A colour for every unit, `(size,)` whole numbers from 0: two where two will do.

    Where they will not, DSATUR (Brélaz 1979): next is the unit whose neighbours have the most
    colours, which is not always the least number of them.
    """
    sides = _two_colours(heads, tails, size)
    if sides is not None:
        return sides
    starts, neighbours = adjacency(heads, tails, size)
    colours = np.full(size, -1)
    taken: list[set[int]] = [set() for _ in range(size)]
    degrees = np.diff(starts)
    heap = [(0, -int(degrees[unit]), unit) for unit in range(size)]
    heapq.heapify(heap)
    while heap:
        saturation, _, unit = heapq.heappop(heap)
        if colours[unit] >= 0 or -saturation != len(taken[unit]):
            continue
        mine = next(k for k in range(len(taken[unit]) + 1) if k not in taken[unit])
        colours[unit] = mine
        for other in neighbours[starts[unit] : starts[unit + 1]].tolist():
            if colours[other] < 0 and mine not in taken[other]:
                taken[other].add(mine)
                heapq.heappush(heap, (-len(taken[other]), -int(degrees[other]), other))
    return colours


def independent_set(
    heads: np.ndarray, tails: np.ndarray, size: int, first: np.ndarray
) -> np.ndarray:
    """Units of which no edge joins two, `(size,)` booleans: those of `first`, and many more.

    The larger of the largest colour and of what is had by taking units of few neighbours first.
    """
    starts, neighbours = adjacency(heads, tails, size)
    degrees = np.diff(starts)
    free, found = np.ones(size, bool), np.zeros(size, bool)
    for unit in np.lexsort((degrees, ~first)).tolist():
        if free[unit]:
            found[unit] = True
            free[neighbours[starts[unit] : starts[unit + 1]]] = False
    if np.any(first):
        return found
    colours = colour(heads, tails, size)
    largest = colours == np.argmax(np.bincount(colours))
    return largest if largest.sum() > found.sum() else found


def adjacency(heads: np.ndarray, tails: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The neighbours of every unit in turn, and where each unit's begin, `(size + 1,)`."""
    ends, others = np.concatenate([heads, tails]), np.concatenate([tails, heads])
    order = np.argsort(ends, kind="stable")
    return np.searchsorted(ends[order], np.arange(size + 1)), others[order]


def _two_colours(heads: np.ndarray, tails: np.ndarray, size: int) -> np.ndarray | None:
    """The two sides of a bipartite graph, or None."""
    # Every unit twice, as its two colours: an edge joins each colour to the other one. The graph
    # is bipartite iff no unit hangs together with its double.
    ends = np.concatenate([heads, heads + size])
    others = np.concatenate([tails + size, tails])
    labels = components(np.stack([ends, others], axis=1), 2 * size)
    one, two = labels[:size], labels[size:]
    return None if np.any(one == two) else (one > two).astype(int)
