r"""The split of a flow on the probability simplex, in the metric of Fisher and Shahshahani.

With M = diag(1/x) on tangent vectors of sum zero, of all E that one is taken for which

    ∫ |f + M⁻¹∇E|²_M x₁⋯x_n dx        is least.

The density x₁⋯x_n makes the mean exist for rules that do not vanish on the faces, too. The
remainder r has ∇·(x₁⋯x_n r) = 0. A replicator with payoff A = S + K + 1cᵀ, where S is symmetric, K
is skew and its rows add up to zero (every A is such a sum), has E = −½ xᵀSx, and the remainder is
the replicator of K. The energies tried are polynomials.

References:
    Shahshahani, Memoirs of the AMS 211 (1979); Hofbauer & Sigmund, Evolutionary Games and
    Population Dynamics (1998), chapter 19.
"""

import itertools
from typing import Any

import numpy as np

from thalweg.dynamics import Problem
from thalweg.recovery.candidates.polynomials import SeriesEnergy, make_basis
from thalweg.recovery.forms.one_forms import gauss_legendre
from thalweg.recovery.split.refined import Part, refined, velocities

# Degrees of the polynomials, by the number of coordinates: refined until the share settles.
DEGREES = {1: (4, 8, 16, 32), 2: (4, 8, 14, 20), 3: (3, 5, 8)}
# Singular values below this share of the largest are rounding of the basis.
_ROUNDING = 1e-13


def project_on_simplex(problem: Problem) -> Part | None:
    """The gradient part of a flow on the simplex, to higher degrees; None where not finite."""
    degrees = DEGREES[problem.chart.dimension]
    return refined(lambda degree: _project(problem, degree), degrees)


def _project(problem: Problem, degree: int) -> tuple[Any, float] | None:
    """The polynomial of least remainder, and the share of that."""
    y, weights = _nodes(problem.chart.dimension, degree + degree // 2 + 6)
    velocity, unit = velocities(problem, y)
    if not np.all(np.isfinite(velocity)):
        return None
    x = np.concatenate([y, 1.0 - np.sum(y, axis=1, keepdims=True)], axis=1)
    whole = np.concatenate([velocity, -np.sum(velocity, axis=1, keepdims=True)], axis=1)
    # |v|²_M = Σ v_i² / x_i, so that these are components of an orthonormal frame.
    scale = np.sqrt(weights * np.prod(x, axis=1))[:, None] / np.sqrt(x)
    basis = make_basis(problem.chart, degree)
    gradients = _gradients(y, np.asarray(basis.orders), degree)
    gradients = np.concatenate([gradients, np.zeros((len(y), 1, gradients.shape[2]))], axis=1)
    mean = np.einsum("ni,nik->nk", x, gradients)
    rows = (scale * x)[:, :, None] * (gradients - mean[:, None, :])
    rows = rows.reshape(-1, rows.shape[2])
    sizes = np.linalg.norm(rows, axis=0)
    load = -(scale * whole).ravel()
    solved = np.linalg.lstsq(rows / sizes, load, rcond=_ROUNDING)[0] / sizes
    left = load - rows @ solved
    share = float(left @ left / max(load @ load, np.finfo(float).tiny))
    return SeriesEnergy(problem.chart, basis, unit * solved), share


def _nodes(size: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Points `(n, d)` of the simplex and their weights: Gauss–Legendre on a cube that is folded."""
    u, weights = gauss_legendre(count)
    grid = np.stack(np.meshgrid(*[u] * size, indexing="ij"), axis=-1).reshape(-1, size)
    total = np.prod(np.stack(list(itertools.product(weights, repeat=size))), axis=1)
    left = np.cumprod(1.0 - grid, axis=1)
    y = grid * np.concatenate([np.ones((len(grid), 1)), left[:, :-1]], axis=1)
    return y, total * np.prod(left[:, :-1], axis=1)


def _gradients(y: np.ndarray, orders: np.ndarray, degree: int) -> np.ndarray:
    """The gradients `(n, d, k)` of products of Chebyshev polynomials at points `(n, d)`."""
    t = 2.0 * y - 1.0
    values = np.polynomial.chebyshev.chebvander(t, degree)  # (n, d, degree + 1)
    rates = np.polynomial.chebyshev.chebder(np.eye(degree + 1), axis=0)
    derived = 2.0 * values[..., : len(rates)] @ rates
    gradients = np.ones((len(y), y.shape[1], len(orders)))
    for i, j in itertools.product(range(y.shape[1]), repeat=2):
        table = derived if i == j else values
        gradients[:, i] *= table[:, j][:, orders[:, j]]
    return gradients
