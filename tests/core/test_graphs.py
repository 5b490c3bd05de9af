"""Components of graphs, against a walk by hand."""

import numpy as np

from thalweg.core.graphs import components


def test_components_are_numbered_by_their_first_nodes():
    found = components(np.array([[4, 1], [1, 5], [2, 0]]), 6)
    np.testing.assert_array_equal(found, [0, 1, 0, 2, 1, 1])
    np.testing.assert_array_equal(components(np.zeros((0, 2)), 3), [0, 1, 2])
    np.testing.assert_array_equal(components(np.array([]), 1), [0])


def test_strong_components_are_what_leads_back():
    edges = np.array([[0, 1], [1, 2], [2, 0], [2, 3], [3, 4]])
    found = components(edges, 5, strong=True)
    assert len(set(found[:3])) == 1
    assert len(set(found)) == 3
    assert set(components(edges, 5)) == {0}
