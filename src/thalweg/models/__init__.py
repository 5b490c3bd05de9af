"""The systems of the sources, and the classics; every one is a rule with a domain.

`tw.models.FitzHughNagumo()` makes one; the command line calls it `fitzhugh-nagumo`. Those that are
the descent of an energy of `tw.energies` (`double-well`, `four-wells`, `mueller-brown`) are made by
`tw.SteepestDescent`. The registry can be read, and this package imported, without importing JAX.
"""

import importlib
from typing import TYPE_CHECKING, Any

from thalweg.models.registry import classes as _classes

if TYPE_CHECKING:
    from thalweg.models.duffing import Duffing, DuffingMap
    from thalweg.models.ecology import Competition, PredatorPrey
    from thalweg.models.excitable import FitzHughNagumo, MorrisLecar
    from thalweg.models.games import Replicator, RockPaperScissors
    from thalweg.models.lorenz import Lorenz
    from thalweg.models.maps import Henon, Logistic
    from thalweg.models.mean_field import CurieWeiss
    from thalweg.models.mode_pair import DeepLinearMode
    from thalweg.models.normalization.grating import HeldGrating
    from thalweg.models.oscillators import Pendulum, VanDerPol
    from thalweg.models.ring_attractor import RingAttractor
    from thalweg.models.tanh_networks import RandomTanhNetwork, RingTanhFlow, RingTanhMap

__all__ = [
    "Competition",
    "CurieWeiss",
    "DeepLinearMode",
    "Duffing",
    "DuffingMap",
    "FitzHughNagumo",
    "HeldGrating",
    "Henon",
    "Logistic",
    "Lorenz",
    "MorrisLecar",
    "Pendulum",
    "PredatorPrey",
    "RandomTanhNetwork",
    "Replicator",
    "RingAttractor",
    "RingTanhFlow",
    "RingTanhMap",
    "RockPaperScissors",
    "VanDerPol",
]


def __getattr__(name: str) -> Any:
    modules = _classes()
    if name not in modules:
        raise AttributeError(f"module 'thalweg.models' has no attribute {name!r}")
    value = getattr(importlib.import_module(modules[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
