"""The fall of an energy along a rule: at points, at the worst points, and on runs."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.charts import Chart
from thalweg.core.trees import smooth_norm
from thalweg.dynamics import Problem

HUNTS = 256  # in one compiled program; the lowest falls of all are kept
# Nearer to an equilibrium, in units of the domain, nothing is asked: both vectors vanish there.
NEAREST = 1e-4
LONGEST = np.asarray(0.1)  # the first step of a hunt, in widths
_STEPS = 40  # each .85 of the one before: the last, 1.8e-4 widths, is as near as a place is told
_WALK = 128  # steps: 2.5 widths, from anywhere in the domain to what attracts there
_STRIDE = 0.02  # of the widths: a walk only gathers places, so it need not be exact


def fall(problem: Problem, energy: Any, y: jax.Array) -> jax.Array:
    r"""Steepness of an energy's fall along a rule at y, in [−1, 1]; negative where it rises.

    A flow: −∇E·f / (|∇E| |f|), with coordinates in units of the domain. A map: the drop of the
    energy over one step, E(y) − E(y⁺), relative to |∇E| |y⁺ − y| at both ends and to rounding.
    """

    def at(z: jax.Array) -> jax.Array:
        return energy(problem.chart.embed(z))

    widths = jnp.asarray(problem.chart.widths)
    return problem.rule.fall(at, y, problem.displacement(y), widths)


@eqx.filter_jit
def fall_at_points(problem: Problem, energy: Any, points: Any) -> jax.Array:
    """`fall` at points `(n, d)`."""
    return jax.vmap(lambda y: fall(problem, energy, y))(points)


@eqx.filter_jit
def hunt(
    problem: Problem, energy: Any, starts: Any, longest: Any = LONGEST
) -> tuple[jax.Array, jax.Array]:
    """Go down the fall from every start, in steps that shrink, and stay in the domain.

    Arguments:
        problem: the rule in coordinates.
        energy: a function of the state.
        starts: points `(n, d)`.
        longest: the first step, in widths; an array, so that no other one compiles again.

    Returns:
        The lowest point that each hunt met, `(n, d)`, and the fall there, `(n,)`.
    """
    widths = jnp.asarray(problem.chart.widths)
    fall_and_gradient = jax.value_and_grad(lambda y: fall(problem, energy, y))

    def lane(start: jax.Array) -> tuple[jax.Array, jax.Array]:
        def step(carry: tuple, size: jax.Array) -> tuple[tuple, None]:
            y, best, least = carry
            value, gradient = fall_and_gradient(y)
            better = value < least
            best, least = jnp.where(better, y, best), jnp.where(better, value, least)
            direction = gradient * widths
            moved = y - size * widths * direction / (smooth_norm(direction) + 1e-300)
            return (stay_inside(problem.chart, moved, y), best, least), None

        sizes = longest * 0.85 ** jnp.arange(_STEPS)
        first = (start, start, jnp.asarray(jnp.inf, start.dtype))
        (_, best, least), _ = jax.lax.scan(step, first, sizes)
        return best, least

    return jax.vmap(lane)(jnp.asarray(starts))


@eqx.filter_jit
def walk(problem: Problem, starts: Any) -> jax.Array:
    """Ends of walks from `(n, d)` points by a rule, one half of them by its reverse.

    Nothing falls along a closed orbit or in chaos, and there is where walks end. A flow is followed
    at unit speed, in units of the domain; a map is iterated, forward only.
    """

    def lane(start: jax.Array, stride: jax.Array) -> jax.Array:
        return jax.lax.fori_loop(0, _WALK, lambda _, y: _pace(problem, y, stride), start)

    starts = jnp.asarray(starts)
    signs = jnp.where(jnp.arange(len(starts)) % 2 == 0, 1.0, -1.0)
    return jax.vmap(lane)(starts, _STRIDE * signs)


@eqx.filter_jit
def run_along(problem: Problem, starts: Any) -> tuple[jax.Array, jax.Array]:
    """The points that `(n, d)` points pass when they follow a rule, as in `walk`.

    Returns:
        The points, and the displacement at each, both of shape `(steps, n, d)`.
    """

    def lane(start: jax.Array, stride: jax.Array) -> tuple[jax.Array, jax.Array]:
        def step(y: jax.Array, _: Any) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
            return _pace(problem, y, stride), (y, problem.displacement(y))

        return jax.lax.scan(step, start, length=_WALK)[1]

    starts = jnp.asarray(starts)
    signs = jnp.where(jnp.arange(len(starts)) % 2 == 0, 1.0, -1.0)
    return jax.vmap(lane, out_axes=1)(starts, _STRIDE * signs)


def _pace(problem: Problem, y: jax.Array, stride: jax.Array) -> jax.Array:
    """The next point of a walk."""
    widths = jnp.asarray(problem.chart.widths)

    def direction(y: jax.Array) -> jax.Array:
        velocity = problem.displacement(y)
        return velocity / (smooth_norm(velocity / widths) + 1e-300)

    if problem.rule.has_continuous_time:
        moved = y + stride * direction(y + 0.5 * stride * direction(y))
    else:
        moved = problem.step(y)
    return stay_inside(problem.chart, moved, y)


def stay_inside(chart: Chart, moved: jax.Array, before: jax.Array) -> jax.Array:
    """The moved point, held at the walls; the one before where it is not finite."""
    return jnp.where(jnp.all(jnp.isfinite(moved)), chart.clip(moved), before)
