"""Texts beside points stay apart."""

import numpy as np
from matplotlib.figure import Figure

from thalweg.plot.labels import place_labels


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
