"""Contours of an energy, filled, behind everything else."""

from typing import TYPE_CHECKING

import numpy as np

from thalweg.plot.fields import energy_on_grid
from thalweg.plot.levels import colour_levels, contour_colours
from thalweg.plot.scenes import Portrait, Scene

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def compute(scene: Scene) -> np.ndarray | None:
    """The energy on the grid of the field, rows along the second axis; None without energy."""
    if scene.energy is None or scene.field is None:
        return None
    return energy_on_grid(scene.view, scene.energy, len(scene.field.axes[0]))[1]


def draw(axes: "Axes", data: Portrait) -> "Axes":
    """Draw it on a plane, pale, so that lines and marks stand out against it.

    Over basins, which have their own shades, it is lines.
    """
    values = data.energy
    if data.view.dimension == 2 and values is not None and np.isfinite(values).any():
        assert data.field is not None
        if data.basins is not None:
            axes.contour(
                *data.field.axes, np.ma.masked_invalid(values), levels=colour_levels(values)[::2],
                colors="white", linewidths=0.8, alpha=0.35, linestyles="-", zorder=0.5,
            )  # fmt: skip
            return axes
        axes.contourf(
            *data.field.axes, np.ma.masked_invalid(values), alpha=0.28, zorder=0.5,
            antialiased=True, **contour_colours(colour_levels(values)),
        )  # fmt: skip
    return axes
