"""Systems that follow an energy downhill: energy to dynamics, rule to energy, data to energy.

Public names are loaded on first use (PEP 562): importing thalweg imports nothing heavy.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from thalweg import energies, geometry, models
    from thalweg.analysis import (
        Cycle,
        Cycles,
        DescentCheck,
        Equilibria,
        Equilibrium,
        Linearization,
        check_descent,
        find_cycles,
        find_equilibria,
        linearize,
    )
    from thalweg.core.domains import Box, Domain, ProbabilitySimplex
    from thalweg.core.ensembles import ensemble
    from thalweg.core.errors import (
        ConvergenceError,
        DivergenceError,
        InputError,
        StoreError,
        ThalwegError,
    )
    from thalweg.core.results import Result
    from thalweg.dynamics import Flow, GradientStep, Map, Rule, SteepestDescent, as_flow, as_map
    from thalweg.energies import Energy
    from thalweg.geometry import (
        ConstantMetric,
        DiagonalMetric,
        Euclidean,
        Geometry,
        MetricField,
        Simplex,
        Sphere,
    )
    from thalweg.recovery import Verdict, recover_energy
    from thalweg.simulation import (
        Adaptive,
        Euler,
        RungeKutta4,
        Settled,
        Stiff,
        Stroboscopic,
        Trajectory,
        simulate,
    )

_ROOMS = ("energies", "geometry", "models")

_NAMES = {
    "thalweg.analysis": (
        "Cycle",
        "Cycles",
        "DescentCheck",
        "Equilibria",
        "Equilibrium",
        "Linearization",
        "check_descent",
        "find_cycles",
        "find_equilibria",
        "linearize",
    ),
    "thalweg.core.domains": ("Box", "Domain", "ProbabilitySimplex"),
    "thalweg.core.ensembles": ("ensemble",),
    "thalweg.core.errors": (
        "ConvergenceError",
        "DivergenceError",
        "InputError",
        "StoreError",
        "ThalwegError",
    ),
    "thalweg.core.results": ("Result",),
    "thalweg.dynamics": (
        "Flow",
        "GradientStep",
        "Map",
        "Rule",
        "SteepestDescent",
        "as_flow",
        "as_map",
    ),
    "thalweg.energies": ("Energy",),
    "thalweg.geometry": (
        "ConstantMetric",
        "DiagonalMetric",
        "Euclidean",
        "Geometry",
        "MetricField",
        "Simplex",
        "Sphere",
    ),
    "thalweg.recovery": ("Verdict", "recover_energy"),
    "thalweg.simulation": (
        "Adaptive",
        "Euler",
        "RungeKutta4",
        "Settled",
        "Stiff",
        "Stroboscopic",
        "Trajectory",
        "simulate",
    ),
}

_HOME = {name: module for module, names in _NAMES.items() for name in names}

__all__ = sorted([*_ROOMS, *_HOME])  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        value = importlib.import_module(f"thalweg.{name}")
    elif name in _HOME:
        value = getattr(importlib.import_module(_HOME[name]), name)
    else:
        raise AttributeError(f"module 'thalweg' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
