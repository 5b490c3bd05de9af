"""Level sets: where totals have given values."""

import json

import numpy as np
import pytest
from scipy import stats

import thalweg as tw
from thalweg.core.about import About
from thalweg.core.level_sets import LevelSet

TRIANGLE = LevelSet(tw.Box([0.0] * 3, [2.0] * 3), [[1.0, 1.0, 1.0]], [1.0], ["A + B + C"])


def test_points_of_a_triangle_are_uniform_and_have_the_total():
    """On a simplex of three, P(x > t) = (1 − t)²: Kolmogorov and Smirnov see no difference."""
    chart = TRIANGLE.chart()
    y = chart.draw(np.random.default_rng(0), 4_000)
    states = chart.embed(y)
    np.testing.assert_allclose(states.sum(axis=1), 1.0, atol=1e-14)
    assert chart.inside(y).all()
    for share in states.T:
        assert stats.kstest(share, lambda t: 1.0 - (1.0 - np.clip(t, 0.0, 1.0)) ** 2).pvalue > 1e-3


def test_the_extent_is_that_of_the_level_set_not_of_the_box():
    lower, upper = TRIANGLE.chart().bounds
    np.testing.assert_allclose([lower, upper], [[0.0, 0.0], [1.0, 1.0]], atol=1e-12)


def test_two_totals_a_held_coordinate_and_an_angle():
    """x + y + w = 2 with w held at 1/2, and y + 2 z = 1; the angle stays free."""
    box = tw.Box([0.0] * 4 + [0.5], [3.0, 3.0, 3.0, 7.0, 0.5], [False, False, False, True, False])
    rows = [[1, 1, 0, 0, 1], [0, 1, 2, 0, 0]]
    chart = LevelSet(box, rows, [2.0, 1.0], ["a", "b"]).chart()
    assert chart.dimension == 2
    assert 3 in chart.indices
    states = chart.embed(chart.draw(np.random.default_rng(1), 50))
    np.testing.assert_allclose(states @ np.transpose(rows), np.tile([2.0, 1.0], (50, 1)))
    assert chart.held_at == {4: 0.5}
    lower, upper = (np.asarray(b) for b in box.chart().bounds)
    assert np.all((states[:, :4] >= lower - 1e-12) & (states[:, :4] <= upper + 1e-12))


def test_units_far_apart():
    """A total of coordinates of sizes 1 and 1e-8."""
    box = tw.Box([0.0, 0.0], [1.0, 1e-8])
    chart = LevelSet(box, [[1.0, 1e8]], [1.0], ["a"]).chart()
    y = chart.draw(np.random.default_rng(2), 100)
    assert chart.inside(y).all()
    np.testing.assert_allclose(chart.embed(y) @ [1.0, 1e8], 1.0)


@pytest.mark.parametrize(
    ("value", "words"), [(9.0, "between 0 and 6"), (-1.0, "no state"), (0.0, "only one state")]
)
def test_totals_that_the_box_does_not_have(value, words):
    with pytest.raises(tw.InputError, match=words):
        LevelSet(TRIANGLE.box, TRIANGLE.coefficients, [value], ["A + B + C"]).chart()


def test_what_a_result_is_about_keeps_the_level_set():
    about = About("S", "flow", ("A", "B", "C"), TRIANGLE)
    again = About.from_dict(json.loads(json.dumps(about.to_dict())))
    assert again.to_dict() == about.to_dict()
    assert again.domain is not None
    assert again.domain.words == "the box [0, 2]³ where A + B + C = 1"
