"""Data that are paths of states: with steps, with times, without either."""

from collections.abc import Callable
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.tables import counted
from thalweg.dynamics import GradientStep, Map
from thalweg.learning.inverse.data.base import Data, positive, stable_steps, stacked_paths
from thalweg.learning.inverse.losses import direction_loss, step_loss
from thalweg.simulation.methods import classical_step

# Steps of RK4 between two observed states of a flow: enough where these are near each other.
_SUBSTEPS = 4
_LEAST_TYPICAL = 0.05  # of runs at rest the median says how long one waited, not how fast it went


class Steps(eqx.Module):
    """The steps of many paths, one a row.

    Attributes:
        before: the state before each step, shape `(m, d)`.
        change: what it changed.
        owner: the path that it belongs to, shape `(m,)`.
        first: where each path begins, shape `(n, d)`.
        last: where it ends.
    """

    before: Any
    change: Any
    owner: Any
    first: Any
    last: Any

    @classmethod
    def of(cls, paths: list[np.ndarray]) -> "Steps":
        """The steps of paths `(t_i, d)`."""
        lengths = [len(path) - 1 for path in paths]
        return cls(
            np.concatenate([path[:-1] for path in paths]),
            np.concatenate([np.diff(path, axis=0) for path in paths]),
            np.repeat(np.arange(len(paths)), lengths),
            np.stack([path[0] for path in paths]),
            np.stack([path[-1] for path in paths]),
        )

    @property
    def states(self) -> Any:
        """All states of all paths."""
        return np.concatenate([self.before, self.last])

    @property
    def typical(self) -> float:
        """The median length of a step; that of runs that mostly rest, a share of the longest."""
        lengths = np.linalg.norm(self.change, axis=1)
        return float(max(np.median(lengths), _LEAST_TYPICAL * np.max(lengths)))

    def mean_of(self, rows: Any) -> Any:
        """The mean of a number a row over the rows of each path, shape `(n,)`."""
        count = len(self.first)
        totals = jnp.zeros(count, rows.dtype).at[self.owner].add(rows)
        return totals / jnp.zeros(count, rows.dtype).at[self.owner].add(1.0)

    def unfinished(self) -> tuple[str, ...]:
        """A sentence where paths were not followed to rest."""
        ends = np.append(self.owner[1:] != self.owner[:-1], True)
        lengths = np.linalg.norm(self.change, axis=1)
        largest = np.zeros(len(self.first))
        np.maximum.at(largest, self.owner, lengths)
        moving = np.sum(lengths[ends] > 0.1 * largest)
        if not moving:
            return ()
        return (
            f"{moving} of {len(self.first)} paths still move at their end by more than a tenth of "
            f"their longest step: where they come to rest is a guess. Follow them to rest.",
        )


class OfSteps(Data):
    """Data that are steps from one state to the next (abstract)."""

    steps: eqx.AbstractVar[Steps]

    @property
    def owner(self) -> np.ndarray:
        """The run of each step."""
        return self.steps.owner

    @property
    def states(self) -> Any:
        """All states."""
        return self.steps.states

    def hidden(self, key: jax.Array) -> Any:
        """Nothing but the energy is learned."""
        return None


class Trajectories(OfSteps):
    r"""Runs of states that go downhill, observed step after step.

    With an unknown or a known step, x⁺ = x − η∇E(x); with times, dx/dt = −∇E(x). The loss is the
    error of each step, squared and relative: |Δx' − Δx|² / (|Δx|² + ε²). (Unweighted, only the fast
    places count, and minima lie in slow ones.)

    Arguments:
        states: shape `(runs, times, coordinates)`, or a list of arrays `(times, coordinates)`.
        step: η, if known. If not, only ηE is seen; η is then chosen such that the gradient is
            about one.
        times: if the runs are those of a flow, when the states were seen: one vector for all runs,
            or one a run.
        noise: the standard deviation of what was added to each coordinate when it was observed.
        floor: ε as a share of the median step; noise adds to it.

    Raises:
        InputError: the states are not finite, of mixed shapes, fewer than two a run; a run never
            moves; times do not rise; both a step and times are given.

    Example:
        >>> import numpy as np, thalweg as tw
        >>> runs = 0.5 ** np.arange(10)[None, :, None] * np.array([1.0, -2.0])[:, None, None]
        >>> data = tw.learning.Trajectories(runs)
        >>> data.words, data.kind
        ('2 runs', 'steps')
    """

    steps: Steps
    durations: Any
    step: Any
    floor: Any
    noise: Any
    is_timed: bool = eqx.field(static=True)
    noun: ClassVar[str] = "run"
    has_rests: ClassVar[bool] = False
    learns_starts: ClassVar[bool] = False
    is_error: ClassVar[bool] = True

    def __init__(
        self,
        states: Any,
        *,
        step: float | None = None,
        times: Any = None,
        noise: float = 0.0,
        floor: float = 0.02,
    ):
        paths = stacked_paths(states, "Trajectories")
        if step is not None and times is not None:
            raise InputError("Trajectories: give a step (of a map) or times (of a flow), not both.")
        self.steps = Steps.of(paths)
        self.durations = None if times is None else _durations(times, paths)
        self.is_timed = step is not None or times is not None
        typical = self.steps.typical
        known = typical if step is None else positive(step, "Trajectories: step")
        self.step = np.asarray(known)
        if not (np.isfinite(noise) and noise >= 0.0):
            raise InputError(f"Trajectories: noise must be finite and ≥ 0, got {noise!r}.")
        self.noise = np.asarray(float(noise))
        floor = positive(floor, "Trajectories: floor") * typical
        # The difference of two observations has twice the variance of one in each coordinate.
        self.floor = np.sqrt(floor**2 + 2.0 * self.size * self.noise**2)

    @property
    def kind(self) -> str:
        """The row of `DETERMINED`: it matters whether the step or the times are known."""
        return "timed" if self.is_timed else "steps"

    def loss(self, energy: Callable[..., Any], hidden: Any, rows: Any, key: jax.Array) -> Any:
        """The mean relative square of the errors of steps."""
        return jnp.mean(self._errors(energy, rows))

    def rule(self, energy: Callable[..., Any]) -> Map:
        """Gradient steps like those observed; of a flow, as long as is stable."""
        if self.durations is not None:
            return stable_steps(energy, self.steps.before)
        return GradientStep(energy, self.step)

    def residuals(self, energy: Callable[..., Any], hidden: Any) -> Any:
        """The root mean relative square of the errors of each run, less what noise explains."""
        steps = self.steps
        weights = 1.0 / (jnp.sum(steps.change**2, axis=1) + self.floor**2)
        errors = self._errors(energy, jnp.arange(len(steps.owner)))
        explained = 2.0 * steps.before.shape[1] * self.noise**2 * weights
        return jnp.sqrt(jnp.maximum(steps.mean_of(errors) - steps.mean_of(explained), 0.0))

    def runs(self, hidden: Any) -> tuple[Any, Any]:
        """The first and the last state of each run."""
        return self.steps.first, self.steps.last

    def missing(self) -> tuple[str, ...]:
        """A sentence where runs did not come to rest."""
        return self.steps.unfinished()

    def _errors(self, energy: Callable[..., Any], rows: Any) -> Any:
        """The loss of each of some steps."""
        gradient = jax.grad(energy)

        def one(row: Any) -> Any:
            x, change = self.steps.before[row], self.steps.change[row]
            if self.durations is None:
                predicted = -self.step * gradient(x)
            else:
                predicted = _flowed(gradient, x, self.durations[row]) - x
            return step_loss(predicted, change, self.floor)

        return jax.vmap(one)(rows)


class Paths(OfSteps):
    """Curves that go downhill, of which it is not known how fast.

    The loss is one less the cosine between each change and −∇E: neighbouring states must lie close.

    Arguments:
        states: shape `(paths, states, coordinates)`, or a list of arrays `(states, coordinates)`.
        floor: changes much smaller than this share of the median one count less.

    Raises:
        InputError: the states are not finite, of mixed shapes, fewer than two a path; a path never
            moves.
    """

    steps: Steps
    floor: Any
    noun: ClassVar[str] = "path"
    has_rests: ClassVar[bool] = False
    learns_starts: ClassVar[bool] = False
    is_error: ClassVar[bool] = True

    def __init__(self, states: Any, *, floor: float = 0.02):
        self.steps = Steps.of(stacked_paths(states, "Paths"))
        self.floor = np.asarray(positive(floor, "Paths: floor") * self.steps.typical)

    @property
    def kind(self) -> str:
        """The row of `DETERMINED`."""
        return "paths"

    def loss(self, energy: Callable[..., Any], hidden: Any, rows: Any, key: jax.Array) -> Any:
        """One less the mean cosine."""
        return jnp.mean(self._errors(energy, rows))

    def rule(self, energy: Callable[..., Any]) -> Map:
        """Gradient steps as long as is stable."""
        return stable_steps(energy, self.steps.before)

    def residuals(self, energy: Callable[..., Any], hidden: Any) -> Any:
        """The mean of (1 − cos)/2 over each path."""
        rows = jnp.arange(len(self.owner))
        return 0.5 * self.steps.mean_of(self._errors(energy, rows))

    def runs(self, hidden: Any) -> tuple[Any, Any]:
        """The first and the last state of each path."""
        return self.steps.first, self.steps.last

    def missing(self) -> tuple[str, ...]:
        """The speed; and whether paths came to rest."""
        return ("How fast the paths are walked is not seen: curvatures say signs, not sizes.",)

    def _errors(self, energy: Callable[..., Any], rows: Any) -> Any:
        steps, gradient = self.steps, jax.grad(energy)
        # At the middle of a chord its direction is right to second order.
        return jax.vmap(
            lambda row: direction_loss(
                gradient(steps.before[row] + 0.5 * steps.change[row]), steps.change[row], self.floor
            )
        )(rows)


def _durations(times: Any, paths: list[np.ndarray]) -> np.ndarray:
    """The time between consecutive states, one a row."""
    shared = np.ndim(times[0]) == 0
    found = []
    for i, path in enumerate(paths):
        when = np.asarray(times if shared else times[i], dtype=np.float64)
        if when.shape != (len(path),) or not np.all(np.diff(when) > 0):
            raise InputError(
                f"Trajectories: times must rise, one a state: run {i} has "
                f"{counted(len(path), 'state')} and the times {when.tolist()[:6]}."
            )
        found.append(np.diff(when))
    return np.concatenate(found)


def _flowed(gradient: Callable[..., Any], x: jax.Array, duration: Any) -> jax.Array:
    """The state after the duration of steepest descent, by RK4."""
    h = duration / _SUBSTEPS

    def step(x: jax.Array, _: None) -> tuple[jax.Array, None]:
        return classical_step(lambda share, x: -gradient(x), x, -gradient(x), h), None

    return jax.lax.scan(step, x, None, length=_SUBSTEPS)[0]
