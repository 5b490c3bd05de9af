"""Measures, asked of a system at every point of a sweep: compiled functions, or verbs.

The sweep knows no measure by name: those live above the rooms that they use.
"""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from thalweg.core.parameters import Parameter
from thalweg.sweeps.fingerprints import fingerprint
from thalweg.sweeps.variables import Variable


class Lanes(NamedTuple):
    """Points of a sweep, for a measure to compute.

    Attributes:
        system: the system with other values of the parameters that vary.
        parameters: those that vary.
        values: their values at the points, shape `(n, p)`.
        keys: a `jax.random` key a point, shape `(n,)`, or None where nothing is random.
    """

    system: Any
    parameters: tuple[Parameter, ...]
    values: np.ndarray
    keys: Any

    def at(self, index: int) -> Any:
        """The system at a point; nothing is checked."""
        return with_values(self.system, self.parameters, self.values[index].tolist())


class Answers(NamedTuple):
    """The answers of a measure at some points.

    Attributes:
        arrays: for each variable by its name an array with one row a point.
        statuses: how each point ended, shape `(n,)`.
        notes: what was noticed, a sentence each.
    """

    arrays: dict[str, np.ndarray]
    statuses: np.ndarray
    notes: list[str]


def with_values(system: Any, parameters: Sequence[Parameter], values: Any) -> Any:
    """A copy of a system with other values of some parameters; nothing is checked."""
    for parameter, value in zip(parameters, values, strict=True):
        system = parameter.put(system, value)
    return system


class Measure(ABC):
    """Something to measure of a system at many points (abstract).

    For developers: `points` is how many a part should have by default, `variables` what it gives,
    found once before a store is made; `measure` computes many points and never raises for one.
    `identity` is JSON-ready, and differs where the numbers would.
    """

    points: int

    @property
    @abstractmethod
    def name(self) -> str:
        """Its name in files and figures."""

    @property
    @abstractmethod
    def is_random(self) -> bool:
        """True where it draws random numbers, from a key for each point."""

    @property
    @abstractmethod
    def is_batched(self) -> bool:
        """True where a part is one program, compiled for its number of points."""

    @abstractmethod
    def identity(self) -> dict[str, Any]:
        """Its identity, JSON-ready: another measure, or the same of other settings, differs."""

    @abstractmethod
    def variables(self, lanes: Lanes) -> tuple[Variable, ...]:
        """Its variables, found out at some points of the sweep.

        Raises:
            InputError: it can be computed at none of them.
        """

    @abstractmethod
    def measure(self, lanes: Lanes, variables: Sequence[Variable]) -> Answers:
        """Compute it at some points, at least one."""


class OfFunction(Measure):
    """A measure that is a function of a system (abstract).

    For developers: `fn` is the function, `called` what files and figures call it, or "".
    """

    fn: Callable[..., Any]
    called: str

    @property
    def name(self) -> str:
        """As given, else of the function."""
        return self.called or getattr(self.fn, "__name__", type(self.fn).__name__)

    @property
    def is_random(self) -> bool:
        """True where the function takes a key."""
        return _takes_key(self.fn)

    def identity(self) -> dict[str, Any]:
        """The function's source, and what it closes over."""
        kind = "compiled" if self.is_batched else "on-host"
        return {"kind": kind, "name": self.name, "function": fingerprint(self.fn)}


def _takes_key(fn: Callable[..., Any]) -> bool:
    try:
        return "key" in inspect.signature(fn).parameters
    except (TypeError, ValueError):  # some builtins tell no signature
        return False
