"""The landscape of a rule without an energy, with all that recurs on it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.analysis import Cycle, Equilibrium, Landscape
from thalweg.core.errors import InputError
from thalweg.core.reports import NotKept
from thalweg.dynamics import Problem
from thalweg.plot.curves import cycle_curve
from thalweg.plot.fields import energy_on_grid
from thalweg.plot.frames import draw_frame
from thalweg.plot.landscapes import FINE, draw_landscape
from thalweg.plot.layers import streamlines
from thalweg.plot.layers.table import LAYERS
from thalweg.plot.levels import colour_bar
from thalweg.plot.papers import Legend, make_paper
from thalweg.plot.portrait_data import portrait_data
from thalweg.plot.scenes import Portrait
from thalweg.plot.style import LANDSCAPE, name_heights, note
from thalweg.plot.views import View, make_view

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LEVELS = 16  # bands of colour that can be told apart
_GRID = 241  # values along each axis: ridges stay sharp at the figure's size
_STARTS = 1  # sample trajectories, of which none is drawn
_MARKS = ("cycles", "families", "equilibria")


def conley_landscape(
    found: Landscape,
    *,
    plane: Sequence[int | str] | None = None,
    through: Any = None,
    portrait: Portrait | None = None,
    ax: "Axes | None" = None,
    width: float | None = None,
    legend: Legend = True,
) -> "Axes":
    """Draw a complete Lyapunov function as contours, with the flow, equilibria and cycles on it.

    Arguments:
        found: what `find_landscape` returned, or a verdict carries as `verdict.landscape`.
        plane: two coordinates, by name or index, where there are three.
        through: the state that the plane goes through; None means the middle of what recurs.
        portrait: what `portrait_data` returned for the same rule, region and cycles; spares
            computing it again where there are two coordinates.
        ax: axes to draw on; None makes a figure.
        width: of that figure, in millimetres, 85 for a column of a journal; None: the usual one.
        legend: where it stands: `"below"` (so does True), `"right"`, `"inside"`; False for none.

    Returns:
        The axes.

    Raises:
        InputError: it is no landscape, or was read from JSON, or the plane does not fit the state.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> turning = lambda x: x * (1.0 - x @ x) + jnp.array([-x[1], x[0]])
        >>> flow = tw.as_flow(turning, domain=tw.Box([-2.0, -2.0], [2.0, 2.0]))
        >>> ax = tw.plot.conley_landscape(tw.find_landscape(flow, nodes=64))
        >>> ax.get_title(loc="left")
        'V falls from set to set'
    """
    paper = make_paper(ax, width, legend)
    if not isinstance(found, Landscape):
        raise InputError(
            f"found must be a Landscape, got {found!r}: give what find_landscape returned, or "
            f"verdict.landscape."
        )
    if isinstance(found.value, NotKept):
        found.value()
    problem: Problem = found.value.problem
    equilibria, cycles = found.equilibria, found.cycles
    if problem.chart.dimension == 1:
        view = make_view(problem)
        name, words = _called(found, view)
        grid, values = energy_on_grid(view, found.value, FINE)
        axes = draw_landscape(view, found.value, grid, values, tuple(equilibria), paper=paper)
        name_heights(axes, name)
        note(axes, words)
        return axes
    is_same = problem.chart.dimension == 2 and plane is None and through is None
    data = portrait if is_same else None
    if data is None or data.field is None:
        view = recurrent_view(problem, equilibria, cycles, plane, through)
        data = portrait_data(
            problem.rule, found.about.domain, equilibria=equilibria, cycles=cycles, starts=_STARTS,
            view=view, basins=False,
        )  # fmt: skip
    name, words = _called(found, data.view)
    axes = paper.axes(height=4.1)
    draw_frame(axes, data.view)
    _draw_bands(axes, *energy_on_grid(data.view, found.value, _GRID), name)
    streamlines.draw(axes, data, "white")
    for name in _MARKS:
        LAYERS[name].draw(axes, data)
    note(axes, "; ".join(filter(None, (words, data.view.held, data.left_out))))
    paper.explain(axes)
    return axes


def _called(found: Landscape, view: View) -> tuple[str, str]:
    """The name of a landscape's value, which a coordinate may have, and a few words about it."""
    name = view.symbol("V", "height")
    return (
        name,
        f"{name} falls from set to set" if found.falls else f"{name}, which rises in places",
    )


def recurrent_view(
    problem: Problem,
    equilibria: Sequence[Equilibrium] = (),
    cycles: Sequence[Cycle] = (),
    plane: Sequence[int | str] | None = None,
    through: Any = None,
) -> View:
    """The plane of two coordinates through the middle of what recurs, in which that is widest.

    Arguments:
        problem: the rule and its chart.
        equilibria: states that recur.
        cycles: cycles that do; where there are any, the plane goes through the shortest one's
            middle.
        plane: the coordinates, by name or index; None chooses them.
        through: the state to go through instead.
    """
    chart = problem.chart
    curves = [cycle_curve(problem, c) for c in sorted(cycles, key=lambda c: c.period)[:1]]
    points = curves or [np.asarray(chart.coordinates(e.state))[None] for e in equilibria]
    every = np.concatenate(points) if points else np.mean(np.asarray(chart.bounds), axis=0)[None]
    if through is None and chart.dimension > 2:
        # Zeros that are rounded are zeros in the figure's words.
        through = chart.embed(np.mean(every, axis=0).round(6) + 0.0)
    return make_view(problem, plane, through, every)


def _draw_bands(axes: "Axes", grid: tuple[np.ndarray, ...], values: np.ndarray, name: str) -> None:
    """Filled contours between equally spaced, round levels, and their colour bar."""
    from matplotlib.ticker import MaxNLocator

    shown = np.ma.masked_invalid(values)
    low, high = float(shown.min()), float(shown.max())
    levels = MaxNLocator(_LEVELS).tick_values(low, high if high > low else low + 1.0)
    filled = axes.contourf(*grid, shown, levels=levels, cmap=LANDSCAPE, zorder=0.5)
    axes.contour(*grid, shown, levels=levels, colors="white", linewidths=0.4, alpha=0.5, zorder=0.6)
    colour_bar(axes, filled, name)
