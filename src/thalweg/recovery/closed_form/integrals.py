"""The levels of the question in exact form, on SymPy expressions."""

from collections.abc import Mapping, Sequence
from typing import Any

import sympy as sp

from thalweg.dynamics.formulas.long_powers import with_long_powers
from thalweg.dynamics.formulas.ranges import SymbolRanges
from thalweg.recovery.closed_form.zeros import Evidence, least_evidence, zero_evidence

# Longer terms than this are not handed to the general integrator, which may never return.
_LONGEST = 80


def jacobian(field: Sequence[Any], names: Sequence[Any]) -> sp.Matrix:
    """∂f_i / ∂x_j."""
    return sp.Matrix(list(field)).jacobian(list(names))


def closedness(form: Sequence[Any], names: Sequence[Any], region: SymbolRanges) -> Evidence:
    """The evidence that ∂_j ω_i = ∂_i ω_j for all pairs."""
    size = len(names)
    return least_evidence(
        (
            sp.diff(form[i], names[j]) - sp.diff(form[j], names[i])
            for i in range(size)
            for j in range(i + 1, size)
        ),
        region,
    )


def potential(form: Sequence[Any], names: Sequence[Any], region: SymbolRanges) -> Any:
    """E with ∂_i E = −ω_i for a closed ω, by integration along one coordinate after the other.

    What is left to integrate along a coordinate does not depend on the earlier ones, so it is taken
    where they have a fixed value, which spares proving that it does not.

    Returns:
        E without constants; an unevaluated integral where none was found in closed form, or where
        no normal form proves that −∇E is the form.
    """
    energy: Any = sp.Integer(0)
    for i, name in enumerate(names):
        remainder: Any = -form[i] - sp.diff(energy, name)
        remainder = remainder.subs(_harmless(remainder, names[:i]))
        energy = energy + _with_real_logarithms(_antiderivative(remainder, name), region)
    terms = [t for t in sp.Add.make_args(energy) if t.free_symbols & set(names)]
    factored: list[Any] = [_factored(t) for t in terms]
    energy = sp.Add(*factored)
    wrong = (sp.diff(energy, n) + w for n, w in zip(names, form, strict=True))
    if energy.has(sp.Integral) or least_evidence(wrong, region) is not Evidence.PROVED:
        return line_integral(form, names, region)
    energy = sp.powsimp(energy)
    return min((energy, sp.factor_terms(energy)), key=sp.count_ops)


def _with_real_logarithms(energy: Any, region: SymbolRanges) -> Any:
    """log(−a) for log(a) where a is negative in the region: a change by a constant."""
    turned = {}
    for logarithm in energy.atoms(sp.log):
        argument = logarithm.args[0]
        there = [sp.N(argument, subs=p) for p in region.points(3, argument.free_symbols)]
        if all(value.is_real and value < 0 for value in there):
            turned[logarithm] = sp.log(sp.expand(-argument))
    return energy.xreplace(turned)


def line_integral(form: Sequence[Any], names: Sequence[Any], region: SymbolRanges) -> Any:
    """−∫₀¹ ω(a + s (x − a))·(x − a) ds, unevaluated; a is 0, or a point inside if 0 is none."""
    s = sp.Symbol("s", real=True)
    base = [_start(name, region) for name in names]
    along = {name: a + s * (name - a) for name, a in zip(names, base, strict=True)}
    work = sum(
        w.subs(along, simultaneous=True) * (name - a)
        for w, name, a in zip(form, names, base, strict=True)
    )
    return -sp.Integral(work, (s, 0, 1))


def _start(name: Any, region: SymbolRanges) -> Any:
    if region.positive:  # the centre of the simplex
        return sp.Rational(1, len(region.names) + 1)
    interval = region.ranges.get(name)
    if interval is None:
        return sp.Integer(1 if name.is_nonnegative else (-1 if name.is_nonpositive else 0))
    if interval[0] < 0.0 < interval[1]:
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
    # Guesses by undetermined coefficients may take hours where functions stand within functions.
    hints: dict[str, Any] = {"heurisch": False} if _is_nested(expression, name) else {}
    found = sp.integrate(expression, name, **hints)
    if found.has(sp.RootSum):
        return sp.Integral(expression, name)
    if not found.has(sp.Integral) or not expression.is_rational_function(name):
        return found
    try:
        parts = sp.apart(sp.together(expression), name)
    except sp.PolynomialError:
        return found
    return sp.integrate(parts, name, **hints)


def _is_nested(expression: Any, name: Any) -> bool:
    """True if an exponential, a logarithm, a root … of such a function stands in an expression."""

    def is_function(node: Any) -> bool:
        if not node.has(name):
            return False
        if isinstance(node, sp.Pow) and not isinstance(node, sp.exp):
            return not node.exp.is_Integer
        return isinstance(node, sp.Function)

    outer = [n for n in sp.preorder_traversal(expression) if is_function(n)]
    return any(
        is_function(n) for node in outer for a in node.args for n in sp.preorder_traversal(a)
    )


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
) -> tuple[list[Any], Evidence] | None:
    """m_i(x_i), and the evidence that m_i J_ij = m_j J_ji for all pairs; None if there are none.

    One weight of every connected block is made positive at `inside`, a point with parameters; the
    others follow from it, so their signs are as the rule has them.
    """
    size = len(names)
    coupled = {
        (i, j)
        for i in range(size)
        for j in range(size)
        if i != j and zero_evidence(matrix[i, j], region) is not Evidence.PROVED
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
        there = sp.N(weights[start], subs=inside)
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
    differences = (
        weights[i] * matrix[i, j] - weights[j] * matrix[j, i] for i, j in coupled if i < j
    )
    evidence = least_evidence(differences, region)
    return None if evidence is Evidence.NONE else (weights, evidence)


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
    parts: Any = sp.separatevars(_factored(ratio), symbols=list(names), dict=True)
    if parts is not None:
        return tidy(parts[names[i]])
    slope = tidy(sp.diff(sp.log(ratio), names[i]))
    if any(slope.has(names[k]) for k in range(len(names)) if k != i):
        return None
    # The ratio is a product of functions of x_i and of the rest, which is taken at one place.
    return tidy(ratio.subs(_harmless(ratio, [n for n in names if n != names[i]])))


def tidy(expression: Any) -> Any:
    """A shorter form, by rational operations alone (fast)."""
    try:
        return with_long_powers(lambda e: sp.factor(sp.cancel(sp.together(e))), expression)
    except sp.PolynomialError:
        return sp.powsimp(expression)


def _factored(expression: Any) -> Any:
    """The expression with its factors apart, where it has any."""
    try:
        return with_long_powers(sp.factor, expression)
    except sp.PolynomialError:
        return expression
