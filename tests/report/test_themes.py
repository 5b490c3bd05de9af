"""Figures in the dark: paper and ink follow the reader, data keeps its colours."""

import numpy as np
from matplotlib.figure import Figure

from thalweg.plot.style import BLUE, GREEN, INK, NIGHT
from thalweg.report import picture
from thalweg.report.themes import themed


def drawn():
    """A figure with letters, ticks, a curve, a white line on a landscape, and open marks."""
    axes = Figure(figsize=(3, 2)).add_subplot()
    axes.contourf(np.arange(9.0).reshape(3, 3), cmap="cividis")
    axes.plot([0, 1], [0, 1], color="white")
    axes.plot([0, 1], [1, 0], color=BLUE)
    axes.plot([1], [1], "o", markerfacecolor="white", markeredgecolor=INK)
    axes.plot([2], [1], "o", markerfacecolor=GREEN, markeredgecolor=INK)
    axes.set_title("letters")
    return picture(axes, "figure", "A caption.", "a figure")


def test_paper_and_ink_become_variables_and_data_does_not():
    plain = drawn().svg.decode()
    shown = themed(plain)
    assert "var(" not in plain
    # The figure's paper and the axes'; the open mark has the colour of the paper, too.
    assert shown.count('fill: var(--paper)"') == 2
    assert "fill: var(--paper); stroke: var(--edge)" in shown
    assert "stroke: var(--ink)" in shown
    assert "stroke: var(--blue)" in shown
    assert "stroke: #ffffff" in shown  # the white line on the landscape
    assert shown.count(GREEN.lower()) == plain.count(GREEN.lower()) > 0
    assert "stroke: #000000" not in shown
    assert "prefers-color-scheme: dark" in shown
    assert shown.count("</style>") == plain.count("</style>") == 1


def test_areas_in_pixels_and_their_keys_keep_their_colours():
    axes = Figure(figsize=(3, 2)).add_subplot()
    axes.imshow(np.eye(2), cmap="PuOr")
    axes.bar([0], [1], color=BLUE)  # as a key of such an area
    axes.plot([0, 1], [1, 0], color=BLUE)
    axes.text(0, 0, "on colour", color=NIGHT)
    shown = themed(picture(axes, "figure", "A caption.", "a figure").svg.decode())
    assert f"fill: {BLUE.lower()}" in shown
    assert "stroke: var(--blue)" in shown
    assert f"fill: {NIGHT}" in shown
