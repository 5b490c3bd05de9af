"""Constant metrics in exact arithmetic."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp

from thalweg.dynamics.formulas.ranges import SymbolRanges
from thalweg.recovery.closed_form.zeros import Evidence, least_evidence
from thalweg.recovery.forms.definite import positive_element

_POINTS = 6  # each gives d(d − 1)/2 equations for d(d + 1)/2 entries: six bring the rank to its end


def constant_metric(
    matrix: sp.Matrix, names: Sequence[Any], values: Mapping[Any, Any], region: SymbolRanges
) -> tuple[sp.Matrix, Evidence] | None:
    """A constant M ≻ 0 with exact entries, and the evidence that M J = Jᵀ M; None if there is none.

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
    evidence = least_evidence(skew, region)
    return None if evidence is Evidence.NONE else (chosen, evidence)


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
        rows = rows.applyfunc(_recognised)
    return rows.nullspace()


def _recognised(entry: Any) -> Any:
    """A number as a rational near it; the identity is verified afterwards."""
    value = sp.N(entry, 30)
    return sp.nsimplify(value, rational=True) if abs(value) > sp.Float("1e-40") else sp.Integer(0)


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
