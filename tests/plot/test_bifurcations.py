"""Bifurcation diagrams as figures: what is solid, what is dashed, what is marked."""

import jax.numpy as jnp
import numpy as np
import pytest
from tests.analysis.continuation.families import Reaction, Slope

import thalweg as tw


@pytest.fixture(scope="module")
def reaction():
    return tw.bifurcation_diagram(Reaction(), "p1", (0.0, 0.2), cycles=None)


@pytest.mark.long
def test_stable_lines_are_solid_and_reach_the_bifurcations(reaction):
    name, lines = tw.plot.branch_lines(reaction, "u")
    assert name == "u"
    solid = np.concatenate([x for x, _, stable, _ in lines if stable])
    hopf = reaction.of_kind("hopf")[0].value
    assert np.min(np.abs(solid - hopf)) == 0.0
    drawn = {
        line.get_linestyle() for line in tw.plot.bifurcation_diagram(reaction).lines[: len(lines)]
    }
    assert drawn == {"-", "--"}


@pytest.mark.long
def test_marks_carry_their_values_and_texts_do_not_overlap(reaction):
    axes = tw.plot.bifurcation_diagram(reaction)
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in axes.texts]
    assert {text.get_text() for text in axes.texts} == {"0.08893", "0.1057", "0.1309"}
    for i, one in enumerate(boxes):
        assert not any(one.overlaps(other) for other in boxes[i + 1 :])
    labels = axes.get_legend_handles_labels()[1]
    assert {"stable", "unstable", "fold", "Hopf"} <= set(labels)


class Line(tw.Flow):
    """Rests where x = share · p and y = 10 p."""

    p: float = 0.0
    share: float = 1.0
    domain = tw.Box([-1.0, -10.0], [1.0, 10.0])
    state_names = ("x", "y")

    def velocity(self, t, state):
        x, y = state
        return jnp.stack([self.share * self.p - x, 10.0 * self.p - y])


@pytest.mark.long
@pytest.mark.parametrize(("share", "name"), [(0.7, "x"), (0.3, "y")])
def test_the_first_coordinate_is_shown_where_it_varies_enough(share, name):
    found = tw.bifurcation_diagram(Line(share=share), "p", (-0.5, 0.5), slices=2, checks=0)
    assert tw.plot.branch_lines(found)[0] == name
    assert tw.plot.bifurcation_diagram(found).get_ylabel() == name


@pytest.mark.long
def test_an_angle_is_drawn_with_a_gap():
    found = tw.bifurcation_diagram(Slope(), "p", (-1.5, 1.5), slices=3, checks=0)
    _, lines = tw.plot.branch_lines(found)
    steps = np.concatenate([np.abs(np.diff(y)) for _, y, *_ in lines])
    assert np.nanmax(steps) < 1.0
    assert np.any(np.isnan(steps))


@pytest.mark.long
def test_a_wrong_coordinate_is_named(reaction):
    with pytest.raises(tw.InputError, match="one of u, v"):
        tw.plot.bifurcation_diagram(reaction, "w")
