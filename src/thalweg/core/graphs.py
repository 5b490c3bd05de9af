"""Connected parts of graphs."""

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
    from scipy.sparse.csgraph import connected_components

    heads, tails = np.asarray(edges, dtype=np.int64).reshape(-1, 2).T
    graph = coo_array((np.ones(len(heads), np.int8), (heads, tails)), (count, count))
    kind = "strong" if strong else "weak"
    return connected_components(graph, directed=strong, connection=kind)[1]
