"""Axes as pictures: nothing lies beyond their edge."""

import re

import numpy as np
import pytest

import thalweg as tw
from thalweg.plot.legends import draw_legend
from thalweg.plot.style import new_axes
from thalweg.report import picture
from thalweg.report.pictures import animated


def drawn():
    """Axes of equal scales, much wider than high."""
    axes = new_axes(height=3.4)
    axes.plot([-3.0, 3.3], [0.0, 0.0], label="a line")
    axes.set_aspect("equal")
    axes.set(xlim=(-3.5, 3.7), ylim=(-2.1, 2.1), xlabel="Re λ", ylabel="Im λ")
    draw_legend(axes)
    return axes


def test_axes_of_equal_scales_have_found_their_place():
    axes = drawn()
    once, twice = (picture(axes, "figure", "A caption.", "a figure").svg.decode() for _ in "ab")
    place = re.compile(r"translate\(([-\d.]+) ([-\d.]+)\)")
    first, second = (np.array(place.findall(svg), float) for svg in (once, twice))
    assert len(first) > 10
    np.testing.assert_allclose(first, second, atol=0.3)  # points
    assert first[:, 0].min() > 0.0


def test_only_what_does_not_move_has_no_animation():
    def still(file):
        raise tw.InputError("nothing moves")

    assert animated(still, "run", "gif") == {}
    with pytest.raises(tw.InputError, match=r"is no \.gif and no \.mp4"):
        animated(still, "run", "avi")
