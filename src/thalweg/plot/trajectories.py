"""Runs against time: the coordinates of a trajectory, and an energy along it."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax
import numpy as np

from thalweg.core.batches import in_batches
from thalweg.core.checks import check_energy
from thalweg.core.errors import InputError
from thalweg.core.trees import Layout, in_float64
from thalweg.plot.fields import BLOCK
from thalweg.plot.levels import colour_bar
from thalweg.plot.papers import USUAL, Legend, Paper, make_paper
from thalweg.plot.style import WIDTH, line_look, name_heights, shades, symbol
from thalweg.simulation import Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_LINES = 7  # colours of the cycle that colour-blind readers tell apart
_FLAT = 12.0  # ratio of ranges: below it the flatter one still shows its shape on a common axis
# How often a curve may turn back over the width of a figure: beyond, there is less than one dash
# with its gap from turn to turn, and what lies behind the curve cannot be seen.
_MOST_TURNS = 60


def trajectory_data(run: Trajectory) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """The times `(n,)`, the coordinates `(n, d)` and their names, of a trajectory.

    Arguments:
        run: what `simulate` returned.

    Returns:
        The times, the coordinates and the names.

    Raises:
        InputError: it is no trajectory, a batch of them, or holds no points.
    """
    if not isinstance(run, Trajectory):
        raise InputError(
            f"trajectory: expected what simulate returned, got {type(run).__name__}. Arrays are "
            f"drawn by matplotlib: axes.plot(times, states)."
        )
    if np.ndim(run.last_time) or not len(run):
        raise InputError("trajectory: expected one run with at least one saved point.")
    layout = Layout.of(run.last_state)
    states = np.asarray(layout.flatten(run.states), float)
    return np.asarray(run.times, float), states, run.names


def trajectory(
    run: Trajectory,
    ax: "Axes | None" = None,
    *,
    width: float | None = None,
    legend: Legend = True,
) -> "Axes":
    """Draw the coordinates of a trajectory against time: lines, or an image where they are many.

    Without axes to draw on, coordinates of very different scales, or that swing very often, have a
    panel each; the axes of the lowest are returned.

    Arguments:
        run: what `simulate` returned.
        ax: axes to draw on; None makes a figure.
        width: of that figure, in millimetres, 85 for a column of a journal; None: the usual one.
        legend: where it stands: `"below"` (so does True), `"right"`, `"inside"`; False for none.

    Returns:
        The axes.

    Raises:
        InputError: it is a batch of trajectories, or holds no points.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> run = tw.simulate(tw.models.VanDerPol(), jnp.array([1.0, 0.0]), duration=20.0, save=200)
        >>> tw.plot.trajectory(run).get_xlabel()
        't'
    """
    paper = make_paper(ax, width, legend)
    return draw_trajectory(*trajectory_data(run), is_map=_counts_steps(run), paper=paper)


def draw_trajectory(
    times: np.ndarray,
    values: np.ndarray,
    names: Sequence[str],
    is_map: bool = False,
    paper: Paper = USUAL,
) -> "Axes":
    """The coordinates `(n, d)` against times `(n,)`."""
    if values.shape[1] > _MOST_LINES:
        return _draw_image(times, values, names, is_map, paper)
    hide = values.shape[1] > 1 and any(_swings(column) for column in values.T)
    if paper.ax is None and (hide or _differ_in_scale(values)):
        panels = paper.panels(1, len(names), width=WIDTH, height=1.5, sharex=True)[:, 0]
        panels[0].get_figure().align_ylabels(panels)
        for index, (panel, name) in enumerate(zip(panels, names, strict=True)):
            _draw_line(panel, index, times, values[:, index], is_map)
            name_heights(panel, name)
        _fit_times(panels[-1], [times], is_map)
        return panels[-1]
    axes = paper.axes(height=3.0)
    for index, name in enumerate(names):
        _draw_line(axes, index, times, values[:, index], is_map, label=name)
    _fit_times(axes, [times], is_map)
    name_heights(axes, names[0] if len(names) == 1 else "state")
    if len(names) > 1:
        paper.explain(axes, columns=4)
    return axes


def _differ_in_scale(values: np.ndarray) -> bool:
    """True if some coordinate would look flat beside another."""
    ranges = np.ptp(values, axis=0)
    moving = ranges[ranges > 1e-9 * np.max(np.abs(values), initial=1e-300)]
    return len(moving) > 1 and bool(moving.max() > _FLAT * moving.min())


def _swings(values: np.ndarray) -> bool:
    """True if a curve turns back too often for dashes."""
    moves = np.diff(values)
    moves = moves[np.abs(moves) > 1e-9 * np.nanmax(np.abs(values), initial=1e-300)]
    return int(np.sum(moves[1:] * moves[:-1] < 0.0)) > _MOST_TURNS


def _draw_line(
    axes: "Axes", index: int, times: np.ndarray, values: np.ndarray, is_map: bool, **style: Any
) -> None:
    """One curve of a figure; the index says which colour and dashes are its own."""
    look: dict[str, Any] = {"linewidth": 1.6} | line_look(index) | style
    if _swings(values):
        look |= {"linestyle": "-", "linewidth": 0.8}
    axes.plot(times, values, marker="." if is_map else None, **look)


def _draw_image(
    times: np.ndarray,
    values: np.ndarray,
    names: Sequence[str],
    is_map: bool,
    paper: Paper,
) -> "Axes":
    axes = paper.axes(height=3.0)
    image = axes.pcolormesh(
        times, np.arange(values.shape[1]), values.T, shading="nearest", rasterized=True,
        **shades(values),
    )  # fmt: skip
    _name_times(axes, is_map)
    axes.locator_params(axis="y", integer=True)
    name_heights(axes, f"coordinate, {names[0]} to {names[-1]}")
    colour_bar(axes, image)
    return axes


@eqx.filter_jit
def _state_energies(energy: Any, layout: Layout, points: Any) -> jax.Array:
    return jax.vmap(lambda flat: energy(layout.unflatten(flat)))(points)


def energy_along_data(
    run: Trajectory, energy: Callable[[Any], Any]
) -> tuple[np.ndarray, np.ndarray]:
    """The times `(n,)` of a trajectory and an energy at its states `(n,)`, in float64.

    Arguments:
        run: what `simulate` returned.
        energy: any callable `state → scalar`.

    Returns:
        The times and the energies.

    Raises:
        InputError: `energy` is not callable, or the trajectory is a batch or empty.
    """
    check_energy("energy", energy)
    times, points, _ = trajectory_data(run)
    layout = Layout.of(run.last_state)
    with jax.enable_x64(True):
        energy = in_float64(energy)
        found = in_batches(lambda flat: _state_energies(energy, layout, flat), points, BLOCK)
    return times, np.asarray(found)


def energy_along(
    run: Trajectory,
    energy: Callable[[Any], Any],
    ax: "Axes | None" = None,
    *,
    width: float | None = None,
    legend: Legend = True,
) -> "Axes":
    """Draw an energy along a trajectory, which falls where the rule descends it.

    Arguments:
        run: what `simulate` returned.
        energy: any callable `state → scalar`.
        ax: axes to draw on; None makes a figure.
        width: of that figure, in millimetres, 85 for a column of a journal; None: the usual one.
        legend: where it stands: `"below"` (so does True), `"right"`, `"inside"`; False for none.

    Returns:
        The axes.

    Raises:
        InputError: `energy` is not callable, or the trajectory is a batch or empty.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> wells = tw.SteepestDescent(tw.energies.FourWells())
        >>> run = tw.simulate(wells, jnp.array([0.1, 1.5]), duration=9.0, save=50)
        >>> tw.plot.energy_along(run, wells.energy).get_ylabel()
        'E'
    """
    paper = make_paper(ax, width, legend)
    curve = energy_along_data(run, energy)
    name = symbol("E", "energy", run.names)
    return draw_energies([curve], _counts_steps(run), paper, name=name)


def draw_energies(
    curves: Sequence[tuple[np.ndarray, np.ndarray]],
    is_map: bool = False,
    paper: Paper = USUAL,
    *,
    looks: Sequence[Mapping[str, Any]] = (),
    name: str = "E",
) -> "Axes":
    """Energies `(n,)` against times `(n,)`, one curve a run, with its label and colour if given."""
    axes = paper.axes(height=3.1)
    for index, (times, values) in enumerate(curves):
        _draw_line(axes, index, times, values, is_map, **(looks[index] if looks else {}))
    _fit_times(axes, [times for times, _ in curves], is_map)
    name_heights(axes, name)
    paper.explain(axes, columns=3)
    return axes


def _fit_times(axes: "Axes", times: Sequence[np.ndarray], is_map: bool) -> None:
    """The axis of times without empty ends; with a little of them where marks are to be whole."""
    _name_times(axes, is_map)
    first, last = min(t[0] for t in times), max(t[-1] for t in times)
    room = 0.02 * (last - first) if is_map else 0.0
    if last > first:
        axes.set_xlim(first - room, last + room)


def _name_times(axes: "Axes", is_map: bool) -> None:
    axes.set_xlabel("step" if is_map else "t")
    if is_map:
        axes.locator_params(axis="x", integer=True)


def _counts_steps(run: Trajectory) -> bool:
    return np.asarray(run.times).dtype.kind in "iu"
