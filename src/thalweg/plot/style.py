"""Style of figures: colours that the colour-blind can tell apart, markers, labels.

Nothing here changes matplotlib's global settings, and figures are made without pyplot: they need no
backend, open no window, and are freed when nobody holds them.
"""

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patheffects import AbstractPathEffect
    from matplotlib.text import Text

# M. Okabe & K. Ito, Color Universal Design (2008).
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK)
# Of sample trajectories: lines thinner than all else, of which each has its own.
TRACKS = (SKY, ORANGE, "#8c564b", "#4d4d9a", "#7a9a01")
# Told apart in grey, too: a full line, dashes, dots, and both.
DASHES = ("-", (0, (5, 1.5)), (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5)))
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
SMALL = 9  # points: legible on a page
# A last line of a note is at least this share of the one before: no word stands alone.
_SHORT = 0.4
# Points below axes for the numbers and the name of the horizontal one, with letters of that size.
NEED = 38.0
# Points on a figure as narrow as a column of a journal, where the small letters of print are usual.
_SMALLEST = 7.5
# Intervals between numbers across such a figure, so that numbers of five letters stay apart.
_FEW_TICKS = 6
# Inches: a column of a journal is narrower, the width of a page is not.
_COLUMN = 4.0
# Inches across a figure: at 1 pixel a point it fits the page on a telephone (355 of 390 pixels).
WIDTH = 4.6
# The most letters of a name that stand upright beside the vertical axis: they take no more room
# than the numbers there.
UPRIGHT = 2


def new_axes(width: float = WIDTH, height: float = 3.8, projection: str | None = None) -> "Axes":
    """Axes on a figure of their own, its size in inches; `axes.figure` is the figure."""
    from matplotlib.figure import Figure

    if projection == "3d":
        from mpl_toolkits import mplot3d

        assert mplot3d.Axes3D is not None  # importing it is what registers the projection
    # Axes in three dimensions have no use for the layout: their labels float inside.
    layout = None if projection == "3d" else "constrained"
    axes = Figure(figsize=(width, height), layout=layout).add_subplot(projection=projection)
    _fit_letters(axes)
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
        _fit_letters(axes)
    return panels


def letters(axes: "Axes", usual: float = SMALL) -> float:
    """The size of small letters on a figure, in points; of what else is as large as `usual`.

    They are smaller on a figure as narrow as a column of a journal.
    """
    figure = axes.get_figure(root=True)
    is_narrow = figure is not None and figure.get_figwidth() < _COLUMN
    return usual * (_SMALLEST / SMALL if is_narrow else 1.0)


def _fit_letters(axes: "Axes") -> None:
    """The size of the letters along new axes."""
    axes.tick_params(labelsize=letters(axes))
    if letters(axes) < SMALL:
        for label in (axes.xaxis.label, axes.yaxis.label):
            label.set(size=letters(axes) + 1.0)
        axes.locator_params(axis="x", nbins=_FEW_TICKS)


def track_colour(index: int) -> str:
    """The colour of a sample trajectory, in a portrait and beside it."""
    return TRACKS[index % len(TRACKS)]


def line_look(index: int) -> dict[str, Any]:
    """The colour and the dashes of one of several curves."""
    return {"color": COLOURS[index % len(COLOURS)], "linestyle": DASHES[index % len(DASHES)]}


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
    for size in ("markersize", "markeredgewidth"):
        look[size] = letters(axes, look[size])
    axes.plot(x, y, *height, label=label, **look)


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
        stand_if_short(label, "right")


def stand_if_short(label: "Text", side: str) -> None:
    """A label beside an axis stands upright, its `side` at the axis, while it is a letter or two.

    Once it is another text it has the place and the angle that matplotlib gives such labels.
    """
    name, before = label.get_text(), label.stale_callback
    if len(name) > UPRIGHT:
        return
    looks = {
        "rotation": (label.get_rotation(), 0.0),
        "horizontalalignment": (label.get_horizontalalignment(), side),
        "verticalalignment": (label.get_verticalalignment(), "center"),
    }
    label.set(**{key: upright for key, (_, upright) in looks.items()})

    def restore(changed: Any, is_stale: bool) -> None:
        if label.get_text() != name:
            label.stale_callback = before
            # What was set since then is somebody's own.
            now = {key: getattr(label, f"get_{key}")() for key in looks}
            label.set(**{key: old for key, (old, up) in looks.items() if now[key] == up})
        if before is not None:
            before(changed, is_stale)

    label.stale_callback = restore


def name_depth(axes: Any, name: str) -> None:
    """The name of the third axis of three; matplotlib turns all but a few letters."""
    axes.set_zlabel(name, size=axes.xaxis.label.get_size())


def lifted(colour: str) -> "list[AbstractPathEffect]":
    """The path effects of a line: white ones have a dark rim, which shows them on yellow ground."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=1.7, foreground=NIGHT, alpha=0.5)] if colour == "white" else []


def note(axes: "Axes", text: str) -> None:
    """A line or two above the axes: what is held fixed, what is left out."""
    if text:
        figure = axes.get_figure(root=True)
        assert figure is not None
        # Labels of ticks, made later, may yet take of the room.
        room = 72.0 * axes.get_position(original=True).width * figure.get_figwidth()
        size = letters(axes)
        axes.set_title(
            _wrapped(with_minus(text), size, room), fontsize=size, loc="left", color="#555555"
        )


def _wrapped(text: str, size: float, room: float) -> str:
    """A text in lines so many points wide, broken at plain spaces and where it is already."""
    lines: list[str] = []
    for given in text.split("\n"):
        part = [""]
        for word in re.sub(r" (?=%)| (?==)|(?<==) ", "\u00a0", given).split(" "):
            longer = f"{part[-1]} {word}".strip(" ")
            if part[-1] and text_width(longer, size) > room:
                part.append(word)
            else:
                part[-1] = longer
        lines += _without_a_lone_end(part, size)
    return "\n".join(lines).replace("\u00a0", " ")


def _without_a_lone_end(lines: list[str], size: float) -> list[str]:
    """Lines of which the last, where it is short, begins with the last words of the one before."""
    if len(lines) < 2:
        return lines
    *before, above, last = lines
    while " " in above and text_width(last, size) < _SHORT * text_width(above, size):
        above, word = above.rsplit(" ", 1)
        last = f"{word} {last}"
    return [*before, above, last]


def text_width(text: str, size: float) -> float:
    """The width of a text in points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    if not text.strip():
        return 0.0
    return float(TextPath((0.0, 0.0), text, prop=FontProperties(size=size)).get_extents().x1)


def with_minus(text: str) -> str:
    """A text whose negative numbers have the sign that those along the axes have."""
    return re.sub(r"(?<![\w.)\]-])-(?=[\d.])", "−", text)


def symbol(letter: str, word: str, names: Iterable[str]) -> str:
    """A letter for what is no coordinate, or a word where a coordinate is called by that letter."""
    return word if letter in names else letter


def names_in_words(names: Iterable[str], most: int = 3) -> str:
    """A few names, and how many more there are."""
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
