"""Legends: what the marks of a figure mean, where they cover no data."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.plot.style import NEED, letters, text_width, with_minus

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Parts of a legend, in its letters' size: between columns, a line, between it and its name, around.
_COLUMN_GAP, _HANDLE, _PAD, _BORDER = 1.4, 2.0, 0.6, 0.4
# Free on either side of a legend, as a share of the figure: the layout keeps .04 inches, which are
# less than that of the narrowest figure.
_MARGIN = 0.03
# The largest share of the room of axes that a legend to their right takes.
_BESIDE = 1.0 / 3.0
# A legend narrower than this share of the figure stands below the middle of the axes, which are
# about as wide: a wider one would go beyond the figure at the right.
_NARROW = 0.78
# How much wider than axes a legend may be beside others: labels take a fifth of the room of each.
_WIDER = 1.26


def draw_legend(axes: "Axes", place: str = "below", columns: int = 3, gap: float = NEED) -> int:
    """A legend of the axes; entries of one name only once. Returns how many rows it has.

    An entry whose marks differ in colour shows all of their colours, side by side.

    Arguments:
        axes: where.
        place: `"below"` the axes or to their `"right"`, where it covers no data, or `"inside"`,
            where it covers least.
        columns: how many entries a row, at most: fewer where they would be wider than the figure.
        gap: its distance from the axes in points of the usual letters.
    """
    from matplotlib.legend_handler import HandlerTuple

    handles = _by_name(axes)
    if not handles:
        return 0
    size, figure = letters(axes), axes.get_figure(root=True)
    handles = {with_minus(name): handle for name, handle in handles.items()}
    names = list(handles)
    look: dict[str, Any] = {
        "fontsize": size,
        "columnspacing": _COLUMN_GAP,
        "handlelength": _HANDLE,
        "handletextpad": _PAD,
        "borderpad": _BORDER,
        "frameon": False,
        "handler_map": {tuple: HandlerTuple(ndivide=None, pad=0.0)},
    }
    if place == "below":
        names, columns = _arranged(names, size, columns, _room(axes))
        look |= _below(axes, _legend_width(names, size, columns), gap) | {"ncols": columns}
    elif place == "right":
        columns = 1
        look |= {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}
    else:
        columns = 1
        look |= {"loc": "best", "frameon": True, "framealpha": 0.92, "edgecolor": "none"}
    axes.legend([handles[name] for name in names], names, **look)
    if axes.get_aspect() == 1.0 and figure is not None:
        figure.draw_without_rendering()  # axes of equal scales find their place in two passes
    return -(-len(names) // columns)


def fits_beside(axes: "Axes") -> bool:
    """True if a legend to the right of axes leaves them two thirds of their room, or more."""
    names, figure = [with_minus(name) for name in _by_name(axes)], axes.get_figure(root=True)
    if not names or figure is None:
        return True
    room = 72.0 * figure.get_figwidth()
    if len(_panels(figure)) > 1:
        room *= axes.get_position(original=True).width
    return _legend_width(names, letters(axes), 1) <= _BESIDE * room


def legend_size(axes: "Axes") -> tuple[float, float]:
    """The width and the height of the legend of axes, in inches."""
    figure, legend = axes.get_figure(root=True), axes.get_legend()
    if figure is None or legend is None:
        return 0.0, 0.0
    box = legend.get_window_extent()
    return box.width / figure.dpi, box.height / figure.dpi


def _below(axes: "Axes", width: float, gap: float) -> dict[str, Any]:
    """Place of a legend so many points wide below axes.

    It is below their middle; or, if it is wider than they, as far to the right as they reach: the
    room at the left is that of the labels. So it never makes the axes smaller.
    """
    from matplotlib.transforms import offset_copy

    figure = axes.get_figure(root=True)
    assert figure is not None
    shift = -gap * letters(axes, 1.0)
    is_wide = width > _NARROW * 72.0 * figure.get_figwidth() and _is_alone(axes)
    return {
        "loc": "upper right" if is_wide else "upper center",
        "bbox_to_anchor": (1.0 if is_wide else 0.5, 0.0),
        "bbox_transform": offset_copy(axes.transAxes, figure, x=0.0, y=shift, units="points"),
        "borderaxespad": 0.0,
    }


def _is_alone(axes: "Axes") -> bool:
    figure = axes.get_figure(root=True)
    return figure is not None and len(figure.axes) == 1


def _room(axes: "Axes") -> float:
    """Points that a legend below axes may be wide: the figure, or less beside other axes."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    across = 72.0 * figure.get_figwidth()
    if _is_alone(axes):
        return (1.0 - 2.0 * _MARGIN) * across
    room = across * axes.get_position(original=True).width
    # Beside a bar the legend stays below the axes: else it would push the bar away.
    return room * (1.0 if len(_panels(figure)) < len(figure.axes) else _WIDER)


def _panels(figure: "Figure") -> "list[Axes]":
    """The axes of a figure that are no bars of colours."""
    return [panel for panel in figure.axes if panel.get_label() != "<colorbar>"]


def _arranged(names: Sequence[str], size: float, most: int, room: float) -> tuple[list[str], int]:
    """The names in an order that needs few rows, and the columns: as given, or by length.

    A column is as wide as its longest name: names of one length together need less room.
    """
    by_length = sorted(names, key=lambda name: text_width(name, size))
    given, sorted_ = (_columns(each, size, most, room) for each in (names, by_length))
    return (by_length, sorted_) if sorted_ > given else (list(names), given)


def _columns(names: Sequence[str], size: float, most: int, room: float) -> int:
    """The columns of a legend that fit: of those with as few rows, the least."""
    count = min(most, len(names))
    while count > 1 and _legend_width(names, size, count) > room:
        count -= 1
    rows = -(-len(names) // count)
    return -(-len(names) // rows)


def _legend_width(names: Sequence[str], size: float, columns: int) -> float:
    """The width of a legend in points; its columns are filled one after the other."""
    widths = np.array([text_width(name, size) for name in names])
    widest = [max(part) for part in np.array_split(widths, columns)]
    beside = size * (_HANDLE + _PAD)
    gaps = size * (_COLUMN_GAP * (columns - 1) + 2.0 * _BORDER)
    return float(sum(widest)) + beside * columns + gaps


def _by_name(axes: "Axes") -> dict[str, Any]:
    """The artists of a legend by their names; a tuple of those whose colours differ."""
    from matplotlib.colors import to_hex

    found: dict[str, dict[str, Any]] = {}
    for artist, name in zip(*axes.get_legend_handles_labels(), strict=True):
        found.setdefault(name, {}).setdefault(to_hex(_shown_colour(artist), True), artist)
    return {
        name: tuple(looks.values()) if len(looks) > 1 else next(iter(looks.values()))
        for name, looks in found.items()
    }


def _shown_colour(artist: Any) -> Any:
    """The colour of a line, of marks without a line, or of an area."""
    if not hasattr(artist, "get_color"):
        return artist.get_facecolor()
    is_line = artist.get_linestyle() not in ("None", "none", "", " ")
    return artist.get_color() if is_line else artist.get_markerfacecolor()
