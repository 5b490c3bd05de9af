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
    second = _forms(family, y, value, (q, q), ())[0]
    return float(0.5 * p @ second[0])


def flip_coefficient(family: Family, y: np.ndarray, value: float, jacobian: np.ndarray) -> float:
    """c = ⅙ p·C(q, q, q) + ½ p·B(q, (1 − A)⁻¹B(q, q)); positive: the 2-cycle attracts."""
    q, p = _null_vectors(jacobian, -1.0)
    q, p = np.real(q), np.real(p)
    second, third = _forms(family, y, value, (q, q), ((q, q, q),))
    inner = np.linalg.solve(np.eye(len(q)) - jacobian, second[0])
    mixed = _forms(family, y, value, (q, inner), ())[0][0]
    return float(p @ third[0] / 6.0 + 0.5 * p @ mixed)


def hopf_coefficient(
    family: Family, y: np.ndarray, value: float, jacobian: np.ndarray, omega: float
) -> float:
    """The first Lyapunov coefficient l₁ = Re c₁/ω; negative: the cycle attracts.

    2c₁ = p̄·C(q, q, q̄) − 2p̄·B(q, A⁻¹B(q, q̄)) + p̄·B(q̄, (2iω − A)⁻¹B(q, q)).
    """
    q, p = _null_vectors(jacobian, 1j * omega)
    a, b = np.real(q), np.imag(q)
    pairs, triples = (a, a, a, b, b, b), ((a, a, a), (a, b, b), (a, a, b), (b, b, b))
    (aa, ab, bb), (aaa, abb, aab, bbb) = _forms(family, y, value, pairs, triples)
    third = aaa + abb + 1j * (aab + bbb)
    mean = np.linalg.solve(jacobian, aa + bb)
    twice = np.linalg.solve(2j * omega * np.eye(len(a)) - jacobian, aa - bb + 2j * ab)
    u, v = twice.real, twice.imag
    (am, bm, au, bv, av, bu), _ = _forms(
        family, y, value, (a, mean, b, mean, a, u, b, v, a, v, b, u), ()
    )
    inner = third - 2.0 * (am + 1j * bm) + (au + bv) + 1j * (av - bu)
    return float((np.conj(p) @ inner).real / (2.0 * omega))


def _null_vectors(matrix: np.ndarray, eigenvalue: complex) -> tuple[np.ndarray, np.ndarray]:
    """q with Aq = λq, |q| = 1, and p with Aᴴp = λ̄p, p̄·q = 1."""
    shifted = matrix - eigenvalue * np.eye(len(matrix))
    left, _, right = np.linalg.svd(shifted)
    q, p = np.conj(right[-1]), left[:, -1]
    q = q * np.conj(q[np.argmax(np.abs(q))]) / np.abs(q[np.argmax(np.abs(q))])
    return q, p / np.conj(np.conj(p) @ q)


def _forms(
    family: Family, y: np.ndarray, value: float, pairs: tuple, triples: tuple
) -> tuple[np.ndarray, np.ndarray]:
    """B of consecutive pairs, `(k, d)`, and C of triples, `(m, d)`."""
    problem = family.at(np.asarray(value))
    second = np.asarray(_second(problem, y, np.array(pairs).reshape(-1, 2, len(y))))
    none = np.zeros((0, len(y)))
    return second, np.asarray(_third(problem, y, np.array(triples))) if triples else none


@eqx.filter_jit
def _second(problem: Problem, y: Any, pairs: Any) -> jax.Array:
    return jax.vmap(lambda uv: _along(problem.displacement, uv)(y))(pairs)


@eqx.filter_jit
def _third(problem: Problem, y: Any, triples: Any) -> jax.Array:
    return jax.vmap(lambda uvw: _along(problem.displacement, uvw)(y))(triples)


def _along(fn: Any, directions: jax.Array) -> Any:
    """The mixed derivative along each of some directions."""
    for k in range(directions.shape[0]):
        fn = _derivative(fn, directions[k])
    return fn


def _derivative(fn: Any, direction: jax.Array) -> Any:
    return lambda y: jax.jvp(fn, (jnp.asarray(y),), (direction,))[1]
