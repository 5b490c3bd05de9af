"""Recurrent sets of the moves on a lattice, and which of them leads to which.

Two nodes recur together where moves lead from each to the other: a strongly connected component. An
equilibrium or cycle that is known is one in any case, and so is what no move leaves. In the graph
of components there is no way back, which is Conley's order.

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
from thalweg.core.graphs import components_of

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
    groups = [one.touched for one in known]
    labels = _labels(_graph(moves, groups))
    mine = np.array([labels[nodes[0]] for nodes in groups], dtype=int)
    shared = np.flatnonzero(np.bincount(mine, minlength=1) > 1)
    if not len(shared):
        return moves
    joined = np.isin(labels[:-1], shared)
    ends = moves.ends[:, np.arange(moves.steps.shape[1]) % moves.ends.shape[1]]
    whole = replace(
        moves,
        steps=np.where(joined[:, None], ends, moves.steps),
        length=np.where(joined, moves.pieces, moves.length),
    )
    again = _labels(_graph(whole, groups))
    is_better = len({int(again[nodes[0]]) for nodes in groups}) > len(set(mine.tolist()))
    return whole if is_better else moves


def held(moves: Moves, known: Sequence[Known]) -> tuple[Moves, int]:
    """Moves that leave nothing that is known to attract; and from how many sets some did.

    A sink or an attracting cycle leads nowhere. Where the cells are too coarse to show that, its
    nodes are kept from leading on.
    """
    graph = _graph(moves, [one.touched for one in known])
    labels = _labels(graph)
    leaves = ~_closed(graph, labels)
    led = [one for one in known if one.attracts and leaves[labels[one.touched[0]]]]
    steps, length = moves.steps.copy(), moves.length.copy()
    for one in led:
        steps[one.touched], length[one.touched] = one.touched[0], 0
    return replace(moves, steps=steps, length=length), len(led)


def components(moves: Moves, known: Sequence[Known]) -> list[Component]:
    """The recurrent sets: those known, those that only the lattice shows, and what is outside."""
    from scipy.sparse.csgraph import breadth_first_order

    known = _with_rests(moves, known)
    groups = [one.touched for one in known]
    groups += _unknown(moves, _graph(moves, groups), known)
    graph = _graph(moves, groups)
    labels = _labels(graph)
    members: dict[int, list[Known]] = {int(labels[nodes[0]]): [] for nodes in groups}
    for one in known:
        members[int(labels[one.touched[0]])].append(one)
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
    return components_of(graph, strong=True)


def _closed(graph: Any, labels: np.ndarray) -> np.ndarray:
    """Truths, one a component: those that no move leaves."""
    there = graph.tocoo()
    before, after = labels[there.row], labels[there.col]
    return ~np.isin(np.arange(labels.max() + 1), before[before != after])


def _with_rests(moves: Moves, known: Sequence[Known]) -> list[Known]:
    """Known sets, families with all nodes at rest that touch them or one another."""
    grown = []
    for one in known:
        if one.is_family and one.equilibrium is not None:
            there = moves.rests.copy()
            there[one.touched] = True
            pieces = moves.lattice.groups(there)
            mine = [nodes for nodes in pieces if np.any(np.isin(nodes, one.touched))]
            nodes = np.unique(np.concatenate(mine))
            one = replace(one, nodes=nodes, touched=nodes)
        grown.append(one)
    return grown


def _unknown(moves: Moves, graph: Any, known: Sequence[Known]) -> list[np.ndarray]:
    """Nodes of components that hold nothing known, in groups that touch.

    Those beside what is known are left out, and those no larger than a cell unless no move leaves
    them. A set that runs between nodes shows on both of its sides; of one on a node, what leaves it
    begins at all that touch it.
    """
    groups = moves.lattice.groups(_shown(moves, graph, known)[0])
    points = moves.lattice.points()
    return [
        np.union1d(nodes, moves.lattice.touched(points[nodes[moves.rests[nodes]]]))
        for nodes in groups
    ]


def blurred(moves: Moves, known: Sequence[Known]) -> int:
    """The number of nodes that recur beside what is known and yet are cells away from it."""
    graph = _graph(moves, [one.touched for one in known])
    return int(np.count_nonzero(_shown(moves, graph, known)[1]))


def _shown(moves: Moves, graph: Any, known: Sequence[Known]) -> tuple[np.ndarray, np.ndarray]:
    """Truths `(n,)`: nodes of unknown sets; and nodes of large components that are left out."""
    labels = _labels(graph)
    far = _distances(moves, known)
    near = np.full(labels.max() + 1, np.inf)
    np.minimum.at(near, labels[:-1], far)
    # What leads away draws nothing in: what no move leaves, beside it, is another set.
    near_ends = np.full(len(near), np.inf)
    ends = [one for one in known if one.is_family or one.attracts or one.rate <= 0.0]
    np.minimum.at(near_ends, labels[:-1], _distances(moves, ends))
    is_large = np.bincount(labels) > moves.ends.shape[1]
    is_end = _closed(graph, labels)
    is_large[labels[moves.outside]] = is_end[labels[moves.outside]] = False
    shown = ((is_large | is_end) & (near > _BESIDE)) | (
        is_end & (near > 0.0) & (near_ends > _BESIDE)
    )
    left_out = is_large & (near > 0.0) & ~shown
    return shown[labels[:-1]], left_out[labels[:-1]] & (far > 2.0 * _BESIDE)


def _distances(moves: Moves, known: Sequence[Known]) -> np.ndarray:
    """Distance `(n,)` of each node to the next known set, in cells, those of the shortest side."""
    marked = np.zeros(moves.outside, dtype=bool)
    marked[np.concatenate([np.zeros(0, dtype=int), *(one.touched for one in known)])] = True
    return moves.lattice.distances(marked) * float(np.min(moves.lattice.cells))


def _kind(members: Sequence[Known]) -> str:
    """Contents of a set, in words."""
    if not members:
        return "recurrent"
    counts = Counter(one.kind for one in members)
    apart = {one.kind for one in members if not one.is_family}
    return " + ".join(
        f"{count} {kind}s" if count > 1 and kind in apart else kind
        for kind, count in counts.items()
    )
