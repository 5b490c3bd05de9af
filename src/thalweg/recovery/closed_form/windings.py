"""Angles: whether the energy that a closed form names comes back after a turn.

A form that is closed on a circle has an energy on the line that covers it. It is one on the circle
only where the work once round vanishes, ∮ (M f)_k dx_k = 0, and the metric itself must come back.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp

from thalweg.dynamics.formulas.ranges import SymbolRanges

_PLACES = 4
# Two grids that share no divisor: a narrow peak that one of them misses the other may see.
_NODES = (509, 1021)
_ZERO = 1e-13
_SAME = 1e-11


def first_winding(
    velocity: Sequence[Any],
    metric: sp.Matrix,
    periods: Mapping[Any, float],
    region: SymbolRanges,
    for_all_parameters: bool = False,
) -> str | None:
    """What does not come back after a turn of some angle, in words; None if all does.

    The work is the sum over equidistant nodes, which for smooth periodic functions converges
    faster than any power of their number.

    Arguments:
        velocity: one expression a coordinate.
        metric: M.
        periods: those of the angles.
        region: where to look.
        for_all_parameters: whether to draw parameters too, in place of the values they have.
    """
    form, entries = list(metric * sp.Matrix(list(velocity))), metric.flat()
    names = [*region.ranges]
    for angle, period in periods.items():
        start = region.ranges[angle][0]
        work = form[names.index(angle)]
        symbols = {symbol for e in (*form, *entries) for symbol in sp.sympify(e).free_symbols}
        for place in _places(region, symbols - {angle}, for_all_parameters):
            if not all(_returns(sp.sympify(e).subs(place), angle, start, period) for e in entries):
                return f"once round {angle} the metric does not return"
            if not _cancels(sp.sympify(work).subs(place), angle, start, period):
                return f"once round {angle} the energy does not return"
    return None


def _places(region: SymbolRanges, symbols: set[Any], draw_all: bool) -> list[dict[Any, Any]]:
    if not draw_all:
        return region.points(_PLACES, symbols)
    rng = np.random.default_rng(2)
    return [region.draw(symbols, rng, turn) for turn in range(_PLACES)]


def _returns(entry: Any, angle: Any, start: float, period: float) -> bool:
    here = _values(entry, angle, start, period, _NODES[0])
    there = _values(entry, angle, start + period, period, _NODES[0])
    return bool(np.max(np.abs(there - here)) <= _SAME * np.max(np.abs(here)))


def _cancels(work: Any, angle: Any, start: float, period: float) -> bool:
    """Whether the integral of `work` over a turn vanishes on both grids."""
    turns = [_values(work, angle, start, period, count) for count in _NODES]
    return all(np.abs(np.sum(v)) <= _ZERO * np.sum(np.abs(v)) for v in turns)


def _values(expression: Any, angle: Any, start: float, period: float, count: int) -> np.ndarray:
    """An expression of one angle at equidistant nodes of a turn."""
    nodes = start + period * (np.arange(count) + 0.5) / count
    found = sp.lambdify(angle, expression, "numpy")(nodes)
    return np.broadcast_to(np.asarray(found, dtype=complex), nodes.shape)
