"""Figures of basins: which labels they show, and how attractors are marked."""

import dataclasses

import numpy as np
import pytest
from tests.analysis.basins.map_systems import Newton
from tests.zoo import polynomial_flow

import thalweg as tw


@pytest.fixture(scope="module")
def newton():
    return tw.find_basins(Newton(), grid=(60, 40))


@pytest.mark.long
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


@pytest.mark.long
def test_attractors_are_marked_where_they_are(newton):
    axes = tw.plot.basins(newton)
    marks = np.array([np.ravel(line.get_xydata()) for line in axes.get_lines()])
    assert np.allclose((marks @ [1.0, 1.0j]) ** 3, 1.0)
    assert len(np.unique(marks.round(6), axis=0)) == 3
    assert any("rest (1, 0)" in text for text in in_legend(axes))


def in_legend(axes):
    return axes.get_legend_handles_labels()[1]


@pytest.mark.long
def test_a_line_is_a_strip_and_scattered_starts_are_dots():
    flow = polynomial_flow(lambda x: x**2 - 1.0, 1)
    strip = tw.plot.basins(tw.find_basins(flow, tw.Box([-2.0], [2.0]), grid=40))
    assert np.asarray(strip.get_images()[0].get_array()).shape == (1, 40, 3)
    found = tw.find_basins(flow, tw.Box([-2.0], [2.0]), starts=50)
    dots = tw.plot.basins(found)
    assert np.shape(dots.collections[0].get_offsets()) == (50, 2)
    assert any("diverged" in text for text in in_legend(dots))
    colours = np.asarray(dots.collections[0].get_facecolor())
    assert len(np.unique(colours, axis=0)) == 2
    assert np.all(colours[found.labels == -1] == colours[np.argmin(found.labels)])


@pytest.mark.long
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


@pytest.mark.long
def test_shares_over_a_parameter_are_stacked_up_to_one():
    flow = polynomial_flow(lambda x: x - x**3, 1)
    starts = np.linspace(-2.0, 2.0, 50)[:, None]
    box, name = tw.Box([-2.0], [2.0]), "coefficients[0,0]"
    found = tw.basin_fractions(flow, name, [-0.5, 0.0, 0.5], box, starts=starts)
    axes = tw.plot.basin_fractions(found)
    # At −1/2 there is one state of rest, the real root of x³ − x + 1/2; at 0 there are ±1.
    first = next(root.real for root in np.roots([1.0, 0.0, -1.0, 0.5]) if abs(root.imag) < 1e-9)
    assert in_legend(axes) == [
        f"equilibrium at ({first:.5g}) for {name} = -0.5", f"equilibrium at (1) for {name} = 0",
    ]  # fmt: skip
    lower, upper = (np.asarray(area.get_paths()[0].vertices) for area in axes.collections[:2])
    # At 0 the wells share the line evenly.
    assert np.allclose(lower[lower[:, 0] == 0.0, 1].max(), 0.5)
    assert np.allclose(upper[upper[:, 0] == 0.0, 1].max(), 1.0)
    assert (axes.get_xlabel(), axes.get_ylim()) == (name, (0.0, 1.0))
