"""Basins in colour: the starts that end on each attractor."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from thalweg.analysis import Attractor, Basins
from thalweg.core.tables import format_number, format_state
from thalweg.plot.given import check_found
from thalweg.plot.papers import Legend, make_paper
from thalweg.plot.style import COLOURS, GREY, INK, PALE, label_axes, note

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# What is no attractor has no hue.
_OTHERS = {-1: ("diverged", PALE), -2: ("left the domain", GREY), -3: ("undecided", INK)}
_SHAPES = {"equilibrium": "o", "cycle": "s", "chaos": "*", "recurrent": "D"}
_NAMED = 8  # a legend of more rows hides the figure
_LIGHTER = 0.35  # the share of white in a basin's colour, so that marks on it are seen


class BasinImage(NamedTuple):
    """The labels to draw, in one or two coordinates.

    Attributes:
        names: those of the coordinates.
        axes: of a grid, the places along each side, `(nx,)` and `(ny,)`; empty else.
        labels: of a grid, shape `(nx, ny)` or `(nx,)`; of scattered starts, `(n,)`.
        points: of scattered starts, `(n, 1)` or `(n, 2)`; None of a grid.
        held: a sentence on what else there is.
        sides: the coordinates drawn, by their numbers.
    """

    names: tuple[str, ...]
    axes: tuple[np.ndarray, ...]
    labels: np.ndarray
    points: np.ndarray | None
    held: str
    sides: tuple[int, ...]


def basin_image(found: Basins) -> BasinImage:
    """The labels of basins in up to two coordinates: the first that vary; of others a middle slice.

    Arguments:
        found: what `find_basins` returned.
    """
    check_found("found", found, Basins, "find_basins")
    names = found.coordinates
    if found.axes is None:
        assert found.points is not None
        sides = tuple(range(min(found.points.shape[1], 2)))
        left = names[len(sides) :]
        held = f"Seen along {', '.join(left)}." if left else ""
        shown = tuple(names[i] for i in sides)
        return BasinImage(shown, (), found.labels, found.points[:, : len(sides)], held, sides)
    wide = [i for i, axis in enumerate(found.axes) if len(axis) > 1] or [0]
    sides = tuple(wide[:2])
    places = {i: len(axis) // 2 for i, axis in enumerate(found.axes) if i not in sides}
    index = tuple(places.get(i, slice(None)) for i in range(len(found.axes)))
    said = [f"{names[i]} = {format_number(found.axes[i][k])}" for i, k in places.items()]
    held = f"At {', '.join(said)}." if said else ""
    axes = tuple(found.axes[i] for i in sides)
    return BasinImage(tuple(names[i] for i in sides), axes, found.labels[index], None, held, sides)


def basins(
    found: Basins,
    ax: "Axes | None" = None,
    *,
    width: float | None = None,
    legend: Legend = True,
) -> "Axes":
    """Draw every start in the colour of the attractor that it ends on, and mark the attractors.

    A grid is an image, scattered starts are dots; along one coordinate both are a strip. Grey is
    what diverged or left the domain, black what is undecided.

    Arguments:
        found: what `find_basins` returned.
        ax: axes to draw on; None makes a figure.
        width: of that figure, in millimetres, 85 for a column of a journal; None: the usual one.
        legend: where it stands: `"below"` (so does True), `"right"`, `"inside"`; False for none.

    Returns:
        The axes.

    Example:
        >>> import thalweg as tw
        >>> wells = tw.as_flow(lambda x: x - x**3, domain=tw.Box([-2.0], [2.0]))
        >>> axes = tw.plot.basins(tw.find_basins(wells, grid=100))
        >>> axes.get_xlabel()
        'x[0]'
    """
    image = basin_image(found)
    paper = make_paper(ax, width, legend)
    axes = paper.axes(width=4.8, height=4.4 if len(image.sides) > 1 else 2.0)
    colours = _colours(found)
    if image.points is not None:
        heights = image.points[:, 1] if len(image.sides) > 1 else np.zeros(len(image.points))
        dots = np.array([colours[label] for label in image.labels])
        axes.scatter(image.points[:, 0], heights, c=dots, s=5.0, linewidths=0.0, zorder=1)
    else:
        _draw_grid(axes, image, colours)
    _frame(axes, image, found)
    chart = None if found.about.domain is None else found.about.domain.chart()
    indices = range(len(found.coordinates)) if chart is None else chart.indices
    for number, attractor in enumerate(found.attractors):
        at = [attractor.point[indices[side]] for side in image.sides]
        axes.plot(
            at[0], at[1] if len(at) > 1 else 0.0, linestyle="none",
            markersize=15 if attractor.kind == "chaos" else 9,
            marker=_SHAPES[attractor.kind], markerfacecolor=COLOURS[number % len(COLOURS)],
            markeredgecolor="white", markeredgewidth=1.5, zorder=8, clip_on=False,
            label=_said(attractor) if number < _NAMED else None,
        )  # fmt: skip
    for code, (name, colour) in _OTHERS.items():
        share = float(np.mean(found.labels == code))
        if share > 0.0:
            axes.plot(
                [], [], linestyle="none", marker="s", markersize=9, color=colour,
                label=f"{name}, {100.0 * share:.3g} %",
            )  # fmt: skip
    paper.explain(axes, columns=2)
    note(axes, image.held)
    return axes


def _colours(found: Basins) -> dict[int, Any]:
    """The colour of each label, red, green and blue from 0 to 1."""
    from matplotlib.colors import to_rgb

    own = {i: COLOURS[i % len(COLOURS)] for i in range(len(found.attractors))}
    light = {
        i: tuple(_LIGHTER + (1.0 - _LIGHTER) * part for part in to_rgb(c)) for i, c in own.items()
    }
    return light | {code: to_rgb(colour) for code, (_, colour) in _OTHERS.items()}


def _draw_grid(axes: "Axes", image: BasinImage, colours: dict[int, Any]) -> None:
    labels = image.labels if image.labels.ndim > 1 else image.labels[:, None]
    least = min(colours)
    table = np.array([colours.get(i, (1.0, 1.0, 1.0)) for i in range(least, max(colours) + 1)])
    left, right = _edges(image.axes[0])
    bottom, top = _edges(image.axes[1]) if len(image.axes) > 1 else (-1.0, 1.0)
    axes.imshow(
        table[labels.T - least], origin="lower", extent=(left, right, bottom, top), aspect="auto",
        interpolation="nearest", zorder=0,
    )  # fmt: skip


def _edges(axis: np.ndarray) -> tuple[float, float]:
    """The edges of the cells whose middles these are."""
    half = 0.5 * (axis[1] - axis[0]) if len(axis) > 1 else 0.5
    return float(axis[0] - half), float(axis[-1] + half)


def _frame(axes: "Axes", image: BasinImage, found: Basins) -> None:
    label_axes(axes, image.names)
    if len(image.sides) == 1:
        axes.set_yticks([])
        axes.set_ylim(-1.0, 1.0)
    domain = found.about.domain
    if domain is None:
        return
    lower, upper = (np.asarray(bound) for bound in domain.chart().bounds)
    setters = (axes.set_xlim, axes.set_ylim)
    for side, fix in zip(image.sides, setters, strict=False):
        fix(lower[side], upper[side])


def _said(attractor: Attractor) -> str:
    where = format_state(np.round(attractor.point, 4))
    names = {"equilibrium": f"rest {where}", "chaos": "chaos", "recurrent": "recurrent"}
    name = names.get(attractor.kind, "")
    if attractor.period is not None:
        name = f"cycle, period {attractor.period:.4g}"
    return f"{name}, {100.0 * attractor.fraction:.3g} %"
