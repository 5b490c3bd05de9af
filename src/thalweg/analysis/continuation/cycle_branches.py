"""From curves of closed orbits in units to branches and bifurcations of the result."""

from typing import Any

import numpy as np

from thalweg.analysis.continuation.cycle_curves import CycleCurve
from thalweg.analysis.continuation.family import Family
from thalweg.analysis.continuation.result import Bifurcation, Branch
from thalweg.analysis.continuation.rounds import Round

# A multiplier this near the unit circle is neutral, because the segments close to no more than
# that.
_NEUTRAL = 1e-9


def cycle_branch(family: Family, curve: CycleCurve) -> Branch:
    """A branch of closed orbits."""
    rounds = curve.rounds
    multipliers = np.array([found.multipliers for found in rounds])
    multipliers = multipliers.reshape(len(rounds), family.dimension - 1)
    whole = np.column_stack([multipliers, [found.trivial for found in rounds]])
    stable = np.all(np.abs(multipliers) < 1.0 - _NEUTRAL, axis=1)
    marks = tuple(sorted(curve.marks))
    stable[list(marks)] = False
    return Branch(
        values=np.array([value_of(family, found) for found in rounds]),
        states=np.array([_state(family, found.at.nodes[0]) for found in rounds]),
        stable=stable,
        eigenvalues=None,
        marks=marks,
        ends=curve.ends,
        periods=np.array([np.exp(found.at.log_period) for found in rounds]),
        multipliers=whole.astype(np.complex128),
        extremes=np.array([_extremes(family, found) for found in rounds]),
    )


def of_cycles(family: Family, curve: CycleCurve) -> list[Bifurcation]:
    """The bifurcations of cycles on a curve."""
    return [
        Bifurcation(
            kind=kind,
            value=value_of(family, curve.rounds[k]),
            state=family.problem.chart.layout.unflatten(
                _state(family, curve.rounds[k].at.nodes[0])
            ),
            frequency=_angle(curve.rounds[k]) if kind == "torus" else None,
            coefficient=None,
        )
        for k, kind in curve.marks.items()
    ]


def value_of(family: Family, found: Round) -> float:
    """The parameter of an orbit."""
    return float(family.low + family.width * found.at.p)


def _angle(found: Round) -> float:
    """The angle of the multiplier nearest the unit circle."""
    k = int(np.argmin(np.abs(np.abs(found.multipliers) - 1.0)))
    return float(np.abs(np.angle(found.multipliers[k])))


def _state(family: Family, z: np.ndarray) -> np.ndarray:
    chart = family.problem.chart
    return _flat(chart, np.asarray(chart.wrap(z * np.asarray(family.y_scale))))


def _extremes(family: Family, found: Round) -> np.ndarray:
    """The least and the largest value of each coordinate of the state, `(n, 2)`."""
    chart, scale = family.problem.chart, np.asarray(family.y_scale)
    if chart.is_product:
        ends = [_flat(chart, found.low * scale), _flat(chart, found.high * scale)]
        return np.stack(ends, axis=1)
    # Coordinates that follow from others have their own extremes: those at the nodes.
    states = np.array([_flat(chart, node * scale) for node in found.at.nodes])
    return np.stack([states.min(axis=0), states.max(axis=0)], axis=1)


def _flat(chart: Any, y: np.ndarray) -> np.ndarray:
    return np.asarray(chart.layout.flatten(chart.embed(y)), dtype=np.float64)
