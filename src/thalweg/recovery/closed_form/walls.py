"""Walls on which a diagonal metric ends: its weights vanish there, or are not finite."""

import math
from collections.abc import Mapping
from typing import Any

import sympy as sp

from thalweg.dynamics.formulas.ranges import SymbolRanges
from thalweg.dynamics.formulas.rules import RuleFormulas
from thalweg.dynamics.formulas.signs import exact_end
from thalweg.dynamics.formulas.smoothness import smooth_where
from thalweg.recovery.closed_form.conditions import sign_conditions


def singular_walls(weights: list[Any], found: RuleFormulas) -> dict[Any, bool]:
    """Equations of the walls on which a weight is not proved to be positive and finite.

    Arguments:
        weights: m_i(x_i), one a coordinate, positive inside the region.
        found: the rule.

    Returns:
        The equations, each with whether the weight is known to be zero or not finite there; of
        others that depends on parameters, or is not decided.
    """
    walls = {}
    for weight, name in zip(weights, found.names, strict=True):
        if name in found.periods:
            continue
        for end in found.region.ranges.get(name, ()):
            is_fine = not math.isfinite(end) or _ends_well(weight, name, exact_end(end), found)
            if is_fine is not True:
                walls[sp.Eq(name, exact_end(end), evaluate=False)] = is_fine is False
    return walls


def walls_text(walls: Mapping[Any, bool]) -> str:
    """The walls in words."""
    sure, other = (
        " or ".join(
            f"{wall.lhs} = {wall.rhs}" for wall, is_sure in walls.items() if is_sure is kind
        )
        for kind in (True, False)
    )
    if not sure:
        return f"it may be zero or not finite where {other}"
    return f"it is zero or not finite where {sure}" + (
        f", and may be where {other}" if other else ""
    )


def _ends_well(weight: Any, name: Any, end: Any, found: RuleFormulas) -> bool | None:
    """True if a weight is proved finite and positive at an end of its range, False if it is not."""
    varying = weight.as_independent(name, as_Add=False)[1].xreplace(_letters(weight, found.region))
    at_end: Any = varying.subs(name, end)
    if at_end.has(sp.zoo, sp.oo, -sp.oo, sp.nan) or at_end.is_zero:
        return None if at_end.free_symbols else False
    region = found.region.without_values()
    parts = [at_end, *(part.subs(name, end) for part, _ in smooth_where(varying))]
    return True if all(region.has_sign(part) for part in parts) else None


def _letters(weight: Any, region: SymbolRanges) -> dict[Any, Any]:
    """Letters for the parameters of a weight, of the signs that make it positive."""
    letters: dict[Any, Any] = {}
    for symbol in weight.free_symbols - set(region.names):
        letters[symbol] = symbol if symbol.is_real else sp.Dummy(symbol.name, real=True)
    for relation in sign_conditions([(weight, True)], region).relations:
        symbol = relation.lhs
        if symbol not in letters:
            continue
        if isinstance(relation, sp.Eq):
            letters[symbol] = relation.rhs
        elif relation.rhs.is_zero and isinstance(relation, sp.Gt | sp.Lt):
            sign = 1 if isinstance(relation, sp.Gt) else -1
            letters[symbol] = sign * sp.Dummy(symbol.name, positive=True)
    return letters
