"""A map of the line: its graph, the diagonal, and an orbit between them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.plot.curves import map_orbits
from thalweg.plot.scenes import Portrait, Scene
from thalweg.plot.style import BLUE, GREY, SKY, label_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STEPS = 40  # enough to see where it leads; more draw over each other
# Where an orbit begins that nobody chose: at no special place of the domain, in widths of it.
_BEGIN = 0.137


@dataclass(frozen=True)
class Web:
    """The graph of a map of the line, and an orbit.

    Attributes:
        x: points, shape `(n,)`.
        step: where the map takes them, shape `(n,)`; NaN where it leaves what is finite, or jumps.
        corners: of the cobweb, shape `(2·steps, 2)`, beginning on the diagonal: from (x, x) up to
            the graph, and over to the diagonal.
    """

    x: np.ndarray
    step: np.ndarray
    corners: np.ndarray


def compute(scene: Scene, start: Any = None, steps: int = STEPS) -> Web | None:
    """The cobweb of the orbit of a state, `steps` long; None but for a map of the line."""
    view, chart = scene.view, scene.problem.chart
    if scene.field is None or view.dimension != 1 or view.is_flow:
        return None
    x = scene.field.axes[0]
    after = (x + scene.field.values[0])[:, None]
    jumps, index = view.broken(after)[:, 0], np.arange(len(x))
    places = index + np.searchsorted(view.jumps(after), index, side="right")
    fine = np.interp(np.arange(len(jumps)), places, x)
    begin = view.lower + _BEGIN * (view.upper - view.lower)
    if start is not None:
        begin = np.asarray(chart.coordinates(np.asarray(start, dtype=np.float64))).reshape(1)
    orbit = map_orbits(view.problem, view.lift(begin)[None], steps)[:, 0]
    twice = np.repeat(view.place(orbit)[:, 0], 2)
    return Web(fine, jumps, np.stack([twice[:-1], twice[1:]], axis=1)[:-1])


def draw(axes: "Axes", data: Portrait) -> "Axes":
    """Draw it, with limits and labels."""
    if data.cobweb is None:
        return axes
    web, name = data.cobweb, data.view.names[0]
    low, high = np.nanmin(web.x), np.nanmax(web.x)
    axes.plot([low, high], [low, high], color=GREY, linewidth=1.0, zorder=2, label="x⁺ = x")
    axes.plot(web.x, web.step, color=BLUE, linewidth=2.0, zorder=3, label=f"{name}⁺")
    axes.plot(*web.corners.T, color=SKY, linewidth=0.9, zorder=2.5, label="an orbit")
    axes.set_xlim(low, high)
    axes.set_ylim(min(low, np.nanmin(web.step)), np.nanmax([np.nanmax(web.step), high]))
    label_axes(axes, (name, f"{name}⁺"))
    return axes
