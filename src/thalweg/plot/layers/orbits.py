"""Orbits of a map after a while."""

from typing import TYPE_CHECKING

import numpy as np

from thalweg.plot.scenes import Portrait, Scene
from thalweg.plot.style import BLACK

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def compute(scene: Scene) -> np.ndarray | None:
    """Their places `(n, k)`, but for those that are marked anyway; None of a flow or a slice."""
    settled = scene.sample.settled
    return None if settled is None else scene.view.points(settled)


def draw(axes: "Axes", data: Portrait) -> "Axes":
    """Draw them on a plane as dots."""
    if data.view.dimension == 2 and data.orbits is not None and len(data.orbits):
        axes.plot(*data.orbits.T, ".", color=BLACK, markersize=1.6, zorder=4, rasterized=True)
        axes.plot([], [], ".", color=BLACK, markersize=6, label="where orbits go")
    return axes
