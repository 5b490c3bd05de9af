"""Activations ρ of graded units, and the best value of a unit in a field."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from thalweg.core.errors import InputError
from thalweg.core.trees import cast_like, computable, has_tracer

# Places at which a unit's energy is looked at first: between two of them it has one valley.
_LOOKS = 65
# Halvings of the valley: to the rounding of a double.
_HALVINGS = 60


class Activation(eqx.Module):
    """A function ρ of each unit by itself (abstract).

    Law: `best(f, a, c)` is a u at which ½au² − cu − fρ(u) is lowest, for a > 0.
    """

    @abstractmethod
    def __call__(self, u: Any) -> jax.Array:
        """ρ(u)."""

    @abstractmethod
    def best(self, field: Any, stiffness: Any, pull: Any) -> jax.Array:
        """The u at which ½au² − cu − fρ(u) is lowest, of the shape of f."""


class ClippedLinear(Activation):
    """The hard sigmoid, ρ(u) = u between two bounds and constant beyond them.

    Arguments:
        lower: the lower bound, and value.
        upper: the upper one.
    """

    lower: float = 0.0
    upper: float = 1.0

    def __check_init__(self):
        """Refuse bounds in the wrong order."""
        if not has_tracer(self.lower, self.upper) and not self.lower < self.upper:
            raise InputError(
                f"ClippedLinear: lower must be below upper, got {self.lower} and {self.upper}."
            )

    def __call__(self, u: Any) -> jax.Array:
        """u, clipped."""
        u = computable(u)
        return jnp.clip(u, cast_like(self.lower, u), cast_like(self.upper, u))

    def best(self, field: Any, stiffness: Any, pull: Any) -> jax.Array:
        """The best of the three pieces' lowest points."""
        lower, upper = cast_like(self.lower, field), cast_like(self.upper, field)
        alone = pull / stiffness
        pieces = (
            jnp.clip((pull + field) / stiffness, lower, upper),
            jnp.minimum(alone, lower),
            jnp.maximum(alone, upper),
        )
        levels = [u * (0.5 * stiffness * u - pull) - field * self(u) for u in pieces]
        best, level = pieces[0], levels[0]
        for u, other in zip(pieces[1:], levels[1:], strict=True):
            best = jnp.where(other < level, u, best)
            level = jnp.minimum(other, level)
        return jnp.where(jnp.isnan(field + pull), field + pull, best)


class Smooth(Activation):
    """A smooth activation: the best value of a unit is found by a scalar solve.

    Arguments:
        function: ρ, elementwise, such as `jnp.tanh`.
        steepest: the largest |ρ'|; the best value lies within |f| steepest / a of c / a.
    """

    function: Callable[[Any], Any] = eqx.field(static=True, default=jnp.tanh)
    steepest: float = 1.0

    def __check_init__(self):
        """Refuse what is no function or no slope."""
        if not callable(self.function):
            raise InputError(f"Smooth: function must be callable, got {self.function!r}.")
        if not has_tracer(self.steepest) and not 0.0 < self.steepest < float("inf"):
            raise InputError(f"Smooth: steepest must be positive, got {self.steepest!r}.")

    def __call__(self, u: Any) -> jax.Array:
        """ρ(u)."""
        return self.function(computable(u))

    def best(self, field: Any, stiffness: Any, pull: Any) -> jax.Array:
        """The lowest of some places, then the bottom of its valley by halving, then Newton."""
        held = jax.lax.stop_gradient((field, stiffness, pull))
        u = jax.lax.stop_gradient(self._valley(*held))
        # A last step of Newton's has the derivative that a bottom has.
        slope = self._slope(u, field, stiffness, pull)
        bend = jax.jvp(lambda v: self._slope(v, *held), (u,), (jnp.ones_like(u),))[1]
        return u - slope / jax.lax.stop_gradient(jnp.where(bend > 0, bend, jnp.inf))

    def _valley(self, field: Any, stiffness: Any, pull: Any) -> jax.Array:
        field, stiffness, pull = jnp.broadcast_arrays(field, stiffness, pull)
        reach = jnp.abs(field) * cast_like(self.steepest, field) / stiffness
        places = jnp.linspace(-1.0, 1.0, _LOOKS, dtype=field.dtype)
        looks = (pull / stiffness)[None] + reach[None] * places.reshape(-1, *[1] * field.ndim)
        bowl = 0.5 * stiffness[None] * looks - pull[None]
        levels = looks * bowl - field[None] * self(looks)
        middle = jnp.take_along_axis(looks, jnp.argmin(levels, axis=0)[None], axis=0)[0]
        width = 2.0 * reach / (_LOOKS - 1)

        def halve(_: Any, ends: Any) -> Any:
            low, high = ends
            u = 0.5 * (low + high)
            is_rising = self._slope(u, field, stiffness, pull) > 0
            return jnp.where(is_rising, low, u), jnp.where(is_rising, u, high)

        low, high = jax.lax.fori_loop(0, _HALVINGS, halve, (middle - width, middle + width))
        return 0.5 * (low + high)

    def _slope(self, u: Any, field: Any, stiffness: Any, pull: Any) -> jax.Array:
        """au − c − fρ'(u)."""
        rho = jax.jvp(self.function, (u,), (jnp.ones_like(u),))[1]
        return stiffness * u - pull - field * rho
