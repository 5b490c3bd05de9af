"""Portraits of many coordinates: principal components, directions out of rest, slow points."""

import numpy as np
import pytest
from tests.zoo import Linear

import thalweg as tw
from thalweg.plot.layers.table import LAYERS
from thalweg.report.captions import portrait_caption

BOX = tw.Box([-1.0] * 5, [1.0] * 5)
RATES = np.array([-0.5, -4.0, 0.1, -4.0, -4.0])


def saddle():
    """x' = A x, with one slow direction in, one out, and three that are fast."""
    turn, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(5, 5)))
    return Linear(turn @ np.diag(RATES) @ turn.T), turn


@pytest.mark.long
def test_more_than_three_coordinates_are_seen_in_their_principal_components():
    rule, turn = saddle()
    data = tw.plot.portrait_data(rule, BOX, starts=6)
    view = data.view
    assert view.is_projection
    assert view.names[0].startswith("PC 1 (")
    assert "PC\u00a01\u00a0=" in view.held
    assert "x[" in view.held
    # All that is drawn lies on the figure, and what is lifted is placed where it was.
    for run in data.runs:
        assert np.all((run.y >= view.lower) & (run.y <= view.upper))
    places = np.array([[0.1, 0.2], [-0.3, 0.0]])
    np.testing.assert_allclose(view.place(view.lift(places)), places, atol=1e-12)
    # The plane is that of the two slow directions, which runs are spread along most.
    slow = turn[:, [0, 2]]
    basis = np.linalg.qr(view.basis)[0]
    assert np.linalg.svd(slow.T @ basis)[1].min() > 0.9
    assert "two principal components" in portrait_caption(data, None)


@pytest.mark.long
def test_a_plane_that_is_asked_for_is_shown():
    rule, _ = saddle()
    data = tw.plot.portrait_data(rule, BOX, plane=(0, 3), starts=2)
    assert data.view.names == ("x[0]", "x[3]")


@pytest.mark.long
def test_strokes_point_where_states_leave():
    rule, turn = saddle()
    data = tw.plot.portrait_data(rule, BOX, starts=6)
    (stroke,) = data.unstable
    along = data.view.inverse @ turn[:, 2]
    cosine = (stroke[1] - stroke[0]) @ along
    cosine /= np.linalg.norm(stroke[1] - stroke[0]) * np.linalg.norm(along)
    assert abs(cosine) > 1.0 - 1e-9
    np.testing.assert_allclose(stroke.mean(axis=0), data.view.place(np.zeros(5)), atol=1e-9)
    assert "directions in which states leave" in portrait_caption(data, None)


@pytest.mark.long
def test_slow_points_are_marked():
    """x' = 1/4 + (x − 1/2)² is slowest at ½; the other coordinates fall to 0."""
    rule = tw.as_flow(lambda x: -x.at[0].set(-0.25 - (x[0] - 0.5) ** 2))
    equilibria = tw.find_equilibria(rule, BOX, starts=np.full((4, 5), 0.3))
    assert len(equilibria.slow) == 1
    data = tw.plot.portrait_data(rule, BOX, equilibria=equilibria, starts=3)
    (place,) = data.slow
    np.testing.assert_allclose(place, data.view.place(np.array([0.5, 0, 0, 0, 0])), atol=1e-6)
    axes = LAYERS["slow"].draw(tw.plot.phase_portrait(rule, BOX, equilibria=(), starts=1), data)
    assert "slow point" in axes.get_legend_handles_labels()[1]
    assert "slow points" in portrait_caption(data, None)


@pytest.mark.long
def test_orbits_of_a_map_choose_its_plane_and_are_drawn():
    """x⁺ = A x turns by 0.3 in one plane, and forgets everything else at once."""
    turn, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(5, 5)))
    step = np.zeros((5, 5))
    step[:2, :2] = 0.9 * np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    rule = tw.as_map(lambda x: turn @ step @ turn.T @ x)
    starts = np.random.default_rng(2).uniform(-1.0, 1.0, (6, 5))
    data = tw.plot.portrait_data(rule, BOX, starts=starts)
    assert len(data.runs) == 6
    np.testing.assert_allclose(data.runs[0].y[0], data.view.place(starts[0]), atol=1e-9)
    basis = np.linalg.qr(data.view.basis)[0]
    assert np.linalg.svd(turn[:, :2].T @ basis)[1].min() > 0.9
