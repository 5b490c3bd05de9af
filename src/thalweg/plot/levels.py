"""Levels of contours, and the bar that says what their colours mean."""

from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.plot.style import LANDSCAPE, SMALL, letters, stand_if_short, with_minus

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Bands of colour up the walls of a landscape: half as many as in its valleys, which are looked at.
_MOST_WALLS = 7
# Numbers beside a bar, and beside that of a narrow figure.
_MANY, _FEW = 8, 5
# A gap between levels that is larger than the first by no more than this is so by rounding; the
# first up a wall is larger by a part that is seen.
_EQUAL = 1e-6


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
    tops[-1] = _rounded_up(max(tops[-1], high))
    return np.array([*near, *(top for top in tops if top > near[-1])])


def _rounded_up(value: float) -> float:
    """A number of three digits that is not below a value."""
    near = float(f"{value:.3g}")
    return (
        near
        if near >= value
        else float(f"{near + 10.0 ** (np.floor(np.log10(abs(value))) - 2):.3g}")
    )


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

    return {"cmap": LANDSCAPE, "levels": levels, "norm": BoundaryNorm(levels, 256)}


def level_bar(axes: "Axes", drawn: Any, levels: np.ndarray, name: str) -> None:
    """A bar whose bands of colour are equally high, with the value from which on they hold more."""
    widens, ticks = bar_ticks(levels, _FEW if letters(axes) < SMALL else _MANY)
    # Beside a narrow figure, which is low, one line would be longer than the bar.
    gap = "\n" if letters(axes) < SMALL else " "
    said = name if widens is None else f"{name}{gap}(wider bands above {_number(widens)})"
    colour_bar(axes, drawn, said, ticks, [_number(tick) for tick in ticks])


def bar_ticks(levels: np.ndarray, most: int) -> tuple[float | None, np.ndarray]:
    """The level above which levels are ever further apart, if there is one; and those to number.

    Arguments:
        levels: increasing, `(n,)`.
        most: numbers on the bar, about.
    """
    gaps = np.diff(levels)
    wide = np.flatnonzero(gaps > (1.0 + _EQUAL) * gaps[0])
    last = len(levels) - 1
    turn = int(wide[0]) if len(wide) else last
    every = -(-len(levels) // most)
    shown = np.arange(turn % every, len(levels), every)
    if last - shown[-1] > every // 2:
        shown = np.append(shown, last)
    return (float(levels[turn]) if len(wide) else None), levels[shown]


def _number(value: float) -> str:
    return with_minus(f"{value:.4g}")


def colour_bar(
    axes: "Axes", drawn: Any, name: str = "", ticks: Any = None, numbers: Any = None
) -> None:
    """A bar beside the axes that says what the colours mean; numbers at `ticks` if given."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    bar = figure.colorbar(drawn, ax=axes, shrink=0.85, pad=0.02)
    if ticks is not None:
        bar.set_ticks(ticks, labels=numbers)
    bar.set_label(name, fontsize=letters(axes))
    stand_if_short(bar.ax.yaxis.label, "left")
    bar.ax.tick_params(labelsize=letters(axes))
