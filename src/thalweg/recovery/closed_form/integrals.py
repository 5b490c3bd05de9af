"""The levels of the question in exact form, on SymPy expressions."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp

from thalweg.dynamics.formulas.ranges import SymbolRanges
from thalweg.dynamics.formulas.smoothness import first_switch, is_seen_to_break

_DIGITS = 40
_TRIES = 5
# Longer terms than this are not handed to the general integrator, which may never return.
_LONGEST = 80


def vanishes(expression: Any, region: SymbolRanges) -> bool:
    """Whether an expression is zero all over a region, for all values of its other symbols.

    It is evaluated to 40 digits at rational points of the region. An analytic function that is zero
    at points drawn at random is zero everywhere, but for an accident whose chance is nil; what has
    switches (absolute values, maxima …) is not analytic and counts as not zero.
    """
    expression = sp.sympify(expression)
    if expression.is_zero:
        return True
    if first_switch([expression]) is not None:
        return False
    rng = np.random.default_rng(0)
    seen = 0
    for turn in range(4 * _TRIES):
        point = region.draw(expression.free_symbols, rng, turn)
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


def is_closed(form: Sequence[Any], names: Sequence[Any], region: SymbolRanges) -> bool:
    """Whether ∂_j ω_i = ∂_i ω_j for all pairs."""
    size = len(names)
    return all(
        vanishes(sp.diff(form[i], names[j]) - sp.diff(form[j], names[i]), region)
        for i in range(size)
        for j in range(i + 1, size)
    )


def potential(form: Sequence[Any], names: Sequence[Any], region: SymbolRanges) -> Any:
    """E with ∂_i E = −ω_i for a closed ω, by integration along one coordinate after the other.

    What is left to integrate along a coordinate does not depend on the earlier ones, so it is taken
    where they have a fixed value, which spares proving that it does not.

    Returns:
        E without constants; an unevaluated integral in it where none was found in closed form that
        is real, and without jumps, at points of the region.
    """
    energy: Any = sp.Integer(0)
    for i, name in enumerate(names):
        rest: Any = -form[i] - sp.diff(energy, name)
        rest = rest.subs(_harmless(rest, names[:i]))
        energy = energy + _with_real_logarithms(_antiderivative(rest, name), region)
    terms = [t for t in sp.Add.make_args(energy) if t.free_symbols & set(names)]
    factored: list[Any] = [_factored(t) for t in terms]
    energy = sp.Add(*factored)
    wrong = (sp.diff(energy, n) + w for n, w in zip(names, form, strict=True))
    if energy.has(sp.Integral) or not all(vanishes(w, region) for w in wrong):
        return _line_integral(form, names, region)
    if is_seen_to_break(energy, region):
        return _line_integral(form, names, region)
    energy = sp.powsimp(energy)
    return min((energy, sp.factor_terms(energy)), key=sp.count_ops)


def _with_real_logarithms(energy: Any, region: SymbolRanges) -> Any:
    """log(−a) for log(a) where a is negative in the region: a change by a constant."""
    turned = {}
    for logarithm in energy.atoms(sp.log):
        argument = logarithm.args[0]
        there = [sp.N(argument.subs(p)) for p in region.points(3, argument.free_symbols)]
        if all(value.is_real and value < 0 for value in there):
            turned[logarithm] = sp.log(sp.expand(-argument))
    return energy.xreplace(turned)


def _line_integral(form: Sequence[Any], names: Sequence[Any], region: SymbolRanges) -> Any:
    """−∫₀¹ ω(a + s (x − a))·(x − a) ds, unevaluated; a is 0, or a point inside where 0 is not."""
    s = sp.Symbol("s", real=True)
    base = [_start(region.ranges.get(name)) for name in names]
    along = {name: a + s * (name - a) for name, a in zip(names, base, strict=True)}
    work = sum(
        w.subs(along, simultaneous=True) * (name - a)
        for w, name, a in zip(form, names, base, strict=True)
    )
    return -sp.Integral(work, (s, 0, 1))


def _start(interval: tuple[float, float] | None) -> Any:
    if interval is None or interval[0] < 0.0 < interval[1]:
        return sp.Integer(0)
    return sp.Rational(f"{(interval[0] + interval[1]) / 2.0:.9g}")


def _harmless(expression: Any, names: Sequence[Any]) -> dict[Any, Any]:
    """Values of some coordinates at which an expression can be taken."""
    for value in (sp.Integer(0), sp.Integer(1), sp.Rational(1, 2)):
        taken = expression.subs({name: value for name in names})
        if not taken.has(sp.nan, sp.zoo, sp.oo):
            return {name: value for name in names}
    return {name: sp.Rational(k + 2, 11) for k, name in enumerate(names)}


def _antiderivative(expression: Any, name: Any) -> Any:
    """∫ of a sum: exponentials together with all their factors, the rest term by term."""
    total: Any = sp.Integer(0)
    expanded: Any = sp.expand_mul(expression)
    groups: dict[Any, Any] = {}
    for term in sp.Add.make_args(expanded):
        constant, varying = term.as_independent(name, as_Add=False)
        key = sp.Mul(*(f for f in sp.Mul.make_args(varying) if isinstance(f, sp.exp)))
        if key == 1:
            total += constant * _integrated(varying, name)
        else:
            groups[key] = groups.get(key, 0) + term
    for key, group in groups.items():
        total += _with_exponential(group, key, name)
    return sp.expand_mul(total)


def _with_exponential(expression: Any, exponential: Any, name: Any) -> Any:
    """∫ of c g′ exp(g), where c does not depend on the coordinate, or of anything else."""
    powers: list[Any] = [factor.args[0] for factor in sp.Mul.make_args(exponential)]
    rate: Any = sp.diff(sp.Add(*powers), name)
    factor = tidy(expression / exponential / rate)
    if not factor.has(name):
        return factor * exponential
    return _integrated(expression, name)


def _integrated(expression: Any, name: Any) -> Any:
    """∫ of one term; those with tanh by the substitutions that keep them short."""
    for quickly in (_with_tanh, _rational):
        known = quickly(expression, name)
        if known is not None:
            return known
    if sp.count_ops(expression) > _LONGEST:
        return sp.Integral(expression, name)
    found = sp.integrate(expression, name)
    if found.has(sp.Integral):
        found = sp.integrate(sp.apart(sp.together(expression), name), name)
    return found


def _rational(expression: Any, name: Any) -> Any:
    """∫ of a rational function whose parts are powers of linear functions; None for others."""
    if not expression.is_rational_function(name):
        return None
    total: Any = sp.Integer(0)
    parts: Any = sp.expand_mul(sp.apart(expression, name))
    for term in sp.Add.make_args(parts):
        if not term.has(name):
            total += term * name
            continue
        constant, varying = term.as_independent(name, as_Add=False)
        base, power = varying.as_base_exp()
        slope = sp.diff(base, name)
        if slope.has(name):
            return None
        if power == -1:
            total += constant * sp.log(base) / slope
        else:
            total += constant * base ** (power + 1) / (slope * (power + 1))
    return total


def _with_tanh(expression: Any, name: Any) -> Any:
    """∫ tanhᵇ(a x + c), and ∫ x tanh²(x) by parts; None for anything else."""
    power, inner = sp.Wild("p", properties=[lambda k: k.is_Integer and k > 0]), sp.Wild("u")
    plain = expression.match(sp.tanh(inner) ** power)
    if plain and not (slope := sp.diff(plain[inner], name)).has(name):
        return _tanh_power(int(plain[power]), plain[inner]) / slope
    if expression == name * sp.tanh(name) ** 2:  # x (x − tanh x) − ∫ (x − tanh x)
        return name * (name - sp.tanh(name)) - (name**2 / 2 - sp.log(sp.cosh(name)))
    return None


def _tanh_power(power: int, name: Any) -> Any:
    """∫ tanhᵖ = ∫ tanhᵖ⁻² − tanhᵖ⁻¹ / (p − 1)."""
    if power == 1:
        return sp.log(sp.cosh(name))
    if power == 2:
        return name - sp.tanh(name)
    return _tanh_power(power - 2, name) - sp.tanh(name) ** (power - 1) / (power - 1)


def diagonal_weights(
    matrix: sp.Matrix, names: Sequence[Any], inside: Mapping[Any, Any], region: SymbolRanges
) -> list[Any] | None:
    """m_i(x_i) with m_i J_ij = m_j J_ji for all pairs, or None where there are none.

    One weight of every connected block is made positive at `inside`, a point with parameters; the
    others follow from it, so their signs are as the rule has them.
    """
    size = len(names)
    coupled = {
        (i, j)
        for i in range(size)
        for j in range(size)
        if i != j and not vanishes(matrix[i, j], region)
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
        there = sp.N(sp.sympify(weights[start]).subs(inside))
        if there.is_real and there < 0:
            weights[start] = -weights[start]
        waiting = [start]
        while waiting:
            i = waiting.pop()
            for j in sorted(k for k in range(size) if (i, k) in coupled and weights[k] is None):
                weights[j] = tidy(weights[i] * matrix[i, j] / matrix[j, i])
                if any(weights[j].has(names[k]) for k in range(size) if k != j):
                    return None
                waiting.append(j)
    weights = _without_fractions(weights, names)
    for i, j in coupled:
        if i < j and not vanishes(weights[i] * matrix[i, j] - weights[j] * matrix[j, i], region):
            return None
    return weights


def _without_fractions(weights: list[Any], names: Sequence[Any]) -> list[Any]:
    """The weights times the one constant that clears the denominators of their constants."""
    constants = [w.as_independent(n, as_Add=False)[0] for w, n in zip(weights, names, strict=True)]
    scale = sp.lcm_list([sp.denom(sp.together(c)) for c in constants])
    return [tidy(scale * w) for w in weights]


def _own_weight(
    matrix: sp.Matrix, names: Sequence[Any], i: int, coupled: set[tuple[int, int]]
) -> Any:
    """The factor of J_ji / J_ij that depends on x_i, for a neighbour j; 1 for a lone coordinate."""
    neighbours = sorted(j for j in range(len(names)) if (i, j) in coupled)
    if not neighbours:
        return sp.Integer(1)
    j = neighbours[0]
    entries: Any = matrix
    ratio = tidy(entries[j, i] / entries[i, j])
    parts: Any = sp.separatevars(sp.factor(ratio), symbols=list(names), dict=True)
    if parts is not None:
        return tidy(parts[names[i]])
    slope = tidy(sp.diff(sp.log(ratio), names[i]))
    if any(slope.has(names[k]) for k in range(len(names)) if k != i):
        return None
    return tidy(sp.exp(sp.integrate(slope, names[i])))


def tidy(expression: Any) -> Any:
    """A shorter form, by rational operations alone (fast)."""
    try:
        return sp.factor(sp.cancel(sp.together(expression)))
    except sp.PolynomialError:
        return sp.powsimp(expression)


def _factored(expression: Any) -> Any:
    """The expression with its factors apart, where it has any."""
    try:
        return sp.factor(expression)
    except sp.PolynomialError:
        return expression
