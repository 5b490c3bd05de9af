"""Connected parts of graphs."""

from typing import Any

import numpy as np


def components(edges: np.ndarray, count: int, strong: bool = False) -> np.ndarray:
    """The connected component of each node, `(count,)`, counted from 0.

    Arguments:
        edges: pairs of nodes, shape `(m, 2)`.
        count: of nodes.
        strong: edges lead one way only, and a component is what can be gone to and come back from;
            else components are numbered in the order of their first nodes.
    """
    # Imported here: SciPy's graph routines take a while.
    from scipy.sparse import coo_array

    heads, tails = np.asarray(edges, dtype=np.int64).reshape(-1, 2).T
    graph = coo_array((np.ones(len(heads), np.int8), (heads, tails)), (count, count))
    return components_of(graph, strong)


def components_of(graph: Any, strong: bool = False) -> np.ndarray:
    """The component of each node of a graph that is a sparse matrix, an entry an edge, `(count,)`.

    Arguments:
        graph: shape `(count, count)`.
        strong: as for `components`.
    """
    from scipy.sparse.csgraph import connected_components

    kind = "strong" if strong else "weak"
    return connected_components(graph, directed=strong, connection=kind)[1]
