"""Equilibria whose Jacobian excludes every metric, in exact arithmetic.

At a point of rest −∇E = M f gives D²E = −M J, so J is symmetric in the scalar product M: it is
diagonalizable and its eigenvalues are real. Away from points of rest J may be anything.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import sympy as sp
from scipy.optimize import linprog

from thalweg.dynamics.formulas.normal_forms import is_zero
from thalweg.dynamics.formulas.ranges import SymbolRanges
from thalweg.dynamics.formulas.smoothness import unproven

# Of coordinates that people write; what is rounded to is then proved to be a rest, exactly.
_LARGEST_DENOMINATOR = 1000
_CLEARLY = 1e-12  # relative to ‖J‖, far above what the working digits leave of a double eigenvalue
# An eigenvalue moves by less than |δA|^(1/n) |A|^(1 − 1/n) (Elsner 1985): with this many digits a
# dimension by less than 1e-20 |A|, and every imaginary part above 1e-12 |A| is one.
_DIGITS_A_DIMENSION = 20


def excluded_at(matrix: sp.Matrix) -> str | None:
    """Reason why no metric makes an exact matrix symmetric; None if one does or it is open."""
    if matrix.free_symbols or not all(entry.is_finite for entry in matrix.flat()):
        return None
    turning = _not_real(matrix)
    if turning is not None:
        return f"the eigenvalue {turning} is not real"
    return "it is not diagonalizable" if _is_defective(matrix) else None


def excluded_if_linear(
    velocity: Sequence[Any], matrix: sp.Matrix, region: SymbolRanges
) -> str | None:
    """Reason why a linear rule with a rest in the region is descent in no metric, or None."""
    if matrix.has(*region.names):
        return None
    known = matrix.subs(region.values)
    reason = excluded_at(known)
    if reason is None:
        return None
    origin = dict.fromkeys(region.names, 0)
    drift = [sp.sympify(v).subs(region.values).subs(origin) for v in velocity]
    place = _rest_of_linear(known, drift, region)
    if place is None:
        return None
    return f"The rule is linear and rests at {_text(place)}; of its matrix, {reason}."


def excluded_at_points(
    velocity: Sequence[Any], region: SymbolRanges, points: np.ndarray
) -> str | None:
    """Exact reason why a rational equilibrium in the region excludes every metric, or None.

    Arguments:
        velocity: the rule, whose formulas are smooth in the region.
        region: with the names of its coordinates.
        points: equilibria in floating point, `(n, d)`. Of those near a rational point it is
            verified that it lies in the region and that the rule vanishes there exactly; the
            others are left out.
    """
    exact = [sp.sympify(v).subs(region.values) for v in velocity]
    matrix = sp.Matrix(exact).jacobian(list(region.names))
    for point in points:
        place = {name: rational(v) for name, v in zip(region.names, point, strict=True)}
        if region.holds(place) and all(is_zero(v.subs(place)) for v in exact):
            if unproven([v.subs(place) for v in exact], region) is not None:
                continue
            reason = excluded_at(matrix.subs(place))
            if reason is not None:
                return f"At the equilibrium {_text(place)}, of the Jacobian, {reason}."
    return None


def rational(value: float) -> Any:
    """The fraction of a small denominator that is nearest to a number."""
    return sp.Rational(Fraction(float(value)).limit_denominator(_LARGEST_DENOMINATOR))


def _text(place: Mapping[Any, Any]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in place.items())


def _not_real(matrix: sp.Matrix) -> Any:
    """An eigenvalue that is proven not to be real, exactly or to six digits, or None."""
    size = matrix.rows
    if all(entry.is_rational for entry in matrix.flat()):
        polynomial = sp.Poly(matrix.charpoly().all_coeffs(), sp.Dummy("t"), domain=sp.QQ).sqf_part()
        if polynomial.count_roots() == polynomial.degree():
            return None
        if size <= 2:
            return next(v for v in matrix.eigenvals() if sp.im(v) != 0)
        roots = [root for root in polynomial.nroots(n=20, maxsteps=200) if sp.im(root) != 0]
        return _short(roots[0])
    with mpmath.workdps(_DIGITS_A_DIMENSION * size + 15):
        return turning(mpmath.matrix(sp.N(matrix, mpmath.mp.dps).tolist()))


def turning(matrix: Any) -> str | None:
    """An eigenvalue of a matrix of `mpmath` that is proven not to be real, to six digits, or None.

    Its entries and the working digits are 20 for every row, and more.
    """
    scale = mpmath.norm(matrix)
    for value in mpmath.eig(matrix, left=False, right=False):
        if abs(mpmath.im(value)) > _CLEARLY * scale:
            return _short(sp.sympify(complex(value)))
    return None


def _short(value: Any) -> str:
    real, imaginary = (float(part) for part in sp.sympify(value).as_real_imag())
    return f"{real:.6g} {'+' if imaginary > 0 else '-'} {abs(imaginary):.6g}*I"


def _is_defective(matrix: sp.Matrix) -> bool:
    """True if a matrix is proven not to be diagonalizable: p(A) ≠ 0 for a square-free p.

    p has the roots of the characteristic polynomial, each once: a diagonalizable A is a root of it.
    """
    letter = sp.Dummy("t")
    polynomial = sp.Poly(matrix.charpoly().all_coeffs(), letter, extension=True)
    if polynomial.domain.is_EX:
        return False
    there = sp.zeros(matrix.rows)
    for coefficient in polynomial.sqf_part().all_coeffs():
        there = (there * matrix + coefficient * sp.eye(matrix.rows)).applyfunc(sp.expand)
    return any(_is_not_zero(entry) for entry in there.flat())


def _is_not_zero(number: Any) -> bool:
    """True if a number is proven not to be zero, exactly or to 30 digits."""
    if number.is_Rational:
        return number != 0
    value = sp.N(number, 30)
    return bool(abs(value) > sp.Float("1e-20"))


def _rest_of_linear(
    matrix: sp.Matrix, drift: Sequence[Any], region: SymbolRanges
) -> dict[Any, Any] | None:
    """A point of the region at which A x + b = 0, exactly, or None if none is found."""
    names = list(region.names)
    equations = list(matrix * sp.Matrix(names) + sp.Matrix(list(drift)))
    solutions: list[Any] = list(sp.linsolve(equations, names))
    if not solutions:
        return None
    (solution,) = solutions
    free = sorted(set().union(*(s.free_symbols for s in solution)) & set(names), key=str)
    for chosen in _choices(matrix, drift, region, free):
        place = {
            name: sp.expand(sp.sympify(s).subs(chosen))
            for name, s in zip(names, solution, strict=True)
        }
        if region.holds(place):
            return place
    return None


def _choices(
    matrix: sp.Matrix, drift: Sequence[Any], region: SymbolRanges, free: Sequence[Any]
) -> list[dict[Any, Any]]:
    """Values for the free coordinates of a family of rests: zeros, and a point well inside."""
    zeros: dict[Any, Any] = dict.fromkeys(free, sp.Integer(0))
    if not free or not region.ranges or any(sp.sympify(b).free_symbols for b in drift):
        return [zeros]
    rows = np.asarray(matrix.tolist(), dtype=float)
    names = list(region.names)
    ends = [region.ranges[name] for name in names]
    # Maximize the distance s to the walls.
    bound = np.vstack([np.eye(len(names)), -np.eye(len(names))])
    limits = np.array([high for _, high in ends] + [-low for low, _ in ends])
    found = linprog(
        np.append(np.zeros(len(names)), -1.0),
        A_ub=np.hstack([bound, np.ones((len(bound), 1))]),
        b_ub=limits,
        A_eq=np.hstack([rows, np.zeros((len(rows), 1))]),
        b_eq=-np.asarray(drift, dtype=float),
        bounds=[(None, None)] * len(names) + [(0.0, None)],
    )
    if found.x is None:
        return [zeros]
    inner = {n: sp.Rational(repr(round(float(found.x[names.index(n)]), 9))) for n in free}
    return [zeros, inner]
