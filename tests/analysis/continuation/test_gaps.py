"""Values of a parameter at which nothing was found that attracts."""

import dataclasses

import numpy as np

from thalweg.analysis import BifurcationDiagram
from thalweg.analysis.continuation.gaps import without_attractor
from thalweg.analysis.continuation.result import Branch, Checks


def test_what_stable_parts_leave():
    parts = [(0.5, 1.0), (-1.0, 0.0), (-0.5, 0.2)]
    assert without_attractor(parts, -1.0, 1.0) == [(0.2, 0.5)]
    assert without_attractor(parts, -2.0, 3.0) == [(-2.0, -1.0), (0.2, 0.5), (1.0, 3.0)]
    assert without_attractor([], 0.0, 1.0) == [(0.0, 1.0)]
    # Up to the first point beyond a bifurcation is no gap.
    assert without_attractor([(0.0, 0.499), (0.5, 1.0)], 0.0, 1.0) == []


def test_a_diagram_says_where_nothing_attracts():
    values = np.linspace(0.0, 1.0, 11)
    branch = Branch(
        values=values,
        states=values[:, None],
        stable=values < 0.45,
        eigenvalues=None,
        marks=(),
        ends=("range", "range"),
    )
    found = BifurcationDiagram("rate", (0.0, 1.0), (), (branch,), Checks(0, 0, None))
    (said,) = found.remarks()
    assert said.startswith(
        "Of what was followed nothing is sure to attract where rate is from 0.5 to 1."
    )
    everywhere = dataclasses.replace(branch, stable=np.ones(11, dtype=bool))
    assert dataclasses.replace(found, branches=(everywhere,)).remarks() == []
