"""Rewriting by polynomials of expressions whose powers are too high for them."""

from collections.abc import Callable
from typing import Any

import sympy as sp

# SymPy writes exp(1000 x) as (exp(x))**1000, and lists all powers up to it.
_HIGHEST = 500


def with_long_powers(rewrite: Callable[[Any], Any], expression: Any) -> Any:
    """`rewrite(expression)`, in which each power that is too high is a letter.

    Arguments:
        rewrite: any that leaves the value as it is, whatever the letters stand for.
        expression: of any symbols.
    """
    powers = sp.sympify(expression).atoms(sp.Pow, sp.exp)
    letters = {power: sp.Dummy(f"P{k}") for k, power in enumerate(filter(_is_long, powers))}
    if not letters:
        return rewrite(expression)
    found = rewrite(expression.xreplace(letters))
    # A power within the exponent of another was a letter, too.
    for power in sorted(letters, key=sp.count_ops, reverse=True):
        found = found.xreplace({letters[power]: power})
    return found


def _is_long(power: Any) -> bool:
    exponent = power.as_base_exp()[1]
    terms = sp.Add.make_args(sp.expand(exponent)) + sp.Add.make_args(exponent)
    factors = (term.as_coeff_Mul(rational=True)[0] for term in terms)
    return any(abs(sp.numer(factor)) > _HIGHEST for factor in factors if factor.is_Rational)
