"""Data that are draws at a temperature: at rest, or on the way."""

from collections.abc import Callable
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.tables import counted
from thalweg.dynamics import Map
from thalweg.learning.inverse.data.base import Data, checked, stable_steps, stacked_paths
from thalweg.learning.inverse.losses import score_loss, transition_loss


class Samples(Data):
    """Independent states of a system at rest at a temperature: draws of e^{−E/T}/Z.

    Learned by score matching, which needs no Z. What is learned is E/T: the temperature is one.

    Arguments:
        states: shape `(n, d)`.

    Raises:
        InputError: the states are not finite, or so few or flat that their covariance is singular.
    """

    draws: Any
    noun: ClassVar[str] = "sample"
    has_rests: ClassVar[bool] = False
    learns_starts: ClassVar[bool] = False
    is_error: ClassVar[bool] = False

    def __init__(self, states: Any):
        self.draws = checked(states, "Samples: states", "(n, d)")
        least = self.draws.shape[1] + 1
        if len(self.draws) < least:
            raise InputError(
                f"Samples: from {counted(len(self.draws), 'sample')} of "
                f"{counted(self.draws.shape[1], 'coordinate')} nobody knows how wide the law is "
                f"in some direction: give {least} at least."
            )
        spreads = np.linalg.svd(self.draws - np.mean(self.draws, axis=0), compute_uv=False)
        if spreads[-1] <= 1e-12 * spreads[0]:
            raise InputError(
                "Samples: all states lie in a subspace, where a law has no density. Leave out the "
                "coordinates that do not vary."
            )

    @property
    def kind(self) -> str:
        """The row of `DETERMINED`."""
        return "samples"

    @property
    def owner(self) -> np.ndarray:
        """A row is a datum."""
        return np.arange(len(self.draws))

    @property
    def states(self) -> Any:
        """The samples."""
        return self.draws

    def hidden(self, key: jax.Array) -> Any:
        """Nothing but the energy is learned."""
        return None

    def loss(self, energy: Callable[..., Any], hidden: Any, rows: Any, key: jax.Array) -> Any:
        """The mean of ½|∇E|² − ΔE."""
        return jnp.mean(jax.vmap(lambda x: score_loss(energy, x))(self.draws[rows]))

    def rule(self, energy: Callable[..., Any]) -> Map:
        """Gradient steps as long as is stable."""
        return stable_steps(energy, self.draws)

    def residuals(self, energy: Callable[..., Any], hidden: Any) -> Any:
        """Unsaid: no single draw is explained or not."""
        return jnp.full(len(self.draws), jnp.nan)

    def runs(self, hidden: Any) -> tuple[Any, Any]:
        """Each sample, twice: it is not at rest, nor is it known where it came from."""
        return self.draws, self.draws

    def missing(self) -> tuple[str, ...]:
        """The temperature."""
        return ("The temperature is not seen: the energy is in units of it.",)


class Langevin(Data):
    r"""Runs of Langevin dynamics observed at known times, dX = −∇E dt + √(2T) dW.

    By the likelihood of each transition, with E to second order at the state before (Ozaki 1992):
    exact where E is quadratic. (That of an Euler step is biased by the order of Δt.) The
    temperature is learned too; `hidden` is its logarithm.

    Arguments:
        states: shape `(runs, times, coordinates)`, or a list of arrays `(times, coordinates)`.
        duration: Δt between consecutive states, one number.

    Raises:
        InputError: the states are not finite, of mixed shapes, or a run never moves; the duration
            is not positive.
    """

    before: Any
    after: Any
    rows_of: Any
    last: Any
    duration: Any
    noun: ClassVar[str] = "run"
    has_rests: ClassVar[bool] = False
    learns_starts: ClassVar[bool] = False
    is_error: ClassVar[bool] = False

    def __init__(self, states: Any, duration: float):
        paths = stacked_paths(states, "Langevin")
        if not (np.isfinite(duration) and duration > 0.0):
            raise InputError(f"Langevin: duration must be finite and positive, got {duration!r}.")
        self.before = np.concatenate([path[:-1] for path in paths])
        self.after = np.concatenate([path[1:] for path in paths])
        self.rows_of = np.repeat(np.arange(len(paths)), [len(path) - 1 for path in paths])
        self.last = np.stack([path[-1] for path in paths])
        self.duration = np.asarray(float(duration))

    @property
    def kind(self) -> str:
        """The row of `DETERMINED`."""
        return "langevin"

    @property
    def owner(self) -> np.ndarray:
        """The run of each transition."""
        return self.rows_of

    @property
    def states(self) -> Any:
        """The states before a transition."""
        return self.before

    def hidden(self, key: jax.Array) -> Any:
        """The logarithm of the temperature, from the size of the steps."""
        variance = np.mean((self.after - self.before) ** 2)
        return np.log(variance / (2.0 * self.duration))

    def loss(self, energy: Callable[..., Any], hidden: Any, rows: Any, key: jax.Array) -> Any:
        """The mean negative log-likelihood of a transition."""

        def one(x: Any, y: Any) -> Any:
            return transition_loss(energy, x, y, self.duration, jnp.exp(hidden))

        return jnp.mean(jax.vmap(one)(self.before[rows], self.after[rows]))

    def rule(self, energy: Callable[..., Any]) -> Map:
        """Gradient steps as long as is stable."""
        return stable_steps(energy, self.before)

    def residuals(self, energy: Callable[..., Any], hidden: Any) -> Any:
        """Unsaid: chance is a part of each step."""
        return jnp.full(len(self.last), jnp.nan)

    def runs(self, hidden: Any) -> tuple[Any, Any]:
        """The last state of each run, twice: it goes on for ever."""
        return self.last, self.last

    def missing(self) -> tuple[str, ...]:
        """Nothing but a constant."""
        return ()
