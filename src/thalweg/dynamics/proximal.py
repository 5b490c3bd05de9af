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
    """State of Newton's method.

    Attributes:
        z: the point.
        covector: the gradient there.
        turns: how many steps were taken.
        is_done: whether the last step was rounding.
        is_stuck: whether no part of it made a fall.
    """

    z: jax.Array
    covector: jax.Array
    turns: jax.Array
    is_done: jax.Array
    is_stuck: jax.Array


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

    def is_small(vector: jax.Array, z: jax.Array, share: float = _ROUNDING * eps) -> jax.Array:
        size = jnp.max(jnp.abs(z)) + jnp.max(jnp.abs(start))
        return jnp.max(jnp.abs(vector)) <= share * size

    def goes_on(turn: _Turn) -> jax.Array:
        return ~turn.is_done & ~turn.is_stuck & (turn.turns < _MOST_TURNS)

    def again(turn: _Turn) -> _Turn:
        step = _downhill(jax.jacfwd(gradient)(turn.z), turn.covector)
        level, steepness = objective(turn.z), jnp.linalg.norm(turn.covector)

        def is_too_long(loop: Any) -> jax.Array:
            share, index = loop
            ahead = turn.z + share * step
            after = objective(ahead)
            # Near the minimum a fall is below the rounding of the terms; there the gradient tells.
            is_level = after <= level + eps**0.5 * (jnp.abs(level) + jnp.abs(after))
            is_flatter = jnp.linalg.norm(gradient(ahead)) <= 0.5 * steepness
            return ~((after < level) | (is_level & is_flatter)) & (index < _HALVINGS)

        share, halved = jax.lax.while_loop(
            is_too_long,
            lambda loop: (0.5 * loop[0], loop[1] + 1),
            (jnp.ones_like(level), jnp.int32(0)),
        )
        # Terms that cancel leave a gradient above rounding; the step then is not.
        is_stuck = halved >= _HALVINGS
        # A step of √eps changes the function by less than its rounding: no fall can be seen.
        is_done = is_small(step, turn.z) | (is_stuck & is_small(step, turn.z, eps**0.5))
        z = jnp.where(is_done, turn.z, turn.z + share * step)
        covector = gradient(z)
        return _Turn(
            z,
            covector,
            turn.turns + 1,
            is_done | is_small(covector, z),
            jnp.asarray(is_stuck),
        )

    covector = gradient(start)
    first = _Turn(start, covector, jnp.int32(0), is_small(covector, start), jnp.bool_(False))
    last = jax.lax.while_loop(goes_on, again, first)
    return jnp.where(last.is_done, last.z, jnp.nan)


def _downhill(hessian: jax.Array, covector: jax.Array) -> jax.Array:
    """Newton's step where the function is convex, else one along the gradient."""
    factor = jnp.linalg.cholesky((hessian + hessian.T) / 2.0)
    newton = -cho_solve((factor, True), covector)
    return jnp.where(jnp.all(jnp.isfinite(newton)), newton, -covector / jnp.linalg.norm(hessian))
