"""Measures that compute on the host, such as verbs, asked point by point."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from thalweg.core.errors import ConvergenceError, DivergenceError, InputError
from thalweg.sweeps.leaves import (
    STATUS,
    as_arrays,
    checked_statuses,
    described,
    fitted,
    named_leaves,
)
from thalweg.sweeps.measures import Answers, Lanes, OfFunction
from thalweg.sweeps.statuses import Status
from thalweg.sweeps.variables import Variable

_TRIED = 16  # points at which a verb is tried before a sweep of it is given up


@dataclass(frozen=True, eq=False)
class OnHost(OfFunction):
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
    def is_batched(self) -> bool:
        """False: points are asked one by one."""
        return False

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


def _status_of(error: Exception) -> Status:
    if isinstance(error, DivergenceError):
        return Status.DIVERGED
    return Status.UNFINISHED if isinstance(error, ConvergenceError) else Status.FAILED
