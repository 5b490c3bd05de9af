"""Data as a learner of energies takes them (abstract), and checks that all kinds share."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.dynamics import GradientStep, Map

_LOOKED_AT = 64  # states at which curvature is looked at to choose a step that is stable there
_LEAST_CURVATURE = 1e-6  # of a flat energy, whose steps may be as long as one likes


class Data(eqx.Module):
    """Observations of a system that follows an energy downhill (abstract).

    For developers: a datum is what gets a certificate (a trajectory, an end point); a row is what a
    batch is made of (a step, an end point). `loss` is the mean over the rows of a batch, of one
    energy; what must be learned beside it (starts, a temperature) is `hidden`. `has_rests` says
    that the ends are states of rest, `learns_starts` that the starts are not data, `is_error` that
    a loss of zero explains all (a likelihood has no such end).
    """

    noun: ClassVar[str]
    has_rests: ClassVar[bool]
    learns_starts: ClassVar[bool]
    is_error: ClassVar[bool]

    @property
    @abstractmethod
    def kind(self) -> str:
        """The row of `DETERMINED` that says what they fix."""

    @property
    @abstractmethod
    def owner(self) -> np.ndarray:
        """The datum that each row belongs to, shape `(rows,)`."""

    @property
    @abstractmethod
    def states(self) -> Any:
        """States where the data are, shape `(m, d)`."""

    @abstractmethod
    def hidden(self, key: jax.Array) -> Any:
        """The pytree learned beside the energy, as training begins; None where there is none."""

    @abstractmethod
    def loss(self, energy: Callable[..., Any], hidden: Any, rows: Any, key: jax.Array) -> Any:
        """The mean loss of the rows of a batch, a scalar."""

    @abstractmethod
    def rule(self, energy: Callable[..., Any]) -> Map:
        """The steps by which states of the data come to rest."""

    @abstractmethod
    def residuals(self, energy: Callable[..., Any], hidden: Any) -> Any:
        """The unexplained part of each datum, shape `(n,)`: 0 nothing, 1 all; NaN: unsaid."""

    @abstractmethod
    def runs(self, hidden: Any) -> tuple[Any, Any]:
        """The first and the last state of the run of each datum, shape `(n, d)` each."""

    @abstractmethod
    def missing(self) -> tuple[str, ...]:
        """Sentences on what these data do not say."""

    @property
    def count(self) -> int:
        """The number of data."""
        return int(self.owner[-1]) + 1

    @property
    def size(self) -> int:
        """The number of coordinates of a state."""
        return np.shape(self.states)[-1]

    @property
    def spread(self) -> float:
        """The root mean square distance of the states from their mean."""
        return float(np.sqrt(np.sum(np.var(self.states, axis=0))))

    @property
    def words(self) -> str:
        """Their number and their noun."""
        return f"{self.count} {self.noun}{'' if self.count == 1 else 's'}"


def stable_steps(energy: Callable[..., Any], states: Any) -> GradientStep:
    """Gradient steps as long as the curvature at the states allows: η = 1 / λ_max."""
    few = states[:: max(1, len(states) // _LOOKED_AT)]
    hessians = jax.vmap(jax.hessian(energy))(few)
    largest = jnp.max(jnp.abs(jnp.linalg.eigvalsh(hessians)))
    step: Any = 1.0 / jnp.maximum(largest, _LEAST_CURVATURE)
    return GradientStep(energy, step)


def checked(values: Any, name: str, axes: str, least: int = 1) -> np.ndarray:
    """Observations as a float64 array with as many axes as are named, `"(n, d)"` say.

    Raises:
        InputError: they are no such array, or not finite; the message says what is and where.
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must be an array {axes} of numbers: {error}.") from error
    if array.ndim != axes.count(",") + 1 or array.shape[-1] < 1:
        raise InputError(f"{name} must be an array {axes}, got the shape {array.shape}.")
    if len(array) < least:
        raise InputError(f"{name}: {least} or more are needed, got {len(array)}.")
    if not np.all(np.isfinite(array)):
        where = tuple(map(int, np.argwhere(~np.isfinite(array))[0]))
        raise InputError(
            f"{name} must be finite, got {array[where]} at {list(where)}. Leave out what was not "
            f"observed."
        )
    return array


def stacked_paths(states: Any, name: str) -> list[np.ndarray]:
    """Paths `(n, t, d)`, or a list of paths `(t_i, d)`, as a list of float64 arrays.

    Raises:
        InputError: one is no such array, has other coordinates than the first, is not finite, has
            fewer than two states, or never moves.
    """
    if not isinstance(states, list | tuple) and np.ndim(states) != 3:
        raise InputError(
            f"{name}: states must be an array (paths, times, coordinates), or a list of arrays "
            f"(times, coordinates), got the shape {np.shape(states)}."
        )
    paths = [checked(path, f"{name}: path {i}", "(times, coordinates)", 2)
             for i, path in enumerate(states)]  # fmt: skip
    if not paths:
        raise InputError(f"{name}: states must hold a path at least, got none.")
    sizes = [path.shape[1] for path in paths]
    if len(set(sizes)) > 1:
        other = next(i for i, size in enumerate(sizes) if size != sizes[0])
        raise InputError(
            f"{name}: all states must have the same coordinates; path 0 has {sizes[0]}, path "
            f"{other} has {sizes[other]}."
        )
    still = [i for i, path in enumerate(paths) if not np.any(path != path[0])]
    if still:
        raise InputError(
            f"{name}: path {still[0]} never moves ({len(still)} of {len(paths)} do not): it only "
            f"says that its state is at rest. Leave it out, or give such states as Points."
        )
    return paths


def positive(value: Any, name: str) -> float:
    """A number that is finite and above zero.

    Raises:
        InputError: it is not.
    """
    number = np.asarray(value)
    if number.ndim or number.dtype.kind not in "iuf" or not (np.isfinite(number) and number > 0):
        raise InputError(f"{name} must be finite and above zero, got {value!r}.")
    return float(number)
