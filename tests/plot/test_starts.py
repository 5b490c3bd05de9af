"""States to begin a portrait's trajectories with: arrays, plain lists, one state alone."""

import numpy as np
import pytest
from tests.plot.plot_systems import Spin

import thalweg as tw
from thalweg.dynamics.problem import make_problem
from thalweg.plot.samples import sample_starts


@pytest.mark.parametrize(
    "starts", [[[0.5, 0.25], [1.0, 0.0]], ([0.5, 0.25], [1, 0]), np.array([[0.5, 0.25], [1, 0]])]
)
def test_lists_of_numbers_are_states(starts):
    problem, _ = make_problem(Spin(), None)
    np.testing.assert_array_equal(sample_starts(problem, starts), [[0.5, 0.25], [1.0, 0.0]])


def test_one_state_is_one_trajectory():
    problem, _ = make_problem(Spin(), None)
    assert sample_starts(problem, [0.5, 0.25]).tolist() == [[0.5, 0.25]]


@pytest.mark.parametrize(
    ("starts", "words"),
    [
        ([[0.5, 0.25, 1.0]], "shape"),
        ([[0.5, 0.25], [1.0]], "as many coordinates"),
        ([[0.5, np.nan]], "finite"),
        (99, "between 0 and 64"),
        (["a", "b"], "starts"),
    ],
)
def test_what_is_no_state_is_said_in_our_words(starts, words):
    with pytest.raises(tw.InputError, match=words) as caught:
        tw.plot.portrait_data(Spin(), equilibria=(), starts=starts)
    assert "PyTreeDef" not in str(caught.value)


def test_more_starts_than_are_drawn_are_told():
    starts = np.linspace([-0.5, 0.0], [0.5, 0.0], 70)
    data = tw.plot.portrait_data(Spin(), equilibria=(), starts=starts, basins=False)
    assert (len(data.tracks), data.left_out) == (64, "the first 64 of 70 starts")
