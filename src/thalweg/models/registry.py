"""The built-in systems by name, readable without importing JAX.

To add one, write its class in a module of this room and enrol it here by one row.
"""

import difflib
import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from thalweg.core.errors import InputError


@dataclass(frozen=True)
class Entry:
    """A built-in system.

    Attributes:
        name: what the command line calls it.
        target: where its class lives, `"module:Class"`.
        summary: one line, under 60 characters.
        tags: what it is an example of; the first is `"flow"` or `"map"`.
        parameters: values in which it differs from the defaults of its class.
    """

    name: str
    target: str
    summary: str
    tags: tuple[str, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def class_name(self) -> str:
        """The name of its class."""
        return self.target.rpartition(":")[2]

    def load_class(self) -> type:
        """Its class; imports JAX."""
        module, _, name = self.target.partition(":")
        return getattr(importlib.import_module(module), name)

    def create(self, **parameters: Any) -> Any:
        """The system, with some parameters replaced; imports JAX."""
        return self.load_class()(**{**self.parameters, **parameters})


def _entry(name: str, target: str, summary: str, *tags: str, **parameters: Any) -> Entry:
    return Entry(name, f"thalweg.models.{target}", summary, tags, parameters)


ENTRIES: tuple[Entry, ...] = (
    _entry(
        "curie-weiss",
        "mean_field:CurieWeiss",
        "Mean-field magnet at a temperature",
        "flow",
        "physics",
        "gradient",
    ),
    _entry(
        "deep-linear-mode",
        "mode_pair:DeepLinearMode",
        "One mode of a two-layer linear network: a line of minima",
        "flow",
        "learning",
        "gradient",
        "continuum",
    ),
    _entry(
        "double-well",
        "wells:DoubleWell",
        "Descent into two wells across a ridge",
        "flow",
        "gradient",
    ),
    _entry(
        "duffing",
        "duffing:DuffingMap",
        "Forced double-well oscillator, once a period",
        "map",
        "physics",
        "forced",
    ),
    _entry(
        "duffing-flow",
        "duffing:Duffing",
        "Forced double-well oscillator (depends on time)",
        "flow",
        "physics",
        "forced",
    ),
    _entry(
        "fitzhugh-nagumo",
        "excitable:FitzHughNagumo",
        "Excitable membrane, reduced to a plane",
        "flow",
        "neuron",
        "cycle",
    ),
    _entry(
        "four-wells",
        "wells:FourWells",
        "Descent into four wells: nine equilibria",
        "flow",
        "gradient",
    ),
    _entry(
        "henon", "maps:Henon", "Quadratic map of the plane with a strange attractor", "map", "chaos"
    ),
    _entry(
        "logistic",
        "maps:Logistic",
        "Population map of the line: period doubling, chaos",
        "map",
        "chaos",
        "cycle",
    ),
    _entry("lorenz", "lorenz:Lorenz", "Convection in three modes: chaos", "flow", "chaos"),
    _entry(
        "lotka-volterra",
        "ecology:PredatorPrey",
        "Predator and prey: neutral cycles",
        "flow",
        "ecology",
    ),
    _entry(
        "lotka-volterra-competition",
        "ecology:Competition",
        "Species that compete: bistable",
        "flow",
        "ecology",
    ),
    _entry(
        "morris-lecar",
        "excitable:MorrisLecar",
        "Barnacle muscle fibre, class II (Hopf)",
        "flow",
        "neuron",
        "cycle",
    ),
    _entry(
        "morris-lecar-class-1",
        "excitable:MorrisLecar",
        "Barnacle muscle fibre, class I (saddle-node)",
        "flow",
        "neuron",
        "cycle",
        current=30.0,
        g_ca=4.0,
        v3=12.0,
        v4=17.4,
        phi=1.0 / 15.0,
    ),
    _entry(
        "mueller-brown",
        "wells:MuellerBrown",
        "Descent on the Müller–Brown surface",
        "flow",
        "gradient",
        "chemistry",
    ),
    _entry(
        "pendulum",
        "oscillators:Pendulum",
        "Damped pendulum on the circle of angles",
        "flow",
        "physics",
        "angle",
    ),
    _entry(
        "random-tanh",
        "tanh_networks:RandomTanhNetwork",
        "Random rate network of any size",
        "flow",
        "network",
    ),
    _entry(
        "replicator",
        "games:Replicator",
        "Selection among strategies, on the simplex",
        "flow",
        "ecology",
        "simplex",
    ),
    _entry(
        "ring-attractor",
        "ring_attractor:RingAttractor",
        "Head-direction network: a ring of equilibria",
        "flow",
        "network",
        "continuum",
    ),
    _entry(
        "ring-tanh-flow",
        "tanh_networks:RingTanhFlow",
        "Symmetric tanh network, h' = −h + tanh(hW)",
        "flow",
        "network",
    ),
    _entry(
        "ring-tanh-map",
        "tanh_networks:RingTanhMap",
        "Symmetric tanh network, h⁺ = tanh(hW)",
        "map",
        "network",
        "cycle",
    ),
    _entry(
        "rock-paper-scissors",
        "games:RockPaperScissors",
        "Cyclic dominance, on the simplex",
        "flow",
        "ecology",
        "simplex",
    ),
    _entry(
        "van-der-pol",
        "oscillators:VanDerPol",
        "Self-excited oscillator with one cycle",
        "flow",
        "physics",
        "cycle",
    ),
)

_BY_NAME = {entry.name: entry for entry in ENTRIES}


def find(name: str) -> Entry:
    """The built-in system of that name.

    Raises:
        InputError: there is none; the message offers the nearest names.
    """
    if name in _BY_NAME:
        return _BY_NAME[name]
    near = difflib.get_close_matches(name.lower().replace("_", "-"), _BY_NAME, n=3, cutoff=0.5)
    offer = f"Did you mean {' or '.join(near)}?" if near else "`thalweg list` shows all of them."
    raise InputError(f"There is no built-in system {name!r}. {offer}")


def classes() -> dict[str, str]:
    """Where every class of the room lives: name → module."""
    return {entry.class_name: entry.target.partition(":")[0] for entry in ENTRIES}
