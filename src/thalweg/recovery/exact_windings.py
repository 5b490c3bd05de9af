"""Angles: whether the energy that a closed form names comes back after a turn.

A form that is closed on a circle has an energy on the line that covers it. It is one on the circle
only where the work once round vanishes, ∮ (M f)_k dx_k = 0, and the metric itself must come back.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp

from thalweg.core.charts import BoxChart, Chart
from thalweg.recovery.exact_region import ExactRegion

_PLACES = 4
_NODES = 512
_ZERO = 1e-9


def first_winding(
    velocity: Sequence[Any], metric: sp.Matrix, periods: Mapping[Any, float], region: ExactRegion
) -> str | None:
    """What does not come back after a turn of some angle, in words; None if all does.

    The work is the sum over equidistant nodes, which for smooth periodic functions converges
    faster than any power of their number.

    Arguments:
        velocity: one expression a coordinate.
        metric: M.
        periods: those of the angles.
        region: where to look.
    """
    form = list(metric * sp.Matrix(list(velocity)))
    names = [*region.ranges]
    for angle, period in periods.items():
        k = names.index(angle)
        symbols = set().union(*(sp.sympify(e).free_symbols for e in (*form, *metric))) - {angle}
        for place in region.points(_PLACES, symbols):
            if not _returns(metric.subs(place), angle, region.ranges[angle][0], period):
                return f"once round {angle} the metric does not return"
            values = _values(form[k].subs(place), angle, region.ranges[angle][0], period)
            if abs(np.sum(values)) > _ZERO * np.sum(np.abs(values)):
                return f"once round {angle} the energy does not return"
    return None


def angles_of(names: Sequence[Any], chart: Chart | None) -> dict[Any, float]:
    """The period of each coordinate that is an angle."""
    if not isinstance(chart, BoxChart):
        return {}
    return {
        name: float(period)
        for name, period in zip(names, chart.period, strict=True)
        if np.isfinite(period)
    }


def _returns(metric: sp.Matrix, angle: Any, start: float, period: float) -> bool:
    for entry in metric:
        here = _values(entry, angle, start, period)
        there = _values(entry, angle, start + period, period)
        if np.max(np.abs(there - here)) > _ZERO * max(np.max(np.abs(here)), _ZERO):
            return False
    return True


def _values(expression: Any, angle: Any, start: float, period: float) -> np.ndarray:
    """An expression of one angle at equidistant nodes of a turn."""
    nodes = start + period * (np.arange(_NODES) + 0.5) / _NODES
    found = sp.lambdify(angle, expression, "numpy")(nodes)
    return np.broadcast_to(np.asarray(found, dtype=complex), nodes.shape)
