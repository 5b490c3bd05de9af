"""The numbers behind phase portraits, against closed forms."""

import numpy as np
import pytest
from tests.plot.plot_systems import Spin, view_of

import thalweg as tw
from thalweg.plot import portrait_data
from thalweg.plot.views import CORNERS


def test_nothing_is_drawn_across_the_wrap_of_an_angle():
    data = portrait_data(Spin(), equilibria=(), starts=3)
    assert len(data.runs) == 3
    for run in data.runs:
        assert np.isnan(run.y[:, 0]).any()
        assert np.nanmax(np.abs(np.diff(run.y[:, 0]))) < np.pi
        inside = run.y[np.isfinite(run.y[:, 0]), 0]
        assert inside.min() >= -np.pi
        assert inside.max() <= np.pi


@pytest.mark.long
def test_a_line_of_equilibria_is_a_curve_of_points_at_rest():
    rule = tw.models.DeepLinearMode(strength=3.0)
    data = portrait_data(rule, equilibria=tw.find_equilibria(rule), starts=0)
    pieces = np.concatenate(data.families)
    np.testing.assert_allclose(np.prod(pieces, axis=1), 3.0, atol=1e-6)
    assert {float(np.sign(p[0])) for p in pieces} == {-1.0, 1.0}  # both branches
    assert [kind for _, kind in data.equilibria] == ["saddle"]


@pytest.mark.long
def test_separatrices_of_the_double_well_are_its_axes():
    wells = tw.SteepestDescent(tw.energies.FourWells())
    data = portrait_data(wells, starts=0)
    stable = [curve for name, curve in data.separatrices if name == "stable"]
    assert len(data.equilibria) == 9
    assert len(stable) == 8
    for curve in stable:  # the basins' boundaries are the coordinate axes
        assert np.min(np.abs(curve), axis=1) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.long
def test_a_simplex_of_three_is_a_triangle():
    view = view_of(tw.models.RockPaperScissors())
    shares = np.eye(3)[:, :2]
    np.testing.assert_allclose(view.place(shares), CORNERS, atol=1e-12)
    np.testing.assert_allclose(view.lift(CORNERS), shares, atol=1e-12)
    assert view.corners == ("rock", "paper", "scissors")
    data = portrait_data(tw.models.RockPaperScissors(), equilibria=(), starts=2)
    assert data.field is not None
    assert np.isnan(data.field.values[0, -1, 0])  # outside
    first = data.runs[0].y[np.isfinite(data.runs[0].y[:, 0])]
    product = np.prod(np.column_stack([s := view.lift(first), 1.0 - s.sum(axis=1)]), axis=1)
    np.testing.assert_allclose(product, product[0], rtol=1e-2)  # conserved where win = loss


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"plane": ("x", "q")}, ["plane", "x, y, z", "'q'"]),
        ({"plane": ("x", "x")}, ["plane"]),
        ({"plane": "xz"}, ["plane", "'xz'"]),
        ({"through": np.zeros(2)}, ["through", "3 numbers"]),
        ({"through": np.array([0.0, np.nan, 0.0])}, ["through", "finite"]),
        ({"starts": 65}, ["starts", "65"]),
    ],
)
def test_what_does_not_fit_is_refused(options, words):
    with pytest.raises(tw.InputError) as caught:
        portrait_data(tw.models.Lorenz(), equilibria=(), **options)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.long
def test_a_flow_that_depends_on_time_is_refused():
    with pytest.raises(tw.InputError, match="depends on time"):
        portrait_data(tw.models.Duffing(), equilibria=())
