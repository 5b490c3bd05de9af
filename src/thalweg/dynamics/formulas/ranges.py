"""The region of a question in exact form: points of it, and signs that hold all over it."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from thalweg.dynamics.formulas.intervals import EVERYTHING, Interval, bounds

_BOXES = 400
_RIM = 1e-9
_TINY = 1e-30
_SCALES = (1, 5, sp.Rational(1, 8), 2)


@dataclass(frozen=True)
class SymbolRanges:
    """The inside of a box, or all values that the symbols may have.

    Attributes:
        ranges: the interval of each coordinate; of those left out, what the symbol allows.
        values: of the symbols that stand for parameters, where they are known.
    """

    ranges: Mapping[Any, Interval] = field(default_factory=dict)
    values: Mapping[Any, Any] = field(default_factory=dict)

    def draw(self, symbols: Iterable[Any], rng: np.random.Generator, turn: int) -> dict[Any, Any]:
        """A rational value for each symbol: parameters too are drawn, whatever their value.

        Arguments:
            symbols: to be given values.
            rng: the source of chance.
            turn: the number of the draw; symbols without a range get another scale each turn.
        """
        return {s: self._value(s, rng, turn) for s in sorted(symbols, key=lambda s: s.name)}

    def points(self, count: int, symbols: Iterable[Any]) -> list[dict[Any, Any]]:
        """Points of the region, with those parameters at their values that have one."""
        rng, drawn = np.random.default_rng(1), set(symbols) - set(self.values)
        return [self.draw(drawn, rng, turn) | dict(self.values) for turn in range(count)]

    def is_positive(self, expression: Any, strict: bool = True) -> bool:
        """Whether an expression is proven positive (or not negative) all over the region.

        Bounds are taken over smaller and smaller parts; the outermost 1e-9 of each range is left
        out, so that what vanishes on the boundary alone counts as positive.
        """
        known = sp.sympify(expression).subs(self.values)
        if known.is_positive or (known.is_nonnegative and not strict):
            return True
        names = sorted(known.free_symbols, key=lambda s: s.name)
        start = {name: self._inner(name) for name in names}
        if len(names) == 1 and known.is_polynomial(*names):
            answer = _polynomial_sign(known, names[0], start[names[0]])
            if answer is not None:
                return answer > 0
        waiting = [(start, 0)]
        for _ in range(_BOXES):
            if not waiting:
                return True
            box, depth = waiting.pop()
            low, high = bounds(known, box)
            if low > 0.0 or (low == 0.0 and not strict):
                continue
            if high < 0.0 or not names:
                return False
            name = names[depth % len(names)]
            middle = _middle(*box[name])
            waiting += [
                (box | {name: part}, depth + 1)
                for part in ((box[name][0], middle), (middle, box[name][1]))
            ]
        return False

    def has_sign(self, expression: Any) -> bool:
        """Whether an expression is proven to be zero nowhere in the region."""
        return self.is_positive(expression) or self.is_positive(-expression)

    def _inner(self, symbol: Any) -> Interval:
        if symbol not in self.ranges:
            if symbol.is_positive or symbol.is_negative:
                return (_TINY, math.inf) if symbol.is_positive else (-math.inf, -_TINY)
            return (0.0, math.inf) if symbol.is_nonnegative else EVERYTHING
        low, high = self.ranges[symbol]
        rim = _RIM * (high - low)
        return low + rim, high - rim

    def _value(self, symbol: Any, rng: np.random.Generator, turn: int) -> Any:
        if symbol in self.ranges:
            low, high = self.ranges[symbol]
            return sp.Rational(f"{low + (high - low) * rng.uniform(0.02, 0.98):.9g}")
        size = sp.Rational(int(rng.integers(11, 89)), 97) * _SCALES[turn % len(_SCALES)]
        if symbol.is_nonnegative:
            return size
        return -size if symbol.is_negative or rng.integers(2) else size


def _middle(low: float, high: float) -> float:
    """Where an interval is parted, however long."""
    if math.isfinite(low) and math.isfinite(high):
        return (low + high) / 2.0
    if low < 0.0 < high:
        return 0.0
    return max(1.0, 2.0 * low) if low >= 0.0 else min(-1.0, 2.0 * high)


def _polynomial_sign(expression: Any, name: Any, interval: Interval) -> int | None:
    """The sign of a polynomial in one symbol if it has no root there, 0 if it has; exactly.

    None where its coefficients are not rational.
    """
    polynomial = sp.Poly(expression, name)
    if not all(c.is_rational for c in polynomial.all_coeffs()):
        return None
    low, high = (sp.Rational(Fraction(e)) if math.isfinite(e) else None for e in interval)
    if polynomial.count_roots(low, high):
        return 0
    there = expression.subs(name, sp.Rational(Fraction(_middle(*interval))))
    return 1 if there > 0 else -1
