"""Equations of special points on curves of bifurcations, which Newton refines.

    cusp              fold, ψ·B(v, v) = 0
    Bogdanov–Takens   F = 0, Av = 0, Aw = v, v·v = 1, v·w = 0     (σ = 1, −1 of a map: A − σ for A)
    generalised Hopf  Hopf, l₁ = 0
    generalised flip  flip, c = 0

Each is as many equations as unknowns, regular at such a point.
"""

import jax
import jax.numpy as jnp

from thalweg.analysis.continuation.coefficients import flip_form, hopf_form
from thalweg.analysis.two_parameters.plane import Plane, eigenvector, flip, fold, pair


def cusp(plane: Plane, x: jax.Array, c: jax.Array) -> jax.Array:
    """Residuals of a cusp: the fold's, and ψ·B(v, v), where Jᵀψ = 0 and c·ψ = 1."""
    d, v = plane.dimension, plane.vector(x)
    displacement, y = plane.displacement(x), x[:d]
    matrix = jnp.concatenate([jax.jacfwd(displacement)(y).T, v[:, None]], axis=1)
    matrix = jnp.concatenate([matrix, jnp.append(c, 0.0)[None]], axis=0)
    psi = jnp.linalg.solve(matrix, jnp.zeros(d + 1).at[-1].set(1.0))[:d]
    along = lambda y: jax.jvp(displacement, (y,), (v,))[1]  # noqa: E731
    second = jax.jvp(along, (y,), (v,))[1]
    return jnp.append(fold(plane, x), psi @ second)


def double(plane: Plane, x: jax.Array, c: jax.Array) -> jax.Array:
    """Residuals of a double eigenvalue σ, which c holds, in y, v, w and the parameters."""
    d = plane.dimension
    v, w = plane.vector(x), x[2 * d : 3 * d]
    first, second = plane.own(x, v) - c[0] * v, plane.own(x, w) - c[0] * w - v
    ends = jnp.array([v @ v - 1.0, v @ w])
    return jnp.concatenate([plane.displacement(x)(x[:d]), first, second, ends])


def generalised_hopf(plane: Plane, x: jax.Array, c: jax.Array) -> jax.Array:
    """Residuals of a generalised Hopf point: the Hopf point's, and l₁."""
    return jnp.append(pair(plane, x), lyapunov_coefficient(plane, x))


def generalised_flip(plane: Plane, x: jax.Array, c: jax.Array) -> jax.Array:
    """Residuals of a generalised flip: the flip's, and c."""
    return jnp.append(flip(plane, x), flip_coefficient(plane, x))


def lyapunov_coefficient(plane: Plane, z: jax.Array) -> jax.Array:
    """l₁ of a Hopf point, a scalar."""
    return hopf_form(plane.at(z), plane.coordinates(z), *eigenvector(plane, z))


def flip_coefficient(plane: Plane, z: jax.Array) -> jax.Array:
    """c of a flip, a scalar."""
    return flip_form(plane.at(z), plane.coordinates(z), plane.y_scale * plane.vector(z))
