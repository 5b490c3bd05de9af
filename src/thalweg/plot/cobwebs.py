"""Cobwebs: a map of the line and its iterates between the graph and the diagonal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.analysis import Cycle, Cycles, Equilibria, Equilibrium
from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.dynamics import Rule
from thalweg.plot.curves import map_orbits
from thalweg.plot.portrait_data import Loop, Portrait, portrait_data
from thalweg.plot.style import (
    BLUE,
    GREY,
    PURPLE,
    SKY,
    label_axes,
    legend_below,
    mark,
    new_axes,
    note,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STEPS = 40


@dataclass(frozen=True)
class Cobweb:
    """A map of the line, and the steps of one orbit.

    Attributes:
        name: the coordinate.
        x: points, shape `(n,)`.
        step: where the map takes them, shape `(n,)`; NaN where it leaves what is finite, or jumps.
        web: the corners of the cobweb, shape `(2·steps, 2)`: from (x, x) up to the graph, and over
            to the diagonal.
        equilibria: `(place, kind)` of the fixed points.
        cycles: the cycles, each with its points in turn, shape `(n, 1)`.
        held: what is held fixed, in words.
    """

    name: str
    x: np.ndarray
    step: np.ndarray
    web: np.ndarray
    equilibria: list[tuple[float, str]]
    cycles: list[Loop]
    held: str = ""


def cobweb(
    rule: Rule,
    domain: Domain | None = None,
    *,
    start: Any = None,
    steps: int = _STEPS,
    equilibria: Equilibria | Sequence[Equilibrium] | None = None,
    cycles: Cycles | Sequence[Cycle] = (),
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw a map of the line: its graph, the diagonal, and the cobweb of an orbit.

    Arguments:
        rule: a `Map` of one coordinate.
        domain: what to show; None means the domain that the rule declares.
        start: the state where the orbit begins; None means a point of the domain.
        steps: how many steps of it to draw.
        equilibria: the fixed points; None means to find them, `()` to show none.
        cycles: the cycles of the map.
        ax: axes to draw on; None makes a figure.

    Returns:
        The axes.

    Raises:
        InputError: the rule is no map of the line, or does not fit the domain.

    Example:
        >>> import thalweg as tw
        >>> ax = tw.plot.cobweb(tw.models.Logistic(r=3.2), start=0.1, steps=20)
        >>> ax.get_ylabel()
        'x⁺'
    """
    data = cobweb_data(rule, domain, start=start, steps=steps, equilibria=equilibria, cycles=cycles)
    return draw_cobweb(data, ax)


def cobweb_data(
    rule: Rule,
    domain: Domain | None = None,
    *,
    start: Any = None,
    steps: int = _STEPS,
    equilibria: Equilibria | Sequence[Equilibrium] | None = None,
    cycles: Cycles | Sequence[Cycle] = (),
) -> Cobweb:
    """The numbers of a cobweb; arguments as for `cobweb`.

    Raises:
        InputError: as there.
    """
    if rule.rule_kind != "map":
        raise InputError(f"cobweb: {type(rule).__name__} is a flow; a cobweb shows a map.")
    data = portrait_data(rule, domain, equilibria=equilibria, cycles=cycles, starts=1)
    if data.view.dimension != 1:
        raise InputError(
            f"cobweb: the state of {type(rule).__name__} has "
            f"{data.view.problem.chart.dimension} coordinates; a cobweb shows one."
        )
    return web_of(data, start, steps)


def web_of(data: Portrait, start: Any = None, steps: int = _STEPS) -> Cobweb:
    """The cobweb of a portrait of a map of the line."""
    view, chart = data.view, data.view.problem.chart
    assert data.field is not None
    x = data.field.axes[0]
    jumps = view.broken((x + data.field.values[0])[:, None])[:, 0]
    fine = np.interp(np.arange(len(jumps)), np.flatnonzero(np.isfinite(jumps)), x)
    begin = view.lower + 0.137 * (view.upper - view.lower)
    if start is not None:
        begin = np.asarray(chart.coordinates(np.asarray(start, dtype=np.float64))).reshape(1)
    orbit = map_orbits(view.problem, view.lift(begin)[None], steps)[:, 0]
    corners = np.repeat(view.place(orbit)[:, 0], 2)
    web = np.stack([corners[:-1], corners[1:]], axis=1)[:-1]
    # Begin on the diagonal.
    return Cobweb(
        view.names[0], fine, jumps, web, [(float(p[0]), kind) for p, kind in data.equilibria],
        data.cycles, view.held,
    )  # fmt: skip


def draw_cobweb(data: Cobweb, ax: "Axes | None" = None) -> "Axes":
    """A cobweb from its numbers."""
    axes = ax or new_axes(width=5.2, height=5.4)
    low, high = np.nanmin(data.x), np.nanmax(data.x)
    axes.plot([low, high], [low, high], color=GREY, linewidth=1.0, zorder=2, label="x⁺ = x")
    axes.plot(data.x, data.step, color=BLUE, linewidth=2.0, zorder=3, label=f"{data.name}⁺")
    axes.plot(*data.web.T, color=SKY, linewidth=0.9, zorder=2.5, label="an orbit")
    for cycle in data.cycles:
        points = cycle.curve[:, 0]
        axes.plot(
            points, np.roll(points, -1), linestyle="none", marker="s", markersize=6, zorder=7,
            color=PURPLE, markerfacecolor=PURPLE if cycle.stable else "white",
            label=f"{len(points)}-cycle, {cycle.kind}",
        )  # fmt: skip
    for place, kind in data.equilibria:
        mark(axes, place, place, kind, label=kind)
    axes.set_xlim(low, high)
    top = np.nanmax([np.nanmax(data.step), high])
    axes.set_ylim(min(low, np.nanmin(data.step)), top)
    label_axes(axes, (data.name, f"{data.name}⁺"))
    note(axes, data.held)
    legend_below(axes)
    return axes
