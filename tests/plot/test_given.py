"""Mistakes in what figures are given."""

from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

import thalweg
from thalweg.plot.given import given_axes

tw: Any = thalweg  # what is given is wrong by its type, too

SYSTEM = tw.models.VanDerPol()


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (
            lambda: tw.plot.phase_portrait(SYSTEM, equilibria=np.zeros((1, 2))),
            r"equilibria must be what find_equilibria returned, got an array of shape \(1, 2\)",
        ),
        (
            lambda: tw.plot.phase_portrait(SYSTEM, equilibria=(), cycles=[3.0]),
            r"cycles must be what find_cycles returned, got \[3\.0\]",
        ),
        (lambda: tw.plot.spectrum(SYSTEM), "find_equilibria returned, got VanDerPol"),
        (lambda: tw.plot.verdict(SYSTEM, SYSTEM), "recover_energy returned, got VanDerPol"),
        (lambda: tw.plot.split(SYSTEM), "as verdict.split, returned, got VanDerPol"),
        (lambda: tw.plot.basins(SYSTEM), "find_basins returned"),
        (lambda: tw.plot.bifurcation_diagram(SYSTEM), "bifurcation_diagram returned"),
        (lambda: tw.plot.bifurcation_curves(SYSTEM), "bifurcation_curves returned"),
        (lambda: tw.plot.basin_fractions(tw.Box), "returned, got the class Box"),
        (lambda: tw.plot.sweep("runs"), "sweep returned, got 'runs'"),
        (lambda: tw.plot.operators(SYSTEM), "compare_operators returned"),
    ],
)
def test_what_is_no_result_is_not_drawn(draw, words):
    with pytest.raises(tw.InputError, match=words):
        draw()


def test_axes_are_one_axes():
    figure = Figure()
    several = figure.subplots(1, 2)
    assert given_axes(None) is None
    assert given_axes(several[0]) is several[0]
    with pytest.raises(tw.InputError, match=r"got a figure: give fig\.add_subplot"):
        given_axes(figure)
    with pytest.raises(tw.InputError, match="got 2 of them: give one"):
        given_axes(several)
    with pytest.raises(tw.InputError, match="got 'left'"):
        given_axes("left")
