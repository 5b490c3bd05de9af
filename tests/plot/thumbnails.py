"""Figures as thumbnails that do not depend on letters, and those that were looked at and kept.

A thumbnail is the figure without texts, ticks and legends, its axes where they are put, in 32 by 32
cells of mean colour: fonts and layout change nothing, a curve that is missing or elsewhere does.
After a change that is meant, look at the new figures and write them anew:

    WRITE_THUMBNAILS=1 pytest tests/plot/test_images.py
"""

import os
import pathlib

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

KEPT = pathlib.Path(__file__).parent / "images"
CELLS, PIXELS = 32, 15
_written: set[str] = set()


def thumbnail(axes):
    """The mean colours `(32, 32, 3)` of a figure's cells, 0 to 255."""
    figure = axes.get_figure(root=True)
    figure.set_layout_engine("none")
    figure.set_size_inches(4.8, 4.8)
    figure.set_dpi(CELLS * PIXELS / 4.8)
    panels = [panel for panel in figure.axes if panel.get_label() != "<colorbar>"]
    for panel in set(figure.axes) - set(panels):
        panel.remove()
    for number, panel in enumerate(panels):
        panel.axis("off")
        panel.set_aspect("auto")
        panel.set_position((0.05, 1.0 - (number + 0.95) / len(panels), 0.9, 0.9 / len(panels)))
        for extra in (panel.get_legend(), panel._left_title, *panel.texts):
            if extra is not None:
                extra.set_visible(False)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba(), float)[..., :3]
    return pixels.reshape(CELLS, PIXELS, CELLS, PIXELS, 3).mean(axis=(1, 3))


def distance(axes, name):
    """The distance of a figure from the kept one: the largest difference of a cell, 0 to 255.

    A few cells may differ more, where a streamline takes another way by rounding: the largest but
    eight counts.
    """
    new, file = thumbnail(axes), KEPT / f"{name}.png"
    if os.environ.get("WRITE_THUMBNAILS") and name not in _written:
        _written.add(name)  # what comes later under that name is to differ
        KEPT.mkdir(exist_ok=True)
        Image.fromarray(np.round(new).astype(np.uint8)).save(file)
    kept = np.asarray(Image.open(file), float)
    return float(np.sort(np.abs(new - kept).max(axis=-1).ravel())[-9])
