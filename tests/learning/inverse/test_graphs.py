"""Energies of nodes, from walks: a line, a ring with a shortcut, and what is refused."""

import numpy as np
import pytest
from tests.results import through_json

import thalweg as tw
from thalweg.learning import learn_graph_energy

LINE = [[1], [0, 2], [1, 3], [2, 4], [3]]


def test_a_line_that_is_walked_to_its_end_has_one_minimum():
    found = learn_graph_energy([[4, 3, 2, 1, 0], [2, 1, 0]], LINE)
    assert found.minima.tolist() == [0]
    assert np.all(np.diff(found.values) > 0.0)
    assert np.all(found.certified)
    assert through_json(found) == found
    assert "2 of 2 walks certified" in str(found)


def test_the_odds_of_a_fork_are_those_of_the_walks():
    # From node 0 three of four walks go to 1, one to 2: E(2) − E(1) = log 3, without smoothness.
    star = [[1, 2], [0], [0]]
    found = learn_graph_energy([[0, 1], [0, 1], [0, 1], [0, 2]], star, smoothness=0.0)
    assert found.values[2] - found.values[1] == pytest.approx(np.log(3.0), rel=1e-3)
    # Those that go to 2 are not the steepest way down, which goes to 1.
    np.testing.assert_array_equal(found.certified, [True, True, True, False])


def test_nodes_on_no_walk_are_said():
    found = learn_graph_energy([[3, 2, 1]], LINE)
    assert "2 of 5 nodes are on no walk" in found.identified.missing[0]


@pytest.mark.parametrize(
    ("walks", "options", "message"),
    [
        ([[0]], {}, "must be two nodes or more"),
        ([[0, 1], [0, 2]], {}, "walk 1 steps from node 0 to 2, which is no neighbour"),
        ([[4, 5]], {}, r"visits nodes that there are not: \[5\]"),
        ([[0.5, 1.0]], {}, "must be two nodes or more"),
        ([], {}, "a walk at least"),
        ([[1, 0]], {"smoothness": -1.0}, "smoothness must be finite"),
    ],
)
def test_what_is_refused(walks, options, message):
    with pytest.raises(tw.InputError, match=message):
        learn_graph_energy(walks, LINE, **options)
    with pytest.raises(tw.InputError, match="node 1 has the neighbours"):
        learn_graph_energy([[0, 1]], [[1], [7]])
