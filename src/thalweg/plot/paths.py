"""A run in state space: the curve of a trajectory in the plane."""

from typing import TYPE_CHECKING

import numpy as np

from thalweg.core.errors import InputError
from thalweg.plot.papers import Legend, make_paper
from thalweg.plot.principal import principal
from thalweg.plot.style import BLUE, GREY, label_axes, note
from thalweg.plot.trajectories import trajectory_data
from thalweg.simulation import Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# How many times the size of the figure a curve may be long before it would fill its own gaps: so
# long a line of the full width is a fifth of the figure, and denser where it turns.
_LONGEST = 40.0


def path_data(run: Trajectory) -> tuple[np.ndarray, tuple[str, str], str]:
    """The points of a trajectory in the plane `(n, 2)`, the labels of the axes, and a remark.

    Of more than two coordinates the two principal components of the run; the remark says which
    coordinates load on them.

    Arguments:
        run: what `simulate` returned.

    Returns:
        The points, the two labels and the remark, which is empty for two coordinates.

    Raises:
        InputError: it is a batch of trajectories, or has one coordinate, or stays on a line.
    """
    _, states, names = trajectory_data(run)
    if states.shape[1] < 2:
        raise InputError("path: the state has one coordinate; draw it by tw.plot.trajectory.")
    if states.shape[1] == 2:
        return states, (names[0], names[1]), ""
    finite = states[np.isfinite(states).all(axis=1)]
    found = principal(finite, np.ones(states.shape[1])) if len(finite) else None
    if found is None:
        raise InputError("path: the run stays on a line; draw it by tw.plot.trajectory.")
    return found.place(states), found.labels, found.words(names)


def path(
    run: Trajectory,
    ax: "Axes | None" = None,
    *,
    width: float | None = None,
    legend: Legend = True,
) -> "Axes":
    """Draw the curve that a trajectory takes through the plane, or the points of a map.

    More than two coordinates are seen in the plane of the run's two principal components.

    Arguments:
        run: what `simulate` returned.
        ax: axes to draw on; None makes a figure.
        width: of that figure, in millimetres, 85 for a column of a journal; None: the usual one.
        legend: where it stands: `"below"` (so does True), `"right"`, `"inside"`; False for none.

    Returns:
        The axes.

    Raises:
        InputError: it is a batch of trajectories, or has one coordinate, or stays on a line.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> run = tw.simulate(tw.models.VanDerPol(), jnp.array([1.0, 0.0]), duration=20.0, save=200)
        >>> tw.plot.path(run).get_ylabel()
        'y'
    """
    points, labels, remark = path_data(run)
    paper = make_paper(ax, width, legend)
    axes = paper.axes(height=3.8)
    steps = np.asarray(run.times).dtype.kind in "iu"
    stroke = 0.6 if _length(points) > _LONGEST else 1.4
    axes.plot(
        *points.T, color=BLUE, linewidth=stroke, linestyle="none" if steps else "-",
        marker="." if steps else None, label="orbit" if steps else "trajectory",
    )  # fmt: skip
    axes.plot(
        *points[0], color="white", markeredgecolor=GREY, marker="s", linestyle="none", label="start"
    )
    axes.plot(
        *points[-1], color=BLUE, markeredgecolor="white", marker="o", linestyle="none", label="end"
    )
    label_axes(axes, labels)
    note(axes, remark)
    paper.explain(axes)
    return axes


def _length(points: np.ndarray) -> float:
    """Length of a curve `(n, 2)` in sizes of the figure that holds it."""
    finite = points[np.isfinite(points).all(axis=1)]
    sizes = np.ptp(finite, axis=0) if len(finite) else np.ones(2)
    moves = np.diff(finite, axis=0) / np.where(sizes > 0.0, sizes, 1.0)
    return float(np.sum(np.linalg.norm(moves, axis=1)))
