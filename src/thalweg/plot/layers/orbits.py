"""Orbits of a map after a while."""

from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.plot.scenes import Portrait, Scene
from thalweg.plot.style import BLACK
from thalweg.plot.views import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CELLS = 400  # along a side: more than a figure has points of print
_SIZE = 1.4  # of a dot, in points of print


def compute(scene: Scene) -> np.ndarray | None:
    """Their places `(n, k)`, but for those that are marked anyway; None of a flow or a slice."""
    settled = scene.sample.settled
    return None if settled is None else scene.view.points(settled)


def draw(axes: "Axes", data: Portrait) -> "Axes":
    """Draw them on a plane as dots."""
    if data.view.dimension == 2 and data.orbits is not None and len(data.orbits):
        axes.add_patch(_dots(_apart(data.orbits, data.view), data.view))
        axes.plot([], [], ".", color=BLACK, markersize=6, label="where orbits go")
    return axes


def _apart(points: np.ndarray, view: View) -> np.ndarray:
    """One of the points in each of the smallest cells that can be told apart."""
    width = np.subtract(view.upper, view.lower)
    cells = np.round(_CELLS * (points - np.asarray(view.lower)) / width)
    _, first = np.unique(cells, axis=0, return_index=True)
    return points[np.sort(first)]


def _dots(points: np.ndarray, view: View) -> Any:
    """Dots as one line of specks with round ends: a drawing whose ink follows dark and light."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    # What has no length at all is left out by some programs.
    speck = np.array([1e-4 * (view.upper[0] - view.lower[0]), 0.0])
    path = Path(
        np.stack([points, points + speck], axis=1).reshape(-1, 2),
        np.tile(np.array([Path.MOVETO, Path.LINETO], dtype=Path.code_type), len(points)),
    )
    path.should_simplify = False
    return PathPatch(path, fill=False, edgecolor=BLACK, linewidth=_SIZE, capstyle="round", zorder=4)
