"""Closed orbits of a flow, cycles of a map."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.plot.scenes import Portrait, Scene
from thalweg.plot.style import PURPLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Loop:
    """A cycle on the figure.

    Attributes:
        curve: a closed curve of a flow, the points in turn of a map, shape `(m, k)`.
        kind: `"attracting"`, `"repelling"`, `"saddle"` or `"neutral"`.
        stable: whether it attracts.
        continuum: 0 when isolated, else the dimension of the family it stands for.
    """

    curve: np.ndarray
    kind: str
    stable: bool
    continuum: int


def compute(scene: Scene) -> list[Loop]:
    """The cycles that lie on the figure."""
    view = scene.view
    placed = view.curve if view.is_flow else view.points
    return [
        Loop(placed(y), cycle.kind, cycle.stable, cycle.continuum)
        for y, cycle in zip(scene.loops, scene.cycles, strict=True)
        if view.shows(y)
    ]


def draw(axes: "Axes", data: Portrait) -> "Axes":
    """Draw closed orbits as curves, cycles of a map as points, on a plane joined in turn."""
    for cycle in data.cycles:
        if data.view.is_flow:
            _draw_orbit(axes, cycle)
        else:
            _draw_points(axes, data, cycle)
    return axes


def _draw_orbit(axes: "Axes", cycle: Loop) -> None:
    what = "closed orbit, one of a family" if cycle.continuum else f"closed orbit, {cycle.kind}"
    axes.plot(
        *cycle.curve.T, color=PURPLE, linewidth=2.6, zorder=6, linestyle=_dashes(cycle), label=what
    )


def _draw_points(axes: "Axes", data: Portrait, cycle: Loop) -> None:
    x, y = data.view.on_axes(cycle.curve, np.roll(cycle.curve, -1, axis=0))
    style: dict[str, Any] = {"linestyle": "none", "zorder": 7}
    if data.view.dimension == 2:
        x, y = np.append(x, x[0]), np.append(y, y[0])
        style = {"linestyle": _dashes(cycle), "zorder": 6}
    axes.plot(
        x, y, color=PURPLE, linewidth=0.9, marker="s", markersize=6,
        markerfacecolor=PURPLE if cycle.stable else "white",
        label=f"{len(cycle.curve)}-cycle, {cycle.kind}", **style,
    )  # fmt: skip


def _dashes(cycle: Loop) -> str | tuple[int, tuple[float, float]]:
    return "-" if cycle.stable else (0, (3, 1.5))
