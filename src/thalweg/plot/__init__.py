"""Figures, one a function: each draws on the axes it is given, or on a figure of its own.

They return the axes (`axes.figure.savefig("name.svg")` writes a file), show nothing, and change no
setting of matplotlib, which is imported when the first figure is drawn. What a phase portrait shows
(nullclines, separatrices, marks of equilibria, …) are `layers/`, one module each. Each has a
companion that returns its numbers: `portrait_data`, `landscape_data`, `trajectory_data`,
`path_data`, `energy_along_data`, `spectrum_data`, `cobweb_data`, `split_data`, `heights`,
`branch_lines`, `curve_lines`, `sgld_shares`, `sweep_data`, `basin_image`.
"""

from typing import TYPE_CHECKING

from thalweg.core.nearby import offering
from thalweg.plot.animations import animation, portrait_animation, run_animation
from thalweg.plot.basin_fractions import basin_fractions
from thalweg.plot.basins import BasinImage, basin_image, basins
from thalweg.plot.bifurcation_curves import bifurcation_curves, curve_lines
from thalweg.plot.bifurcations import bifurcation_diagram, branch_lines
from thalweg.plot.cobwebs import Cobweb, cobweb, cobweb_data
from thalweg.plot.conley_landscapes import conley_landscape, recurrent_view
from thalweg.plot.landscapes import energy_landscape, landscape_data
from thalweg.plot.operators import heights, operators
from thalweg.plot.passages import Shares, sgld_passage, sgld_shares
from thalweg.plot.paths import path, path_data
from thalweg.plot.portrait_data import portrait_data
from thalweg.plot.portraits import phase_portrait
from thalweg.plot.scenes import Portrait
from thalweg.plot.spectra import spectrum, spectrum_data
from thalweg.plot.splits import split, split_data
from thalweg.plot.sweeps import SweepMap, sweep, sweep_data
from thalweg.plot.trajectories import (
    energy_along,
    energy_along_data,
    trajectory,
    trajectory_data,
)
from thalweg.plot.verdicts import verdict
from thalweg.plot.views import View

__all__ = [
    "BasinImage",
    "Cobweb",
    "Portrait",
    "Shares",
    "SweepMap",
    "View",
    "animation",
    "basin_fractions",
    "basin_image",
    "basins",
    "bifurcation_curves",
    "bifurcation_diagram",
    "branch_lines",
    "cobweb",
    "cobweb_data",
    "conley_landscape",
    "curve_lines",
    "energy_along",
    "energy_along_data",
    "energy_landscape",
    "heights",
    "landscape_data",
    "operators",
    "path",
    "path_data",
    "phase_portrait",
    "portrait_animation",
    "portrait_data",
    "recurrent_view",
    "run_animation",
    "sgld_passage",
    "sgld_shares",
    "spectrum",
    "spectrum_data",
    "split",
    "split_data",
    "sweep",
    "sweep_data",
    "trajectory",
    "trajectory_data",
    "verdict",
]

if not TYPE_CHECKING:  # to a type checker a missing name is missing
    __getattr__ = offering(__name__, __all__)
