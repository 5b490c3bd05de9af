"""Equations whose solution is a bifurcation, one regular system a kind, solved by Newton.

A point z has d + 1 coordinates (`family`); J is the derivative of F by the state, in its units, and
A the rule's own Jacobian (Df of a flow, Dg of a map).

    fold            F = 0, Jv = 0, c·v = 1
    branch point    F + μψ = 0, Jᵀψ = 0, ψ·∂F/∂p = 0, c·ψ = 1
    Hopf            F = 0, Aq = iωq, c·q = 1
    Neimark–Sacker  F = 0, Aq = e^{iθ}q, c·q = 1
    flip            F = 0, Av = −v, c·v = 1

At a branch point the fold's equations are singular; those above have one more unknown μ, which is
zero at a true branch point and not where a perturbation has parted the branches (Moore 1980).
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.analysis.continuation.family import Family
from thalweg.analysis.continuation.traced import in_lanes

# How many are solved in one program: a curve rarely has more bifurcations of one kind.
_BATCH = 8
_TURNS = 30  # quadratic after few: what thirty turns do not bring in was no zero to begin with
# Newton has converged when its step is rounding; from there the best is kept.
_CONVERGED = 1e-9


class Solved(NamedTuple):
    """Solutions of defining equations.

    Attributes:
        z: the points, shape `(n, d + 1)`.
        vector: the null vector (ψ of a branch point), `(n, d)`, complex for a pair.
        number: μ of a branch point, ω or θ of a pair, else 0, `(n,)`.
        step: the size of Newton's last step, `(n,)`; above 1e-9 it did not converge.
    """

    z: np.ndarray
    vector: np.ndarray
    number: np.ndarray
    step: np.ndarray

    @property
    def is_found(self) -> np.ndarray:
        """Truths `(n,)`: the rows for which Newton converged."""
        return self.step <= _CONVERGED


def fold(family: Family, x: jax.Array, c: jax.Array) -> jax.Array:
    """Unknowns z, v."""
    z, v = _split(family, x)
    value, product = jax.jvp(family, (z,), (jnp.append(v, 0.0),))
    return jnp.concatenate([value, product, jnp.array([c @ v - 1.0])])


def branch_point(family: Family, x: jax.Array, c: jax.Array) -> jax.Array:
    """Unknowns z, ψ, μ."""
    z, unknowns = _split(family, x)
    psi, mu = unknowns[:-1], unknowns[-1]
    value, jacobian = family.with_jacobian(z)
    return jnp.concatenate([value + mu * psi, psi @ jacobian, jnp.array([c @ psi - 1.0])])


def flip(family: Family, x: jax.Array, c: jax.Array) -> jax.Array:
    """Unknowns z, v."""
    z, v = _split(family, x)
    return jnp.concatenate([family(z), _own(family, z, v) + v, jnp.array([c @ v - 1.0])])


def hopf(family: Family, x: jax.Array, c: jax.Array) -> jax.Array:
    """Unknowns z, Re q, Im q, ω."""
    return _pair(family, x, c, lambda omega: (0.0, omega))


def neimark_sacker(family: Family, x: jax.Array, c: jax.Array) -> jax.Array:
    """Unknowns z, Re q, Im q, θ."""
    return _pair(family, x, c, lambda theta: (jnp.cos(theta), jnp.sin(theta)))


def _pair(family: Family, x: jax.Array, c: jax.Array, eigenvalue: Callable) -> jax.Array:
    d = family.dimension
    z, unknowns = _split(family, x)
    real, imaginary, number = unknowns[:d], unknowns[d : 2 * d], unknowns[-1]
    a, b = eigenvalue(number)
    first = _own(family, z, real) - (a * real - b * imaginary)
    second = _own(family, z, imaginary) - (a * imaginary + b * real)
    length = c[:d] @ real + c[d:] @ imaginary - 1.0
    phase = c[:d] @ imaginary - c[d:] @ real
    return jnp.concatenate([family(z), first, second, jnp.array([length, phase])])


def _split(family: Family, x: jax.Array) -> tuple[jax.Array, jax.Array]:
    return x[: family.dimension + 1], x[family.dimension + 1 :]


def _own(family: Family, z: jax.Array, v: jax.Array) -> jax.Array:
    """Av, in coordinates divided by their units."""
    _, product = jax.jvp(family, (z,), (jnp.append(v, 0.0),))
    return family.problem.rule.own_product(product * family.f_scale / family.y_scale, v)


@eqx.filter_jit
def _solve(system: Callable, family: Any, x: Any, c: Any) -> tuple[jax.Array, jax.Array]:
    """Newton from every row; the point and the size of the smallest step."""

    def lane(x: jax.Array, c: jax.Array) -> tuple[jax.Array, jax.Array]:
        def look(x: jax.Array) -> tuple[jax.Array, jax.Array]:
            value = system(family, x, c)
            return value, value

        def turn(carry: tuple) -> tuple:
            x, best, count, _ = carry
            matrix, value = jax.jacfwd(look, has_aux=True)(x)
            step = jnp.linalg.solve(matrix, value)
            size = jnp.max(jnp.abs(step)) / (1.0 + jnp.max(jnp.abs(x)))
            # Where steps no longer shrink, rounding decides: the point is as good as it gets.
            is_worse = (best <= _CONVERGED) & (size >= best)
            is_over = is_worse | ~jnp.isfinite(size)
            return (
                jnp.where(is_over, x, x - step), jnp.fmin(best, size), count + 1, is_over
            )  # fmt: skip

        first = (x, jnp.asarray(jnp.inf), jnp.asarray(0), jnp.asarray(False))
        x, best, _, _ = jax.lax.while_loop(lambda s: (s[2] < _TURNS) & ~s[3], turn, first)
        return x, best

    return jax.vmap(lane)(x, c)


def newton(
    system: Callable, family: Any, x: np.ndarray, c: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Solve as many equations as unknowns from guesses; the points, and which were found.

    Arguments:
        system: a function of `family`, the unknowns `(n,)` and the constants of a guess.
        family: what it is about, a pytree.
        x: guesses, one a row.
        c: constants, one row a guess.
    """
    x, step = in_lanes(functools.partial(_solve, system), family, x, c, size=_BATCH)
    return x, step <= _CONVERGED


def solve(
    system: Callable, family: Family, z: np.ndarray, vectors: np.ndarray, numbers: np.ndarray
) -> Solved:
    """Solve the defining equations of one kind from any number of guesses.

    Arguments:
        system: one of those above.
        family: the rule and its parameter.
        z: guesses of the points, `(n, d + 1)`.
        vectors: guesses of the null vectors, `(n, d)`, complex for a pair.
        numbers: guesses of μ, ω or θ, `(n,)`; without use for a fold and a flip.
    """
    d = family.dimension
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    is_pair = np.iscomplexobj(vectors)
    parts = [unit.real, unit.imag] if is_pair else [unit]
    has_number = is_pair or system is branch_point
    c = np.concatenate(parts, axis=1)
    x = np.concatenate([z, c, *([numbers[:, None]] if has_number else [])], axis=1)
    x, step = in_lanes(functools.partial(_solve, system), family, x, c, size=_BATCH)
    vector = x[:, d + 1 : 2 * d + 1]
    if is_pair:
        vector = vector + 1j * x[:, 2 * d + 1 : 3 * d + 1]
    return Solved(x[:, : d + 1], vector, x[:, -1] if has_number else np.zeros(len(x)), step)
