"""Smoothness of formulas: switches that the region decides, and what must not vanish in it."""

from collections.abc import Iterator
from typing import Any

import sympy as sp

from thalweg.dynamics.formulas.ranges import SymbolRanges

_ENTIRE = (
    sp.Add, sp.Mul, sp.Symbol, sp.Number, sp.NumberSymbol, sp.exp, sp.sin, sp.cos, sp.sinh,
    sp.cosh, sp.tanh, sp.asinh, sp.atan, sp.erf,
)  # fmt: skip
_SWITCHES = (sp.Max, sp.Min, sp.Abs, sp.sign, sp.Heaviside, sp.Piecewise)


def resolved(expression: Any, region: SymbolRanges) -> Any:
    """The expression with those maxima, cases, roots of squares … taken that the region decides."""
    if expression.has(*_SWITCHES):
        expression = expression.replace(
            lambda node: isinstance(node, _SWITCHES), lambda node: _choice(node, region)
        )
    return expression.replace(_is_root_of_sum, lambda node: _without_squares(node, region))


def _is_root_of_sum(node: Any) -> bool:
    if not (isinstance(node, sp.Pow) and node.exp.is_Rational and not node.exp.is_Integer):
        return False
    base: Any = node.base
    return bool(base.is_Add and base.is_polynomial(*base.free_symbols))


def _without_squares(root: Any, region: SymbolRanges) -> Any:
    """√(a²b) as ±a √b, where a is proven to have one sign."""
    listed: Any = sp.factor_list(root.base)
    constant, factors = listed
    outside, inside = sp.Integer(1), sp.sympify(constant)
    for factor, times in factors:
        pairs = times - times % 2
        sign = region.sign(factor) if pairs else None
        if sign is not None and sign[1]:
            outside *= (sign[0] * factor) ** (pairs * root.exp)
            inside *= factor ** (times - pairs)
        else:
            inside *= factor**times
    return root if outside == 1 else outside * inside**root.exp


def _choice(node: Any, region: SymbolRanges) -> Any:
    if isinstance(node, sp.Piecewise):
        return _case(node, region)
    if isinstance(node, sp.Max | sp.Min):
        orientation = 1 if isinstance(node, sp.Max) else -1
        cases: list[Any] = list(node.args)
        for one in cases:
            gaps = [orientation * (one - other) for other in cases if other is not one]
            if all(region.is_positive(gap, strict=False) for gap in gaps):
                return one
        return node
    argument = node.args[0]
    strict = not isinstance(node, sp.Abs)
    for sign in (1, -1):
        if region.is_positive(sign * argument, strict=strict):
            return sign * argument if not strict else node.func(sp.Integer(sign))
    return node


def _case(node: Any, region: SymbolRanges) -> Any:
    """The one case of several that holds all over the region, or all of them."""
    for value, condition in node.args:
        answer = decided(condition, region)
        if answer is None:
            return node
        if answer:
            return value
    return node


def decided(condition: Any, region: SymbolRanges) -> bool | None:
    """True if an inequality holds all over the region, False if nowhere; None if open."""
    if condition in (sp.true, sp.false):
        return bool(condition)
    if not isinstance(condition, sp.Gt | sp.Ge | sp.Lt | sp.Le):
        return None
    larger: Any = condition.gts
    gap = larger - condition.lts
    is_strict = isinstance(condition, sp.Gt | sp.Lt)
    if region.is_positive(gap, strict=is_strict):
        return True
    return False if region.is_positive(-gap, strict=not is_strict) else None


def first_switch(expressions: Any) -> Any:
    """A part that is not known to be smooth, such as a maximum or an absolute value, or None."""
    for expression in expressions:
        for node in sp.preorder_traversal(expression):
            if not isinstance(node, _ENTIRE) and _condition(node) is None:
                return node
    return None


def _condition(node: Any) -> tuple[Any, bool] | None:
    """The argument whose zeros are singular, and whether it must be positive; None if entire."""
    if isinstance(node, sp.Pow):
        power, is_whole = node.exp, bool(node.exp.is_integer)
        if is_whole and power.is_nonnegative:
            return sp.Integer(1), True
        return node.base, not is_whole
    argument: Any = node.args[0] if node.args else None
    if isinstance(node, sp.log):
        return argument, True
    if isinstance(node, sp.tan):
        return sp.cos(argument), False
    if isinstance(node, sp.asin | sp.acos | sp.atanh):
        return 1 - argument**2, True
    if isinstance(node, sp.acosh):
        return argument - 1, True
    return (node.args[1], True) if isinstance(node, sp.atan2) else None


def smooth_where(expression: Any) -> Iterator[tuple[Any, bool]]:
    """Parts whose zeros are singular, each with whether it must stay positive."""
    seen = set()
    for node in sp.preorder_traversal(expression):
        if node not in seen and not isinstance(node, _ENTIRE):
            seen.add(node)
            condition = _condition(node)
            if condition is not None:
                yield condition


def unproven(expressions: Any, region: SymbolRanges) -> Any:
    """A denominator, an argument of a logarithm … that may vanish in the region, or None."""
    for expression in expressions:
        for part, is_positive in smooth_where(expression):
            if not (region.is_positive(part) if is_positive else region.has_sign(part)):
                return part
    return None
