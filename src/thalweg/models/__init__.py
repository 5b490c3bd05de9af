"""The systems of the sources, and the classics; every one is a rule with a domain.

`tw.models.FitzHughNagumo()` makes one; the command line calls it `fitzhugh-nagumo`. Those that are
the descent of an energy of `tw.energies` (`double-well`, `four-wells`, `mueller-brown`) are made by
`tw.SteepestDescent`. The registry can be read, and this package imported, without importing JAX.
"""

import importlib
from typing import TYPE_CHECKING, Any

from thalweg.models.registry import classes as _classes

if TYPE_CHECKING:
    from thalweg.models.classics.duffing import Duffing, DuffingMap
    from thalweg.models.classics.ecology import Competition, PredatorPrey
    from thalweg.models.classics.excitable import FitzHughNagumo, MorrisLecar
    from thalweg.models.classics.games import Replicator, RockPaperScissors
    from thalweg.models.classics.lorenz import Lorenz
    from thalweg.models.classics.maps import Henon, Logistic
    from thalweg.models.classics.mean_field import CurieWeiss
    from thalweg.models.classics.mode_pair import DeepLinearMode
    from thalweg.models.classics.oscillators import Pendulum, VanDerPol
    from thalweg.models.classics.ring_attractor import RingAttractor
    from thalweg.models.classics.tanh_networks import RandomTanhNetwork, RingTanhFlow, RingTanhMap
    from thalweg.models.normalization.grating import HeldGrating

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
        from thalweg.core.nearby import missing

        raise missing("thalweg.models", name, __all__)
    value = getattr(importlib.import_module(modules[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
