"""Arrows from the states of a map towards the next."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from thalweg.plot.scenes import Portrait, Scene
from thalweg.plot.style import GREY, lifted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROW = 21  # arrows a row of the figure
_LONGEST = 0.8 / _ROW  # so that none reaches the next
# Shorter steps, in widths of the figure, have no direction to be seen.
_SHORTEST = 1e-6


@dataclass(frozen=True)
class Arrows:
    """Arrows: their tails, shape `(n, 2)`, and their reach, long steps cut."""

    places: np.ndarray
    steps: np.ndarray


def compute(scene: Scene) -> Arrows | None:
    """Arrows of a map on a plane; else None."""
    if scene.field is None or scene.view.dimension != 2 or scene.view.is_flow:
        return None
    x, y = scene.field.axes
    every = max(1, len(x) // _ROW)
    some = (slice(every // 2, None, every),) * 2
    places = np.stack([part[some] for part in np.meshgrid(x, y)], axis=-1).reshape(-1, 2)
    steps = np.stack([part[some] for part in scene.field.values], axis=-1).reshape(-1, 2)
    relative = np.hypot(*(steps / (x[-1] - x[0], y[-1] - y[0])).T)
    good = np.isfinite(relative) & (relative > _SHORTEST)
    short = np.minimum(1.0, _LONGEST / np.maximum(relative[good], 1e-300))
    return Arrows(places[good], steps[good] * short[:, None])


def draw(axes: "Axes", data: Portrait, colour: str = GREY) -> "Axes":
    """Draw the arrows."""
    if data.arrows is not None:
        axes.quiver(
            *data.arrows.places.T, *data.arrows.steps.T, angles="xy", scale_units="xy", scale=1.0,
            color=colour, width=0.0022, headwidth=4.0, zorder=2, path_effects=lifted(colour),
        )  # fmt: skip
    return axes
