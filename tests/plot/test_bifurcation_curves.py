"""Two-parameter diagrams as figures: what is drawn how, and what is named."""

import numpy as np
import pytest

import thalweg as tw
from thalweg.analysis import BifurcationCurve, BifurcationCurves, SpecialPoint
from thalweg.analysis.two_parameters.result import LineChecks


@pytest.fixture(scope="module")
def bautin():
    """Along β₁ = 0 the sign of l₁ is that of β₂."""
    second = np.linspace(-1.0, 1.0, 21)
    values = np.column_stack([np.zeros(21), second])
    states, ends = np.zeros((21, 2)), ("range", "range")
    hopf = BifurcationCurve("hopf", values, states, np.ones(21), second, (10,), ends)
    fold = BifurcationCurve("fold", values + 0.1, states, None, None, (), ends)
    points = tuple(
        SpecialPoint(kind, np.array([x, x]), np.zeros(2), None)
        for kind, x in (("generalised-hopf", 0.0), ("cusp", 0.05))
    )
    spans = ((-1.0, 1.0), (-1.0, 1.0))
    return BifurcationCurves(("first", "second"), spans, points, (hopf, fold), LineChecks(0, 0))


def test_lines_are_solid_where_what_is_born_attracts(bautin):
    lines = tw.plot.curve_lines(bautin)
    assert [(kind, attracts) for *_, kind, attracts in lines] == [
        ("hopf", True), ("hopf", False), ("fold", None)
    ]  # fmt: skip
    (_, below, *_), (_, above, *_), _ = lines
    # Both reach the point at which the sign changes.
    assert (below.max(), above.min()) == (0.0, 0.0)
    drawn = [line.get_linestyle() for line in tw.plot.bifurcation_curves(bautin).lines[:3]]
    assert drawn == ["-", "--", "-"]


def test_special_points_are_named_and_names_do_not_overlap(bautin):
    axes = tw.plot.bifurcation_curves(bautin)
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    assert {text.get_text() for text in axes.texts} == {"generalised Hopf", "cusp"}
    one, other = (text.get_window_extent() for text in axes.texts)
    assert not one.overlaps(other)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("first", "second")
    assert axes.get_xlim() == (-1.0, 1.0)
