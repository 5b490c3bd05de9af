"""A rule that is given as formulas: a mapping from symbols to their velocities."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp

from thalweg.core.domains import Box, Domain
from thalweg.core.errors import InputError
from thalweg.dynamics.formulas.jax_to_sympy import multiple_of_pi, simple_fraction
from thalweg.dynamics.formulas.ranges import SymbolRanges
from thalweg.dynamics.formulas.rules import RuleFormulas, angles_of
from thalweg.dynamics.formulas.smoothness import resolved


def read_given(rule: Mapping[Any, Any], domain: Domain | None) -> RuleFormulas:
    """The formulas of a mapping, its symbols in the order given, in a box or everywhere.

    Raises:
        InputError: a key is no symbol, a velocity no expression, or the domain no box of as many
            free coordinates as there are symbols.
    """
    names = tuple(rule)
    if not names or not all(isinstance(name, sp.Symbol) for name in names):
        raise InputError("rule: a mapping must go from SymPy symbols to their velocities.")
    ranges = () if domain is None else _ranges(domain, len(names))
    region = SymbolRanges(dict(zip(names, ranges, strict=False)), names=names)
    velocity = tuple(resolved(_expression(n, v), region) for n, v in rule.items())
    free = set().union(*(v.free_symbols for v in velocity)) - set(names)
    inside: dict[Any, Any] = {s: sp.Rational(3, 7) for s in (*names, *free)}
    for name, (low, high) in region.ranges.items():
        inside[name] = sp.Rational(f"{low + 0.47 * (high - low):.9g}")
    periods = {} if domain is None else angles_of(names, domain.chart())
    return RuleFormulas(
        names, velocity, None, {}, inside, "the given rule", ranges, periods=periods
    )


def _expression(name: Any, value: Any) -> Any:
    try:
        found = sp.sympify(value, strict=True)
    except (sp.SympifyError, TypeError):
        found = None
    if not isinstance(found, sp.Expr) or found.has(sp.nan, sp.oo, -sp.oo, sp.zoo):
        raise InputError(
            f"rule: the velocity of {name} must be a finite SymPy expression or a number, got "
            f"{value!r} ({type(value).__name__}). Text is not evaluated: write it with symbols."
        )
    return found.xreplace({number: _exact(number) for number in found.atoms(sp.Float)})


def _exact(number: Any) -> Any:
    """A simple fraction, or one of π, within two roundings of a float; else its first 15 digits."""
    if number._prec > 53:
        return sp.Rational(str(number))
    value = float(number)
    simple = simple_fraction(value)
    if abs(float(simple) - value) <= 2.0 * np.finfo(float).eps * abs(value):
        return sp.Rational(simple.numerator, simple.denominator)
    turns = multiple_of_pi(value)
    return sp.Rational(str(number)) if turns is None else turns * sp.pi


def _ranges(domain: Domain, size: int) -> tuple[tuple[float, float], ...]:
    """The range of each symbol in a box."""
    chart = domain.chart() if isinstance(domain, Box) else None
    if chart is None or not chart.layout.size == chart.dimension == size:
        raise InputError(
            f"domain: a mapping of {size} symbols needs a Box with {size} coordinates of positive "
            f"width, in the order of the mapping, got {domain}. Leave it out to ask everywhere."
        )
    return tuple(zip(map(float, chart.lower), map(float, chart.upper), strict=True))
