"""Angles: whether the energy that a closed form names comes back after a turn.

A form that is closed on a circle has an energy on the line that covers it. It is one on the circle
only where the work once round vanishes, ∮ (M f)_k dx_k = 0, and the metric itself must come back.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp

from thalweg.dynamics.formulas.jax_to_sympy import multiple_of_pi
from thalweg.dynamics.formulas.ranges import SymbolRanges
from thalweg.dynamics.formulas.signs import exact_end
from thalweg.recovery.closed_form.conditions import Conditions, at_values
from thalweg.recovery.closed_form.zeros import Evidence, zero_evidence

# Two grids that share no divisor: a narrow peak that one of them misses the other may see.
_NODES = (509, 1021)
_ZERO = 1e-13  # of the sum of sizes: rounding of a thousand terms, whose integral is exactly zero


def returning(
    form: Sequence[Any],
    metric: sp.Matrix,
    energy: Any,
    periods: Mapping[Any, float],
    region: SymbolRanges,
) -> tuple[Evidence, Conditions, str]:
    """The evidence that metric and energy come back after a turn of every angle.

    Arguments:
        form: M f, one expression a coordinate.
        metric: M.
        energy: E with −∇E = M f.
        periods: those of the angles.
        region: where to look.

    Returns:
        The evidence, what it takes of the parameters, and in words what does not return.
    """
    evidence, relations = Evidence.PROVED, []
    for angle, period in periods.items():
        turn = _exact_period(period, region.ranges[angle])
        work = form[region.names.index(angle)]
        for what, changes in (
            ("metric", [e.subs(angle, angle + turn) - e for e in map(sp.sympify, metric.flat())]),
            ("energy", _changes_of_energy(energy, work, angle, turn, region)),
        ):
            found, needed = _least(changes, region)
            if what == "energy" and found is not Evidence.PROVED:
                found = _seen(work, angle, period, region)
            if found is Evidence.NONE:
                return found, Conditions(), f"once round {angle} the {what} does not return"
            evidence = min(evidence, found)
            relations += [r for r in needed if r not in relations]
    return evidence, Conditions(tuple(relations)), ""


def _exact_period(period: float, ends: tuple[float, float]) -> Any:
    """A period as a multiple of π, or as the difference of the decimals that the ends name."""
    turns = multiple_of_pi(period)
    if turns is not None:
        return turns * sp.pi
    found = exact_end(ends[1]) - exact_end(ends[0])
    return found if math.isclose(found, period, rel_tol=1e-12) else exact_end(period)


def _changes_of_energy(
    energy: Any, work: Any, angle: Any, turn: Any, region: SymbolRanges
) -> list[Any]:
    """Expressions that must vanish for E to return; those of a symmetry if E is an integral.

    Over a turn, what is periodic and odd, or odd after half a turn, has no integral. M f is
    closed, so that the integral is the same wherever the other coordinates are.
    """
    if not energy.has(sp.Integral):
        return [energy.subs(angle, angle + turn) - energy]
    rotated = work.subs(angle, angle + turn) - work
    for image in (-angle, turn / 2 - angle, angle + turn / 2):
        odd = work.subs(angle, image) + work
        if zero_evidence(odd, region) is Evidence.PROVED:
            return [rotated]
    return [work.subs(angle, -angle) + work, rotated]


def _least(changes: Sequence[Any], region: SymbolRanges) -> tuple[Evidence, list[Any]]:
    """The evidence that all changes vanish, for all parameters or for their values."""
    least, relations = Evidence.PROVED, []
    for change in changes:
        found = zero_evidence(change, region)
        if found is not Evidence.PROVED and region.values:
            known = zero_evidence(change.subs(region.values), region)
            if known > found:
                found = known
                relations += at_values(change.free_symbols, region)
        least = min(least, found)
    return least, relations


def _seen(work: Any, angle: Any, period: float, region: SymbolRanges) -> Evidence:
    """Evidence that the integral of `work` over a turn vanishes, on both grids at points.

    The sum over equidistant nodes converges, for smooth periodic functions, faster than any power
    of their number.
    """
    return Evidence.SEEN if all(_sums(work, angle, period, region)) else Evidence.NONE


def _sums(work: Any, angle: Any, period: float, region: SymbolRanges) -> Iterator[bool]:
    start = region.ranges[angle][0]
    for place in region.points(4, work.free_symbols - {angle}):
        for count in _NODES:
            nodes = start + period * (np.arange(count) + 0.5) / count
            found = sp.lambdify(angle, work.subs(place), "numpy")(nodes)
            values = np.broadcast_to(np.asarray(found, dtype=complex), nodes.shape)
            yield bool(np.abs(np.sum(values)) <= _ZERO * np.sum(np.abs(values)))
