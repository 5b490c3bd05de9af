"""Trajectories that run, in a phase portrait or alone, as a file that plays."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.core.checks import check_count
from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.core.files import check_writable, write_atomically
from thalweg.core.shapes import States
from thalweg.dynamics import Rule
from thalweg.plot.curves import Run
from thalweg.plot.paths import path, path_data
from thalweg.plot.portrait_data import portrait_data
from thalweg.plot.portraits import draw_portrait
from thalweg.plot.scenes import Portrait
from thalweg.plot.style import BLUE, track_colour
from thalweg.plot.trajectories import trajectory, trajectory_data
from thalweg.plot.views import View
from thalweg.simulation import Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

# Three seconds: long enough to see where runs go, short enough to be watched again.
FRAMES, RATE = 60, 20

# Pixels an inch: a figure of the usual width has 460.
_DPI = 100
# A run that is nearer to its end than this, as a share of its own range, has arrived.
_ARRIVED = 5e-3


def animation(
    rule: Rule,
    file: str | Path,
    domain: Domain | None = None,
    *,
    starts: int | States | None = None,
    frames: int = FRAMES,
    rate: int = RATE,
    **shown: Any,
) -> Path:
    """Write a phase portrait in which trajectories run from their starts.

    Arguments:
        rule: a `Flow` or a `Map` that does not depend on time, of two coordinates or more.
        file: where to write: `.gif`, or `.mp4` where the program ffmpeg is installed.
        domain: what to show; None means the domain that the rule declares.
        starts: how many trajectories run, or the states to begin with; 64 at most, the first of
            more, as the picture then says. None means 5.
        frames: how many pictures.
        rate: pictures a second.
        shown: what else the portrait shows, as for `phase_portrait`: `equilibria`, `cycles`,
            `energy`, `plane`, `basins`.

    Returns:
        The file.

    Raises:
        InputError: the file ends in neither, ffmpeg is missing, or the portrait has one axis.
        StoreError: the file cannot be written.

    Example:
        >>> import tempfile, pathlib, thalweg as tw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     rule = tw.models.VanDerPol()
        ...     file = tw.plot.animation(rule, f"{folder}/run.gif", starts=2, frames=3)
        ...     file.stat().st_size > 1000
        True
    """
    check_writable(file)
    file = Path(file)
    writer = _checked_writer("animation", file, frames, rate)
    data = portrait_data(rule, domain, starts=starts, **shown)
    if data.view.dimension != 2:
        raise InputError("animation: runs of one coordinate are drawn by tw.plot.trajectory.")
    return _write_portrait(data, file, writer, frames)


def portrait_animation(
    data: Portrait, file: str | Path, *, frames: int = FRAMES, rate: int = RATE
) -> Path:
    """Write a phase portrait of two axes whose trajectories run, from its numbers.

    Arguments:
        data: what `portrait_data` returned.
        file: where to write, as for `animation`.
        frames: how many pictures.
        rate: pictures a second.

    Returns:
        The file.

    Raises:
        InputError: the file ends in neither, ffmpeg is missing, or the portrait has one axis.
        StoreError: the file cannot be written.
    """
    check_writable(file)
    file = Path(file)
    writer = _checked_writer("portrait_animation", file, frames, rate)
    if data.view.dimension != 2:
        raise InputError("portrait_animation: the portrait has one axis.")
    return _write_portrait(data, file, writer, frames)


def run_animation(
    run: Trajectory, file: str | Path, *, frames: int = FRAMES, rate: int = RATE
) -> Path:
    """Write a trajectory that runs through the plane: that of `path`, or its state against time.

    Arguments:
        run: what `simulate` returned; of one coordinate it is drawn against time.
        file: where to write: `.gif`, or `.mp4` where the program ffmpeg is installed.
        frames: how many pictures.
        rate: pictures a second.

    Returns:
        The file.

    Raises:
        InputError: the file ends in neither, ffmpeg is missing, or it is no run of two saved
            points or more.
        StoreError: the file cannot be written.

    Example:
        >>> import tempfile, jax.numpy as jnp, thalweg as tw
        >>> run = tw.simulate(tw.models.VanDerPol(), jnp.array([1.0, 0.0]), duration=20.0, save=99)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = tw.plot.run_animation(run, f"{folder}/run.gif", frames=3)
        ...     file.stat().st_size > 1000
        True
    """
    check_writable(file)
    file = Path(file)
    writer = _checked_writer("run_animation", file, frames, rate)
    times, states, _ = trajectory_data(run)
    if len(times) < 2:
        raise InputError("run_animation: the run has one saved point, and nothing moves.")
    if states.shape[1] > 1:
        axes, places = path(run), path_data(run)[0]
    else:
        axes, places = trajectory(run), np.column_stack([times, states])
    axes.set(xlim=axes.get_xlim(), ylim=axes.get_ylim())  # those of the whole run
    for drawn in filter(None, [*axes.lines, axes.get_legend()]):
        drawn.remove()
    is_flow = np.asarray(run.times).dtype.kind == "f"
    (orbit,) = axes.plot([], [], color=BLUE, linestyle="none", marker=".")
    line = _runner(axes, BLUE, is_flow)

    def show(time: float) -> None:
        until = places[: int(np.searchsorted(times, time, side="right"))]
        if is_flow:
            here = [np.interp(time, times, column) for column in places.T]
            _place(line, np.concatenate([until, [here]]))
        else:  # lines from step to step would hide where it has been
            orbit.set_data(*until.T)
            _place(line, until[-1:])

    return _write(axes, file, writer, np.linspace(times[0], times[-1], frames), show)


def check_animated(name: str, file: str | Path) -> None:
    """Refuse a file that no animation can be written to, before long work that ends in one.

    Arguments:
        name: of what is refused, which begins the message.
        file: its name.

    Raises:
        InputError: it ends in neither `.gif` nor `.mp4`, or ffmpeg is missing.
    """
    _checked_writer(name, Path(file), FRAMES, RATE)


def _write_portrait(data: Portrait, file: Path, writer: Any, frames: int) -> Path:
    axes = draw_portrait(data.replace(runs=[]))
    is_flow = data.view.is_flow
    lines = [_runner(axes, track_colour(i), is_flow) for i in range(len(data.tracks))]
    last = max((_arrival(track) for track in data.tracks), default=1.0)

    def show(time: float) -> None:
        for line, track in zip(lines, data.tracks, strict=True):
            _place(line, _course(data.view, track, time))

    return _write(axes, file, writer, np.linspace(0.0, last, frames), show)


def _runner(axes: "Axes", colour: str, is_flow: bool) -> "Line2D":
    """A line with a dot at its end; of a map, dots from step to step."""
    style = "-" if is_flow else ":"
    look = {"color": colour, "linewidth": 1.6, "marker": "o", "markersize": 6, "zorder": 6}
    return axes.plot([], [], linestyle=style, **look)[0]


def _place(line: "Line2D", course: np.ndarray) -> None:
    """Put a line along places `(m, 2)`, its dot on the last."""
    line.set_data(*course.T)
    line.set_markevery([len(course) - 1])


def _write(
    axes: "Axes", file: Path, writer: Any, times: np.ndarray, show: Callable[[float], None]
) -> Path:
    """A picture of the axes for each time, which `show` moves the lines to."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # the frame stays where it is while runs move in it
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, f"made{file.suffix.lower()}")
        with writer.saving(figure, str(made), _DPI):
            for time in times:
                show(float(time))
                writer.grab_frame()
        return write_atomically(file, made.read_bytes())


def _checked_writer(name: str, file: Path, frames: int, rate: int) -> Any:
    """The writer of a kind of file.

    Raises:
        InputError: there is none, or the numbers are none.
    """
    from matplotlib.animation import FFMpegWriter, PillowWriter

    check_count(f"{name}: frames", frames, least=2)
    check_count(f"{name}: rate", rate, least=1)
    if file.suffix.lower() == ".gif":
        return PillowWriter(rate)
    if file.suffix.lower() != ".mp4":
        raise InputError(f"{name}: {file.name} is no .gif and no .mp4.")
    if not FFMpegWriter.isAvailable():
        raise InputError(f"{name}: .mp4 needs the program ffmpeg, which is not here; use .gif.")
    return FFMpegWriter(rate)


def _course(view: View, run: Run, time: float) -> np.ndarray:
    """The places `(m, 2)` of a run up to a time, broken where an angle wraps."""
    places = view.place(run.y)
    until = places[: int(np.searchsorted(run.times, time, side="right"))]
    if not view.is_flow:
        return view.wrap(until)
    here = [np.interp(time, run.times, column) for column in places.T]
    return view.broken(np.concatenate([until, [here]]))


def _arrival(run: Run) -> float:
    """The time after which next to nothing happens."""
    ranges = np.maximum(np.ptp(run.y, axis=0), 1e-300)
    away = np.linalg.norm((run.y - run.y[-1]) / ranges, axis=1)
    moving = np.flatnonzero(away > _ARRIVED)
    return float(run.times[moving[-1]]) if len(moving) else 0.0
