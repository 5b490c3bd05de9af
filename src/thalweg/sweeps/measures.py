"""Measures, asked of a system at every point of a sweep: compiled functions, or verbs.

The sweep knows no measure by name: those live above the rooms that they use.
"""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.ensembles import ensemble
from thalweg.core.errors import (
    ConvergenceError,
    DivergenceError,
    InputError,
    ThalwegError,
)
from thalweg.core.parameters import Parameter
from thalweg.core.trees import in_float64
from thalweg.sweeps.fingerprints import fingerprint
from thalweg.sweeps.leaves import (
    STATUS,
    as_arrays,
    checked_statuses,
    described,
    fitted,
    named_leaves,
)
from thalweg.sweeps.statuses import Status
from thalweg.sweeps.variables import Variable

_TRIED = 16  # points at which a verb is tried before a sweep of it is given up


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


@dataclass(frozen=True, eq=False)
class Compiled(Measure):
    """A function of a system in JAX, run for many points side by side by `thalweg.ensemble`.

    Arguments:
        fn: takes a system, whose parameters are float64 arrays, and returns a pytree of arrays; a
            dictionary's keys are the names of the variables. An argument called `key` is given a
            `jax.random` key of the point's own. A returned integer called `status` says how the
            point ended (`thalweg.sweeps.Status`); without it a point is `NOT_FINITE` where any of
            its numbers is, else `DONE`.
        said: what is known of the variables by their names: any arguments of `Variable` but its
            name, shape and dtype.
        called: what files and figures call it; the function's own name unless given.
        points: how many points are computed and stored at a time unless told.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> speed = tw.sweeps.Compiled(
        ...     lambda system: {"speed": jnp.linalg.norm(system.velocity(0.0, jnp.ones(2)))},
        ...     said={"speed": {"long_name": "speed at (1, 1)"}},
        ...     called="speed",
        ... )
    """

    fn: Callable[..., Any]
    said: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    called: str = ""
    points: int = 10_000

    @property
    def name(self) -> str:
        """As given, else of the function."""
        return self.called or getattr(self.fn, "__name__", type(self.fn).__name__)

    @property
    def is_random(self) -> bool:
        """True where the function takes a key."""
        return _takes_key(self.fn)

    @property
    def is_batched(self) -> bool:
        """True."""
        return True

    def identity(self) -> dict[str, Any]:
        """The function's source, and what it closes over."""
        return {"kind": "compiled", "name": self.name, "function": fingerprint(self.fn)}

    def variables(self, lanes: Lanes) -> tuple[Variable, ...]:
        """The shapes that tracing the function gives; nothing is computed."""
        lane = self._lane(lanes)
        try:
            shapes = eqx.filter_eval_shape(lane, self._batch(lanes, 0))
        except ThalwegError:
            raise
        except Exception as error:
            raise InputError(
                f"{self.name} cannot be traced by JAX: {type(error).__name__}: {error}\nA function "
                f"that computes on the host (a verb such as find_equilibria) is given as "
                f"thalweg.sweeps.OnHost(fn)."
            ) from error
        return described(named_leaves(shapes), self.said, self.name)

    def measure(self, lanes: Lanes, variables: Sequence[Variable]) -> Answers:
        """All points by one ensemble, over all local devices."""
        result = ensemble(self._lane(lanes), self._batch(lanes, slice(None)), mesh=_local_mesh())
        arrays = {name: np.asarray(leaf) for name, leaf in named_leaves(result).items()}
        count = len(lanes.values)
        statuses = arrays.pop(STATUS, None)
        if statuses is None:
            statuses = np.where(_all_finite(arrays, count), Status.DONE, Status.NOT_FINITE)
        statuses, notes = checked_statuses(statuses)
        return Answers(arrays, statuses, notes)

    def _lane(self, lanes: Lanes) -> Any:
        return _Lane(self.fn, in_float64(lanes.system), lanes.parameters, self.is_random)

    def _batch(self, lanes: Lanes, which: Any) -> Any:
        keys = lanes.keys if self.is_random else None
        return lanes.values[which], None if keys is None else keys[which]


class _Lane(eqx.Module):
    """One point: its values put into the system, and the function of that."""

    fn: Callable[..., Any]
    system: Any
    parameters: tuple[Parameter, ...] = eqx.field(static=True)
    takes_key: bool = eqx.field(static=True)

    def __call__(self, lane: Any) -> Any:
        values, key = lane
        system = with_values(self.system, self.parameters, list(values))
        result = self.fn(system, key=key) if self.takes_key else self.fn(system)
        return jax.tree.map(jnp.asarray, result)  # a number that is the same for all points too


@dataclass(frozen=True, eq=False)
class OnHost(Measure):
    """A function of a system that computes on the host, such as a verb, asked point by point.

    Arguments:
        fn: takes a system, and returns a pytree of arrays or numbers, of the same shapes at every
            point; a dictionary's keys are the names of the variables. An argument called `key` is
            given a `jax.random` key of the point's own. Where it raises, the point is `FAILED`, or
            `DIVERGED`, and the others go on. A returned integer called `status` says how the point
            ended; NaN among the other numbers is an answer. Python's own numbers are float64; a
            number that the type of the first point's cannot hold makes the point `FAILED`.
        said: as of `Compiled`.
        called: what files and figures call it; the function's own name unless given.
        points: how many points are computed and stored at a time unless told.
    """

    fn: Callable[..., Any]
    said: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    called: str = ""
    points: int = 64

    @property
    def name(self) -> str:
        """As given, else of the function."""
        return self.called or getattr(self.fn, "__name__", type(self.fn).__name__)

    @property
    def is_random(self) -> bool:
        """True where the function takes a key."""
        return _takes_key(self.fn)

    @property
    def is_batched(self) -> bool:
        """False: points are asked one by one."""
        return False

    def identity(self) -> dict[str, Any]:
        """The function's source, and what it closes over."""
        return {"kind": "on-host", "name": self.name, "function": fingerprint(self.fn)}

    def variables(self, lanes: Lanes) -> tuple[Variable, ...]:
        """The shapes at the first point at which the function does not fail."""
        error: Exception | None = None
        for index in range(min(len(lanes.values), _TRIED)):
            try:
                result = self._ask(lanes, index)
            except Exception as caught:
                error = error or caught
                continue
            return described(as_arrays(self._leaves(result)), self.said, self.name)
        assert error is not None
        raise InputError(
            f"{self.name} fails at each of the first {min(len(lanes.values), _TRIED)} points: "
            f"{type(error).__name__}: {error}"
        ) from error

    def measure(self, lanes: Lanes, variables: Sequence[Variable]) -> Answers:
        """One point after the other."""
        count = len(lanes.values)
        arrays = {variable.name: variable.empty((count,)) for variable in variables}
        statuses, notes = np.full(count, Status.DONE), []
        for index in range(count):
            try:
                found = as_arrays(self._leaves(self._ask(lanes, index)))
                ended, said = checked_statuses(np.asarray(found.pop(STATUS, Status.DONE)))
                statuses[index] = ended[()]
                kept = fitted(found, variables)
            except Exception as error:
                statuses[index] = _status_of(error)
                notes.append(f"{type(error).__name__}: {error}")
                continue
            notes += said
            for name, leaf in kept.items():
                arrays[name][index] = leaf
        return Answers(arrays, statuses, notes)

    def _ask(self, lanes: Lanes, index: int) -> Any:
        system = lanes.at(index)
        return self.fn(system, key=lanes.keys[index]) if self.is_random else self.fn(system)

    def _leaves(self, result: Any) -> dict[str, Any]:
        try:
            return named_leaves(result)
        except InputError as error:
            raise InputError(f"{self.name}: {error}") from error


def _all_finite(arrays: Mapping[str, np.ndarray], count: int) -> np.ndarray:
    finite = np.ones(count, bool)
    for array in arrays.values():
        if array.dtype.kind in "fc":
            finite &= np.isfinite(array).reshape(count, -1).all(axis=1)
    return finite


def _status_of(error: Exception) -> Status:
    if isinstance(error, DivergenceError):
        return Status.DIVERGED
    return Status.UNFINISHED if isinstance(error, ConvergenceError) else Status.FAILED


def _takes_key(fn: Callable[..., Any]) -> bool:
    try:
        return "key" in inspect.signature(fn).parameters
    except (TypeError, ValueError):  # some builtins tell no signature
        return False


def _local_mesh() -> Any:
    """All devices of this process as one axis; None where there is one."""
    devices = jax.local_devices()
    return (
        None if len(devices) == 1 else jax.make_mesh((len(devices),), ("lanes",), devices=devices)
    )
