"""A rule and a start give a trajectory; methods, stopping when settled, stroboscopic maps."""

from typing import TYPE_CHECKING

from thalweg.core.nearby import offering
from thalweg.simulation.ito_methods import EulerMaruyama, ItoMethod, Milstein
from thalweg.simulation.methods import (
    Adaptive,
    AdaptiveMethod,
    Euler,
    FixedStep,
    Method,
    RungeKutta4,
    Stiff,
)
from thalweg.simulation.run import simulate
from thalweg.simulation.settled import Settled
from thalweg.simulation.stroboscopic import Stroboscopic
from thalweg.simulation.trajectory import Trajectory

__all__ = [
    "Adaptive",
    "AdaptiveMethod",
    "Euler",
    "EulerMaruyama",
    "FixedStep",
    "ItoMethod",
    "Method",
    "Milstein",
    "RungeKutta4",
    "Settled",
    "Stiff",
    "Stroboscopic",
    "Trajectory",
    "simulate",
]

if not TYPE_CHECKING:  # to a type checker a missing name is missing
    __getattr__ = offering(__name__, __all__)
