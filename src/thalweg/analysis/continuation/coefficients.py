"""Coefficients of normal forms, from the second and third derivatives of a rule at a point.

Bilinear and trilinear forms B(u, v), C(u, v, w) of the displacement, which are those of the rule;
right and left null vectors q, p with |q| = 1 and p̄·q = 1 (Kuznetsov 2004, chapters 3 to 5).
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.analysis.continuation.family import Family
from thalweg.dynamics.problem import Problem


def fold_coefficient(family: Family, y: np.ndarray, value: float, jacobian: np.ndarray) -> float:
    """a = ½ p·B(q, q): x' = β + ax², the largest entry of q positive."""
    q, p = _null_vectors(jacobian, 0.0)
    q, p = np.real(q), np.real(p)
    second = np.asarray(_second(family.at(np.asarray(value)), y, q))
    return float(0.5 * p @ second)


def flip_coefficient(family: Family, y: np.ndarray, value: float, jacobian: np.ndarray) -> float:
    """c of a flip, by `flip_form`; positive: the 2-cycle attracts."""
    q = np.real(_null_vectors(jacobian, -1.0)[0])
    return float(_flip(family.at(np.asarray(value)), y, q))


def hopf_coefficient(
    family: Family, y: np.ndarray, value: float, jacobian: np.ndarray, omega: float
) -> float:
    """The first Lyapunov coefficient, by `hopf_form`; negative: the cycle attracts."""
    q = _null_vectors(jacobian, 1j * omega)[0]
    problem = family.at(np.asarray(value))
    return float(_hopf(problem, y, np.real(q), np.imag(q), np.asarray(omega)))


def flip_form(problem: Problem, y: Any, q: Any) -> jax.Array:
    """c = ⅙ p·C(q, q, q) + ½ p·B(q, (1 − A)⁻¹B(q, q)) of a flip, from Aq = −q of any length."""
    q = q / jnp.linalg.norm(q)
    own = problem.own_jacobian(y)
    one = jnp.eye(len(q))
    p = _left(own + one, q)
    second = _along(problem.displacement, jnp.stack([q, q]))(y)
    third = _along(problem.displacement, jnp.stack([q, q, q]))(y)
    mixed = _along(problem.displacement, jnp.stack([q, jnp.linalg.solve(one - own, second)]))(y)
    return p @ third / 6.0 + 0.5 * p @ mixed


def hopf_form(problem: Problem, y: Any, a: Any, b: Any, omega: Any) -> jax.Array:
    """The first Lyapunov coefficient l₁ = Re c₁/ω, from A(a + ib) = iω(a + ib) of any length.

    2c₁ = p̄·C(q, q, q̄) − 2p̄·B(q, A⁻¹B(q, q̄)) + p̄·B(q̄, (2iω − A)⁻¹B(q, q)).
    """
    length = jnp.sqrt(a @ a + b @ b)
    a, b = a / length, b / length
    own = problem.own_jacobian(y)
    one = jnp.eye(len(a))
    p = _left(own - 1j * omega * one, a + 1j * b)

    def second(*pairs: tuple[jax.Array, jax.Array]) -> jax.Array:
        return jax.vmap(lambda uv: _along(problem.displacement, uv)(y))(jnp.array(pairs))

    aa, ab, bb = second((a, a), (a, b), (b, b))
    triples = jnp.array([(a, a, a), (a, b, b), (a, a, b), (b, b, b)])
    third = jax.vmap(lambda uvw: _along(problem.displacement, uvw)(y))(triples)
    aaa, abb, aab, bbb = third
    mean = jnp.linalg.solve(own, aa + bb)
    twice = jnp.linalg.solve(2j * omega * one - own, aa - bb + 2j * ab)
    u, v = twice.real, twice.imag
    am, bm, au, bv, av, bu = second((a, mean), (b, mean), (a, u), (b, v), (a, v), (b, u))
    inner = aaa + abb + 1j * (aab + bbb)
    inner = inner - 2.0 * (am + 1j * bm) + (au + bv) + 1j * (av - bu)
    return (jnp.conj(p) @ inner).real / (2.0 * omega)


def _left(shifted: jax.Array, q: jax.Array) -> jax.Array:
    """p with pᴴM = 0 and p̄·q = 1, of a singular M with Mq = 0, by a bordered system."""
    column = jnp.append(jnp.conj(q), 0.0)[None]
    matrix = jnp.concatenate([jnp.conj(shifted.T), q[:, None]], axis=1)
    matrix = jnp.concatenate([matrix, column], axis=0)
    return jnp.linalg.solve(matrix, jnp.zeros(len(q) + 1).at[-1].set(1.0).astype(matrix.dtype))[:-1]


_flip, _hopf = eqx.filter_jit(flip_form), eqx.filter_jit(hopf_form)


def _null_vectors(matrix: np.ndarray, eigenvalue: complex) -> tuple[np.ndarray, np.ndarray]:
    """q with Aq = λq, |q| = 1, and p with Aᴴp = λ̄p, p̄·q = 1."""
    shifted = matrix - eigenvalue * np.eye(len(matrix))
    left, _, right = np.linalg.svd(shifted)
    q, p = np.conj(right[-1]), left[:, -1]
    q = q * np.conj(q[np.argmax(np.abs(q))]) / np.abs(q[np.argmax(np.abs(q))])
    return q, p / np.conj(np.conj(p) @ q)


@eqx.filter_jit
def _second(problem: Problem, y: Any, q: Any) -> jax.Array:
    """B(q, q), `(d,)`."""
    return _along(problem.displacement, jnp.stack([q, q]))(y)


def _along(fn: Any, directions: jax.Array) -> Any:
    """The mixed derivative along each of some directions."""
    for k in range(directions.shape[0]):
        fn = _derivative(fn, directions[k])
    return fn


def _derivative(fn: Any, direction: jax.Array) -> Any:
    return lambda y: jax.jvp(fn, (jnp.asarray(y),), (direction,))[1]
