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

from thalweg.analysis.problem import Problem
from thalweg.analysis.search import Scales

BATCH = 64
_MAX_STEPS = 60
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

    y: np.ndarray
    displacement: np.ndarray
    jacobian: np.ndarray
    noise: np.ndarray


def polish(
    problem: Problem, points: np.ndarray, scales: Scales, steps: int = _MAX_STEPS
) -> Polished:
    """Polish points of shape `(n, d)`; `steps=0` only evaluates there."""
    batch = BATCH if points.shape[1] <= 64 else 8
    parts = []
    for start in range(0, len(points), batch):
        part = points[start : start + batch]
        padded = np.concatenate([part, np.repeat(part[:1], batch - len(part), axis=0)])
        done = _polish_batch(problem, padded, scales, np.asarray(steps))
        parts.append([np.asarray(a)[: len(part)] for a in done])
    return Polished(*(np.concatenate(column) for column in zip(*parts, strict=True)))


@eqx.filter_jit
def _polish_batch(problem: Problem, points: jax.Array, scales: Scales, steps: Any) -> Polished:
    def lane(start: jax.Array) -> Polished:
        y = _newton(problem, start, scales, steps)
        return Polished(
            problem.chart.wrap(y),
            problem.displacement(y),
            problem.jacobian(y),
            _noise(problem, y),
        )

    return jax.vmap(lane)(points)


def _newton(problem: Problem, start: jax.Array, scales: Scales, steps: Any) -> jax.Array:
    def size_at(y: jax.Array) -> jax.Array:
        return jnp.linalg.norm(problem.displacement(y) / scales.f)

    def advance(carry: tuple) -> tuple:
        y, size, count, _ = carry
        value = problem.displacement(y) / scales.f
        jacobian = problem.jacobian(y) * (scales.y / scales.f[:, None])
        extent = jnp.sqrt(jnp.sum(jacobian**2))
        damping = jnp.maximum(1e-8 * size, 1e-14) * extent + 1e-300
        tall = jnp.concatenate([jacobian, damping * jnp.eye(y.shape[0])])
        q, r = jnp.linalg.qr(tall)
        direction = jax.scipy.linalg.solve_triangular(r, q[: y.shape[0]].T @ value)
        tries = y - jnp.asarray(_MULTIPLES)[:, None] * direction * scales.y
        sizes = jax.vmap(size_at)(tries)
        best = jnp.nanargmin(jnp.where(jnp.isfinite(sizes), sizes, jnp.inf))
        better = sizes[best] < size
        return (
            jnp.where(better, tries[best], y),
            jnp.where(better, sizes[best], size),
            count + 1,
            ~better | (sizes[best] == 0.0),
        )

    size = size_at(start)
    carry = (start, size, 0, size == 0.0)
    return jax.lax.while_loop(lambda c: ~c[3] & (c[2] < steps), advance, carry)[0]


def _noise(problem: Problem, y: jax.Array) -> jax.Array:
    """The spread of F(y + δ) − F(y) − Jδ over six δ of one or two rounding errors, a component."""
    eps = jnp.finfo(y.dtype).eps
    signs = np.where(np.random.default_rng(0).random((6, 1, y.shape[0])) < 0.5, -1.0, 1.0)[:, 0]
    shifts = jnp.asarray(signs * np.array([1.0, 1.0, 1.0, 2.0, 2.0, 2.0])[:, None])
    base, tangent = jax.linearize(problem.displacement, y)

    def stray(shift: jax.Array) -> jax.Array:
        moved = y + shift * eps * jnp.abs(y)
        return jnp.abs(problem.displacement(moved) - base - tangent(moved - y))

    return jnp.max(jax.vmap(stray)(shifts), axis=0)
