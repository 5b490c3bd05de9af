"""Energy landscapes: a curve, contours or a surface."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.analysis import Equilibria, Equilibrium
from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.core.shapes import State
from thalweg.core.trees import in_float64
from thalweg.dynamics import Problem, SteepestDescent, resolve_domain
from thalweg.plot.curves import continuum_curves, spread_starts
from thalweg.plot.fields import energy_at, energy_on_grid
from thalweg.plot.frames import draw_frame
from thalweg.plot.levels import colour_levels, contour_colours, level_bar, valley_levels
from thalweg.plot.papers import USUAL, Legend, Paper, make_paper
from thalweg.plot.style import BLUE, KINDS, LANDSCAPE, label_axes, letters, mark, name_depth, note
from thalweg.plot.views import View, make_view, principal_view

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Values along a line, whose curve is then smooth; and along each axis of a plane.
FINE = 401
_GRID = 121  # points along each axis: contours are smooth at the figure's size
_NARROWEST_SURFACE = 85.0  # millimetres: a column of a journal
# Numbers on the axis of heights of a surface, about.
_HEIGHTS = 6


def energy_landscape(
    energy: Callable[[Any], Any],
    domain: Domain | None = None,
    *,
    equilibria: Sequence[Equilibrium] = (),
    surface: bool = False,
    plane: Sequence[int | str] | None = None,
    through: State | None = None,
    ax: "Axes | None" = None,
    width: float | None = None,
    legend: Legend = True,
) -> "Axes":
    """Draw an energy: a curve on the line, contours (or a surface) over the plane.

    Contours are close in the valleys and ever wider up steep walls, and so are the colours. The
    axis of heights of a curve ends where walls begin; those of a surface rise by their logarithm.

    Arguments:
        energy: any callable `state → scalar`.
        domain: what to show; None means the domain that the energy declares.
        equilibria: states to mark, by kind.
        surface: whether to draw a surface in three dimensions instead of contours.
        plane: the two coordinates to show where there are more, by name or index; None takes the
            plane closest to the equilibria, where there are enough of them.
        through: the state that the plane of two coordinates goes through; None means the
            equilibrium of least energy, or else the middle of the domain.
        ax: axes to draw on (three-dimensional ones for a surface); None makes a figure.
        width: of that figure, in millimetres, 85 for a column of a journal; None: the usual one.
        legend: where it stands: `"below"` (so does True), `"right"`, `"inside"`; False for none.

    Returns:
        The axes.

    Raises:
        InputError: the energy does not fit the domain, or is finite nowhere in it; the width is too
            small for a surface.

    Example:
        >>> import thalweg as tw
        >>> ax = tw.plot.energy_landscape(tw.energies.FourWells())
        >>> ax.get_xlabel(), ax.get_ylabel()
        ('x', 'y')
    """
    paper = make_paper(ax, width, legend)
    view, grid, values = landscape_data(
        energy, domain, equilibria=equilibria, plane=plane, through=through
    )
    return draw_landscape(view, energy, grid, values, equilibria, surface, paper)


def draw_landscape(
    view: View,
    energy: Callable[[Any], Any],
    grid: tuple[np.ndarray, ...],
    values: np.ndarray,
    equilibria: Sequence[Equilibrium] = (),
    surface: bool = False,
    paper: Paper = USUAL,
) -> "Axes":
    """An energy from its values on a grid, with equilibria marked at their own height."""
    if view.dimension == 1:
        axes = paper.axes(height=3.4)
        _draw_curve(axes, view, grid[0], values)
    elif surface:
        if paper.width is not None and paper.width < _NARROWEST_SURFACE:
            raise InputError(
                f"width must be {_NARROWEST_SURFACE:g} or more for a surface, whose labels and "
                f"legend have no room in less, got {paper.width!r}."
            )
        axes = paper.axes(height=4.3, projection="3d")
        _draw_surface(axes, view, grid, values)
    else:
        axes = paper.axes(height=4.1)
        draw_frame(axes, view)
        draw_filled(axes, grid, values, view.energy_name)
    chart = view.problem.chart
    points = [(e.kind, np.asarray(chart.coordinates(e.state))) for e in equilibria]
    off = view.said_off(equilibria=[y for _, y in points])
    points = [(kind, y) for kind, y in points if view.shows(y)]
    for kind in KINDS:
        chosen = np.array([y for k, y in points if k == kind])
        if len(chosen):
            rows = tuple(view.wrap(view.place(chosen)).T)
            if surface or view.dimension == 1:
                rows = (*rows, energy_at(view.problem, energy, chosen))
            mark(axes, rows[0], rows[1], kind, *rows[2:], label=kind)
    note(axes, "; ".join(filter(None, (view.held, off))))
    paper.explain(axes, columns=5, gap=24.0 if surface else 38.0)
    return axes


def landscape_data(
    energy: Callable[[Any], Any],
    domain: Domain | None = None,
    *,
    equilibria: Sequence[Equilibrium] = (),
    plane: Sequence[int | str] | None = None,
    through: State | None = None,
) -> tuple[View, tuple[np.ndarray, ...], np.ndarray]:
    """The view, the values along each axis, and the energy on their grid (rows along the second).

    Arguments:
        energy: any callable `state → scalar`.
        domain: what to show; None means the domain that the energy declares.
        equilibria: those that help to choose the plane.
        plane: the two coordinates to show where there are more, by name or index; None takes the
            plane closest to the equilibria, where there are enough of them.
        through: the state that the plane of two coordinates goes through; None means the
            equilibrium of least energy, or else the middle of the domain.

    Returns:
        The view, one array of values for each axis, and the energies.

    Raises:
        InputError: the energy does not fit the domain, or is finite nowhere in it.
    """
    rule = SteepestDescent(energy)
    # Not `make_problem`: a recovered energy holds the "period" of what is no angle, infinity.
    problem = Problem(in_float64(rule), resolve_domain(rule, domain).chart())
    view = energy_view(problem, energy, equilibria, plane, through)
    found = energy_on_grid(view, energy, FINE if view.dimension == 1 else _GRID)
    if not np.isfinite(found[1]).any():
        raise InputError("energy is not finite anywhere on the figure. Choose another domain.")
    return view, *found


def energy_view(
    problem: Problem,
    energy: Callable[[Any], Any],
    equilibria: Sequence[Equilibrium],
    plane: Sequence[int | str] | None = None,
    through: State | None = None,
) -> View:
    """The plane on which to show an energy; arguments as for `energy_landscape`."""
    chart = problem.chart
    if chart.dimension <= 2 or through is not None:
        return make_view(problem, plane, through)
    if not len(equilibria):
        middle = np.mean(spread_starts(problem, 512), axis=0).round(2)
        return make_view(problem, plane, chart.embed(middle))
    points = np.array([chart.coordinates(e.state) for e in equilibria])
    families = continuum_curves(problem, equilibria) if isinstance(equilibria, Equilibria) else []
    view = principal_view(problem, np.concatenate([points, *families])) if plane is None else None
    if view is not None:
        return view
    least = int(np.nanargmin(energy_at(problem, energy, points)))
    return make_view(problem, plane, chart.embed(points[least]))


def draw_filled(
    axes: "Axes", grid: tuple[np.ndarray, ...], values: np.ndarray, name: str = "E"
) -> Any:
    """Filled contours and their colour bar, with a name."""
    levels = colour_levels(values)
    filled = axes.contourf(
        *grid, np.ma.masked_invalid(values), zorder=0.5, **contour_colours(levels)
    )
    axes.contour(
        *grid, np.ma.masked_invalid(values), levels=levels, colors="white", linewidths=0.4,
        alpha=0.6, zorder=0.6, linestyles="-",
    )  # fmt: skip
    level_bar(axes, filled, levels, name)
    return filled


def _draw_curve(axes: "Axes", view: View, x: np.ndarray, values: np.ndarray) -> None:
    axes.plot(x, values, color=BLUE, linewidth=2.0, zorder=3)
    axes.set_xlim(x[0], x[-1])
    levels = valley_levels(values)
    axes.set_ylim(levels[0], levels[-1])
    label_axes(axes, (view.names[0], view.energy_name))


def wall_heights(values: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Heights at which to draw values: their own up to the last level, then by the logarithm.

    So walls, however steep, neither hide the valleys nor end in a flat top.
    """
    top, gap = levels[-1], levels[-1] - levels[-2]
    return np.minimum(values, top) + gap * np.log1p(np.maximum(values - top, 0.0) / gap)


def _draw_surface(axes: Any, view: View, grid: tuple[np.ndarray, ...], values: np.ndarray) -> None:
    levels = valley_levels(values)
    heights = wall_heights(values, levels)
    axes.plot_surface(
        *np.meshgrid(*grid), heights, cmap=LANDSCAPE, linewidth=0, rstride=2, cstride=2,
        vmin=levels[0], vmax=np.nanmax(heights),
    )  # fmt: skip
    axes.set_zticks(levels[:: max(len(levels) // _HEIGHTS, 1)])
    label_axes(axes, view.names)
    name_depth(axes, view.energy_name)
    axes.locator_params(axis="x", nbins=5)
    axes.locator_params(axis="y", nbins=5)
    axes.set_position((0.02, 0.14, 0.84, 0.82))
    if np.nanmax(values) > levels[-1]:
        said = f"above {view.energy_name} = {levels[-1]:.4g} walls rise by their logarithm"
        axes.text2D(0.02, 0.98, said, transform=axes.transAxes, fontsize=letters(axes))
