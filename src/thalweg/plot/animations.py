"""Phase portraits in which trajectories run, as a file that plays."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from thalweg.core.checks import check_count
from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.core.files import write_atomically
from thalweg.dynamics import Rule
from thalweg.plot.curves import Run
from thalweg.plot.portrait_data import STARTS, portrait_data
from thalweg.plot.portraits import draw_portrait
from thalweg.plot.style import track_colour
from thalweg.plot.views import View

# Pixels an inch: a figure of the usual width has 460.
_DPI = 100
# A run that is nearer to its end than this, as a share of its own range, has arrived.
_ARRIVED = 5e-3


def animation(
    rule: Rule,
    file: str | Path,
    domain: Domain | None = None,
    *,
    starts: int | Any = STARTS,
    frames: int = 60,
    rate: int = 20,
    **shown: Any,
) -> Path:
    """Write a phase portrait in which trajectories run from their starts.

    Arguments:
        rule: a `Flow` or a `Map` that does not depend on time, of two coordinates or more.
        file: where to write: `.gif`, or `.mp4` where the program ffmpeg is installed.
        domain: what to show; None means the domain that the rule declares.
        starts: how many trajectories run, or the states to begin with.
        frames: how many pictures.
        rate: pictures a second.
        shown: what else the portrait shows, as for `phase_portrait`: `equilibria`, `cycles`,
            `energy`, `plane`, `basins`.

    Returns:
        The file.

    Raises:
        InputError: the file ends in neither, ffmpeg is missing, or the portrait has one axis.

    Example:
        >>> import tempfile, pathlib, thalweg as tw
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     rule = tw.models.VanDerPol()
        ...     file = tw.plot.animation(rule, f"{folder}/run.gif", starts=2, frames=3)
        ...     file.stat().st_size > 1000
        True
    """
    file = Path(file)
    check_count("animation: frames", frames, least=2)
    check_count("animation: rate", rate, least=1)
    writer = _writer(file, rate)
    data = portrait_data(rule, domain, starts=starts, **shown)
    if data.view.dimension != 2:
        raise InputError("animation: runs of one coordinate are drawn by tw.plot.trajectory.")
    axes = draw_portrait(data.replace(runs=[]))
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # the frame stays where it is while runs move in it
    dashes = "-" if data.view.is_flow else ":"
    lines = [
        axes.plot(
            [], [], color=track_colour(i), linewidth=1.6, linestyle=dashes, marker="o",
            markersize=6, zorder=6,
        )[0]
        for i in range(len(data.tracks))
    ]  # fmt: skip
    last = max((_arrival(track) for track in data.tracks), default=1.0)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, f"made{file.suffix.lower()}")
        with writer.saving(figure, str(made), _DPI):
            for time in np.linspace(0.0, last, frames):
                for line, track in zip(lines, data.tracks, strict=True):
                    course = _course(data.view, track, float(time))
                    line.set_data(*course.T)
                    line.set_markevery([len(course) - 1])
                writer.grab_frame()
        return write_atomically(file, made.read_bytes())


def _writer(file: Path, rate: int) -> Any:
    """The writer of a kind of file."""
    from matplotlib.animation import FFMpegWriter, PillowWriter

    if file.suffix.lower() == ".gif":
        return PillowWriter(rate)
    if file.suffix.lower() != ".mp4":
        raise InputError(f"animation: {file.name} is no .gif and no .mp4.")
    if not FFMpegWriter.isAvailable():
        raise InputError(
            "animation: .mp4 needs the program ffmpeg, which is not here; write a .gif."
        )
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
