"""Sample trajectories of a flow, or of a map in its principal components."""

from typing import TYPE_CHECKING

from thalweg.plot.curves import Run
from thalweg.plot.scenes import Portrait, Scene
from thalweg.plot.style import track_colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def compute(scene: Scene) -> list[Run]:
    """The trajectories with their times, as curves of the figure; of a map in a plane none.

    Orbits of a map jump about in a plane and would hide it; in the principal components of many
    coordinates they are what the plane was chosen by.
    """
    if not (scene.view.is_flow or scene.view.is_projection):
        return []
    return [Run(run.times, scene.view.curve(run.y)) for run in scene.sample.runs]


def draw(axes: "Axes", data: Portrait) -> "Axes":
    """Draw them on a plane, each from a dot."""
    name = "trajectory (dot: start)" if len(data.runs) == 1 else "trajectories (dots: starts)"
    if data.view.dimension == 2:
        for index, run in enumerate(data.runs):
            axes.plot(
                *run.y.T, color=track_colour(index), zorder=4,
                linewidth=0.6 if data.view.is_projection else 1.1,
                marker=".", markevery=[0], markersize=7, label=name,
            )  # fmt: skip
    return axes
