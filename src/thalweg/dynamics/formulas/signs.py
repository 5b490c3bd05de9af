"""Proof that an expression keeps its sign inside a box, exactly or by interval arithmetic."""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import sympy as sp

from thalweg.dynamics.formulas.intervals import Interval, bounds
from thalweg.dynamics.formulas.long_powers import with_long_powers

_BOXES = 2000  # intervals that a proof may take before the sign is left open
# Parts in which a proof by halving has found nothing at all after this many are given up.
_HOPELESS = 300
# Corners of a box double with each coordinate, and longer expressions take long to factor.
_CORNERS = 4
_FACTORED = 400  # operations: the cost of SymPy's factoring grows steeply with them


def sign_in(
    expression: Any, box: Mapping[Any, Interval], positive: Sequence[Any] = (), boxes: int = _BOXES
) -> tuple[int, bool] | None:
    """The sign that an expression is proven to have all over the inside of a box.

    Arguments:
        expression: of the symbols in `box`.
        box: the ends of each symbol's values, floats that stand for their shortest decimals; the
            ends are no values themselves.
        positive: expressions that are positive in the region, which is the part of the box where
            they are (a simplex, say).
        boxes: how many parts to look at.

    Returns:
        The sign, 1 or −1, and whether the expression is nowhere zero; None if nothing is proven.
    """
    found = _of_product(expression, box, positive, boxes)
    if found is None and expression.is_Add and sp.count_ops(expression) < _FACTORED:
        factored = _factored(expression)
        if factored.is_Mul or factored.is_Pow:
            return _of_product(factored, box, positive, boxes)
    return found


def _of_product(
    expression: Any, box: Mapping[Any, Interval], positive: Sequence[Any], boxes: int
) -> tuple[int, bool] | None:
    sign, is_strict = 1, True
    for factor in sp.Mul.make_args(expression):
        found = _of_factor(factor, box, positive, boxes)
        if found is None:
            return None
        sign, is_strict = sign * found[0], is_strict and found[1]
    return sign, is_strict


def _of_factor(
    factor: Any, box: Mapping[Any, Interval], positive: Sequence[Any], boxes: int
) -> tuple[int, bool] | None:
    if factor.is_positive or factor.is_negative:
        return (1 if factor.is_positive else -1), True
    if isinstance(factor, sp.exp) and _is_real(factor.args[0]):
        return 1, True
    if isinstance(factor, sp.Pow) and not isinstance(factor, sp.exp):
        found = _of_power(factor, box, positive, boxes)
        if found is not None or factor.exp.is_Rational:
            return found
    for known in positive:
        ratio = sp.cancel(factor / known)
        if ratio.is_positive or ratio.is_negative:
            return (1 if ratio.is_positive else -1), True
    names: list[Any] = sorted(factor.free_symbols, key=str)
    if not names or not all(name in box for name in names):
        return None
    inner = {name: box[name] for name in names}
    if factor.is_polynomial(*names):
        found = _of_polynomial(sp.Poly(factor, *names), inner)
        if found is not None:
            return found
    # Put in before it is evaluated, a fraction in an exponent may make numbers without end.
    value = sp.N(factor, 15, subs={name: _inside(inner[name]) for name in names})
    if not value.is_real or value.is_zero:
        return (1, False) if factor.is_nonnegative else None
    side_sign = 1 if value > 0 else -1
    if _is_positive_by_parts(side_sign * factor, inner, positive, boxes, strict=True):
        return side_sign, True
    if _is_positive_by_parts(side_sign * factor, inner, positive, boxes, strict=False):
        return side_sign, False
    return None


def _is_real(expression: Any) -> bool:
    """True if an expression is real for all real values of its symbols."""
    letters = {symbol: sp.Dummy(real=True) for symbol in expression.free_symbols}
    return bool(expression.xreplace(letters).is_real)


def _of_power(
    power: Any, box: Mapping[Any, Interval], positive: Sequence[Any], boxes: int
) -> tuple[int, bool] | None:
    base = sign_in(power.base, box, positive, boxes)
    if not power.exp.is_Rational:
        return (1, True) if base == (1, True) and _is_real(power.exp) else None
    if power.exp.is_even and power.exp > 0:
        return (1, base is not None and base[1]) if power.base.is_real is not False else None
    if base is None or (power.exp < 0 and not base[1]):
        return None
    if power.exp.is_Integer:
        return (1 if power.exp.is_even else base[0]), base[1]
    return (1, base[1]) if base[0] > 0 else None


def _of_polynomial(polynomial: Any, box: Mapping[Any, Interval]) -> tuple[int, bool] | None:
    """Sign by roots, in one symbol; by coefficients of one sign from some corner, in a few."""
    if not all(c.is_rational for c in polynomial.coeffs()):
        return None
    ends = [(exact_end(low), exact_end(high)) for low, high in box.values()]
    if len(ends) == 1:
        return _of_one_symbol(polynomial, *ends[0])
    if len(ends) > _CORNERS:
        return None
    names = polynomial.gens
    for corner in itertools.product(*(((low, 1), (high, -1)) for low, high in ends)):
        if any(abs(end) is sp.oo for end, _ in corner):
            continue
        moved = {n: end + side_sign * n for n, (end, side_sign) in zip(names, corner, strict=True)}
        shifted = sp.Poly(polynomial.as_expr().subs(moved, simultaneous=True), *names)
        signs = {sp.sign(c) for c in shifted.coeffs()}
        if len(signs) == 1 and 0 not in signs:
            return int(signs.pop()), True
    return None


def _of_one_symbol(polynomial: Any, low: Any, high: Any) -> tuple[int, bool] | None:
    name, expression = polynomial.gens[0], polynomial.as_expr()
    limits = [None if abs(end) is sp.oo else end for end in (low, high)]
    roots = polynomial.count_roots(*limits)
    roots -= sum(1 for end in limits if end is not None and expression.subs(name, end) == 0)
    if roots == 0:
        there = expression.subs(name, _inside((float(low), float(high))))
        return (1 if there > 0 else -1), True
    return None


def exact_end(end: float) -> Any:
    """The end of a range as the number that its shortest decimal form names."""
    if math.isfinite(end):
        return sp.Rational(repr(float(end)))
    return sp.oo if end > 0 else -sp.oo


def _inside(interval: Interval) -> Any:
    return sp.Rational(repr(middle(*interval)))


def _is_positive_by_parts(
    expression: Any, box: Mapping[Any, Interval], positive: Sequence[Any], boxes: int, strict: bool
) -> bool:
    """Bounds over smaller and smaller parts of the closed box; where the expression vanishes on a
    face of it, its growth away from that face is bounded instead.
    """
    names = list(box)
    start = {name: (_outward(low, -1), _outward(high, 1)) for name, (low, high) in box.items()}
    growth = [sp.diff(expression, name) for name in names] if strict else []
    waiting, proven = [(start, 0)], 0
    for count in range(boxes):
        if not waiting:
            return True
        if count > _HOPELESS and not proven:
            return False
        part, depth = waiting.pop()
        if any(bounds(known, part)[1] < 0.0 for known in positive):
            continue
        low, high = bounds(expression, part)
        if low > 0.0 or (low == 0.0 and not strict):
            proven += 1
            continue
        if high < 0.0:
            return False
        if strict and depth >= len(names) and _grows(expression, growth, part, start):
            proven += 1
            continue
        name = names[depth % len(names)]
        centre = middle(*part[name])
        waiting += [
            (part | {name: half}, depth + 1)
            for half in ((part[name][0], centre), (centre, part[name][1]))
        ]
    return False


def _grows(
    expression: Any,
    growth: Sequence[Any],
    part: Mapping[Any, Interval],
    box: Mapping[Any, Interval],
) -> bool:
    """True if an expression is not negative on a face of the box, and grows from there on."""
    for slope, name in zip(growth, part, strict=True):
        for side, side_sign in ((0, 1), (1, -1)):
            end = box[name][side]
            if part[name][side] != end or not math.isfinite(end):
                continue
            on_face = expression.subs(name, sp.Rational(repr(end)))
            there = bounds(on_face, {n: i for n, i in part.items() if n != name})
            rates = bounds(slope, part)
            if there[0] >= 0.0 and (rates[0] > 0.0 if side_sign > 0 else rates[1] < 0.0):
                return True
    return False


def _outward(end: float, side_sign: int) -> float:
    """The next number beyond an end that its decimal form does not name exactly."""
    if not math.isfinite(end) or end == round(end):
        return end
    return math.nextafter(end, side_sign * math.inf)


def middle(low: float, high: float) -> float:
    """Point at which an interval is parted, however long."""
    if math.isfinite(low) and math.isfinite(high):
        return (low + high) / 2.0
    if low < 0.0 < high:
        return 0.0
    return max(1.0, 2.0 * low) if low >= 0.0 else min(-1.0, 2.0 * high)


def _factored(expression: Any) -> Any:
    try:
        return with_long_powers(sp.factor, expression)
    except sp.PolynomialError:
        return expression
