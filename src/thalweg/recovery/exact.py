"""The levels of the question in exact form, on SymPy expressions."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import sympy as sp

_DIGITS = 40
_TRIES = 3


def vanishes(expression: Any, names: Sequence[Any]) -> bool:
    """Whether an expression is zero for all values of its symbols.

    It is evaluated to 40 digits at rational points; what is zero there, and cannot be simplified to
    zero within reason, still counts as zero (Schwartz–Zippel: the chance of an accident is nil).
    """
    expression = sp.sympify(expression)
    if expression.is_zero:
        return True
    rng = np.random.default_rng(0)
    symbols = sorted(expression.free_symbols | set(names), key=lambda s: s.name)
    seen = 0
    for _ in range(4 * _TRIES):
        point = {s: sp.Rational(int(rng.integers(11, 89)), 97) for s in symbols}
        value = sp.N(expression.subs(point), _DIGITS)
        if value.has(sp.nan, sp.zoo, sp.oo) or not value.is_number:
            continue
        if abs(value) > sp.Float(10) ** (5 - _DIGITS + _magnitude(expression, point)):
            return False
        seen += 1
        if seen == _TRIES:
            return True
    return bool(sp.simplify(expression) == 0)


def _magnitude(expression: Any, point: dict[Any, Any]) -> int:
    """The decimal exponent of the largest term of a sum."""
    sizes = [abs(sp.N(term.subs(point), 5)) for term in sp.Add.make_args(expression)]
    largest = max((float(s) for s in sizes if s.is_number and s.is_finite), default=1.0)
    return max(0, int(np.ceil(np.log10(max(largest, 1.0)))))


def jacobian(field: Sequence[Any], names: Sequence[Any]) -> sp.Matrix:
    """∂f_i / ∂x_j."""
    return sp.Matrix(list(field)).jacobian(list(names))


def is_closed(form: Sequence[Any], names: Sequence[Any]) -> bool:
    """Whether ∂_j ω_i = ∂_i ω_j for all pairs."""
    size = len(names)
    return all(
        vanishes(sp.diff(form[i], names[j]) - sp.diff(form[j], names[i]), names)
        for i in range(size)
        for j in range(i + 1, size)
    )


def potential(form: Sequence[Any], names: Sequence[Any]) -> Any:
    """E with ∂_i E = −ω_i for a closed ω, one coordinate after the other."""
    energy = sp.Integer(0)
    for i, name in enumerate(names):
        rest = _tidy(-form[i] - sp.diff(energy, name))
        # What is left depends on this coordinate and later ones only; drop what must cancel.
        for earlier in names[:i]:
            if rest.has(earlier):
                rest = sp.simplify(rest)
            if rest.has(earlier):
                rest = rest.subs(earlier, _harmless(rest, earlier))
        energy = energy + _antiderivative(rest, name)
    return _collect(energy)


def _harmless(expression: Any, name: Any) -> Any:
    """A value at which an expression that does not depend on `name` may be taken."""
    for value in (0, 1, sp.Rational(1, 2), 2):
        taken = expression.subs(name, value)
        if not taken.has(sp.nan, sp.zoo, sp.oo):
            return sp.Integer(value) if value in (0, 1, 2) else value
    return sp.Rational(1, 3)


def _antiderivative(expression: Any, name: Any) -> Any:
    total = sp.Integer(0)
    for term in sp.Add.make_args(sp.expand(expression)):
        constant, varying = term.as_independent(name, as_Add=False)
        total += constant * _integrated(varying, name)
    return total


def _integrated(expression: Any, name: Any) -> Any:
    """∫ of one term; those with tanh by the substitutions that keep them short."""
    known = _with_tanh(expression, name)
    if known is not None:
        return known
    found = sp.integrate(expression, name)
    if found.has(sp.Integral):
        found = sp.integrate(sp.apart(sp.together(expression), name), name)
    return found


def _with_tanh(expression: Any, name: Any) -> Any:
    """∫ xᵃ tanhᵇ(x) for a ≤ 1, by parts; None for anything else."""
    power = sp.Wild("p", properties=[lambda k: k.is_Integer and k > 0])
    plain = expression.match(sp.tanh(name) ** power)
    if plain:
        return _tanh_power(int(plain[power]), name)
    weighted = expression.match(name * sp.tanh(name) ** power)
    if weighted:
        inner = _tanh_power(int(weighted[power]), name)
        if weighted[power] == 2:  # ∫ x tanh² = x (x − tanh x) − ∫ (x − tanh x)
            return name * inner - (name**2 / 2 - sp.log(sp.cosh(name)))
    return None


def _tanh_power(power: int, name: Any) -> Any:
    """∫ tanhᵖ = ∫ tanhᵖ⁻² − tanhᵖ⁻¹ / (p − 1)."""
    if power == 1:
        return sp.log(sp.cosh(name))
    if power == 2:
        return name - sp.tanh(name)
    return _tanh_power(power - 2, name) - sp.tanh(name) ** (power - 1) / (power - 1)


def diagonal_weights(matrix: sp.Matrix, names: Sequence[Any]) -> list[Any] | None:
    """m_i(x_i) with m_i J_ij = m_j J_ji for all pairs, or None where there are none."""
    size = len(names)
    coupled = {
        (i, j)
        for i in range(size)
        for j in range(size)
        if i != j and not vanishes(matrix[i, j], names)
    }
    if any((j, i) not in coupled for i, j in coupled):
        return None
    weights: list[Any] = [None] * size
    for start in range(size):
        if weights[start] is not None:
            continue
        weights[start] = _own_weight(matrix, names, start, coupled)
        if weights[start] is None:
            return None
        waiting = [start]
        while waiting:
            i = waiting.pop()
            for j in sorted(k for k in range(size) if (i, k) in coupled and weights[k] is None):
                weights[j] = _tidy(weights[i] * matrix[i, j] / matrix[j, i])
                if any(weights[j].has(names[k]) for k in range(size) if k != j):
                    return None
                waiting.append(j)
    for i, j in coupled:
        if i < j and not vanishes(weights[i] * matrix[i, j] - weights[j] * matrix[j, i], names):
            return None
    return weights


def _own_weight(
    matrix: sp.Matrix, names: Sequence[Any], i: int, coupled: set[tuple[int, int]]
) -> Any:
    """The factor of J_ji / J_ij that depends on x_i, for a neighbour j; 1 for a lone coordinate."""
    neighbours = sorted(j for j in range(len(names)) if (i, j) in coupled)
    if not neighbours:
        return sp.Integer(1)
    ratio = _tidy(matrix[neighbours[0], i] / matrix[i, neighbours[0]])
    parts = sp.separatevars(sp.factor(ratio), symbols=list(names), dict=True)
    if parts is not None:
        return _tidy(parts[names[i]])
    slope = _tidy(sp.diff(sp.log(ratio), names[i]))
    if any(slope.has(names[k]) for k in range(len(names)) if k != i):
        return None
    return _tidy(sp.exp(sp.integrate(slope, names[i])))


def _tidy(expression: Any) -> Any:
    """A shorter form, by rational operations alone (fast)."""
    try:
        return sp.factor(sp.cancel(sp.together(expression)))
    except sp.PolynomialError:
        return sp.simplify(expression)


def _collect(energy: Any) -> Any:
    """Common factors gathered, constants dropped."""
    terms = [t for t in sp.Add.make_args(sp.expand(energy)) if t.free_symbols]
    return sp.collect_const(sp.factor_terms(sp.Add(*terms)))
