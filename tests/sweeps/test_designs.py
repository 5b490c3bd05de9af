"""Grids, lists, and their parts."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sweeps.systems import Loaded, Spring

import thalweg as tw
from thalweg.sweeps.designs import Chunks


@given(st.lists(st.integers(1, 30), min_size=1, max_size=3), st.integers(1, 500))
def test_parts_cover_every_point_once_and_are_about_as_large_as_asked(shape, points):
    chunks = Chunks.of(tuple(shape), points)
    found = np.concatenate([chunks.flat(i) for i in range(chunks.count)])
    assert sorted(found.tolist()) == list(range(int(np.prod(shape))))
    assert chunks.size <= points
    for index in range(chunks.count):
        assert np.prod(chunks.lengths(index)) == len(chunks.flat(index)) <= chunks.size


def test_whole_rows_where_they_fit_and_nearly_equal_parts_where_not():
    assert Chunks.of((1000, 1000), 10_000).chunk == (10, 1000)
    assert Chunks.of((3, 100), 40).chunk == (1, 34)


def test_a_grid_has_every_combination():
    grid = tw.sweeps.Grid(Spring(), {"load": [1.0, 2.0], "stiffness": [3, 4, 5]})
    assert (grid.dims, grid.shape, grid.size) == (("load", "stiffness"), (2, 3), 6)


def test_a_list_has_its_points():
    points = tw.sweeps.Points(Spring(), {"load": [1.0, 2.0], "stiffness": [3, 4]})
    assert (points.dims, points.shape) == (("point",), (2,))
    assert all(dims == ("point",) for dims, _ in points.coordinates.values())


def test_parameters_are_named_as_elsewhere():
    system = Loaded(Spring(), np.zeros((2, 2)))
    grid = tw.sweeps.Grid(system, {"spring.load": [1.0], "weights[0,1]": [2.0]})
    assert [p.keys for p in grid.parameters] == [("spring", "load"), ("weights",)]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "at least one parameter"),
        ({"lod": [1.0]}, "Did you mean load"),
        ({"load": []}, "at least one"),
        ({"load": [1.0, np.nan]}, "finite"),
        ({"load": [[1.0]]}, "one axis"),
        ({"load": ["a"]}, "numbers"),
    ],
)
@pytest.mark.parametrize("kind", [tw.sweeps.Grid, tw.sweeps.Points])
def test_values_that_make_no_grid(kind, values, said):
    with pytest.raises(tw.InputError, match=said):
        kind(Spring(), values)


def test_one_entry_under_two_names():
    system = Loaded(Spring(), np.zeros((2, 2)))
    for names in itertools.permutations(["weights[0,1]", "weights.0.1"]):
        with pytest.raises(tw.InputError, match="another name"):
            tw.sweeps.Grid(system, {name: [1.0] for name in names})


def test_columns_of_different_lengths():
    with pytest.raises(tw.InputError, match="load 1, stiffness 2"):
        tw.sweeps.Points(Spring(), {"load": [1.0], "stiffness": [3, 4]})
