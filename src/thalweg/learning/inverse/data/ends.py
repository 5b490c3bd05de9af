"""Data that are states at rest, with starts or without."""

from collections.abc import Callable
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.randomness import host_generator
from thalweg.core.trees import is_integer
from thalweg.dynamics import GradientStep, Map
from thalweg.learning.gradients import Unrolled
from thalweg.learning.inverse.data.base import Data, checked, positive
from thalweg.learning.relax import Relax


class Pairs(Data):
    """Starts and where each came to rest.

    The loss is the squared distance of where a run of so many steps ends from where it should, in
    units of the spread of the ends; it is differentiated through the run.

    Arguments:
        starts: shape `(n, d)`.
        ends: shape `(n, d)`.
        step: η of the steps of the run.
        num_steps: how many.

    Raises:
        InputError: the two are not finite or differ in shape; a start is its end.
    """

    starts: Any
    ends: Any
    step: Any
    num_steps: int = eqx.field(static=True)
    noun: ClassVar[str] = "pair"
    has_rests: ClassVar[bool] = True
    learns_starts: ClassVar[bool] = False
    is_error: ClassVar[bool] = True

    def __init__(self, starts: Any, ends: Any, *, step: float = 0.1, num_steps: int = 20):
        self.starts, self.ends = checked(starts, "Pairs: starts", "(n, d)"), _ends(ends, "Pairs")
        if self.starts.shape != self.ends.shape:
            raise InputError(
                f"Pairs: starts and ends must have one shape, got {self.starts.shape} and "
                f"{self.ends.shape}."
            )
        self.step, self.num_steps = _run_of("Pairs", step, num_steps)
        still = np.flatnonzero(np.all(self.starts == self.ends, axis=1))
        if len(still):
            raise InputError(
                f"Pairs: pair {still[0]} never moves ({len(still)} of {len(self.starts)} do not): "
                f"any energy that is flat there explains it. Give such states as Points."
            )

    @property
    def kind(self) -> str:
        """The row of `DETERMINED`."""
        return "pairs"

    @property
    def owner(self) -> np.ndarray:
        """A row is a datum."""
        return np.arange(len(self.ends))

    @property
    def states(self) -> Any:
        """Starts and ends."""
        return np.concatenate([self.starts, self.ends])

    def hidden(self, key: jax.Array) -> Any:
        """Nothing but the energy is learned."""
        return None

    def loss(self, energy: Callable[..., Any], hidden: Any, rows: Any, key: jax.Array) -> Any:
        """The mean squared distance of ends from ends."""
        found = _run(self.rule(energy), self.starts[rows], self.num_steps)
        return jnp.mean(_squares(found, self.ends[rows])) / _variance(self.ends)

    def rule(self, energy: Callable[..., Any]) -> Map:
        """The steps of the run."""
        return GradientStep(energy, self.step)

    def residuals(self, energy: Callable[..., Any], hidden: Any) -> Any:
        """The distance of each end from where its run ends, in units of the spread."""
        found = _run(self.rule(energy), self.starts, self.num_steps)
        return jnp.sqrt(_squares(found, self.ends) / _variance(self.ends))

    def runs(self, hidden: Any) -> tuple[Any, Any]:
        """The pairs."""
        return self.starts, self.ends

    def missing(self) -> tuple[str, ...]:
        """The way between."""
        return ("The way from start to end is not seen: neither speeds nor barriers are known.",)


class Points(Data):
    r"""States at rest, whose starts z_i are learned with the energy.

    The loss of a point x_i, with R the run of so many steps, s the spread of the points, and ξ
    normal of the size w·s, drawn anew each time,

        |R(z_i + ξ) − x_i|² / s² + p |z_i − mean|² / s²

    Without ξ and without the prior, z_i = x_i and a flat energy explain everything; ξ makes each
    point attract its surroundings.

    Arguments:
        states: shape `(n, d)`.
        step: η of the steps of the run.
        num_steps: how many.
        width: w; also the distance of the z_i from the x_i to begin with, in units of s.
        prior: p.

    Raises:
        InputError: the states are not finite, fewer than two, or all the same.
    """

    ends: Any
    step: Any
    width: Any
    prior: Any
    num_steps: int = eqx.field(static=True)
    noun: ClassVar[str] = "point"
    has_rests: ClassVar[bool] = True
    learns_starts: ClassVar[bool] = True
    is_error: ClassVar[bool] = True

    def __init__(
        self,
        states: Any,
        *,
        step: float = 0.1,
        num_steps: int = 20,
        width: float = 0.5,
        prior: float = 3e-2,
    ):
        self.ends = _ends(states, "Points")
        self.step, self.num_steps = _run_of("Points", step, num_steps)
        for name, value in (("width", width), ("prior", prior)):
            if not (np.isfinite(value) and value >= 0.0):
                raise InputError(f"Points: {name} must be finite and ≥ 0, got {value!r}.")
        self.width, self.prior = np.asarray(float(width)), np.asarray(float(prior))

    @property
    def kind(self) -> str:
        """The row of `DETERMINED`."""
        return "points"

    @property
    def owner(self) -> np.ndarray:
        """A row is a datum."""
        return np.arange(len(self.ends))

    @property
    def states(self) -> Any:
        """The points."""
        return self.ends

    def hidden(self, key: jax.Array) -> Any:
        """The starts z, w·s from the points in directions that are drawn."""
        away = host_generator(key).standard_normal(self.ends.shape)
        away /= np.linalg.norm(away, axis=1, keepdims=True)
        return self.ends + float(self.width) * self.spread * away

    def loss(self, energy: Callable[..., Any], hidden: Any, rows: Any, key: jax.Array) -> Any:
        """The mean squared distance of ends from points, and the prior of the starts."""
        variance, starts = _variance(self.ends), hidden[rows]
        width = self.width * jnp.sqrt(variance / starts.shape[1])
        nudge = width * jax.random.normal(key, starts.shape, starts.dtype)
        found = _run(self.rule(energy), starts + nudge, self.num_steps)
        missed = jnp.mean(_squares(found, self.ends[rows]))
        far = jnp.mean(jnp.sum((starts - jnp.mean(self.ends, axis=0, keepdims=True)) ** 2, axis=1))
        return (missed + self.prior * far) / variance

    def rule(self, energy: Callable[..., Any]) -> Map:
        """The steps of the run."""
        return GradientStep(energy, self.step)

    def residuals(self, energy: Callable[..., Any], hidden: Any) -> Any:
        """The distance of each point from where its run ends, in units of the spread."""
        found = _run(self.rule(energy), hidden, self.num_steps)
        return jnp.sqrt(_squares(found, self.ends) / _variance(self.ends))

    def runs(self, hidden: Any) -> tuple[Any, Any]:
        """The learned starts, and the points."""
        return hidden, self.ends

    def missing(self) -> tuple[str, ...]:
        """Everything but the minima."""
        return (
            "Barriers, basins and speeds are not seen: between the points the energy is that of "
            "the model's form and of the prior.",
        )


def _ends(states: Any, name: str) -> np.ndarray:
    ends = checked(states, f"{name}: ends" if name == "Pairs" else f"{name}: states", "(n, d)", 2)
    if not np.any(ends != ends[0]):
        raise InputError(f"{name}: all end points are the same: there is one minimum, at them.")
    return ends


def _run_of(name: str, step: Any, num_steps: Any) -> tuple[np.ndarray, int]:
    if not is_integer(num_steps) or num_steps < 1:
        raise InputError(f"{name}: num_steps must be a positive integer, got {num_steps!r}.")
    return np.asarray(positive(step, f"{name}: step")), int(num_steps)


def _run(rule: Map, starts: Any, num_steps: int) -> Any:
    """The ends of runs of so many steps, differentiable in their starts."""
    layer = Relax(rule, Unrolled(), tol=0.0, max_steps=num_steps)
    return jax.vmap(lambda start: layer(start).state)(starts)


def _squares(a: Any, b: Any) -> Any:
    """The squared distance of each row from its like."""
    return jnp.sum((a - b) ** 2, axis=-1)


def _variance(ends: Any) -> Any:
    return jnp.sum(jnp.var(ends, axis=0))
