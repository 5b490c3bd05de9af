"""Texts beside points stay apart, and a letter beside an axis can be read."""

import pathlib

import numpy as np
from matplotlib.figure import Figure

import thalweg.plot
from thalweg.plot.labels import place_labels
from thalweg.plot.style import label_axes, new_axes


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


def test_no_figure_writes_beside_its_vertical_axis_itself():
    folder = pathlib.Path(thalweg.plot.__file__).parent
    found = [f.name for f in folder.rglob("*.py") if ".set_ylabel(" in f.read_text("utf-8")]
    assert found == ["style.py"]
