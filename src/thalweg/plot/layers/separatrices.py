"""The stable and unstable curves of the saddles of a flow of the plane."""

from typing import TYPE_CHECKING

import numpy as np

from thalweg.plot.curves import flow_runs
from thalweg.plot.scenes import Portrait, Scene
from thalweg.plot.style import BLACK
from thalweg.simulation.bundles import LANES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# How far from a saddle its curves begin, in widths of the domain: straight to the eye until there.
_NUDGE = 1e-3
_CURVES_OF_A_SADDLE = 4  # two ways along each of two directions


def compute(scene: Scene) -> list[tuple[str, np.ndarray]]:
    """`("stable", curve)`, run backwards in time, and `("unstable", curve)`."""
    chart = scene.problem.chart
    if not scene.view.is_flow or chart.dimension != 2:
        return []
    widths = np.asarray(chart.widths)
    starts, signs = [], []
    for equilibrium, y in zip(scene.equilibria, scene.resting, strict=True):
        if equilibrium.kind != "saddle" or len(starts) > LANES - _CURVES_OF_A_SADDLE:
            continue
        values, vectors = np.linalg.eig(equilibrium.jacobian)
        for value, vector in zip(np.real(values), np.real(vectors).T, strict=True):
            along = _NUDGE * vector / np.linalg.norm(vector / widths)
            starts += [y + along, y - along]
            signs += [np.sign(value)] * 2
    if not starts:
        return []
    runs = flow_runs(scene.problem, np.array(starts), np.array(signs))
    return [
        ("unstable" if sign > 0 else "stable", scene.view.curve(run.y))
        for sign, run in zip(signs, runs, strict=True)
    ]


def draw(axes: "Axes", data: Portrait) -> "Axes":
    """Draw stable curves dashed, unstable ones dotted."""
    for name, curve in data.separatrices:
        axes.plot(
            *curve.T, color=BLACK, linewidth=1.3, zorder=5, label=f"{name} curve of a saddle",
            linestyle=(0, (6, 2)) if name == "stable" else (0, (1, 1.2)),
        )  # fmt: skip
    return axes
