"""Recurrent sets of the moves on a lattice, and which of them leads to which.

Two nodes recur together where moves lead from each to the other: a strongly connected component. An
equilibrium or cycle that is known is one in any case. In the graph of components there is no way
back, which is Conley's order.

References:
    Conley, Isolated Invariant Sets and the Morse Index (1978); Kalies, Mischaikow & VanderVorst,
    Found. Comput. Math. 5 (2005) 409; Ban & Kalies, J. Comput. Nonlinear Dyn. 1 (2006) 312.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from thalweg.analysis.landscapes.known import Known
from thalweg.analysis.landscapes.moves import Moves

# Cells: nodes that recur by themselves so near to what is known recur by the cells' size alone.
_BESIDE = 3.0
OUTSIDE = "outside"


@dataclass(frozen=True)
class Component:
    """A recurrent set of the moves.

    Attributes:
        kind: what it holds, in words.
        members: what is known of it; none of what only the lattice shows.
        core: the nodes on which a landscape is constant.
        band: truths `(n + 1,)`, the nodes that recur with it.
        reached: truths `(n + 1,)`, the nodes that moves lead to from it, itself included.
        is_entered: True if moves lead to it from elsewhere.
    """

    kind: str
    members: tuple[Known, ...]
    core: np.ndarray
    band: np.ndarray
    reached: np.ndarray
    is_entered: bool

    @property
    def rate(self) -> float:
        """The rate at which what leaves it grows; 0 where it is not known to."""
        return max((member.rate for member in self.members), default=0.0)

    def leads_to(self, other: "Component") -> bool:
        """True if moves lead from it to another, or if they are the same."""
        return bool(self.reached[other.core[0]])


def separated(moves: Moves, known: Sequence[Known]) -> Moves:
    """Moves whose graph tells more of what is known apart, by whole runs where steps join it.

    Each step blurs by a part of a cell. Where that alone leads from one set to another and back,
    whole runs, which are fewer, may not; what lies between neighbours is then covered less well.
    """
    groups = [one.nodes for one in known]
    labels = _labels(_graph(moves, groups))
    mine = np.array([labels[nodes[0]] for nodes in groups], dtype=int)
    shared = np.flatnonzero(np.bincount(mine, minlength=1) > 1)
    if not len(shared):
        return moves
    joined = np.isin(labels[:-1], shared)
    whole = replace(
        moves,
        steps=np.where(joined[:, None], moves.ends, moves.steps),
        length=np.where(joined, moves.pieces, moves.length),
    )
    again = _labels(_graph(whole, groups))
    is_better = len({int(again[nodes[0]]) for nodes in groups}) > len(set(mine.tolist()))
    return whole if is_better else moves


def components(moves: Moves, known: Sequence[Known]) -> list[Component]:
    """The recurrent sets: those known, those that only the lattice shows, and what is outside."""
    from scipy.sparse.csgraph import breadth_first_order

    groups = [one.nodes for one in known]
    groups += _unknown(moves, _labels(_graph(moves, groups)), known)
    graph = _graph(moves, groups)
    labels = _labels(graph)
    members: dict[int, list[Known]] = {int(labels[nodes[0]]): [] for nodes in groups}
    for one in known:
        members[int(labels[one.nodes[0]])].append(one)
    if np.any(moves.steps == moves.outside):
        members[int(labels[moves.outside])] = []
    before, found = graph.tocsc(), []
    for label, inside in members.items():
        band = labels == label
        reached = np.zeros(len(labels), dtype=bool)
        first = int(np.argmax(band))
        reached[breadth_first_order(graph, first, return_predecessors=False)] = True
        is_outside = bool(band[moves.outside])
        is_apart = len(inside) == 1 and not inside[0].is_family
        core = inside[0].nodes if is_apart else np.flatnonzero(band)
        kind = OUTSIDE if is_outside else _kind(inside)
        entered = bool(np.any(~band[before[:, np.flatnonzero(band)].indices]))
        found.append(Component(kind, tuple(inside), core, band, reached, entered))
    return found


def _graph(moves: Moves, groups: Sequence[np.ndarray]) -> Any:
    """The steps as a graph: to all corners of a cell, and to and fro in groups of nodes."""
    from scipy.sparse import csr_matrix

    count, corners = moves.steps.shape
    rows, columns = [np.repeat(np.arange(count), corners)], [moves.steps.ravel()]
    for nodes in groups:
        hub = np.full(len(nodes), nodes[0])
        rows += [hub, nodes]
        columns += [nodes, hub]
    there = (np.concatenate(rows), np.concatenate(columns))
    return csr_matrix((np.ones(len(there[0])), there), shape=(count + 1, count + 1))


def _labels(graph: Any) -> np.ndarray:
    """The number of the strongly connected component of each node."""
    from scipy.sparse.csgraph import connected_components

    return connected_components(graph, directed=True, connection="strong")[1]


def _unknown(moves: Moves, labels: np.ndarray, known: Sequence[Known]) -> list[np.ndarray]:
    """Nodes of components that hold nothing known, in groups that touch.

    Those no larger than a cell, or beside what is known, are left out. A set that runs between
    nodes shows on both of its sides.
    """
    from scipy.ndimage import label

    marked = np.zeros(moves.outside, dtype=bool)
    marked[np.concatenate([np.zeros(0, dtype=int), *(one.nodes for one in known)])] = True
    nearest = np.full(labels.max() + 1, np.inf)
    np.minimum.at(nearest, labels[:-1], moves.lattice.distances(marked))
    is_large = np.bincount(labels) > moves.steps.shape[1]
    is_large[labels[moves.outside]] = False
    clear = nearest > _BESIDE / float(np.min(moves.lattice.cells))
    shown = (is_large & clear)[labels[:-1]].reshape(moves.lattice.shape)
    touching = np.ones((3,) * shown.ndim)
    groups = np.zeros(shown.shape, dtype=np.int32)
    count = int(label(shown, touching, output=groups))  # type: ignore[arg-type]
    return [np.flatnonzero(groups.ravel() == number + 1) for number in range(count)]


def _kind(members: Sequence[Known]) -> str:
    """Contents of a set, in words."""
    if not members:
        return "recurrent"
    counts = Counter(one.kind for one in members)
    return " + ".join(f"{count} {kind}s" if count > 1 else kind for kind, count in counts.items())
