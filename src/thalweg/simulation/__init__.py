"""A rule and a start give a trajectory; methods, stopping when settled, stroboscopic maps."""

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
