"""Orbits of a map: dots whose ink follows dark and light."""

import numpy as np
import pytest

import thalweg as tw
from thalweg.plot.portrait_data import portrait_data
from thalweg.plot.portraits import draw_portrait
from thalweg.report import picture
from thalweg.report.themes import themed


@pytest.mark.long
def test_the_dots_are_drawn_in_ink_that_follows_the_reader():
    rule = tw.models.Henon()
    data = portrait_data(rule, equilibria=(), starts=2)
    axes = draw_portrait(data)
    drawn = np.asarray(axes.patches[0].get_path().vertices)
    # Every dot is one of the orbit, and every place of the orbit has a dot within a cell.
    assert np.all(np.abs(drawn[::2, None] - data.orbits[None]).min(axis=1) < 1e-9)
    gaps = np.abs(data.orbits[:, None] - drawn[None, ::2]) / np.array([4.0, 2.0])
    assert gaps.max(axis=-1).min(axis=1).max() < 1 / 200
    svg = picture(axes, "a", "", "").svg.decode()
    assert "<image" not in svg  # pixels would stay black on black
    assert "stroke: #000000; stroke-width: 1.4" in svg
    assert "stroke: var(--ink); stroke-width: 1.4" in themed(svg)
