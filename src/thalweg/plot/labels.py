"""Short texts beside points, put where they cover neither each other nor the points."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from thalweg.plot.style import INK, letters

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Where a text may stand, seen from its point: directions in the order of preference, and distances
# in points.
_WAYS = ((1, 1), (-1, 1), (1, -1), (-1, -1), (0, 1), (0, -1), (1, 0), (-1, 0))
# Points from the mark, the nearest free one first: a letter is about eight high.
_AWAY = (7.0, 14.0, 24.0)
# Points between two texts, so that two lists of numbers do not read as one.
_APART = 4.0
_SIDES = {-1: "right", 0: "center", 1: "left"}
_HEIGHTS = {-1: "top", 0: "center", 1: "bottom"}


def place_labels(
    axes: "Axes", points: np.ndarray, texts: Sequence[str], avoid: np.ndarray | None = None
) -> None:
    """Write a text beside each point, where there is room; one without room is left out.

    Arguments:
        axes: where; its limits must be final.
        points: `(n, 2)` in data coordinates.
        texts: one a point.
        avoid: other places to keep clear of, `(m, 2)`: points along the curves drawn.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()  # so that the axes are where they will be
    frame = axes.get_window_extent()
    apart = _APART * figure.dpi / 72.0
    spots = axes.transData.transform(points)
    kept = spots if avoid is None else np.concatenate([spots, axes.transData.transform(avoid)])
    taken: list[tuple[float, float, float, float]] = []
    for point, spot, text in zip(points, spots, texts, strict=True):
        best = None
        for distance in _AWAY:
            for x, y in _WAYS:
                written = axes.annotate(
                    text, point, (distance * x, distance * y), textcoords="offset points",
                    ha=_SIDES[x], va=_HEIGHTS[y], fontsize=letters(axes), color=INK, zorder=9,
                )  # fmt: skip
                box = written.get_window_extent()
                edges = (box.x0, box.y0, box.x1, box.y1)
                others = kept[np.any(kept != spot, axis=1)]
                covered = _count_inside(others, edges)
                wide = (box.x0 - apart, box.y0, box.x1 + apart, box.y1)
                is_free = not any(_overlap(wide, other) for other in taken)
                is_in = frame.x0 <= box.x0 and box.x1 <= frame.x1
                is_in = is_in and frame.y0 <= box.y0 and box.y1 <= frame.y1
                written.remove()
                if is_free and is_in and (best is None or covered < best[0]):
                    best = (covered, distance * x, distance * y, x, y, edges)
        if best is not None:
            _, dx, dy, x, y, edges = best
            axes.annotate(
                text, point, (dx, dy), textcoords="offset points", ha=_SIDES[x], va=_HEIGHTS[y],
                fontsize=letters(axes), color=INK, zorder=9,
            )  # fmt: skip
            taken.append(edges)


def _count_inside(points: np.ndarray, box: tuple[float, float, float, float]) -> int:
    is_in = (points[:, 0] >= box[0]) & (points[:, 0] <= box[2])
    return int(np.sum(is_in & (points[:, 1] >= box[1]) & (points[:, 1] <= box[3])))


def _overlap(one: tuple, other: tuple) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
