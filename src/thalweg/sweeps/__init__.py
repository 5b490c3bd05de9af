"""Sweeps of any size: a function of a system over a grid of its parameters, a part at a time.

`sweep` (as `tw.sweep`) puts what a function, or a `Measure`, gives at every point of a `Grid` or of
`Points` into a Zarr store that survives being killed; the `Engine` says who computes.
"""

from typing import TYPE_CHECKING

from thalweg.core.nearby import offering
from thalweg.sweeps.compiled import Compiled
from thalweg.sweeps.designs import Design, Grid, Points
from thalweg.sweeps.engines import Engine, InProcess, LocalWorkers, Scheduler
from thalweg.sweeps.measures import Measure
from thalweg.sweeps.on_host import OnHost
from thalweg.sweeps.result import Axis, Summary, Sweep
from thalweg.sweeps.run import read_sweep, sweep
from thalweg.sweeps.statuses import Status
from thalweg.sweeps.variables import Variable

__all__ = [
    "Axis",
    "Compiled",
    "Design",
    "Engine",
    "Grid",
    "InProcess",
    "LocalWorkers",
    "Measure",
    "OnHost",
    "Points",
    "Scheduler",
    "Status",
    "Summary",
    "Sweep",
    "Variable",
    "read_sweep",
    "sweep",
]

if not TYPE_CHECKING:  # to a type checker a missing name is missing
    __getattr__ = offering(__name__, __all__)
