"""Texts beside points stay apart, and a letter beside an axis can be read."""

import pathlib
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

import thalweg.plot
from thalweg.plot.labels import place_labels
from thalweg.plot.levels import colour_bar
from thalweg.plot.style import label_axes, name_depth, new_axes, note


def test_two_lists_of_numbers_do_not_read_as_one():
    axes = Figure(figsize=(4.0, 3.0)).subplots()
    axes.set(xlim=(0.0, 1.0), ylim=(-1.0, 1.0))
    points = np.stack([np.linspace(0.45, 0.6, 6), np.zeros(6)], axis=1)
    place_labels(axes, points, ["3", "1, 2, 4, 5", "6", "7, 8", "9", "10, 11"])
    boxes = [text.get_window_extent() for text in axes.texts]
    assert len(boxes) == 6
    apart = 4.0 * axes.figure.dpi / 72.0
    for k, one in enumerate(boxes):
        for other in boxes[:k]:
            if one.y0 < other.y1 and other.y0 < one.y1:  # in one row
                assert max(one.x0 - other.x1, other.x0 - one.x1) >= apart - 1e-6


def test_a_letter_beside_the_vertical_axis_stands_upright_and_a_word_does_not():
    axes = new_axes()
    for name, rotation in (("I", 0.0), ("x⁺", 0.0), ("rate", 90.0), ("E", 0.0)):
        label_axes(axes, ("t", name))
        label = axes.yaxis.label
        assert (axes.get_ylabel(), label.get_rotation()) == (name, rotation)
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    numbers = [tick.get_window_extent() for tick in axes.get_yticklabels()]
    assert label.get_window_extent().x1 <= min(box.x0 for box in numbers)


def test_a_name_of_ones_own_is_turned_as_matplotlib_turns_it():
    plain = Figure().subplots().set_ylabel("recovery variable w")
    axes = new_axes()
    drawn = axes.pcolormesh(np.arange(4.0).reshape(2, 2))
    label_axes(axes, ("v", "w"))
    colour_bar(axes, drawn, "E")
    bar = figure_of(axes).axes[-1]
    beside = bar.yaxis.label
    figure_of(axes).draw_without_rendering()  # what is drawn meanwhile changes nothing
    assert (axes.yaxis.label.get_rotation(), beside.get_rotation()) == (0.0, 0.0)
    axes.set_ylabel("recovery variable w")
    bar.set_ylabel("energy")
    for label in (axes.yaxis.label, beside):
        assert label.get_rotation() == plain.get_rotation() == 90.0
        assert label.get_horizontalalignment() == "center"
    assert axes.yaxis.label.get_verticalalignment() == plain.get_verticalalignment()
    label_axes(axes, ("v", "w"))
    axes.set_ylabel("w (mV)", rotation=30.0)
    assert axes.yaxis.label.get_rotation() == 30.0
    axes.set_ylabel("w (V)")
    assert axes.yaxis.label.get_rotation() == 30.0


def test_a_depth_of_ones_own_is_turned_with_its_axis():
    axes: Any = new_axes(projection="3d")
    name_depth(axes, "E")
    for name, is_turned in [("E", False), ("potential energy", True)]:
        axes.set_zlabel(name)
        figure_of(axes).draw_without_rendering()
        assert (axes.zaxis.label.get_rotation() != 0.0) == is_turned


def figure_of(axes):
    figure = axes.get_figure(root=True)
    assert figure is not None
    return figure


@pytest.mark.parametrize("room", range(60, 320, 20))
def test_no_line_of_a_note_ends_in_a_word_alone(room):
    for text in ("remainder: 19.82 % of the mean |f|²", "split: no energy; held: r3 = 0.5476"):
        axes = new_axes(width=room / 72.0)
        note(axes, text)
        lines = axes.get_title(loc="left").split("\n")
        assert " ".join(lines) == text
        assert not any(line.endswith(" =") or line.startswith(("=", "%")) for line in lines)
        assert len(lines) == 1 or lines[-1] != "|f|²"


def test_no_figure_writes_beside_its_vertical_axis_itself():
    folder = pathlib.Path(thalweg.plot.__file__).parent
    found = [f.name for f in folder.rglob("*.py") if ".set_ylabel(" in f.read_text("utf-8")]
    assert found == ["style.py"]
