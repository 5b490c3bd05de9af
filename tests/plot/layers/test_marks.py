"""Marks of equilibria and their families stand where they belong on every kind of figure."""

import dataclasses

import numpy as np
import pytest

import thalweg as tw
from thalweg.plot import portrait_data
from thalweg.plot.layers import equilibria, families
from thalweg.plot.style import new_axes


@pytest.fixture(scope="module")
def population():
    return portrait_data(tw.models.Logistic(r=3.2), equilibria=(), starts=0)


@pytest.fixture(scope="module")
def magnet():
    return portrait_data(tw.models.CurieWeiss(), equilibria=(), starts=0)


def drawn(line):
    return np.array(list(line.get_data()), dtype=float).tolist()


def test_fixed_points_stand_on_the_diagonal_and_states_of_rest_at_velocity_zero(population, magnet):
    segment = np.array([[0.2], [0.6]])
    for data, heights in ((population, [0.2, 0.6]), (magnet, [0.0, 0.0])):
        (line,) = families.draw(new_axes(), data.replace(families=[segment])).lines
        assert drawn(line) == [[0.2, 0.6], heights]
        marked = data.replace(equilibria=[(place, "sink") for place in segment])
        (points,) = equilibria.draw(new_axes(), marked).lines
        assert drawn(points) == [[0.2, 0.6], heights]


def test_a_state_at_the_bound_of_an_angle_is_on_both_sides(magnet):
    view = dataclasses.replace(magnet.view, periods=magnet.view.upper - magnet.view.lower)
    low, high = float(view.lower[0]), float(view.upper[0])
    for place in (low, high):
        data = dataclasses.replace(magnet, view=view).replace(
            equilibria=[(np.array([place]), "source"), (np.array([0.5]), "source")]
        )
        (points,) = equilibria.draw(new_axes(), data).lines
        assert sorted(drawn(points)[0]) == [low, 0.5, high]


def test_a_cobweb_says_what_it_leaves_out():
    repelling = [
        tw.Cycle(
            period=float(n), point=0.5, multipliers=np.array([2.0 + 0.0j]), trivial=None,
            stable=False, kind="repelling", states=np.linspace(0.1, 0.9, n), times=np.arange(n),
            residual=0.0, accuracy=0.0,
        )
        for n in range(2, 7)
    ]  # fmt: skip
    axes = tw.plot.cobweb(tw.models.Logistic(r=4.0), equilibria=(), cycles=repelling)
    assert axes.get_title(loc="left") == "2 longer cycles not drawn"
