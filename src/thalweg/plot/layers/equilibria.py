"""Isolated equilibria, marked by kind."""

from typing import TYPE_CHECKING

import numpy as np

from thalweg.plot.scenes import Portrait, Scene
from thalweg.plot.style import KINDS, mark
from thalweg.plot.views import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# A state is at the bound of an angle if it is nearer, in periods.
_AT_BOUND = 1e-6


def compute(scene: Scene) -> list[tuple[np.ndarray, str]]:
    """The place and the kind of each that lies on the figure."""
    return [
        (scene.view.points(y), e.kind)
        for y, e in zip(scene.resting, scene.equilibria, strict=True)
        if not e.continuum and scene.view.shows(y)
    ]


def draw(axes: "Axes", data: Portrait) -> "Axes":
    """Mark them, those at the bound of an angle on both sides of the figure."""
    for kind in KINDS:
        places = _on_both_sides(data.view, [p for p, k in data.equilibria if k == kind])
        if places:
            rows = np.concatenate([data.view.on_axes(place[None]) for place in places], axis=1)
            mark(axes, *rows, kind, label=kind)
    return axes


def _on_both_sides(view: View, places: list[np.ndarray]) -> list[np.ndarray]:
    for axis in np.flatnonzero(np.isfinite(view.periods)):
        shift = np.eye(view.dimension)[axis] * view.periods[axis]
        near = _AT_BOUND * view.periods[axis]
        places = places + [p + shift for p in places if p[axis] - view.lower[axis] < near]
        places = places + [
            p - shift
            for p in places
            if view.upper[axis] - p[axis] < near
            and not any(np.allclose(p - shift, q) for q in places)
        ]
    return places
