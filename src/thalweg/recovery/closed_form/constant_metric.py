"""Constant metrics, and their exclusion, in exact arithmetic."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from thalweg.dynamics.formulas.ranges import SymbolRanges
from thalweg.recovery.closed_form.integrals import vanishes
from thalweg.recovery.forms.definite import positive_element

_POINTS = 6
_LARGEST_DENOMINATOR = 1000


def excluded_at(matrix: sp.Matrix) -> str | None:
    """Why no metric makes a matrix of numbers symmetric, decided exactly; None if one does.

    There is one iff the matrix is diagonalizable with real eigenvalues.
    """
    if matrix.free_symbols or matrix.is_diagonalizable(reals_only=True):
        return None
    turning = [v for v in matrix.eigenvals() if sp.im(v) != 0]
    return f"the eigenvalue {turning[0]} is not real" if turning else "it is not diagonalizable"


def excluded_by_eigenvalues(
    matrix: sp.Matrix, names: Sequence[Any], values: Mapping[Any, Any]
) -> str | None:
    """Why a linear rule is descent in no metric; None if it may be, or is not linear."""
    if any(matrix.has(name) for name in names):
        return None
    reason = excluded_at(matrix.subs(values))
    return None if reason is None else f"The rule is linear; of its matrix, {reason}."


def excluded_at_points(
    velocity: Sequence[Any], names: Sequence[Any], values: Mapping[Any, Any], points: np.ndarray
) -> str | None:
    """Why some equilibrium with rational coordinates excludes every metric, decided exactly.

    Arguments:
        velocity: the rule.
        names: its coordinates.
        values: of the parameters.
        points: equilibria in floating point, `(n, d)`. Of those near a rational point it is
            verified that the rule vanishes there exactly; the others are left out.
    """
    exact = [sp.sympify(v).subs(values) for v in velocity]
    matrix = sp.Matrix(exact).jacobian(list(names))
    for point in points:
        place = {
            name: sp.Rational(Fraction(float(v)).limit_denominator(_LARGEST_DENOMINATOR))
            for name, v in zip(names, point, strict=True)
        }
        if all(sp.simplify(v.subs(place)) == 0 for v in exact):
            reason = excluded_at(matrix.subs(place).applyfunc(sp.nsimplify))
            if reason is not None:
                where = ", ".join(f"{name} = {value}" for name, value in place.items())
                return f"At the equilibrium {where}, of the Jacobian, {reason}."
    return None


def constant_metric(
    matrix: sp.Matrix, names: Sequence[Any], values: Mapping[Any, Any], region: SymbolRanges
) -> sp.Matrix | None:
    """A constant M ≻ 0 with M J = Jᵀ M identically, with exact entries; None if none was found.

    The linear equations for M are taken at rational points and solved exactly where the Jacobian is
    rational there, by floating point and recognised otherwise; then the identity is verified.
    """
    known = matrix.subs(values)
    if known.free_symbols - set(names):
        return None
    size = len(names)
    slots = [(i, j) for i in range(size) for j in range(i, size)]
    unknowns = [sp.Symbol(f"_m{i}_{j}") for i, j in slots]
    metric = sp.zeros(size)
    for (i, j), symbol in zip(slots, unknowns, strict=True):
        metric[i, j] = metric[j, i] = symbol
    basis = _null_space(metric, known, names, unknowns)
    found = [metric.subs(dict(zip(unknowns, vector, strict=True))) for vector in basis]
    if not found:
        return None
    chosen = _definite(found)
    if chosen is None or not chosen.is_positive_definite:
        return None
    skew = chosen * known - (chosen * known).T
    return chosen if all(vanishes(entry, region) for entry in skew) else None


def _null_space(
    metric: sp.Matrix, jacobian: sp.Matrix, names: Sequence[Any], unknowns: list[Any]
) -> list[Any]:
    rng = np.random.default_rng(0)
    equations = []
    product = metric * jacobian
    for _ in range(_POINTS if any(jacobian.has(n) for n in names) else 1):
        point = {name: sp.Rational(int(rng.integers(-40, 41)), 31) for name in names}
        there = product.subs(point)
        equations += [
            there[i, j] - there[j, i] for i in range(len(names)) for j in range(i + 1, len(names))
        ]
    rows = sp.Matrix(
        [[equation.coeff(u) for u in unknowns] for equation in map(sp.expand, equations)]
    )
    if not all(entry.is_rational for entry in rows.flat()):
        rows = rows.applyfunc(lambda entry: sp.nsimplify(sp.N(entry, 30), rational=True))
    return rows.nullspace()


def _definite(found: list[sp.Matrix]) -> sp.Matrix | None:
    """A positive definite combination with simple coefficients, near the analytic centre."""
    plain = np.asarray([np.asarray(m, dtype=float) for m in found])
    flat = plain.reshape(len(plain), -1)
    _, _, right = np.linalg.svd(flat, full_matrices=False)
    rank = np.linalg.matrix_rank(flat)
    centre = positive_element(right[:rank].reshape(rank, *plain.shape[1:]))
    if centre is None:
        return None
    weights, *_ = np.linalg.lstsq(flat.T, centre.ravel(), rcond=None)
    for denominator in (1, 2, 4, 16, 256, 10**6):
        scaled = weights / np.max(np.abs(weights))
        exact = [sp.Rational(round(float(w) * denominator), denominator) for w in scaled]
        made = sp.zeros(*found[0].shape)
        for weight, matrix in zip(exact, found, strict=True):
            made += weight * matrix
        if made.is_positive_definite:
            return made
    return None
