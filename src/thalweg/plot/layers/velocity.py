"""The velocity of a flow of the line against its state, and which way it goes."""

from typing import TYPE_CHECKING

import numpy as np

from thalweg.plot.layers import equilibria
from thalweg.plot.scenes import Portrait, Scene
from thalweg.plot.style import BLUE, INK, label_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Arrows along the axis at equal distances, and half the length of one, in widths of the figure.
_ARROWS = 13
_HALF = 0.02  # of the axis: arrows of equal length that do not touch each other
# Slower than this share of the highest speed is too near to rest to point anywhere.
_SLOWEST = 1e-3


def compute(scene: Scene) -> np.ndarray | None:
    """The tail and the tip `(n, 2)` of each arrow along a flow of the line; else None."""
    if scene.field is None or scene.view.dimension != 1 or not scene.view.is_flow:
        return None
    (x,), (velocity,) = scene.field.axes, scene.field.values
    places = np.linspace(x[0], x[-1], _ARROWS + 2)[1:-1]
    there = np.interp(places, x, velocity)
    half = _HALF * (x[-1] - x[0])
    free = np.abs(there) > _SLOWEST * np.nanmax(np.abs(velocity))
    for place, _ in equilibria.compute(scene):
        free &= np.abs(places - place[0]) > 3.0 * half
    ahead = half * np.sign(there[free])
    return np.stack([places[free] - ahead, places[free] + ahead], axis=1)


def draw(axes: "Axes", data: Portrait) -> "Axes":
    """Draw the velocity as a curve, and arrows where it is zero; labels the axes."""
    if data.velocity is None:
        return axes
    assert data.field is not None
    (x,), (velocity,), name = data.field.axes, data.field.values, data.view.names[0]
    axes.axhline(0.0, color=INK, linewidth=0.8, zorder=1)
    axes.plot(x, velocity, color=BLUE, linewidth=1.8, zorder=3, label=f"{name}′")
    for tail, tip in data.velocity:
        axes.annotate(
            "", (tip, 0.0), (tail, 0.0),
            arrowprops={"arrowstyle": "-|>", "color": INK, "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip
    axes.set_xlim(x[0], x[-1])
    label_axes(axes, (name, f"{name}′"))
    return axes
