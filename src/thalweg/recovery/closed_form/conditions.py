"""Conditions on parameters under which expressions keep their sign all over a region."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from thalweg.dynamics.formulas.long_powers import with_long_powers
from thalweg.dynamics.formulas.ranges import SymbolRanges

# Signs are tried in all combinations: 16 proofs at most for one expression.
_COMBINED = 4
# Of values of parameters: any one choice of the signs of eight is met, more likely than not.
_DRAWN = 256


@dataclass(frozen=True)
class Conditions:
    """Conditions on the parameters.

    Attributes:
        relations: inequalities and equations of parameters; all of them together suffice.
        unproven: the first expression whose sign is not proven for any parameters, or None.
    """

    relations: tuple[Any, ...] = ()
    unproven: Any = None

    def __str__(self) -> str:
        return " and ".join(sp.sstr(relation) for relation in self.relations)


def sign_conditions(tests: Iterable[tuple[Any, bool]], region: SymbolRanges) -> Conditions:
    """Conditions on parameters under which expressions have no zero inside a region.

    A factor without coordinates is itself the condition. For the others all values of the
    parameters are tried, then those of one sign each, then the values that they are known to have.

    Arguments:
        tests: expressions, each with whether it must be positive.
        region: the ranges of the coordinates, and the known values of parameters.
    """
    relations: list[Any] = []
    for expression, must_be_positive in tests:
        found = _of_one(sp.sympify(expression), must_be_positive, region)
        if found is None:
            return Conditions((), expression)
        relations += [r for r in found if r not in relations]
    return Conditions(tuple(relations))


def can_hold(relations: Iterable[Any], region: SymbolRanges) -> bool:
    """True if some values of the parameters are seen for which all relations hold.

    Those that are known come first; without this an answer could hold for none at all.
    """
    relations = tuple(relations)
    symbols = set().union(*(relation.free_symbols for relation in relations))
    rng = np.random.default_rng(0)
    places = (region.draw(symbols, rng, turn) | dict(region.values) for turn in range(_DRAWN))
    return any(all(relation.subs(place) == sp.true for relation in relations) for place in places)


def at_values(symbols: Iterable[Any], region: SymbolRanges) -> tuple[Any, ...]:
    """The condition that parameters have the values that are known of them."""
    known = [symbol for symbol in region.values if symbol in set(symbols)]
    return tuple(sp.Eq(symbol, region.values[symbol], evaluate=False) for symbol in known)


def _of_one(expression: Any, must_be_positive: bool, region: SymbolRanges) -> list[Any] | None:
    if not expression.free_symbols - set(region.names):
        proven = region.is_positive if must_be_positive else region.has_sign
        return [] if proven(expression) else None
    still: Any = sp.Integer(1)
    overall, relations = 1, []
    for factor in sp.Mul.make_args(_factored(expression)):
        if not factor.has(*region.names):
            still *= factor
            continue
        found = _of_factor(factor, region)
        if found is None:
            return None
        overall *= found[0]
        relations += found[1]
    condition = _of_parameters(overall * still, must_be_positive, region)
    return None if condition is None else [*relations, *condition]


def _of_parameters(still: Any, must_be_positive: bool, region: SymbolRanges) -> list[Any] | None:
    """The condition that an expression of parameters alone is positive, or not zero."""
    if not still.free_symbols:
        holds = still.is_positive if must_be_positive else still.is_nonzero
        return [] if holds else None
    known = still.subs(region.values)
    if not known.free_symbols:
        holds = known.is_positive if must_be_positive else known.is_nonzero
        if not holds:
            return None
    unsaid = (s for s in still.free_symbols if s in region.values or s.is_real is None)
    free = _with_signs(still, dict.fromkeys(unsaid, 0))
    if free.is_positive or (free.is_nonzero and not must_be_positive):
        return []
    if must_be_positive and still.is_Mul and (sign := still.as_coeff_Mul()[0]):
        still = still / abs(sign)
    made = sp.Gt if must_be_positive else sp.Ne
    if must_be_positive and still.could_extract_minus_sign():
        return [sp.Lt(-still, 0, evaluate=False)]
    return [made(still, 0, evaluate=False)]


def _of_factor(factor: Any, region: SymbolRanges) -> tuple[int, list[Any]] | None:
    """The sign that a factor with coordinates has, and on which conditions."""
    anything = region.without_values()
    parameters = sorted(factor.free_symbols - set(region.names), key=lambda s: s.name)
    free = [s for s in parameters if s in region.values or _declared(s) == 0]
    if (sign := _sign(_with_signs(factor, dict.fromkeys(free, 0)), anything)) is not None:
        return sign, []
    if len(free) <= _COMBINED:
        for choice in itertools.product(*(_signs(symbol, region) for symbol in free)):
            signs = dict(zip(free, choice, strict=True))
            if (sign := _sign(_with_signs(factor, signs), anything)) is not None:
                return sign, _needed(factor, signs, anything)
    if not all(symbol in region.values for symbol in parameters):
        return None
    sign = _sign(factor, region)
    return None if sign is None else (sign, list(at_values(parameters, region)))


def _declared(symbol: Any) -> int:
    return 1 if symbol.is_positive else (-1 if symbol.is_negative else 0)


def _signs(symbol: Any, region: SymbolRanges) -> tuple[int, ...]:
    """The signs to try of a parameter: that of its value where it is known."""
    if symbol not in region.values:
        return (1, -1)
    return (1,) if region.values[symbol] > 0 else (-1,)


def _with_signs(expression: Any, signs: Mapping[Any, int]) -> Any:
    """The expression with letters of these signs for parameters; 0 leaves a sign open."""
    return expression.xreplace(
        {
            symbol: sign * sp.Dummy(symbol.name, positive=True) if sign else sp.Dummy(real=True)
            for symbol, sign in signs.items()
        }
    )


def _needed(factor: Any, signs: Mapping[Any, int], region: SymbolRanges) -> list[Any]:
    """The signs without which the proof fails, as inequalities."""
    kept = dict(signs)
    for symbol in signs:
        if _sign(_with_signs(factor, kept | {symbol: 0}), region) is not None:
            kept[symbol] = 0
    return [
        (sp.Gt if sign > 0 else sp.Lt)(symbol, 0, evaluate=False)
        for symbol, sign in kept.items()
        if sign
    ]


def _sign(expression: Any, region: SymbolRanges) -> int | None:
    found = region.sign(expression)
    return found[0] if found is not None and found[1] else None


def _factored(expression: Any) -> Any:
    try:
        return with_long_powers(sp.factor, expression)
    except sp.PolynomialError:
        return expression
