"""The region of a question in exact form: points of it, and signs that hold all over it."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import sympy as sp

from thalweg.dynamics.formulas.intervals import EVERYTHING, Interval
from thalweg.dynamics.formulas.signs import exact_end, sign_in

_OVERLAP = 0.01  # of a turn
_SCALES = (1, 5, sp.Rational(1, 8), 2)


@dataclass(frozen=True)
class SymbolRanges:
    """The inside of a box, or all values that the symbols may have.

    Attributes:
        ranges: the interval of each coordinate; of those left out, what the symbol allows.
        values: of the symbols that stand for parameters, where they are known.
        positive: expressions that are positive in the region, and no interval says so.
        names: the coordinates, whether they have ranges or not.
    """

    ranges: Mapping[Any, Interval] = field(default_factory=dict)
    values: Mapping[Any, Any] = field(default_factory=dict)
    positive: tuple[Any, ...] = ()
    names: tuple[Any, ...] = ()

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
        """True if an expression is proven positive (or not negative) inside the region.

        Parameters have the values that are known of them, others all that their symbols may have.
        """
        known = sp.sympify(expression).subs(self.values)
        if known.is_positive or (known.is_nonnegative and not strict):
            return True
        found = self.sign(known)
        return found is not None and found[0] > 0 and (found[1] or not strict)

    def has_sign(self, expression: Any) -> bool:
        """True if an expression is proven to be zero nowhere in the region."""
        found = self.sign(expression)
        return found is not None and found[1]

    def sign(self, expression: Any) -> tuple[int, bool] | None:
        """The sign that is proven inside the region, and whether there is no zero, or None."""
        known = sp.sympify(expression).subs(self.values)
        return sign_in(known, self._box(known), self.positive)

    def without_values(self) -> "SymbolRanges":
        """The region for parameters of any value."""
        return replace(self, values={})

    def across_ends(self, periods: Mapping[Any, float]) -> "SymbolRanges":
        """The region with ranges of angles that overlap: an end of them is inside the circle.

        What returns after a turn keeps its sign all round if it does so there.
        """
        ranges = dict(self.ranges)
        for angle, period in periods.items():
            low, high = ranges[angle]
            ranges[angle] = (low - _OVERLAP * period, high + _OVERLAP * period)
        return replace(self, ranges=ranges)

    def holds(self, point: Mapping[Any, Any]) -> bool:
        """True if a point of exact numbers lies in the region, or on the walls of a box.

        Of a point with letters: if it does so for all their values.
        """
        for name, value in point.items():
            if name not in self.ranges and name.is_nonzero and not sp.sympify(value).is_nonzero:
                return False
            if self.ends(name) == EVERYTHING:
                continue
            low, high = map(exact_end, self.ends(name))
            inside = sp.And(low <= value, value <= high)
            if inside != sp.true or (self.positive and value in (low, high)):
                return False
        return all((sp.sympify(known).subs(point) > 0) == sp.true for known in self.positive)

    def ends(self, symbol: Any) -> Interval:
        """The interval of a symbol: its range, or all values that it may have."""
        if symbol in self.ranges:
            return self.ranges[symbol]
        if symbol.is_nonnegative or symbol.is_nonpositive:
            return (0.0, math.inf) if symbol.is_nonnegative else (-math.inf, 0.0)
        return EVERYTHING

    def _box(self, expression: Any) -> dict[Any, Interval]:
        return {symbol: self.ends(symbol) for symbol in expression.free_symbols}

    def _value(self, symbol: Any, rng: np.random.Generator, turn: int) -> Any:
        if symbol in self.ranges:
            low, high = self.ranges[symbol]
            return sp.Rational(f"{low + (high - low) * rng.uniform(0.02, 0.98):.9g}")
        size = sp.Rational(int(rng.integers(11, 89)), 97) * _SCALES[turn % len(_SCALES)]
        if symbol.is_nonnegative:
            return size
        return -size if symbol.is_negative or rng.integers(2) else size
