"""Runs against time: the coordinates of a trajectory, and an energy along it."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.trees import Layout, in_float64
from thalweg.plot.fields import in_blocks
from thalweg.plot.style import COLOURS, LANDSCAPE, colour_bar, label_axes, legend_below, new_axes
from thalweg.simulation import Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_LINES = 7
_DASHES = ("-", (0, (5, 1.5)), (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5)))


def trajectory_data(run: Trajectory) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """The times `(n,)`, the coordinates `(n, d)` and their names, of a trajectory.

    Raises:
        InputError: it is a batch of trajectories, or holds no points.
    """
    if np.ndim(run.last_time) or not len(run):
        raise InputError("trajectory: expected one run with at least one saved point.")
    layout = Layout.of(run.last_state)
    names = list(run.labels) if run.labels else layout.labels()
    return np.asarray(run.times, float), np.asarray(layout.flatten(run.states), float), names


def trajectory(run: Trajectory, ax: "Axes | None" = None) -> "Axes":
    """Draw the coordinates of a trajectory against time: lines, or an image where they are many.

    Arguments:
        run: what `simulate` returned.
        ax: axes to draw on; None makes a figure.

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
    return draw_trajectory(*trajectory_data(run), is_map=_counts_steps(run), ax=ax)


def draw_trajectory(
    times: np.ndarray,
    values: np.ndarray,
    names: Sequence[str],
    is_map: bool = False,
    ax: "Axes | None" = None,
) -> "Axes":
    """The coordinates `(n, d)` against times `(n,)`."""
    axes = ax or new_axes(height=3.4)
    axes.set_xlabel("step" if is_map else "t")
    if values.shape[1] > _MOST_LINES:
        image = axes.pcolormesh(
            times, np.arange(values.shape[1]), values.T, cmap=LANDSCAPE, shading="nearest",
            rasterized=True,
        )  # fmt: skip
        axes.set_ylabel(f"coordinate, {names[0]} to {names[-1]}")
        colour_bar(axes, image)
        return axes
    for index, (name, column) in enumerate(zip(names, values.T, strict=True)):
        axes.plot(
            times, column, label=name, linewidth=1.6, color=COLOURS[index % len(COLOURS)],
            linestyle=_DASHES[index % len(_DASHES)], marker="." if is_map else None,
        )  # fmt: skip
    if len(times) > 1:
        axes.set_xlim(times[0], times[-1])
    if len(names) == 1:
        axes.set_ylabel(names[0])
    else:
        axes.set_ylabel("state")
        legend_below(axes, columns=4)
    return axes


@eqx.filter_jit
def _state_energies(energy: Any, layout: Layout, points: Any) -> jax.Array:
    return jax.vmap(lambda flat: energy(layout.unflatten(flat)))(points)


def energy_along_data(
    run: Trajectory, energy: Callable[[Any], Any]
) -> tuple[np.ndarray, np.ndarray]:
    """The times `(n,)` of a trajectory and an energy at its states `(n,)`, in float64.

    Raises:
        InputError: `energy` is not callable, or the trajectory is a batch or empty.
    """
    if not callable(energy):
        raise InputError(f"energy must be a callable state → scalar, got {energy!r}.")
    times, points, _ = trajectory_data(run)
    layout = Layout.of(run.last_state)
    with jax.enable_x64(True):
        energy = in_float64(energy)
        found = in_blocks(lambda flat: _state_energies(energy, layout, flat), points)
    return times, np.asarray(found)


def energy_along(run: Trajectory, energy: Callable[[Any], Any], ax: "Axes | None" = None) -> "Axes":
    """Draw an energy along a trajectory, which falls where the rule descends it.

    Arguments:
        run: what `simulate` returned.
        energy: any callable `state → scalar`.
        ax: axes to draw on; None makes a figure.

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
    return draw_energies([energy_along_data(run, energy)], _counts_steps(run), ax)


def draw_energies(
    curves: Sequence[tuple[np.ndarray, np.ndarray]],
    is_map: bool = False,
    ax: "Axes | None" = None,
) -> "Axes":
    """Energies `(n,)` against times `(n,)`, one curve a run."""
    axes = ax or new_axes(height=3.2)
    for index, (times, values) in enumerate(curves):
        axes.plot(
            times, values, linewidth=1.6, color=COLOURS[index % len(COLOURS)],
            linestyle=_DASHES[index % len(_DASHES)], marker="." if is_map else None,
        )  # fmt: skip
    label_axes(axes, ("step" if is_map else "t", "E"))
    return axes


def _counts_steps(run: Trajectory) -> bool:
    return np.asarray(run.times).dtype.kind in "iu"
