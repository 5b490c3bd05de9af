"""Phase portraits: where a rule carries its states, on one figure."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.analysis import Cycle, Cycles, Equilibria, Equilibrium
from thalweg.core.domains import Domain
from thalweg.dynamics import Rule
from thalweg.plot.cobwebs import draw_cobweb, web_of
from thalweg.plot.portrait_data import Loop, Portrait, portrait_data
from thalweg.plot.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    INK,
    KINDS,
    LANDSCAPE,
    PURPLE,
    SKY,
    SMALL,
    VERMILLION,
    colour_levels,
    label_axes,
    legend_below,
    mark,
    new_axes,
    note,
)
from thalweg.plot.views import CORNERS, View

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ARROWS = 21


def phase_portrait(
    rule: Rule,
    domain: Domain | None = None,
    *,
    equilibria: Equilibria | Sequence[Equilibrium] | None = None,
    cycles: Cycles | Sequence[Cycle] = (),
    energy: Callable[[Any], Any] | None = None,
    starts: int | Any = 5,
    plane: Sequence[int | str] | None = None,
    through: Any = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw where a rule carries its states.

    Of a flow of the plane: streamlines, nullclines with all their branches, equilibria marked by
    kind, families of equilibria as curves, closed orbits, a few trajectories, the stable and
    unstable curves of saddles. Of a map of the plane: arrows from x towards x⁺, where orbits go,
    the curves on which one coordinate does not change. On the line: the velocity, or the cobweb. A
    simplex of three shares is a triangle. Of more coordinates two: states seen along the others, or
    a slice through a state, which the figure then says.

    Arguments:
        rule: a `Flow` or a `Map` that does not depend on time.
        domain: what to show; None means the domain that the rule declares.
        equilibria: those of the rule; None means to find them, `()` to show none.
        cycles: closed orbits, or the cycles of a map.
        energy: a callable `state → scalar` whose contours to show.
        starts: how many trajectories to show (of a map: to follow), or the states to begin with,
            stacked along a first axis.
        plane: the two coordinates to show, by name or index; None chooses those in which most is
            to be seen.
        through: a state; where there are more than two coordinates, the flow in the plane through
            it, the others held.
        ax: axes to draw on; None makes a figure (`axes.figure`).

    Returns:
        The axes.

    Raises:
        InputError: the rule does not fit the domain, depends on time, or is finite nowhere.

    Example:
        >>> import thalweg as tw
        >>> ax = tw.plot.phase_portrait(tw.models.VanDerPol(), starts=2)
        >>> ax.get_xlabel(), ax.get_ylabel()
        ('x', 'y')
    """
    data = portrait_data(
        rule, domain, equilibria=equilibria, cycles=cycles, energy=energy, starts=starts,
        plane=plane, through=through,
    )  # fmt: skip
    return draw_portrait(data, ax)


def draw_portrait(data: Portrait, ax: "Axes | None" = None) -> "Axes":
    """A phase portrait from its numbers."""
    view = data.view
    is_flow = view.problem.rule.rule_kind == "flow"
    if view.dimension == 1 and not is_flow:
        return draw_cobweb(web_of(data), ax)
    axes = ax or new_axes(height=3.8 if view.dimension == 1 else 5.0)
    if view.dimension == 1:
        _draw_velocity(axes, data)
    else:
        draw_frame(axes, view)
        draw_field(axes, data)
        _draw_curves(axes, data, is_flow)
        draw_rest(axes, data)
    note(axes, "; ".join(filter(None, (view.held, data.left_out))))
    legend_below(axes, gap=38.0 if not view.corners else 24.0)
    return axes


def draw_frame(axes: "Axes", view: View) -> None:
    """Limits and labels, or a triangle with its corners named."""
    if not view.corners:
        axes.set_xlim(view.lower[0], view.upper[0])
        axes.set_ylim(view.lower[1], view.upper[1])
        label_axes(axes, view.names)
        return
    axes.set_aspect("equal")
    axes.axis("off")
    axes.set_xlim(-0.1, 1.1)
    axes.set_ylim(-0.12, 1.0)
    axes.add_patch(_triangle())
    for name, corner, side in zip(view.corners, CORNERS, ("top", "top", "bottom"), strict=True):
        x, y = corner + 0.12 * (corner - CORNERS.mean(axis=0))
        axes.text(x, y, name, ha="center", va=side)


def _triangle() -> Any:
    from matplotlib.patches import Polygon

    return Polygon(CORNERS, closed=True, fill=False, edgecolor=INK, linewidth=1.0, zorder=2)


def draw_field(axes: "Axes", data: Portrait) -> None:
    """The contours of an energy, filled, and streamlines of a flow or arrows of a map."""
    if data.field is None:
        return
    if data.energy is not None and np.isfinite(data.energy).any():
        # Pale, so that lines and marks stand out against it.
        axes.contourf(
            *data.field.axes, np.ma.masked_invalid(data.energy), cmap=LANDSCAPE, alpha=0.28,
            levels=colour_levels(data.energy), extend="max", zorder=0.5, antialiased=True,
        )  # fmt: skip
    if data.view.problem.rule.rule_kind == "flow":
        draw_streamlines(axes, data)
    else:
        draw_arrows(axes, data)


def draw_arrows(axes: "Axes", data: Portrait, colour: str = GREY) -> None:
    """The direction in which a map of the plane takes its states; long steps are cut."""
    assert data.field is not None
    (x, y), (u, v) = data.field.axes, data.field.values
    every = max(1, len(x) // _ARROWS)
    some = (slice(every // 2, None, every),) * 2
    at_x, at_y = (part[some] for part in np.meshgrid(x, y))
    u, v = u[some], v[some]
    relative = np.hypot(u / (x[-1] - x[0]), v / (y[-1] - y[0]))
    good = np.isfinite(relative) & (relative > 1e-6)
    # So that arrows do not run into each other.
    short = np.minimum(1.0, 0.8 / _ARROWS / np.maximum(relative[good], 1e-300))
    axes.quiver(
        at_x[good], at_y[good], u[good] * short, v[good] * short, angles="xy", scale_units="xy",
        scale=1.0, color=colour, width=0.0022, headwidth=4.0, zorder=2,
    )  # fmt: skip


def draw_streamlines(axes: "Axes", data: Portrait, colour: str = GREY, width: float = 0.7) -> None:
    """The streamlines of a flow of the plane, each with the head of an arrow at its middle."""
    from matplotlib.collections import LineCollection

    if not data.streams:
        return
    axes.add_collection(LineCollection(data.streams, colors=colour, linewidths=width, zorder=2))
    middles = [(line[len(line) // 2], line[len(line) // 2 - 1]) for line in data.streams]
    at, before = np.array(middles).swapaxes(0, 1)
    along = (at - before) / np.linalg.norm(at - before, axis=1, keepdims=True)
    # All head: the length of an arrow is that of its head.
    axes.quiver(
        *at.T, *along.T, angles="xy", units="inches", scale_units="inches", scale=1.0 / 0.08,
        width=0.012, headlength=6.7, headaxislength=5.8, headwidth=5.0, minlength=0.0,
        pivot="mid", color=colour, zorder=2,
    )  # fmt: skip


def _draw_curves(axes: "Axes", data: Portrait, is_flow: bool) -> None:
    names = data.view.names
    change = "{}′ = 0" if is_flow else "{0}⁺ = {0}"
    for name, branches, colour in zip(names, data.nullclines, (BLUE, VERMILLION), strict=False):
        for branch in branches:
            axes.plot(
                *branch.T, color=colour, linewidth=1.6, zorder=3, label=change.format(name),
                linestyle="-" if colour == BLUE else (0, (5, 1.5)),
            )  # fmt: skip
    for run in data.runs:
        axes.plot(
            *run.y.T, color=SKY, linewidth=0.6 if data.view.is_projection else 1.1, zorder=4,
            marker=".", markevery=[0], markersize=7, label="trajectory, from its start",
        )  # fmt: skip
    for name, curve in data.separatrices:
        is_stable = name == "stable"
        axes.plot(
            *curve.T, color=BLACK, linewidth=1.3, zorder=5, label=f"{name} curve of a saddle",
            linestyle=(0, (6, 2)) if is_stable else (0, (1, 1.2)),
        )  # fmt: skip
    if data.orbits is not None and len(data.orbits):
        axes.plot(*data.orbits.T, ".", color=BLACK, markersize=1.6, zorder=4, rasterized=True)
        axes.plot([], [], ".", color=BLACK, markersize=6, label="where orbits go")
    draw_cycles(axes, data)


def draw_cycles(axes: "Axes", data: Portrait) -> None:
    """Closed orbits as curves, the cycles of a map as points joined in turn."""
    is_flow = data.view.problem.rule.rule_kind == "flow"
    for cycle in data.cycles:
        _draw_cycle(axes, cycle, is_flow)


def _draw_cycle(axes: "Axes", cycle: Loop, is_flow: bool) -> None:
    dashes = "-" if cycle.stable else (0, (3, 1.5))
    if is_flow:
        what = "closed orbit, one of a family" if cycle.continuum else f"closed orbit, {cycle.kind}"
        axes.plot(
            *cycle.curve.T, color=PURPLE, linewidth=2.6, zorder=6, linestyle=dashes, label=what
        )
        return
    closed = np.concatenate([cycle.curve, cycle.curve[:1]])
    axes.plot(
        *closed.T, color=PURPLE, linewidth=0.9, zorder=6, linestyle=dashes, marker="s",
        markersize=6, markerfacecolor=PURPLE if cycle.stable else "white",
        label=f"{len(cycle.curve)}-cycle, {cycle.kind}",
    )  # fmt: skip


def draw_rest(axes: "Axes", data: Portrait) -> None:
    """Equilibria by kind, and families of them."""
    for part in data.families:
        is_curve = len(part) == 2 or np.isnan(part).any()
        style: dict[str, Any] = (
            {"linewidth": 3.0} if is_curve else {"linestyle": "none", "marker": "."}
        )
        axes.plot(
            *part.T, color=GREEN, zorder=7, solid_capstyle="round",
            label="equilibria, not isolated", **style,
        )  # fmt: skip
    view = data.view
    for kind in KINDS:
        places = [p for p, k in data.equilibria if k == kind]
        # A state at the bound of an angle is on both sides of the figure.
        for axis in np.flatnonzero(np.isfinite(view.periods)):
            shift = np.eye(view.dimension)[axis] * view.periods[axis]
            near = 1e-6 * view.periods[axis]
            places += [p + shift for p in places if p[axis] - view.lower[axis] < near]
            places += [
                p - shift
                for p in places
                if view.upper[axis] - p[axis] < near
                and not any(np.allclose(p - shift, q) for q in places)
            ]
        if places:
            mark(axes, *np.array(places).T, kind, label=kind)


def _draw_velocity(axes: "Axes", data: Portrait) -> None:
    """A flow of the line: its velocity against the state, and which way it goes."""
    assert data.field is not None
    x, velocity = data.field.axes[0], data.field.values[0]
    name = data.view.names[0]
    axes.axhline(0.0, color=INK, linewidth=0.8, zorder=1)
    axes.plot(x, velocity, color=BLUE, linewidth=1.8, zorder=3, label=f"{name}′")
    where = np.linspace(x[0], x[-1], 15)[1:-1]
    there = np.interp(where, x, velocity)
    half = 0.02 * (x[-1] - x[0])
    for place, value in zip(where, there, strict=True):
        is_free = all(abs(place - rest[0]) > 3.0 * half for rest, _ in data.equilibria)
        if is_free and abs(value) > 1e-3 * np.nanmax(np.abs(velocity)):
            tip = half * np.sign(value)
            axes.annotate(
                "", (place + tip, 0.0), (place - tip, 0.0),
                arrowprops={"arrowstyle": "-|>", "color": INK, "shrinkA": 0, "shrinkB": 0},
            )  # fmt: skip
    for part in data.families:
        axes.plot(part[:, 0], np.zeros(len(part)), color=GREEN, linewidth=3.0, zorder=7,
                  label="equilibria, not isolated")  # fmt: skip
    for place, kind in data.equilibria:
        mark(axes, place[0], 0.0, kind, label=kind)
    axes.set_xlim(x[0], x[-1])
    label_axes(axes, (name, f"{name}′"))
    axes.tick_params(labelsize=SMALL)
