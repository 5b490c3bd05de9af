"""Measures that are compiled: a function of a system in JAX, at many points side by side."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.ensembles import ensemble
from thalweg.core.errors import InputError, ThalwegError
from thalweg.core.parameters import Parameter
from thalweg.core.trees import in_float64
from thalweg.sweeps.leaves import STATUS, checked_statuses, described, named_leaves
from thalweg.sweeps.measures import Answers, Lanes, OfFunction, with_values
from thalweg.sweeps.statuses import Status
from thalweg.sweeps.variables import Variable


@dataclass(frozen=True, eq=False)
class Compiled(OfFunction):
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
    def is_batched(self) -> bool:
        """True."""
        return True

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


def _all_finite(arrays: Mapping[str, np.ndarray], count: int) -> np.ndarray:
    finite = np.ones(count, bool)
    for array in arrays.values():
        if array.dtype.kind in "fc":
            finite &= np.isfinite(array).reshape(count, -1).all(axis=1)
    return finite


def _local_mesh() -> Any:
    """All devices of this process as one axis; None where there is one."""
    devices = jax.local_devices()
    return (
        None if len(devices) == 1 else jax.make_mesh((len(devices),), ("lanes",), devices=devices)
    )
