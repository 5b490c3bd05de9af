"""Rests of formulas, found in floating point and then proved to exist, with what turns there.

Krawczyk's theorem: where x − C f(x) + (1 − C J(X)) (X − x) lies inside a box X round x, for any
matrix C, f has exactly one zero in X. With digits enough the box is so small that the eigenvalues
of J are known all over it.

References:
    Krawczyk, Computing 4 (1969) 187; Rump, Acta Numerica 19 (2010), section 13.
"""

import functools
import operator
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import mpmath
import numpy as np
import sympy as sp

from thalweg.dynamics.formulas.normal_forms import is_zero
from thalweg.dynamics.formulas.ranges import SymbolRanges
from thalweg.dynamics.formulas.smoothness import unproven
from thalweg.recovery.closed_form.conditions import can_hold
from thalweg.recovery.closed_form.enclosed import (
    IV,
    Unbounded,
    digits_of,
    enclosed,
    enclosed_matrix,
    middle,
)
from thalweg.recovery.closed_form.spectra import excluded_at_points, rational, turning

# Starts of Newton's method, and its steps in double precision, which from most end sooner.
_NUM_STARTS, _NUM_STEPS = 200, 40
# Rests to prove, and the operations of a Jacobian: seconds at the most.
_MOST_RESTS, _LARGEST = 16, 2000
# In more coordinates the digits that eigenvalues take are many: 25 for each, and as many again.
_MOST_COORDINATES = 6
_NUM_DRAWN = 3  # values of parameters, for each of which a rest is one
_NEAR = 1e-9  # of two ends of Newton's method that are one rest
# Scales of starts where coordinates have all values.
_SCALES = (0.3, 1.0, 4.0, 20.0)


class Exclusion(NamedTuple):
    """Reason why a rest excludes every metric, and what must hold of parameters for that."""

    reason: str
    conditions: tuple[Any, ...] = ()


def excluded_by_rests(velocity: Sequence[Any], region: SymbolRanges) -> Exclusion | None:
    """The proof that a rest in the region excludes every metric; None if none is found.

    Arguments:
        velocity: the rule, smooth in the region.
        region: with the names of its coordinates.
    """
    names = list(region.names)
    if len(names) == 1:
        return None  # one number is a symmetric matrix
    exact = [sp.sympify(v).subs(region.values) for v in velocity]
    matrix = sp.Matrix(exact).jacobian(names)
    size = sum(int(sp.count_ops(entry)) for entry in matrix)
    if len(names) > _MOST_COORDINATES or size > _LARGEST:
        return None
    parameters = set().union(*(v.free_symbols for v in exact)) - set(names)
    if parameters:
        return _excluded_where(exact, matrix, parameters, region)
    rule = _lambdified(exact, matrix, names)
    points = _found(rule, region)[:_MOST_RESTS]
    reason = excluded_at_points(exact, region, points[_is_rational(points)])
    for point in points:
        if reason is None and _may_turn(rule, point):
            reason = _excluded_near(exact, matrix, region, point)
    return None if reason is None else Exclusion(reason)


def _excluded_where(
    velocity: Sequence[Any], matrix: sp.Matrix, parameters: Iterable[Any], region: SymbolRanges
) -> Exclusion | None:
    """The same of two coordinates, at a rest that is one for all parameters."""
    if len(region.names) != 2:
        return None
    rng, found = np.random.default_rng(0), None
    for turn in range(_NUM_DRAWN):
        drawn = region.draw(parameters, rng, turn)
        values = [v.subs(drawn) for v in velocity]
        points = _found(_lambdified(values, matrix.subs(drawn), region.names), region)
        seen = {tuple(map(rational, point)) for point in points[_is_rational(points)]}
        found = seen if found is None else found & seen
    for place in sorted(found or ()):
        at = dict(zip(region.names, place, strict=True))
        values = [v.subs(at) for v in velocity]
        if not region.holds(at) or not all(map(is_zero, values)):
            continue
        (a, b), (c, d) = matrix.subs(at).tolist()
        square = sp.expand((a - d) ** 2 + 4 * b * c)
        if unproven(values, region) is not None or square.has(sp.nan, sp.zoo, sp.oo):
            continue
        relations = () if square.is_negative else (sp.Lt(square, 0, evaluate=False),)
        if not square.is_nonnegative and can_hold(relations, region):
            where = ", ".join(f"{name} = {value}" for name, value in at.items())
            reason = f"At the equilibrium {where} the eigenvalues of the Jacobian are not real"
            return Exclusion(
                f"{reason} where {square} < 0." if relations else f"{reason}.", relations
            )
    return None


class _Lambdified(NamedTuple):
    """A rule and its Jacobian in floating point, functions of the coordinates."""

    value: Any
    slope: Any


def _lambdified(velocity: Sequence[Any], matrix: sp.Matrix, names: Iterable[Any]) -> _Lambdified:
    parts = list(velocity), matrix.tolist()
    return _Lambdified(*(sp.lambdify(list(names), part, "numpy", cse=True) for part in parts))


def _may_turn(rule: _Lambdified, point: np.ndarray) -> bool:
    """True if not all eigenvalues are real in floating point: then many digits are worth it."""
    with np.errstate(all="ignore"):
        jacobian = np.asarray(rule.slope(*point), float)
    return bool(np.all(np.isfinite(jacobian)) and np.any(np.linalg.eigvals(jacobian).imag != 0.0))


def _is_rational(points: np.ndarray) -> np.ndarray:
    """Truths `(n,)`: points all of whose coordinates are as near as told to short fractions."""
    near = np.vectorize(lambda v: float(rational(v)), otypes=[float])(points)
    return np.all(np.abs(near - points) <= _NEAR * (1.0 + np.abs(points)), axis=1)


def _found(rule: _Lambdified, region: SymbolRanges) -> np.ndarray:
    """Rests in floating point, by Newton's method from many starts, shape `(k, d)`."""
    names = list(region.names)
    rng = np.random.default_rng(0)
    starts = np.stack([_starts(region, name, rng) for name in names], axis=1)
    found: list[np.ndarray] = []
    with np.errstate(all="ignore"):
        for start in starts:
            end = _newton(rule, start)
            if end is None or not _is_inside(region, end):
                continue
            if all(
                np.max(np.abs(end - other)) > _NEAR * (1.0 + np.max(np.abs(end))) for other in found
            ):
                found.append(end)
    return np.asarray(found).reshape(-1, len(names))


def _starts(region: SymbolRanges, name: Any, rng: np.random.Generator) -> np.ndarray:
    """Values of a coordinate to start from; of an infinite range, on several scales."""
    low, high = region.ends(name)
    unit = rng.uniform(size=_NUM_STARTS)
    if np.isfinite(low) and np.isfinite(high):
        return low + unit * (high - low)
    sizes = np.resize(_SCALES, _NUM_STARTS) * (0.5 + unit)
    if np.isfinite(low) or np.isfinite(high):
        return low + sizes if np.isfinite(low) else high - sizes
    return sizes * rng.choice((-1.0, 1.0), _NUM_STARTS)


def _is_inside(region: SymbolRanges, point: np.ndarray) -> bool:
    ends = [region.ends(name) for name in region.names]
    return all(
        low - _NEAR * (1.0 + abs(v)) <= v <= high + _NEAR * (1.0 + abs(v))
        for v, (low, high) in zip(point, ends, strict=True)
    )


def _newton(rule: _Lambdified, start: np.ndarray) -> np.ndarray | None:
    """The end of Newton's method, or None where it comes to none."""
    y = start
    for _ in range(_NUM_STEPS):
        try:
            step = np.linalg.solve(
                np.asarray(rule.slope(*y), float), np.asarray(rule.value(*y), float)
            )
        except (np.linalg.LinAlgError, ArithmeticError, ValueError, TypeError):
            return None
        if not np.all(np.isfinite(step)):
            return None
        y = y - step
        if np.max(np.abs(step)) <= 1e-13 * (1.0 + np.max(np.abs(y))):
            return y
    return None


def _excluded_near(
    velocity: Sequence[Any], matrix: sp.Matrix, region: SymbolRanges, point: np.ndarray
) -> str | None:
    """Reason why a rest that is proved to lie near a point excludes every metric, or None."""
    size = len(point)
    # As many digits as the eigenvalues take, and as many again for the box.
    digits = 25 * size + 20
    with digits_of(2 * digits):
        try:
            box = _proved(velocity, matrix, list(region.names), point, mpmath.mpf(10) ** -digits)
            if box is None or not _holds(region, box):
                return None
            jacobian = enclosed_matrix(matrix, dict(zip(region.names, box, strict=True)))
        except (Unbounded, ValueError, ArithmeticError):
            return None
        centre = mpmath.matrix([[middle(v) for v in row] for row in jacobian])
        widths = max(middle(v.delta) for row in jacobian for v in row if hasattr(v, "delta"))
        # All matrices in the box are then as one of so many digits.
        if widths * size > mpmath.mpf(10) ** (-21 * size) * mpmath.norm(centre):
            return None
        value = turning(centre)
    if value is None:
        return None
    where = ", ".join(f"{n} = {float(v):.6g}…" for n, v in zip(region.names, point, strict=True))
    return (
        f"At an equilibrium near {where}, proved to exist, of the Jacobian, the eigenvalue {value} "
        f"is not real."
    )


def _proved(
    velocity: Sequence[Any], matrix: sp.Matrix, names: list[Any], point: np.ndarray, radius: Any
) -> list[Any] | None:
    """A box of that radius in which there is exactly one rest, or None."""
    size = len(point)
    y = [mpmath.mpf(float(v)) for v in point]
    inverse: Any = None
    for _ in range(12):
        at = {n: IV.mpf(v) for n, v in zip(names, y, strict=True)}
        rows = enclosed_matrix(matrix, at)
        inverse = mpmath.inverse(mpmath.matrix([[middle(v) for v in row] for row in rows]))
        step = inverse * mpmath.matrix([middle(enclosed(v, at)) for v in velocity])
        y = [v - step[i] for i, v in enumerate(y)]
        if max(abs(v) for v in step) < radius / 100:
            break
    at = {n: IV.mpf(v) for n, v in zip(names, y, strict=True)}
    values = [enclosed(v, at) for v in velocity]
    side = IV.mpf([-radius, radius])
    box = [IV.mpf(v) + side for v in y]
    slopes = enclosed_matrix(matrix, dict(zip(names, box, strict=True)))
    for i in range(size):
        moved = -functools.reduce(
            operator.add, (IV.mpf(inverse[i, k]) * values[k] for k in range(size))
        )
        for j in range(size):
            turned = functools.reduce(
                operator.add, (IV.mpf(inverse[i, k]) * slopes[k][j] for k in range(size))
            )
            moved += (int(i == j) - turned) * side
        if not (moved.a > -radius and moved.b < radius):
            return None
    return box


def _holds(region: SymbolRanges, box: Sequence[Any]) -> bool:
    """True if a box lies inside the region."""
    for name, side in zip(region.names, box, strict=True):
        low, high = region.ends(name)
        if not (side.a > low and side.b < high):
            return False
    at = dict(zip(region.names, box, strict=True))
    return all(enclosed(sp.sympify(known), at).a > 0 for known in region.positive)
