"""Streamlines follow the field, keep apart, and go the way of the flow."""

import numpy as np
import pytest

from thalweg.plot.fields import Field
from thalweg.plot.layers.streamlines import streamlines


def field(velocity, lower=(-1.0, -1.0), upper=(1.0, 1.0), count=81):
    axes = tuple(np.linspace(a, b, count) for a, b in zip(lower, upper, strict=True))
    return Field(axes, np.stack(velocity(*np.meshgrid(*axes))))


def test_lines_of_a_turning_field_keep_their_radius_and_its_sense():
    lines = streamlines(field(lambda x, y: (-y, x)))
    assert len(lines) > 10
    for line in lines:
        radius = np.hypot(*line.T)
        assert np.ptp(radius) < 5e-3
        x, y = line[:-1].T
        dx, dy = np.diff(line, axis=0).T
        assert np.all(x * dy - y * dx > 0.0)


def test_lines_follow_the_field_on_axes_of_different_units():
    # Along dy/dx = 100 x the quantity y - 50 x² stays.
    lines = streamlines(
        field(lambda x, y: (1.0 + 0.0 * x, 100.0 * x), (-1.0, -100.0), (1.0, 100.0))
    )
    for line in lines:
        x, y = line.T
        assert np.ptp(y - 50.0 * x**2) < 0.2
        assert np.all(np.diff(x) > 0.0)
        assert np.abs(x).max() <= 1.0
        assert np.abs(y).max() <= 100.0


def test_lines_spread_over_the_figure_and_keep_apart():
    lines = streamlines(field(lambda x, y: (np.ones_like(x), 0.0 * x)))
    heights = np.sort([line[0, 1] for line in lines])
    assert [np.ptp(line[:, 1]) for line in lines] == pytest.approx([0.0] * len(lines), abs=1e-12)
    gaps = np.diff(np.unique(np.round(heights, 9)))
    assert gaps.min() > 0.04
    assert gaps.max() < 0.2
    assert all(np.ptp(line[:, 0]) > 1.9 for line in lines)


def test_lines_end_where_the_field_has_no_value_and_at_a_sink():
    lines = streamlines(field(lambda x, y: (np.where(x > 0.5, np.nan, -x), -y)))
    points = np.concatenate(lines)
    assert points[:, 0].max() <= 0.525
    inner = min(np.hypot(*line[-1]) for line in lines)
    assert inner < 0.1
    for line in lines:
        assert np.all(np.diff(np.hypot(*line.T))[:-1] < 1e-3)  # past the sink by a step at most


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_a_field_without_direction_has_no_lines(value):
    assert streamlines(field(lambda x, y: (value + 0.0 * x, value + 0.0 * y))) == []
