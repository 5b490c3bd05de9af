"""Energies of the nodes of a graph, from walks that go downhill."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax

from thalweg.core.about import UNSAID, About
from thalweg.core.errors import InputError
from thalweg.core.fields import from_fields, to_fields
from thalweg.core.reports import TableReport, about_in
from thalweg.learning.inverse.identified import Identified

_NOBODY = -1  # fills the rows of nodes with fewer neighbours than others
_SHOWN = 8  # minima in a table, the lowest; a rough energy has hundreds


@dataclass(frozen=True, eq=False, repr=False)
class GraphEnergy(TableReport):
    """An energy of the nodes of a graph, down which walks go.

    Attributes:
        values: E, one a node.
        minima: the nodes none of whose neighbours is lower.
        certified: for each walk whether the steepest way down from its start ends where it ended,
            in as many steps.
        identified: what walks determine.
        neighbours: the neighbours of each node, rows filled with −1.
        about: the graph.
    """

    values: np.ndarray
    minima: np.ndarray
    certified: np.ndarray
    identified: Identified
    neighbours: np.ndarray
    about: About = UNSAID

    def __post_init__(self) -> None:
        object.__setattr__(self, "identified", replace(self.identified, about=self.about))

    def path_down(self, node: int) -> list[int]:
        """The nodes from one to a minimum, each the lowest neighbour of the last."""
        visited = [int(node)]
        while True:
            near = self.neighbours[visited[-1]]
            near = near[near != _NOBODY]
            if not len(near):
                return visited
            lowest = int(near[np.argmin(self.values[near])])
            if not self.values[lowest] < self.values[visited[-1]]:
                return visited
            visited.append(lowest)

    @property
    def title(self) -> str:
        """The numbers of nodes, minima and walks."""
        count = f"{len(self.minima)} minim{'um' if len(self.minima) == 1 else 'a'}"
        walks = f"{np.sum(self.certified)} of {len(self.certified)} walks certified"
        return f"Energy of {len(self.values)} nodes learned from walks: {count}, {walks}"

    def table(self) -> tuple[list[str], list[list[str]]]:
        """The minima, lowest first."""
        order = self.minima[np.argsort(self.values[self.minima])][:_SHOWN]
        return ["minimum", "energy"], [[f"node {i}", f"{self.values[i]:.4g}"] for i in order]

    def remarks(self) -> list[str]:
        """A sentence on what walks determine."""
        return [f"{self.identified.title}.", *self.identified.remarks()]

    def data(self) -> dict[str, Any]:
        """All fields."""
        return to_fields(self) | {"identified": self.identified.data()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "GraphEnergy":
        """The energy that `to_dict` wrote."""
        about = about_in(data, about)
        identified = Identified.from_dict(data["identified"], about)
        return from_fields(cls, data, identified=identified, about=about)


def learn_graph_energy(
    walks: Sequence[Any],
    neighbours: Sequence[Any],
    *,
    smoothness: float = 1e-2,
    updates: int = 2000,
    rate: float = 0.1,
) -> GraphEnergy:
    r"""Learn an energy of the nodes of a graph from walks, each step to a lower neighbour.

    With probability e^{−E(v)} / Σ_w e^{−E(w)}, w the neighbours of u, for the step from u to v: the
    mean negative logarithm, and `smoothness` times the mean over nodes of Σ_w (E(u) − E(w))², is
    least (by Adam; it is convex). Smoothness gives an energy to nodes that no walk visits.

    Arguments:
        walks: lists of nodes (integers), each a neighbour of the last.
        neighbours: for each node the list of its neighbours.
        smoothness: how much it counts that neighbours are alike.
        updates: of Adam.
        rate: its first rate.

    Raises:
        InputError: a walk does not move, or steps to what is no neighbour; a node does not exist;
            the smoothness is negative.

    Example:
        >>> import thalweg as tw
        >>> line = [[1], [0, 2], [1, 3], [2]]
        >>> found = tw.learning.learn_graph_energy([[3, 2, 1, 0], [1, 0]], line)
        >>> found.minima.tolist(), found.path_down(3)
        ([0], [3, 2, 1, 0])
    """
    table = _table(neighbours)
    paths = [_checked(walk, i, table) for i, walk in enumerate(walks)]
    if not paths:
        raise InputError("learn_graph_energy: walks must hold a walk at least, got none.")
    if not (np.isfinite(smoothness) and smoothness >= 0.0):
        raise InputError(
            f"learn_graph_energy: smoothness must be finite and ≥ 0, got {smoothness!r}."
        )
    before = np.concatenate([path[:-1] for path in paths])
    after = np.concatenate([path[1:] for path in paths])
    values = _fitted(table, before, after, np.float32(smoothness), np.float32(rate), updates)
    values = np.asarray(values, dtype=np.float64)
    near = np.where(table == _NOBODY, np.inf, values[table])
    minima = np.flatnonzero(np.all(near >= values[:, None], axis=1))
    found = GraphEnergy(values, minima, np.zeros(0, bool), Identified("paths"), table)
    descents = [found.path_down(path[0]) for path in paths]
    same = [w[-1] == p[-1] and len(w) == len(p) for w, p in zip(descents, paths, strict=True)]
    unseen = len(table) - len(np.unique(np.concatenate(paths)))
    verb = "is" if unseen == 1 else "are"
    said = (
        f"{unseen} of {len(table)} nodes {verb} on no walk: there the energy is the smoothest.",
    )
    identified = Identified("paths", said if unseen else ())
    return GraphEnergy(values, minima, np.array(same), identified, table, About("graph", "map"))


@eqx.filter_jit
def _fitted(table: Any, before: Any, after: Any, smoothness: Any, rate: Any, updates: int) -> Any:
    is_near = table != _NOBODY

    def loss(values: Any) -> Any:
        near = jnp.where(is_near, values[table], jnp.inf)
        chance = jax.nn.logsumexp(-near[before], axis=1) + values[after]
        rough = jnp.where(is_near, (values[:, None] - values[table]) ** 2, 0.0)
        return jnp.mean(chance) + smoothness * jnp.sum(rough) / len(table)

    adam = optax.adam(optax.cosine_decay_schedule(1.0, updates))

    def update(carry: Any, _: None) -> Any:
        values, state = carry
        moves, state = adam.update(jax.grad(loss)(values), state, values)
        return (values + rate * moves, state), None

    values = jnp.zeros(len(table), jnp.float32)
    return jax.lax.scan(update, (values, adam.init(values)), None, length=updates)[0][0]


def _table(neighbours: Sequence[Any]) -> np.ndarray:
    """The neighbours of each node, rows filled up."""
    lists = [np.asarray(near, dtype=int).ravel() for near in neighbours]
    count, most = len(lists), max((len(near) for near in lists), default=0)
    for node, near in enumerate(lists):
        if np.any((near < 0) | (near >= count)):
            raise InputError(
                f"learn_graph_energy: node {node} has the neighbours {near.tolist()}, expected "
                f"nodes from 0 to {count - 1}."
            )
    rows = [np.pad(near, (0, most - len(near)), constant_values=_NOBODY) for near in lists]
    return np.array(rows, dtype=int).reshape(count, most)


def _checked(walk: Any, index: int, table: np.ndarray) -> np.ndarray:
    """A walk as an array of nodes."""
    path = np.asarray(walk)
    if path.ndim != 1 or path.dtype.kind not in "iu" or len(path) < 2:
        raise InputError(
            f"learn_graph_energy: walk {index} must be two nodes or more (integers), got {walk!r}. "
            f"A walk that never moves says nothing but that its node is a minimum."
        )
    if np.any((path < 0) | (path >= len(table))):
        raise InputError(
            f"learn_graph_energy: walk {index} visits nodes that there are not: "
            f"{path[(path < 0) | (path >= len(table))].tolist()}."
        )
    steps = np.array([v in table[u] for u, v in itertools.pairwise(path)])
    if not np.all(steps):
        first = int(np.argmin(steps))
        raise InputError(
            f"learn_graph_energy: walk {index} steps from node {path[first]} to {path[first + 1]}, "
            f"which is no neighbour."
        )
    return path
