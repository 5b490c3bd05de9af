"""Maps of sweeps: a variable over one parameter as a line, over two as colours."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.tables import format_number
from thalweg.plot.given import check_found
from thalweg.plot.levels import colour_bar
from thalweg.plot.papers import Legend, make_paper
from thalweg.plot.style import (
    BLUE,
    COLOURS,
    GREY,
    LANDSCAPE,
    ORANGE,
    PALE,
    PURPLE,
    VERMILLION,
    name_heights,
    note,
    shades,
)
from thalweg.sweeps import Status, Sweep, Variable
from thalweg.sweeps.statuses import have_values
from thalweg.sweeps.stores import open_store

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STATUS_COLOURS = {
    Status.MISSING: "white",
    Status.OUTSIDE: PALE,
    Status.FAILED: VERMILLION,
    Status.NOT_FINITE: ORANGE,
    Status.DIVERGED: PURPLE,
    Status.UNFINISHED: GREY,
}
_DISCRETE = 12  # so many different whole numbers are told apart by a scale in steps


@dataclass(frozen=True)
class SweepMap:
    """The numbers of a map of a sweep.

    Attributes:
        variable: what is shown.
        title: its name, with the entry where it has several.
        names: of the parameters along the axes, one or two.
        axes: their values.
        values: of the variable, NaN where a point has none, shape `(n,)` or `(n, m)`.
        statuses: how each point ended, of the same shape.
        held: the parameters that are not shown, with their values.
    """

    variable: Variable
    title: str
    names: tuple[str, ...]
    axes: tuple[np.ndarray, ...]
    values: np.ndarray
    statuses: np.ndarray
    held: Mapping[str, float]

    @property
    def is_whole(self) -> bool:
        """Truth: the variable counts something, or is a code."""
        return np.dtype(self.variable.dtype).kind in "iu"


def sweep_data(
    found: Sweep,
    variable: str | None = None,
    *,
    entry: tuple[int, ...] | int = (),
    at: Mapping[str, float] | None = None,
) -> SweepMap:
    """The numbers that `sweep` draws.

    Arguments:
        found: the sweep, complete or not.
        variable: which variable; None means the first.
        entry: which entry of a variable that has axes of its own; zeros unless given.
        at: values at which to hold parameters, by name: the nearest of the sweep are taken. Of
            three parameters or more, all but the first two that are not named are held at the
            middle of their values.

    Raises:
        InputError: there is no such variable, entry or parameter.
        StoreError: the store is gone or damaged.
    """
    check_found("found", found, Sweep, "sweep")
    store = open_store(Path(found.store))
    known = {v.name: v for v in store.variables}
    chosen = known.get(variable) if variable is not None else store.variables[0]
    if chosen is None:
        raise InputError(f"variable must be one of {', '.join(known)}, got {variable!r}.")
    given = (entry,) if isinstance(entry, int) else tuple(entry)
    index = given or (0,) * len(chosen.shape)
    fits = len(index) == len(chosen.shape) and all(
        0 <= i < n for i, n in zip(index, chosen.shape, strict=True)
    )
    if not fits:
        raise InputError(f"entry {given} is none of {chosen.name!r}, of shape {chosen.shape}.")
    values, statuses = store.read(chosen.name)[(..., *index)], store.statuses()
    is_complex = values.dtype.kind == "c"
    values = np.abs(values) if is_complex else values
    coordinates = {name: column for name, (_, column) in store.coordinates.items()}
    shown = np.where(have_values(statuses), values.astype(np.float64), np.nan)
    title = f"|{_title(chosen, index)}|" if is_complex else _title(chosen, index)
    if len(store.dims) == 1:
        name, order = _along(coordinates, at)
        return SweepMap(
            chosen, title, (name,), (coordinates[name][order],), shown[order], statuses[order], {}
        )
    places = _held(coordinates, at)
    where = tuple(places.get(name, slice(None)) for name in coordinates)
    names = tuple(name for name in coordinates if name not in places)
    return SweepMap(
        chosen,
        title,
        names,
        tuple(coordinates[name] for name in names),
        shown[where],
        statuses[where],
        {name: float(coordinates[name][place]) for name, place in places.items()},
    )


def sweep(
    found: Sweep,
    variable: str | None = None,
    *,
    entry: tuple[int, ...] | int = (),
    at: Mapping[str, float] | None = None,
    ax: "Axes | None" = None,
    width: float | None = None,
    legend: Legend = True,
) -> "Axes":
    """Draw a variable of a sweep: over one parameter as a line, over two as colours.

    Points that were not computed, or not as asked, have colours of their own, which a legend
    explains.

    Arguments:
        found: what `thalweg.sweep` returned, complete or not.
        variable: which variable; None means the first.
        entry: which entry of a variable that has axes of its own; zeros unless given.
        at: values at which to hold parameters, by name.
        ax: axes to draw on; None makes a figure.
        width: of that figure, in millimetres, 85 for a column of a journal; None: the usual one.
        legend: where it stands: `"below"` (so does True), `"right"`, `"inside"`; False for none.

    Returns:
        The axes.

    Raises:
        InputError: there is no such variable, entry or parameter.
        StoreError: the store is gone or damaged.

    Example:
        >>> import tempfile, numpy as np, thalweg as tw
        >>> values = {"mu": np.linspace(0.5, 4, 8)}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     grid = tw.sweeps.Grid(tw.models.VanDerPol(), values)
        ...     found = tw.sweep(lambda system: {"square": system.mu**2}, grid, folder + "/s.zarr")
        ...     ax = tw.plot.sweep(found)
        >>> ax.get_xlabel(), ax.get_ylabel()
        ('mu', 'square')
    """
    data = sweep_data(found, variable, entry=entry, at=at)
    paper = make_paper(ax, width, legend)
    axes = paper.axes(width=4.8, height=4.0 if len(data.names) > 1 else 3.3)
    if len(data.names) == 1:
        _draw_line(axes, data)
    else:
        _draw_map(axes, data)
    held = ", ".join(f"{name} = {format_number(value)}" for name, value in data.held.items())
    note(axes, f"at {held}" if held else "")
    paper.explain(axes)
    return axes


def _title(variable: Variable, index: tuple[int, ...]) -> str:
    if not index:
        return variable.name
    inner = [str(i) for i in index]
    if variable.labels:
        inner[-1] = variable.labels[index[-1]]
    return f"{variable.name}[{', '.join(inner)}]"


def _along(
    coordinates: Mapping[str, np.ndarray], at: Mapping[str, float] | None
) -> tuple[str, np.ndarray]:
    """The parameter along which a list of points is drawn, and the order of the points."""
    if at:
        raise InputError("at holds parameters of grids; of a list of points none can be held.")
    name = max(coordinates, key=lambda n: len(np.unique(coordinates[n])))
    return name, np.argsort(coordinates[name], kind="stable")


def _held(coordinates: Mapping[str, np.ndarray], at: Mapping[str, float] | None) -> dict[str, int]:
    """The parameters that are held, each at the index of a value."""
    held = {}
    for name, value in (at or {}).items():
        if name not in coordinates:
            raise InputError(f"at: {name!r} is none of {', '.join(coordinates)}.")
        held[name] = int(np.argmin(np.abs(coordinates[name] - value)))
    if len(held) == len(coordinates):
        raise InputError("at holds every parameter: leave one or two out, to draw along.")
    free = [name for name in coordinates if name not in held]
    return held | {name: len(coordinates[name]) // 2 for name in free[2:]}


def _draw_line(axes: "Axes", data: SweepMap) -> None:
    """The values against the parameter, and marks along the foot for the other points."""
    from matplotlib.ticker import MaxNLocator

    style: dict[str, Any] = {"color": BLUE, "linewidth": 1.6, "zorder": 3}
    if len(data.values) <= 64 or data.variable.flags:
        style |= {"marker": "o", "markersize": 4}
    if data.variable.flags or data.is_whole:
        style["drawstyle"] = "steps-mid"
    values, present = ranked(data)
    axes.plot(data.axes[0], values, **style)
    axes.set_xlabel(data.names[0])
    name_heights(axes, data.title)
    if present:
        axes.set_yticks(range(len(present)), present)
        axes.set_ylim(-0.5, len(present) - 0.5)
    elif data.is_whole:
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    for status, where in _others(data.statuses):
        axes.plot(
            data.axes[0][where], np.zeros(int(where.sum())), "|", markersize=9,
            color=_STATUS_COLOURS[status] if status != Status.MISSING else GREY,
            transform=axes.get_xaxis_transform(), label=status.words, clip_on=False, zorder=6,
        )  # fmt: skip


def _draw_map(axes: "Axes", data: SweepMap) -> None:
    """The values as colours, the first parameter across."""
    x, y = data.axes
    edges = _edges(x), _edges(y)
    drawn, present = _coloured(axes, data, edges)
    axes.set_xlabel(data.names[0])
    name_heights(axes, data.names[1])
    if drawn is not None and not data.variable.flags:
        colour_bar(axes, drawn, data.title, _whole_ticks(data))
    elif data.variable.flags:
        for name, colour in present.items():
            axes.plot([], [], "s", color=colour, label=name)
    for status, where in _others(data.statuses):
        from matplotlib.colors import ListedColormap

        colour = _STATUS_COLOURS[status]
        shown = np.where(where.T, 1.0, np.nan)
        axes.pcolormesh(*edges, shown, cmap=ListedColormap([colour]), rasterized=True)
        axes.plot([], [], "s", markerfacecolor=colour, markeredgecolor=GREY, label=status.words)


def _coloured(
    axes: "Axes", data: SweepMap, edges: tuple[np.ndarray, np.ndarray]
) -> tuple[Any, dict[str, str]]:
    """Draw the values; the colours of codes by their meanings."""
    from matplotlib import colormaps
    from matplotlib.colors import BoundaryNorm, ListedColormap

    values = data.values.T
    finite = values[np.isfinite(values)]
    if data.variable.flags:
        ranks, present = ranked(data)
        if not present:
            return None, {}
        colours = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(present)}
        cmap = ListedColormap(list(colours.values()))
        drawn = axes.pcolormesh(
            *edges, ranks.T, cmap=cmap, vmin=-0.5, vmax=len(present) - 0.5, rasterized=True
        )
        return drawn, colours
    if not len(finite):
        return None, {}
    style = shades(finite)
    ticks = _whole_ticks(data)
    if ticks is not None:
        steps = np.arange(ticks[0] - 0.5, ticks[-1] + 1.0)
        style = {
            "cmap": colormaps[LANDSCAPE].resampled(len(steps) - 1 or 1),
            "norm": BoundaryNorm(steps, max(len(steps) - 1, 1)),
        }
    return axes.pcolormesh(*edges, values, rasterized=True, **style), {}


def ranked(data: SweepMap) -> tuple[np.ndarray, list[str]]:
    """Codes as ranks among those that occur, and their meanings; of numbers, these and none."""
    if not data.variable.flags:
        return data.values, []
    codes = {n: c for n, c in data.variable.flags.items() if np.any(data.values == c)}
    ranks = np.full(data.values.shape, np.nan)
    for rank, code in enumerate(codes.values()):
        ranks[data.values == code] = rank
    return ranks, list(codes)


def _whole_ticks(data: SweepMap) -> np.ndarray | None:
    """The whole numbers of a scale in steps; None where there are none, or too many."""
    finite = data.values[np.isfinite(data.values)]
    if not data.is_whole or not len(finite) or finite.max() - finite.min() >= _DISCRETE:
        return None
    return np.arange(finite.min(), finite.max() + 0.5)


def _others(statuses: np.ndarray) -> list[tuple[Status, np.ndarray]]:
    """The statuses that need an explanation, and where they are."""
    found = [(status, statuses == status) for status in Status if status != Status.DONE]
    return [(status, where) for status, where in found if np.any(where)]


def _edges(values: np.ndarray) -> np.ndarray:
    """The edges of cells around increasing or decreasing values."""
    if len(values) == 1:
        wide = max(abs(values[0]), 1.0) * 0.05
        return np.array([values[0] - wide, values[0] + wide])
    middles = 0.5 * (values[1:] + values[:-1])
    first, last = values[0] - (middles[0] - values[0]), values[-1] + (values[-1] - middles[-1])
    return np.concatenate([[first], middles, [last]])
