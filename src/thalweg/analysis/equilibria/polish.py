"""Newton polish of candidate roots, as far as their conditioning allows.

At a root of multiplicity m plain Newton converges linearly, and m times its step quadratically, so
each iteration tries the step times 1 to 5 and keeps the best. The linear solve is a damped QR of
the Jacobian itself: a singular Jacobian does no harm, and its condition number is not squared.
"""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.analysis.equilibria.search import Scales
from thalweg.core.batches import in_batches
from thalweg.dynamics.problem import Problem

BATCH = 64  # one compiled size; beyond 64 coordinates eight, since every lane has a Jacobian
# From a search's end five are plenty; roots of high order gain a factor of two a step.
_MAX_STEPS = 60
# Newton's step times m converges quadratically to a root of order m, up to fifth order.
_MULTIPLES = (1.0, 2.0, 3.0, 4.0, 5.0)


class Polished(NamedTuple):
    """Roots after polishing; NumPy once it leaves `polish`.

    Attributes:
        y: the points, shape `(n, d)`.
        displacement: the displacement there, shape `(n, d)`.
        jacobian: the Jacobian of the displacement there, shape `(n, d, d)`.
        noise: how far the displacement strays when the point moves by one rounding error, shape
            `(n, d)`: what is below it cannot be told from zero.
    """

    y: Any
    displacement: Any
    jacobian: Any
    noise: Any


def polish(
    problem: Problem, points: np.ndarray, scales: Scales, steps: int = _MAX_STEPS
) -> Polished:
    """Polish points of shape `(n, d)`; `steps=0` only evaluates there."""
    batch = BATCH if points.shape[1] <= 64 else 8
    most = np.asarray(steps)
    return in_batches(lambda some: _polish_batch(problem, some, scales, most), points, batch)


@eqx.filter_jit
def _polish_batch(problem: Problem, points: Any, scales: Scales, steps: Any) -> Polished:
    """Turns of one shape: look at the point, keep the best multiple of its Newton step.

    One turn more than there are steps, so that what is returned is what the last look saw.
    """

    def look(y: jax.Array) -> tuple[jax.Array, jax.Array]:
        value = problem.displacement(y)
        return value, value

    def size_at(y: jax.Array) -> jax.Array:
        return jnp.sqrt(jnp.sum((problem.displacement(y) / scales.f) ** 2))

    def turn(carry: tuple) -> tuple:
        y, _, _, count, _ = carry
        jacobian, value = jax.jacfwd(look, has_aux=True)(y)
        size = jnp.sqrt(jnp.sum((value / scales.f) ** 2))
        step = _newton_step(jacobian * (scales.y[None] / scales.f[:, None]), value / scales.f, size)
        tries = y[None] - jnp.asarray(_MULTIPLES)[:, None] * step[None] * scales.y[None]
        sizes = jax.vmap(size_at)(tries)
        best = jnp.argmin(jnp.where(jnp.isfinite(sizes), sizes, jnp.inf))
        better = (sizes[best] < size) & (count < steps)
        return jnp.where(better, tries[best], y), value, jacobian, count + 1, ~better

    def lane(start: jax.Array) -> Polished:
        dimension = start.shape[0]
        nothing = (jnp.zeros(dimension), jnp.zeros((dimension, dimension)))
        carry = (start, *nothing, jnp.asarray(0), jnp.asarray(False))
        y, value, jacobian, *_ = jax.lax.while_loop(lambda c: ~c[4], turn, carry)
        return Polished(problem.chart.wrap(y), value, jacobian, _noise(problem, y, value, jacobian))

    return jax.vmap(lane)(points)


def _newton_step(jacobian: jax.Array, value: jax.Array, size: jax.Array) -> jax.Array:
    """The Newton step by QR, damped so lightly that only null directions feel it."""
    dimension = value.shape[0]
    damping = jnp.maximum(1e-8 * size, 1e-14) * jnp.sqrt(jnp.sum(jacobian**2)) + 1e-300
    q, r = jnp.linalg.qr(jnp.concatenate([jacobian, damping * jnp.eye(dimension)]))
    return jax.scipy.linalg.solve_triangular(r, q[:dimension].T @ value)


def _noise(problem: Problem, y: jax.Array, value: jax.Array, jacobian: jax.Array) -> jax.Array:
    """The spread of F(y + δ) − F(y) − Jδ over six δ of one or two rounding errors, a component."""
    eps = jnp.finfo(y.dtype).eps
    signs = np.where(np.random.default_rng(0).random((6, y.shape[0])) < 0.5, -1.0, 1.0)
    shifts = jnp.asarray(signs * np.array([1.0, 1.0, 1.0, 2.0, 2.0, 2.0])[:, None])
    moved = y[None] + shifts * eps * jnp.abs(y)[None]
    strayed = jax.vmap(problem.displacement)(moved) - value[None] - (moved - y[None]) @ jacobian.T
    return jnp.max(jnp.abs(strayed), axis=0)
