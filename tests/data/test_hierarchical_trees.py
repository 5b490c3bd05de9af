"""The tree generator against the statistics of branching diffusion."""

import jax
import numpy as np
import pytest

import thalweg as tw
from thalweg.data import hierarchical_trees


def test_similarity_falls_with_the_distance_in_the_tree():
    data = hierarchical_trees(num_features=4000, depth=3, branching=(2, 3, 2), flip_probability=0.1)
    assert data.features.shape == (12, 4000)
    assert set(np.unique(data.features)) == {-1.0, 1.0}
    measured = data.features @ data.features.T / 4000
    expected = data.expected_similarity()
    levels = {1.0, 0.8**2, 0.8**4, 0.8**6}
    np.testing.assert_allclose(sorted(set(expected.ravel().round(12))), sorted(levels))
    error = np.sqrt((1 - expected**2) / 4000)
    assert np.all(np.abs(measured - expected) <= 5 * error + 1e-12)


def test_items_are_labelled_by_their_branches():
    data = hierarchical_trees(10, depth=2, branching=(2, 3))
    np.testing.assert_array_equal(data.clusters(1), [0, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(data.clusters(2), np.arange(6))
    np.testing.assert_array_equal(data.inputs(), np.eye(6))
    said = "HierarchicalData(6 items, 10 features, branches 2×3, flip_probability="
    assert repr(data).startswith(said)
    with pytest.raises(tw.InputError, match="level must be from 1 to 2"):
        data.clusters(3)


def test_the_modes_are_the_levels_of_the_tree():
    """Without flips nothing tells items apart; with them, strengths fall level by level."""
    data = hierarchical_trees(50, depth=3, branching=3, flip_probability=0.0)
    assert np.linalg.matrix_rank(data.features) == 1
    strengths = np.linalg.svd(hierarchical_trees(4000, 2, (3, 4), 0.05).features)[1] ** 2 / 4000
    expected = np.linalg.eigvalsh(hierarchical_trees(1, 2, (3, 4), 0.05).expected_similarity())
    np.testing.assert_allclose(strengths, expected[::-1], atol=0.25)
    assert np.all(np.diff(strengths[[0, 1, 3]]) < -0.5)


def test_the_key_decides():
    one, two = (hierarchical_trees(30, 2, 2, key=jax.random.key(k)).features for k in (1, 2))
    np.testing.assert_array_equal(one, hierarchical_trees(30, 2, 2, key=jax.random.key(1)).features)
    assert not np.array_equal(one, two)


def test_bad_input_is_named():
    with pytest.raises(tw.InputError, match=r"flip_probability must be from 0 to 0.5, got 0.7"):
        hierarchical_trees(flip_probability=0.7)
    with pytest.raises(tw.InputError, match="branching one number or 3 of them"):
        hierarchical_trees(depth=3, branching=(2, 2))
