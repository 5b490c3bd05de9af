"""Trajectories with tangent vectors that are made orthonormal after every step.

By how much each vector grows beyond those before it adds up, as a logarithm, to the exponents
(Benettin et al. 1980). Lanes are the last axis of every array, lengths are in units of the domain.
"""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp

from thalweg.dynamics.problem import Problem
from thalweg.simulation.tsit5 import step_factor, take_step

BLOCK = 32  # steps of a call: what the call costs is then small beside them
_FIRST = 1e-2  # of the time in which the fastest coordinate crosses the domain
_TINY = 1e-300  # in place of a length that is 0


class Bundle(NamedTuple):
    """Trajectories under way, with tangents.

    Attributes:
        t: the time of each, shape `(n,)`.
        h: its next step, 0 where none was taken yet, shape `(n,)`.
        z: its point, shape `(d, n)`.
        q: its tangent vectors, orthonormal, shape `(d, k, n)`.
        grown: by how much each has grown, as a logarithm, shape `(k, n)`.
        spread: the integral of the divergence (the sum of log |det Dg| of a map), shape `(n,)`.
        end: the time at which it ends, shape `(n,)`.
    """

    t: Any
    h: Any
    z: Any
    q: Any
    grown: Any
    spread: Any
    end: Any


@eqx.filter_jit
def grow_flow(problem: Problem, bundle: Bundle, tolerance: Any) -> Bundle:
    """Move a bundle of a flow by `BLOCK` adaptive steps of Tsit5.

    Arguments:
        problem: the flow.
        bundle: where it is.
        tolerance: the error allowed a step: of a point in units of the domain, of tangent vectors
            of length 1.
    """

    def rate(z: jax.Array, q: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        return _rates(problem, z, q)

    rates = jax.vmap(rate, (-1, -1), -1)

    def attempt(carry: Bundle, _: Any) -> tuple[Bundle, None]:
        step = jnp.minimum(carry.h, carry.end - carry.t)
        state = (carry.z, carry.q, carry.spread)
        first = rates(carry.z, carry.q)
        there, _, error = take_step(lambda s: rates(s[0], s[1]), state, first, step)
        of_point, of_tangents = (jnp.abs(part) for part in error[:2])
        size = jnp.maximum(jnp.max(of_point, axis=0), jnp.max(of_tangents, axis=(0, 1))) / tolerance
        q, grown = _orthonormal(there[1])
        new = Bundle(carry.t + step, carry.h, there[0], q, carry.grown + grown, there[2], carry.end)
        kept = jax.tree.map(lambda a, b: jnp.where(size <= 1.0, a, b), new, carry)
        # One that is at its end waits.
        h = jnp.where(carry.t < carry.end, jnp.minimum(carry.h * step_factor(size), 1e100), carry.h)
        return kept._replace(h=h), None

    first = rates(bundle.z, bundle.q)
    pace = jnp.maximum(jnp.max(jnp.abs(first[0]), axis=0), jnp.max(jnp.abs(first[1]), axis=(0, 1)))
    h = jnp.where(bundle.h > 0.0, bundle.h, _FIRST / jnp.maximum(pace, _TINY))
    return jax.lax.scan(attempt, bundle._replace(h=h), None, length=BLOCK)[0]


@eqx.filter_jit
def grow_map(problem: Problem, bundle: Bundle, tolerance: Any) -> Bundle:
    """Move a bundle of a map by up to `BLOCK` steps; `tolerance` is not needed."""
    widths = problem.chart.widths

    def push(z: jax.Array, q: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        image, stretched, spread = _rates(problem, z, q, is_map=True)
        return problem.chart.wrap((z + image) * widths) / widths, q + stretched, spread

    pushes = jax.vmap(push, (-1, -1), -1)

    def once(carry: Bundle, _: Any) -> tuple[Bundle, None]:
        z, q, spread = pushes(carry.z, carry.q)
        q, grown = _orthonormal(q)
        new = Bundle(
            carry.t + 1.0, carry.h, z, q, carry.grown + grown, carry.spread + spread, carry.end
        )
        goes = carry.t < carry.end
        return jax.tree.map(lambda a, b: jnp.where(goes, a, b), new, carry), None

    return jax.lax.scan(once, bundle, None, length=BLOCK)[0]


def _rates(
    problem: Problem, z: jax.Array, q: jax.Array, is_map: bool = False
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """The displacement, what the rule does to tangent vectors, and the divergence (NaN if k < d).

    Of a map the divergence is log |det Dg|.
    """
    widths = problem.chart.widths

    def scaled(z: jax.Array) -> jax.Array:
        return problem.displacement(z * widths) / widths

    if q.shape[1] < len(z):
        value, push = jax.linearize(scaled, z)
        return value, jax.vmap(push, 1, 1)(q), jnp.full_like(z[0], jnp.nan)
    matrix, value = jax.jacfwd(lambda z: (scaled(z), scaled(z)), has_aux=True)(z)
    pushed = jnp.sum(matrix[:, :, None] * q[None], axis=1)
    if is_map:
        return value, pushed, jnp.linalg.slogdet(matrix + jnp.eye(len(z)))[1]
    return value, pushed, jnp.trace(matrix)


def _orthonormal(q: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Vectors `(d, k, n)` made orthonormal in their order, and the logarithms of what was left."""
    vectors: list[jax.Array] = []
    logs = []
    for i in range(q.shape[1]):
        vector = q[:, i]
        for _ in range(2):  # once is not enough where little is left
            for other in vectors:
                vector = vector - jnp.sum(other * vector, axis=0)[None] * other
        length = jnp.sqrt(jnp.sum(vector**2, axis=0))
        vectors.append(vector / jnp.maximum(length, _TINY)[None])
        logs.append(jnp.log(length))  # −∞ where nothing is left: beyond a superstable point
    return jnp.stack(vectors, axis=1), jnp.stack(logs)
