"""Frames: the limits of a figure and the names on its axes."""

from typing import TYPE_CHECKING, Any

from thalweg.plot.style import INK, label_axes
from thalweg.plot.views import CORNERS, View

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_frame(axes: "Axes", view: View) -> "Axes":
    """Limits and labels of a plane, or a triangle with its corners named."""
    if not view.corners:
        axes.set_xlim(view.lower[0], view.upper[0])
        axes.set_ylim(view.lower[1], view.upper[1])
        label_axes(axes, view.names)
        return axes
    axes.set_aspect("equal")
    axes.axis("off")
    axes.set_xlim(-0.1, 1.1)
    axes.set_ylim(-0.12, 1.0)
    axes.add_patch(_triangle())
    for name, corner, side in zip(view.corners, CORNERS, ("top", "top", "bottom"), strict=True):
        x, y = corner + 0.12 * (corner - CORNERS.mean(axis=0))
        axes.text(x, y, name, ha="center", va=side)
    return axes


def _triangle() -> Any:
    from matplotlib.patches import Polygon

    return Polygon(CORNERS, closed=True, fill=False, edgecolor=INK, linewidth=1.0, zorder=2)
