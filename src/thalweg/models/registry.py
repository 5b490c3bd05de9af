"""The built-in systems by name, readable without importing JAX.

To add one, write its class in a module of this room and enrol it here by one row.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from thalweg.core.errors import InputError
from thalweg.core.nearby import did_you_mean


@dataclass(frozen=True)
class Entry:
    """A built-in system.

    Attributes:
        name: what the command line calls it.
        target: where its class lives, `"models.module:Class"`.
        summary: one line, at most 44 characters (a line of `list` holds 80).
        tags: what it is an example of; the first is `"flow"` or `"map"`.
        dimension: the number of coordinates of a state.
        once_a_period: of a rule that depends on time, the map of it once a period; "" of others.
        parameters: values in which it differs from the defaults of its class.
    """

    name: str
    target: str
    summary: str
    tags: tuple[str, ...]
    dimension: int
    once_a_period: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def group(self) -> str:
        """The heading under which it is listed."""
        return next(group for tag, group in _GROUPS if tag in self.tags)

    def load_class(self) -> type:
        """Its class; imports JAX."""
        module, _, name = self.target.partition(":")
        return getattr(importlib.import_module(module), name)

    def create(self, **parameters: Any) -> Any:
        """The rule, with some parameters replaced; imports JAX."""
        from thalweg.dynamics import Rule, SteepestDescent

        made = self.load_class()(**{**self.parameters, **parameters})
        return made if isinstance(made, Rule) else SteepestDescent(made)


# Headings of the list in its order, by the first of these tags that an entry has.
_GROUPS = (
    ("neuron", "Neurons"),
    ("network", "Networks"),
    ("gradient", "Descents of an energy"),
    ("physics", "Oscillators"),
    ("ecology", "Populations"),
    ("chaos", "Chaos"),
)
GROUPS: tuple[str, ...] = tuple(group for _, group in _GROUPS)


def _entry(
    name: str,
    target: str,
    summary: str,
    tags: str,
    dimension: int,
    once_a_period: str = "",
    **parameters: Any,
) -> Entry:
    kinds = tuple(tags.split())
    return Entry(name, f"thalweg.{target}", summary, kinds, dimension, once_a_period, parameters)


ENTRIES: tuple[Entry, ...] = (
    _entry(
        "curie-weiss",
        "models.classics.mean_field:CurieWeiss",
        "Mean-field magnet at a temperature",
        "flow physics gradient",
        1,
    ),
    _entry(
        "deep-linear-mode",
        "models.classics.mode_pair:DeepLinearMode",
        "One mode of a linear network: a line of rest",
        "flow learning gradient continuum",
        2,
    ),
    _entry(
        "double-well",
        "energies.wells:DoubleWell",
        "Descent into two wells across a ridge",
        "flow gradient",
        1,
    ),
    _entry(
        "duffing",
        "models.classics.duffing:DuffingMap",
        "Forced double-well oscillator, once a period",
        "map physics forced",
        2,
    ),
    _entry(
        "duffing-flow",
        "models.classics.duffing:Duffing",
        "Duffing in time: simulate; analyse duffing",
        "flow physics forced",
        2,
        "duffing",
    ),
    _entry(
        "fitzhugh-nagumo",
        "models.classics.excitable:FitzHughNagumo",
        "Excitable membrane, reduced to a plane",
        "flow neuron cycle",
        2,
    ),
    _entry(
        "four-wells",
        "energies.wells:FourWells",
        "Descent into four wells: nine equilibria",
        "flow gradient",
        2,
    ),
    _entry(
        "henon",
        "models.classics.maps:Henon",
        "Map of the plane with a strange attractor",
        "map chaos",
        2,
    ),
    _entry(
        "logistic",
        "models.classics.maps:Logistic",
        "Population map: period doubling, chaos",
        "map chaos cycle",
        1,
    ),
    _entry(
        "lorenz",
        "models.classics.lorenz:Lorenz",
        "Convection in three modes: chaos",
        "flow chaos",
        3,
    ),
    _entry(
        "lotka-volterra",
        "models.classics.ecology:PredatorPrey",
        "Predator and prey: neutral cycles",
        "flow ecology",
        2,
    ),
    _entry(
        "lotka-volterra-competition",
        "models.classics.ecology:Competition",
        "Species that compete: bistable",
        "flow ecology",
        2,
    ),
    _entry(
        "morris-lecar",
        "models.classics.excitable:MorrisLecar",
        "Barnacle muscle fibre, class II (Hopf)",
        "flow neuron cycle",
        2,
    ),
    _entry(
        "morris-lecar-class-1",
        "models.classics.excitable:MorrisLecar",
        "Barnacle muscle fibre, class I (saddle-node)",
        "flow neuron cycle",
        2,
        current=30.0,
        g_ca=4.0,
        v3=12.0,
        v4=17.4,
        phi=1.0 / 15.0,
    ),
    _entry(
        "mueller-brown",
        "energies.wells:MuellerBrown",
        "Descent on the Müller–Brown surface",
        "flow gradient chemistry",
        2,
    ),
    _entry(
        "normalization",
        "models.normalization.grating:HeldGrating",
        "Adapting normalization, a grating held",
        "flow neuron network gradient",
        4,
    ),
    _entry(
        "pendulum",
        "models.classics.oscillators:Pendulum",
        "Damped pendulum on the circle of angles",
        "flow physics angle",
        2,
    ),
    _entry(
        "random-tanh",
        "models.classics.tanh_networks:RandomTanhNetwork",
        "Random rate network of any size",
        "flow network",
        8,
    ),
    _entry(
        "replicator",
        "models.classics.games:Replicator",
        "Selection among strategies, on the simplex",
        "flow ecology simplex",
        3,
    ),
    _entry(
        "ring-attractor",
        "models.classics.ring_attractor:RingAttractor",
        "Head-direction network: a ring of equilibria",
        "flow network continuum",
        8,
    ),
    _entry(
        "ring-tanh-flow",
        "models.classics.tanh_networks:RingTanhFlow",
        "Symmetric tanh network, h' = −h + tanh(hW)",
        "flow network",
        2,
    ),
    _entry(
        "ring-tanh-map",
        "models.classics.tanh_networks:RingTanhMap",
        "Symmetric tanh network, h⁺ = tanh(hW)",
        "map network cycle",
        2,
    ),
    _entry(
        "rock-paper-scissors",
        "models.classics.games:RockPaperScissors",
        "Cyclic dominance, on the simplex",
        "flow ecology simplex",
        3,
    ),
    _entry(
        "van-der-pol",
        "models.classics.oscillators:VanDerPol",
        "Self-excited oscillator with one cycle",
        "flow physics cycle",
        2,
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
    offer = did_you_mean(name, _BY_NAME, otherwise="`thalweg list` shows all of them.")
    raise InputError(f"There is no built-in system {name!r}. {offer}")


def classes() -> dict[str, str]:
    """Modules of all classes of the room: name → module."""
    targets = [entry.target.partition(":") for entry in ENTRIES]
    return {name: module for module, _, name in targets if module.startswith("thalweg.models.")}
