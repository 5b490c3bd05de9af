"""Style of figures: colours that the colour-blind can tell apart, markers, labels, legends.

Nothing here changes matplotlib's global settings, and figures are made without pyplot: they need no
backend, open no window, and are freed when nobody holds them.
"""

import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patheffects import AbstractPathEffect

# M. Okabe & K. Ito, Color Universal Design (2008).
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK)
# Of sample trajectories: lines thinner than all else, of which each has its own.
TRACKS = (SKY, ORANGE, "#8c564b", "#4d4d9a", "#7a9a01")
INK, GREY, PALE = "#222222", "#8c8c8c", "#d9d9d9"
# Of letters on coloured ground, and of dark areas: unlike ink it stays dark on dark pages.
NIGHT = "#101010"
LANDSCAPE = "cividis"
# Of signed values: white at zero, two hues that the colour-blind can tell apart on its sides.
SIGNED = "PuOr_r"

# Kinds differ by shape and fill as well as by colour, so that they survive a grey print.
MARKERS: dict[str, dict[str, Any]] = {
    "sink": {"marker": "o", "markerfacecolor": GREEN, "fillstyle": "full"},
    "source": {"marker": "o", "markerfacecolor": "white", "fillstyle": "full"},
    "saddle": {
        "marker": "D",
        "markerfacecolor": ORANGE,
        "markerfacecoloralt": "white",
        "fillstyle": "left",
        "markersize": 7,
    },
    "center": {
        "marker": "o",
        "markerfacecolor": SKY,
        "markerfacecoloralt": "white",
        "fillstyle": "bottom",
    },
    "non-hyperbolic": {"marker": "X", "markerfacecolor": PURPLE, "fillstyle": "full"},
}
KINDS = tuple(MARKERS)
SMALL = 9  # points: legible in print at one column's width
# Inches across a figure: at 1 pixel a point it fits the page on a telephone (355 of 390 pixels).
WIDTH = 4.6
# How much wider than the axes, in the first place, a legend may be: the labels give it room.
_LEGEND_WIDER = 1.26
# Between the columns of a legend, in its letters' size.
_COLUMN_GAP = 1.4
# The mean widths of a letter and of a digit, in its size.
_LETTER, _DIGIT = 0.48, 0.64
# A letter of a note, on the axes as they are before they make room for the labels of their ticks.
_NOTE_LETTER = 0.56
# The most letters of a name that stand upright beside the vertical axis: they take no more room
# than the numbers there.
_UPRIGHT = 2
# Bands of colour up the walls of a landscape.
_MOST_WALLS = 7


def new_axes(width: float = WIDTH, height: float = 3.8, projection: str | None = None) -> "Axes":
    """Axes on a figure of their own, its size in inches; `axes.figure` is the figure."""
    from matplotlib.figure import Figure

    if projection == "3d":
        from mpl_toolkits import mplot3d

        assert mplot3d.Axes3D is not None  # importing it is what registers the projection
    # Axes in three dimensions have no use for the layout: their labels float inside.
    layout = None if projection == "3d" else "constrained"
    axes = Figure(figsize=(width, height), layout=layout).add_subplot(projection=projection)
    axes.tick_params(labelsize=SMALL)
    return axes


def new_panels(
    columns: int, rows: int = 1, width: float = 3.4, height: float = 2.9, **shared: Any
) -> np.ndarray:
    """Axes `(rows, columns)` side by side on one figure, each of this size in inches.

    `shared` goes to matplotlib's `Figure.subplots`: `sharex`, `sharey`.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(columns * width, rows * height), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, **shared)
    for axes in panels.flat:
        axes.tick_params(labelsize=SMALL)
    return panels


def track_colour(index: int) -> str:
    """The colour of a sample trajectory, in a portrait and beside it."""
    return TRACKS[index % len(TRACKS)]


def mark(
    axes: "Axes", x: Any, y: Any, kind: str, *height: Any, label: str | None = None, **style: Any
) -> None:
    """Equilibria of one kind; on three-dimensional axes at a height."""
    look = {
        "linestyle": "none",
        "markersize": 8,
        "markeredgecolor": INK,
        "markeredgewidth": 1.3,
        "zorder": 8,
        "clip_on": False,
        **MARKERS[kind],
        **style,
    }
    axes.plot(x, y, *height, label=label, **look)


def colour_bar(axes: "Axes", drawn: Any, name: str = "", ticks: Any = None) -> None:
    """A bar beside the axes that says what the colours mean; numbers at `ticks` if given."""
    bar = axes.get_figure(root=True).colorbar(drawn, ax=axes, shrink=0.85, pad=0.02, ticks=ticks)  # type: ignore[union-attr]
    bar.set_label(name, fontsize=SMALL)
    bar.ax.tick_params(labelsize=SMALL)


def shades(values: np.ndarray) -> dict[str, Any]:
    """The colours of an image: of values of both signs they part at zero, as far either way."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if not low < 0.0 < high:
        return {"cmap": LANDSCAPE}
    return {"cmap": SIGNED, "vmin": -max(-low, high), "vmax": max(-low, high)}


def label_axes(axes: "Axes", labels: Sequence[str]) -> None:
    """The names of the coordinates on the axes."""
    axes.set_xlabel(labels[0])
    if len(labels) > 1:
        name_heights(axes, labels[1])


def name_heights(axes: "Axes", name: str) -> None:
    """The name of what the vertical axis measures; a letter or two stand upright.

    Turned on its side an I would be a dash.
    """
    label = axes.set_ylabel(name)
    if axes.name != "3d":  # there it turns with the axis
        turned = {"rotation": 90.0, "ha": "center", "va": "bottom"}
        upright = {"rotation": 0.0, "ha": "right", "va": "center"}
        label.set(**(upright if len(name) <= _UPRIGHT else turned))


def lifted(colour: str) -> "list[AbstractPathEffect]":
    """The path effects of a line: white ones have a dark rim, which shows them on yellow ground."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=1.7, foreground=NIGHT, alpha=0.5)] if colour == "white" else []


def note(axes: "Axes", text: str) -> None:
    """A line or two above the axes: what is held fixed, what is left out."""
    if text:
        figure = axes.get_figure(root=True)
        assert figure is not None
        room = 72.0 * axes.get_position().width * figure.get_figwidth()
        # Tick labels, made later, may yet take of the room; and notes are full of digits.
        lines = textwrap.wrap(with_minus(text), max(int(room / (_NOTE_LETTER * SMALL)), 1))
        axes.set_title("\n".join(lines), fontsize=SMALL, loc="left", color="#555555")


def legend_below(axes: "Axes", columns: int = 3, gap: float = 38.0) -> None:
    """A legend under the axes, where it covers no data; entries of one name only once.

    An entry whose marks differ in colour shows all of their colours, side by side.

    Arguments:
        axes: where.
        columns: how many entries a row, at most: fewer where they would be wider than the axes.
        gap: its distance from the axes in points; what the labels of the axis need.
    """
    from matplotlib.legend_handler import HandlerTuple
    from matplotlib.transforms import offset_copy

    handles = _by_name(axes)
    if not handles:
        return
    figure = axes.get_figure(root=True)
    assert figure is not None
    room = 72.0 * axes.get_position().width * figure.get_figwidth()
    if not any(panel.get_label() == "<colorbar>" for panel in figure.axes):
        room *= _LEGEND_WIDER  # else it would push the bar away
    columns = min(columns, len(handles))
    while columns > 1 and _legend_width([_text_width(name) for name in handles], columns) > room:
        columns -= 1
    axes.legend(
        list(handles.values()),
        [with_minus(name) for name in handles],
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        bbox_transform=offset_copy(axes.transAxes, figure, x=0.0, y=-gap, units="points"),
        borderaxespad=0.0,
        ncols=columns,
        columnspacing=_COLUMN_GAP,
        fontsize=SMALL,
        frameon=False,
        handler_map={tuple: HandlerTuple(ndivide=None, pad=0.0)},
    )
    if axes.get_aspect() == 1.0:
        figure.draw_without_rendering()  # axes of equal scales find their place in two passes


def with_minus(text: str) -> str:
    """A text whose negative numbers have the sign that those along the axes have."""
    return re.sub(r"(?<![\w.)\]-])-(?=[\d.])", "−", text)


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


def _text_width(text: str) -> float:
    """About how wide a text is, in its size."""
    return sum(_DIGIT if letter.isdigit() else _LETTER for letter in text)


def _legend_width(lengths: Sequence[float], columns: int) -> float:
    """About how wide a legend is, in points; its columns are filled one after the other."""
    widest = [max(part) for part in np.array_split(lengths, columns)]
    return SMALL * (sum(length + 2.8 for length in widest) + _COLUMN_GAP * (len(widest) - 1))


def colour_levels(values: np.ndarray, count: int = 14) -> np.ndarray:
    """Round levels for contours, close in the valleys and ever wider up steep walls, to the top.

    They are equally spaced up to a few times as far above the median as the lowest value lies
    below it; above that each is further from the last.
    """
    near = valley_levels(values, count)
    high = float(values[np.isfinite(values)].max())
    gap, wall = near[-1] - near[-2], high - near[-1]
    if wall <= 0.0:
        return near
    # Each band twice as high as the last, or more where there would be too many.
    steps = min(_MOST_WALLS, int(np.ceil(np.log2(wall / gap + 1.0))))
    bands = np.geomspace(1.0, 2.0 ** (steps - 1), steps) * gap
    if bands.sum() < wall:
        bands = np.geomspace(1.0, wall / gap, steps) * gap
    tops = [float(f"{top:.3g}") for top in near[-1] + np.cumsum(bands)]
    return np.array([*near, *(top for top in tops if top > near[-1])])


def valley_levels(values: np.ndarray, count: int = 14) -> np.ndarray:
    """Round, equally spaced levels up to where walls begin: what an axis of heights shows."""
    from matplotlib.ticker import MaxNLocator

    finite = values[np.isfinite(values)]
    low, middle, high = float(finite.min()), float(np.median(finite)), float(finite.max())
    cap = min(high, middle + 2.0 * (middle - low)) if middle > low else high
    if not cap > low:
        return np.array([low - 0.5, low + 0.5])
    return np.asarray(MaxNLocator(count).tick_values(low, cap))


def contour_colours(levels: np.ndarray) -> dict[str, Any]:
    """Arguments of filled contours: each band between levels has a colour of its own."""
    from matplotlib.colors import BoundaryNorm

    return {"cmap": LANDSCAPE, "levels": levels, "norm": BoundaryNorm(levels, 256), "extend": "max"}


def names_in_words(names: Iterable[str], most: int = 3) -> str:
    """A few names, and how many more there are."""
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
