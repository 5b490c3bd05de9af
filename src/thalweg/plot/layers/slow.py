"""Slow points: where the speed has a minimum that is not zero."""

from typing import TYPE_CHECKING

import numpy as np

from thalweg.plot.scenes import Portrait, Scene
from thalweg.plot.style import GREY

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def compute(scene: Scene) -> list[np.ndarray]:
    """The place of each that lies on the figure."""
    return [scene.view.points(y) for y in scene.slow if scene.view.shows(y)]


def draw(axes: "Axes", data: Portrait) -> "Axes":
    """Mark them by grey crosses."""
    if data.slow:
        rows = np.concatenate([data.view.on_axes(place[None]) for place in data.slow], axis=1)
        axes.plot(
            *rows, linestyle="none", marker="+", markersize=9, markeredgewidth=1.6, color=GREY,
            zorder=7.5, label="slow point",
        )  # fmt: skip
    return axes
