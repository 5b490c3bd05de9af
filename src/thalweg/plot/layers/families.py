"""Families of equilibria that are not isolated: curves and surfaces of them."""

from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.plot.scenes import Portrait, Scene
from thalweg.plot.style import GREEN

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def compute(scene: Scene) -> list[np.ndarray]:
    """The segments of curves and the points of surfaces, shape `(m, k)` each."""
    view = scene.view
    return [view.curve(part) for part in scene.families if view.shows(part)]


def draw(axes: "Axes", data: Portrait) -> "Axes":
    """Draw curves as thick lines, surfaces as dots."""
    for part in data.families:
        is_curve = len(part) == 2 or np.isnan(part).any()
        style: dict[str, Any] = (
            {"linewidth": 3.0} if is_curve else {"linestyle": "none", "marker": "."}
        )
        axes.plot(
            *data.view.on_axes(part), color=GREEN, zorder=7, solid_capstyle="round",
            label="equilibria, not isolated", **style,
        )  # fmt: skip
    return axes
