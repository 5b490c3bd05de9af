"""Nullclines, against closed forms."""

import numpy as np
import pytest
from tests.plot.plot_systems import Pole, view_of

import thalweg as tw
from thalweg.plot.fields import field_on_grid
from thalweg.plot.layers.nullclines import nullclines


def branches_of(rule):
    view = view_of(rule)
    return nullclines(view, field_on_grid(view))


def test_nullclines_of_fitzhugh_nagumo_lie_on_their_curves():
    rule = tw.models.FitzHughNagumo()
    (cubic,), (line,) = branches_of(rule)
    v, w = cubic.T
    np.testing.assert_allclose(w, v - v**3 / 3 + rule.current, atol=1e-9)
    # From where the cubic enters the box to where it leaves it.
    top, bottom = (np.roots([1 / 3, 0.0, -1.0, level - 0.8]) for level in (3.0, -3.0))
    ends = [float(r[np.abs(r.imag) < 1e-9].real[0]) for r in (top, bottom)]
    assert sorted([v.min(), v.max()]) == pytest.approx(ends, abs=0.05)
    v, w = line.T
    np.testing.assert_allclose(w, (v + rule.a) / rule.b, atol=1e-9)
    assert v.min() == pytest.approx(-3.0, abs=0.2)


def test_a_nullcline_runs_straight_up_to_the_bound_that_is_one_too():
    """x' = x (1 − x − 1.5 y) vanishes on x = 0 and on a line that meets it at y = 2/3."""
    wall, line = branches_of(tw.models.Competition())[0]
    assert np.all(wall[:, 0] == 0.0)
    x, y = line.T
    np.testing.assert_allclose(x + 1.5 * y, 1.0, atol=1e-9)
    assert [x.min(), y.min()] == pytest.approx([0.0, 0.0], abs=1e-9)


def test_disconnected_branches_are_all_found_and_a_pole_is_none():
    flat, curved = branches_of(tw.models.VanDerPol(mu=1.0))
    assert len(flat) == 1
    assert len(curved) == 3  # y = x / (1 − x²) left of −1, between −1 and 1, and right of 1
    for branch in curved:
        x, y = branch.T
        np.testing.assert_allclose(y * (1.0 - x**2), x, atol=1e-8)
    assert sorted(int(np.sign(b[:, 0].mean().round(1))) for b in curved) == [-1, 0, 1]
    none, parabola = branches_of(Pole())
    assert none == []
    assert sum(map(len, parabola)) > 50
    for branch in parabola:
        np.testing.assert_allclose(branch[:, 1] ** 2, branch[:, 0], atol=1e-8)


def test_a_bound_along_which_nothing_changes_is_a_branch():
    prey, predators = branches_of(tw.models.PredatorPrey())
    assert [b[:, 0].max() for b in prey].count(0.0) == 1  # no prey
    assert any(np.allclose(b[:, 1], 2.0) for b in prey)
    assert [b[:, 1].max() for b in predators].count(0.0) == 1
    assert any(np.allclose(b[:, 0], 3.0) for b in predators)
    assert (len(prey), len(predators)) == (2, 2)
