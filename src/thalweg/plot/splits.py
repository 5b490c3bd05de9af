"""A rule as a gradient and a remainder, side by side."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from thalweg.core.reports import NotKept
from thalweg.core.shapes import State
from thalweg.core.trees import in_float64
from thalweg.dynamics import Deterministic, Problem, SteepestDescent, as_flow
from thalweg.plot.fields import Field, energy_on_grid, field_on_grid
from thalweg.plot.frames import draw_frame
from thalweg.plot.given import check_found
from thalweg.plot.landscapes import FINE, draw_filled, energy_view
from thalweg.plot.layers import streamlines
from thalweg.plot.levels import colour_bar
from thalweg.plot.papers import Legend, Paper, make_paper
from thalweg.plot.style import (
    BLUE,
    INK,
    VERMILLION,
    name_heights,
    note,
)
from thalweg.plot.views import View
from thalweg.recovery import Split

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Inches across both parts, and the share of that below which they stand one below the other.
_BOTH, _LEAST = 7.0, 0.75
_LEVELS = 10  # shades that can be told apart in one colour


def split(
    found: Split,
    *,
    plane: Sequence[int | str] | None = None,
    through: State | None = None,
    axes: "Sequence[Axes] | None" = None,
    width: float | None = None,
    legend: Legend = True,
) -> np.ndarray:
    """Draw both parts of a rule side by side: the contours of E with its descent, the remainder.

    The colours of the remainder are its lengths. Of a single coordinate both are curves. On a
    narrow figure one part stands below the other.

    Arguments:
        found: what a verdict carries as `verdict.split`.
        plane: two coordinates, by name or index, where there are more.
        through: the state that the plane goes through; None means the middle of the region.
        axes: two axes to draw on; None makes a figure.
        width: of that figure, in millimetres, 85 for a column of a journal; None: the usual one.
        legend: where it stands: `"below"` (so does True), `"right"`, `"inside"`; False for none.

    Returns:
        The two axes, an array of shape `(2,)`.

    Raises:
        InputError: the split was read from JSON, or the plane does not fit the state.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> spiral = tw.as_flow(lambda x: -x + jnp.array([x[1], -x[0]]))
        >>> splits = [level for level in tw.recovery.LEVELS if level.name == "split"]
        >>> found = tw.recover_energy(spiral, tw.Box([-1.0, -1.0], [1.0, 1.0]), levels=splits)
        >>> left, right = tw.plot.split(found.split)
        >>> " ".join(right.get_title(loc="left").split())
        'remainder: 42... % of the mean |f|²'
    """
    paper = make_paper(None if axes is None else axes[1], width, legend)
    check_found("split: found", found, Split, "recover_energy, as verdict.split,")
    if isinstance(found.remainder, NotKept):
        found.remainder()
    view = energy_view(found.remainder.problem, found.energy, (), plane, through)
    gradient, remainder = split_data(found, view)
    left, right = _two_panels(paper) if axes is None else axes
    if view.dimension == 1:
        _draw_curves(left, right, found, view, gradient, remainder)
        paper.explain(right)
    else:
        draw_frame(left, view)
        draw_filled(left, *energy_on_grid(view, found.energy, FINE // 4), view.energy_name)
        _draw_streams(left, gradient, "white")
        draw_frame(right, view)
        _draw_lengths(right, remainder)
        _draw_streams(right, remainder, "white")
    held = f"; {view.held}" if view.held else ""
    note(left, f"{_descent_of(view)}: {100.0 * (1.0 - found.share):.4g} % of the mean |f|²{held}")
    note(right, f"remainder: {found.percent} of the mean |f|²{held}")
    return np.array([left, right])


def _two_panels(paper: Paper) -> np.ndarray:
    """Axes side by side, or one below the other where the figure is too narrow for both."""
    if paper.size(_BOTH, 0.0)[0] < _LEAST * _BOTH:
        return paper.panels(1, 2, width=_BOTH / 2.0, height=3.1)[:, 0]
    return paper.panels(2, width=_BOTH / 2.0, height=3.3)[0]


def _descent_of(view: View) -> str:
    return f"−∇{view.energy_name}" if len(view.energy_name) == 1 else "descent of the energy"


def split_data(found: Split, view: View) -> tuple[Field, Field]:
    """The two parts on the grid of a view: the descent of E, and the remainder.

    Arguments:
        found: the split of a verdict, `verdict.split`.
        view: the plane of the figure, as `portrait_data(…).view` has it.

    Returns:
        The descent and the remainder, each a field on the grid.
    """
    parts: list[Deterministic] = [
        SteepestDescent(found.energy, geometry=found.metric),
        as_flow(found.remainder),
    ]
    # Not `make_problem`: a recovered energy holds the "period" of what is no angle, infinity.
    problems = [Problem(in_float64(part), view.problem.chart) for part in parts]
    count = FINE if view.dimension == 1 else FINE // 4
    first, second = (field_on_grid(replace(view, problem=each), count) for each in problems)
    return first, second


def _draw_curves(
    left: "Axes", right: "Axes", found: Split, view: View, gradient: Field, remainder: Field
) -> None:
    grid, values = energy_on_grid(view, found.energy, FINE)
    left.plot(grid[0], values, color=BLUE, linewidth=2.0)
    left.set_xlabel(view.names[0])
    name_heights(left, view.energy_name)
    whole = gradient.values[0] + remainder.values[0]
    right.plot(grid[0], whole, color=INK, linewidth=1.0, linestyle="--", label="the rule")
    right.plot(grid[0], gradient.values[0], color=BLUE, label=_descent_of(view))
    right.plot(grid[0], remainder.values[0], color=VERMILLION, label="remainder")
    right.set_xlabel(view.names[0])


def _draw_streams(axes: "Axes", field: Field, colour: str) -> None:
    streamlines.draw_lines(axes, streamlines.streamlines(field), colour)


def _draw_lengths(axes: "Axes", field: Field) -> None:
    """Draw the length of the remainder, as colours."""
    lengths = np.ma.masked_invalid(np.hypot(*field.values))
    if not lengths.count() or not lengths.max() > 0.0:
        return
    filled = axes.contourf(*field.axes, lengths, levels=_LEVELS, cmap="Oranges", zorder=0.5)
    colour_bar(axes, filled, "|remainder|")
