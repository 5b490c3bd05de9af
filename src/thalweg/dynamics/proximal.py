"""The minimum of a function near a point, differentiable: what a proximal step solves."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.linalg import cho_solve

# Newton's steps square the error once near; before, each makes the function fall.
_MOST_TURNS = 64
# Halvings of a step until the function falls: then rounding is what keeps it from falling.
_HALVINGS = 40
# A gradient of so many units of rounding of its terms is zero.
_ROUNDING = 16.0


class _Turn(NamedTuple):
    """Where Newton's method is: the point, the gradient there, and how often it has turned."""

    z: jax.Array
    slope: jax.Array
    turns: jax.Array
    moves: jax.Array


def lowest_near(objective: Callable[[Any], Any], start: jax.Array, unit: Any) -> jax.Array:
    """The minimum downhill from a point, by Newton's method with steps that make a fall.

    Derivatives are those of the implicit function.

    Arguments:
        objective: a smooth function `(d,) → scalar`, whatever it closes over.
        start: the point, `(d,)`.
        unit: a length scale of its curvature, 1/E'': what a gradient is measured by.

    Returns:
        The minimum; NaN where none was found within 64 steps.
    """

    def gradient(z: jax.Array) -> jax.Array:
        return unit * jax.grad(objective)(z)

    def tangent(linear: Callable[[Any], Any], y: jax.Array) -> jax.Array:
        return jnp.linalg.solve(jax.jacfwd(linear)(y), y)

    def solve(_: Any, guess: jax.Array) -> jax.Array:
        return _newton(objective, gradient, guess)

    return jax.lax.custom_root(gradient, start, solve, tangent)


def _newton(objective: Any, gradient: Any, start: jax.Array) -> jax.Array:
    eps = float(jnp.finfo(start.dtype).eps)

    def is_small(turn: _Turn) -> jax.Array:
        size = jnp.max(jnp.abs(turn.z)) + jnp.max(jnp.abs(start))
        return jnp.max(jnp.abs(turn.slope)) <= _ROUNDING * eps * size

    def goes_on(turn: _Turn) -> jax.Array:
        return ~is_small(turn) & turn.moves & (turn.turns < _MOST_TURNS)

    def again(turn: _Turn) -> _Turn:
        step = _downhill(jax.jacfwd(gradient)(turn.z), turn.slope)
        level = objective(turn.z)

        def is_too_long(loop: Any) -> jax.Array:
            share, index = loop
            after = objective(turn.z + share * step)
            # Near the minimum a fall is below rounding, and a full step is right.
            falls = after <= level + 4.0 * eps * jnp.abs(level)
            return ~falls & (index < _HALVINGS)

        share, index = jax.lax.while_loop(
            is_too_long, lambda loop: (0.5 * loop[0], loop[1] + 1), (jnp.ones_like(level), 0)
        )
        z = turn.z + share * step
        moves = (index < _HALVINGS) & jnp.any(z != turn.z)
        return _Turn(z, gradient(z), turn.turns + 1, moves)

    first = _Turn(start, gradient(start), jnp.int32(0), jnp.bool_(True))
    last = jax.lax.while_loop(goes_on, again, first)
    # Where it does not move any more, what is left of the gradient is its own rounding.
    before = objective(start)
    is_lower = objective(last.z) <= before + _ROUNDING * eps * jnp.abs(before)
    return jnp.where((is_small(last) | ~last.moves) & is_lower, last.z, jnp.nan)


def _downhill(hessian: jax.Array, slope: jax.Array) -> jax.Array:
    """Newton's step where the function is convex, else one along the gradient."""
    factor = jnp.linalg.cholesky((hessian + hessian.T) / 2.0)
    newton = -cho_solve((factor, True), slope)
    return jnp.where(jnp.all(jnp.isfinite(newton)), newton, -slope / jnp.linalg.norm(hessian))
