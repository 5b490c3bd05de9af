"""Shares of basins over a parameter."""

import numpy as np
import pytest
from tests.results import keeps_the_protocol
from tests.zoo import polynomial_flow

import thalweg as tw

LINE = tw.Box([-2.0], [2.0])
WELLS = polynomial_flow(lambda x: x - x**3, 1)
TILTS = [-0.5, -0.2, 0.0, 0.2, 0.5]


@pytest.fixture(scope="module")
def found():
    """x' = x − x³ + tilt: two wells for |tilt| < 2/√27 = .385, else one."""
    starts = np.linspace(-2.0, 2.0, 1000)[:, None]
    return tw.basin_fractions(WELLS, "coefficients[0,0]", TILTS, LINE, starts=starts)


@pytest.mark.long
def test_wells_keep_their_names_as_they_move(found):
    left, right = found.fractions.T
    assert np.allclose(left + right, 1.0)
    assert (left[0], right[-1]) == (1.0, 1.0)
    assert np.all(np.diff(left) <= 0.0)
    assert np.all(np.diff(found.points[:4, 0, 0]) > 0.0)
    assert np.isnan(found.points[0, 1, 0])


@pytest.mark.long
def test_each_share_is_that_of_the_barrier(found):
    for step, tilt in enumerate(TILTS[1:4], 1):
        # Starts left of the middle zero of x − x³ + tilt run to the left.
        barrier = np.sort(np.roots([-1.0, 0.0, 1.0, tilt]).real)[1]
        share = (barrier + 2.0) / 4.0
        assert abs(found.fractions[step, 0] - share) < 2e-3
        assert found.low[step, 0] <= share <= found.high[step, 0]


@pytest.mark.long
def test_it_keeps_the_protocol(found):
    keeps_the_protocol(found)


def test_no_value_and_no_such_parameter_are_refused():
    with pytest.raises(tw.InputError, match="values must be one or more"):
        tw.basin_fractions(WELLS, "coefficients[0,0]", [], LINE)
    with pytest.raises(tw.InputError, match="tilt"):
        tw.basin_fractions(WELLS, "tilt", [0.0], LINE)
