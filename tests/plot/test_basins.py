"""Figures of basins: which labels they show, and how attractors are marked."""

import dataclasses

import matplotlib as mpl
import numpy as np
import pytest
from tests.analysis.basins.map_systems import Newton
from tests.zoo import polynomial_flow

import thalweg as tw


@pytest.fixture(scope="module")
def newton():
    return tw.find_basins(Newton(), grid=(60, 40))


def test_a_grid_is_an_image_of_its_labels(newton):
    image = tw.plot.basin_image(newton)
    assert image.names == ("x[0]", "x[1]")
    assert image.labels is newton.labels or np.array_equal(image.labels, newton.labels)
    axes = tw.plot.basins(newton)
    (shown,) = axes.get_images()
    pixels = np.asarray(shown.get_array())
    assert pixels.shape == (40, 60, 3)
    # One colour a label, transposed: x runs to the right.
    for label in range(3):
        colours = pixels[label == newton.labels.T]
        assert np.all(colours == colours[0])
    assert np.allclose(shown.get_extent(), [-1.5, 1.5, -1.5, 1.5])


def test_attractors_are_marked_where_they_are(newton):
    axes = tw.plot.basins(newton)
    marks = [line.get_xydata()[0] for line in axes.get_lines() if len(line.get_xydata())]
    assert np.allclose(sorted(map(tuple, marks)), sorted(map(tuple, newton_roots())))
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert any("rest (1, 0)" in text for text in texts)


def newton_roots():
    return [(1.0, 0.0), (-0.5, np.sqrt(0.75)), (-0.5, -np.sqrt(0.75))]


def test_a_line_is_a_strip_and_scattered_starts_are_dots():
    flow = polynomial_flow(lambda x: x**2 - 1.0, 1)
    strip = tw.plot.basins(tw.find_basins(flow, tw.Box([-2.0], [2.0]), grid=40))
    assert np.asarray(strip.get_images()[0].get_array()).shape == (1, 40, 3)
    found = tw.find_basins(flow, tw.Box([-2.0], [2.0]), starts=50)
    dots = tw.plot.basins(found)
    assert len(dots.collections[0].get_offsets()) == 50
    assert any("diverged" in text.get_text() for text in dots.get_legend().get_texts())
    assert mpl.colors.to_hex(dots.collections[0].get_facecolors()[np.argmin(found.labels)]) == (
        "#d9d9d9"
    )


def test_other_coordinates_are_held_at_the_middle(newton):
    labels = np.stack([newton.labels, newton.labels + 1, newton.labels], axis=2)
    deep = dataclasses.replace(
        newton,
        labels=labels,
        axes=(*newton.axes, np.array([-1.0, 0.25, 1.0])),
        coordinates=("x", "y", "z"),
    )
    image = tw.plot.basin_image(deep)
    assert np.array_equal(image.labels, newton.labels + 1)
    assert image.held == "At z = 0.25."
