"""A landscape with what recurs on it."""

import json

import numpy as np
import pytest
from tests.zoo import polynomial_flow, square

import thalweg as tw
from thalweg.plot.conley_landscapes import recurrent_view


def ring(x):
    growth = 1.0 - x[0] ** 2 - x[1] ** 2
    return np.stack([x[0] * growth - x[1], x[1] * growth + x[0]])


@pytest.fixture(scope="module")
def found():
    return tw.find_landscape(polynomial_flow(ring), square(2.0), nodes=96)


@pytest.mark.long
def test_the_cycle_and_the_rest_are_drawn_on_the_bands(found):
    axes = tw.plot.conley_landscape(found)
    names = axes.get_legend_handles_labels()[1]
    assert {"closed orbit, attracting", "source"} <= set(names)
    (loop,) = [line for line in axes.lines if line.get_label() == "closed orbit, attracting"]
    np.testing.assert_allclose(np.hypot(*loop.get_data()), 1.0, atol=1e-3)
    bar = next(panel for panel in axes.figure.axes if panel.get_label() == "<colorbar>")
    assert bar.get_ylabel() == "V"
    assert bar.get_ylim()[0] == 0.0
    assert 1.0 <= bar.get_ylim()[1] < 1.1


def test_a_landscape_from_a_file_has_no_figure(found):
    read = tw.Landscape.from_dict(json.loads(json.dumps(found.to_dict())))
    with pytest.raises(tw.InputError, match="does not keep the landscape"):
        tw.plot.conley_landscape(read)


@pytest.mark.long
def test_in_space_the_plane_goes_through_the_cycle():
    def rule(x):
        turned = ring(x[:2])
        return np.stack([turned[0], turned[1], 0.5 - x[2]])

    space = tw.find_landscape(polynomial_flow(rule, 3), square(1.5, 3), nodes=24)
    view = recurrent_view(space.value.problem, space.equilibria, space.cycles)
    assert view.held == "held: x[2] = 0.5"
    axes = tw.plot.conley_landscape(space)
    assert "closed orbit, attracting" in axes.get_legend_handles_labels()[1]
    assert "x[2] = 0.5" in axes.get_title(loc="left")
