"""Shares of basins against a parameter, one on top of the other."""

from typing import TYPE_CHECKING

import numpy as np

from thalweg.analysis import BasinFractions
from thalweg.core.tables import format_number, format_state
from thalweg.plot.given import check_found
from thalweg.plot.papers import Legend, make_paper
from thalweg.plot.style import COLOURS, GREY, INK, PALE, name_heights

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NAMED = 8  # a legend of more rows hides the figure


def basin_fractions(
    found: BasinFractions,
    ax: "Axes | None" = None,
    *,
    width: float | None = None,
    legend: Legend = True,
) -> "Axes":
    """Draw the share of each attractor's basin against the parameter, stacked up to 1.

    Arguments:
        found: what `thalweg.basin_fractions` returned.
        ax: axes to draw on; None makes a figure.
        width: of that figure, in millimetres, 85 for a column of a journal; None: the usual one.
        legend: where it stands: `"below"` (so does True), `"right"`, `"inside"`; False for none.

    Returns:
        The axes.
    """
    check_found("found", found, BasinFractions, "basin_fractions")
    paper = make_paper(ax, width, legend)
    axes = paper.axes(width=4.8, height=3.6)
    shares = [*found.fractions.T, found.diverged, found.left, found.undecided]
    count = len(found.kinds)
    colours = [COLOURS[i % len(COLOURS)] for i in range(count)] + [PALE, GREY, INK]
    names = [_name(found, i) if i < _NAMED else "_" for i in range(count)]
    others = ("diverged", "left the domain", "undecided")
    names += [n if s.any() else "_" for n, s in zip(others, shares[count:], strict=True)]
    axes.stackplot(found.values, *shares, colors=colours, labels=names, alpha=0.75, linewidth=0.0)
    axes.set_xlim(found.values.min(), found.values.max())
    axes.set_ylim(0.0, 1.0)
    axes.set_xlabel(found.parameter)
    name_heights(axes, "share of starts")
    paper.explain(axes, columns=1)
    return axes


def _name(found: BasinFractions, number: int) -> str:
    """The kind of an attractor, and its place at the first value that has it."""
    first = int(np.argmax(np.isfinite(found.points[:, number, 0])))
    at = f"{found.parameter} = {format_number(float(found.values[first]), 4)}"
    return f"{found.kinds[number]} at {format_state(found.points[first, number])} for {at}"
