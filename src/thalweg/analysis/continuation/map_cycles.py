"""n-cycles of maps over a parameter: fixed points of the n-th iterate, followed like any others."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import equinox as eqx
import jax
import numpy as np

from thalweg.analysis.continuation.curves import beside, states_at
from thalweg.analysis.continuation.family import Family
from thalweg.analysis.continuation.indicators import eigenvalues_at
from thalweg.analysis.continuation.result import Bifurcation, Branch
from thalweg.analysis.continuation.special import Special, find_special, marked
from thalweg.analysis.continuation.traced import (
    ENDS,
    Curve,
    crossings,
    in_lanes,
    trace,
    which_are_new,
)
from thalweg.analysis.cycles.result import Cycle
from thalweg.core.parameters import Parameter
from thalweg.dynamics import Map
from thalweg.dynamics.problem import Problem

# Doublings are followed up to cycles of so many steps; the next are too near to be drawn apart.
_LONGEST = 8
# How far from a flip its doubled cycle is looked for, in units of the domain.
_OFF = 1e-3
# What bifurcations of the iterate are of the cycle.
_KINDS = {"fold": "cycle-fold", "flip": "cycle-flip", "neimark-sacker": "torus"}


class Iterate(Map):
    """The n-th iterate of a map that does not depend on time.

    Attributes:
        rule: the map.
        count: n; an array compiles nothing anew for another n, a Python integer has derivatives in
            reverse, too.
    """

    rule: Map
    count: Any

    def step(self, t: Any, state: Any) -> Any:
        """n steps."""
        return jax.lax.fori_loop(0, self.count, lambda _, x: self.rule.step(t, x), state)


@dataclass(frozen=True, eq=False)
class MapCycles:
    """A curve of n-cycles, by one point of each.

    Attributes:
        family: the iterate and what varies.
        count: n.
        curve: the fixed points of the iterate.
        specials: the bifurcations on it.
    """

    family: Family
    count: int
    curve: Curve
    specials: list[Special]


def iterated(family: Family, count: int) -> Family:
    """The family of the n-th iterates."""
    rule, varied = family.problem.rule, family.varied
    assert isinstance(rule, Map)
    if isinstance(varied, Parameter):
        varied = Parameter(varied.name, ("rule", *varied.keys), varied.entry)
    problem = Problem(Iterate(rule, np.asarray(count)), family.problem.chart)
    return Family(problem, varied, family.y_scale, family.f_scale, family.low, family.width)


def doubled(family: Family, flips: Iterable[Special], count: int = 1) -> list[MapCycles]:
    """The curves of cycles that are born at flips of n-cycles, and at theirs in turn."""
    found: list[MapCycles] = []
    if 2 * count > _LONGEST:
        return found
    twice = iterated(family, 2 * count)
    for flip in flips:
        direction = np.append(np.real(flip.vector), 0.0)
        direction = direction / np.linalg.norm(direction)
        place = in_lanes(beside, twice, (flip.z + _OFF * direction)[None], direction[None])
        if not place.is_found[0]:
            continue
        for curve in trace(twice, place.z, _away(place.tangent, direction)):
            ahead = _from_origin(curve)
            specials, _ = find_special(twice, ahead)
            found.append(MapCycles(twice, 2 * count, marked(ahead, specials), specials))
            again = [s for s in specials if s.kind == "flip"]
            found += doubled(family, again, 2 * count)
    return found


def of_known(family: Family, cycle: Cycle, p: float, known: list[MapCycles]) -> list[MapCycles]:
    """The curve of a known cycle at a value; nothing where it lies on one that is known."""
    count = int(cycle.period)
    twice, chart = iterated(family, count), family.problem.chart
    y = np.asarray(chart.coordinates(cycle.states), dtype=np.float64)[:count] / family.y_scale
    for other in (other for other in known if other.count == count):
        crossed = crossings(twice, [other.curve], p)
        if not np.all(which_are_new(family, y, crossed)):
            return []
    found = []
    for curve in trace(twice, np.append(y[0], p)[None]):
        specials, _ = find_special(twice, curve)
        found.append(MapCycles(twice, count, marked(curve, specials), specials))
    return found


def _away(tangent: np.ndarray, direction: np.ndarray) -> np.ndarray:
    return np.where(tangent @ direction < 0.0, -1.0, 1.0)[:, None] * tangent


def _from_origin(curve: Curve) -> Curve:
    """The part of a curve ahead of where it was begun."""
    first = int(np.argmin(np.max(np.abs(curve.z - curve.origin[0]), axis=1)))
    return replace(
        curve,
        z=curve.z[first:],
        tangent=curve.tangent[first:],
        jacobian=curve.jacobian[first:],
        ends=(curve.ends[1], curve.ends[1]),
    )


def map_cycle_branch(base: Family, cycles: MapCycles) -> Branch:
    """A branch of n-cycles."""
    family, z = cycles.family, cycles.curve.z
    multipliers = eigenvalues_at(family, cycles.curve.jacobian)
    stable = np.all(np.abs(multipliers) < 1.0, axis=1)
    stable[list(cycles.curve.marks)] = False
    orbit = [np.asarray(states_at(base, z))]
    for _ in range(cycles.count - 1):
        z = np.asarray(_stepped(base, z))
        orbit.append(np.asarray(states_at(base, z)))
    points = np.array(orbit)
    return Branch(
        values=np.asarray(family.value(cycles.curve.z)),
        states=points[0],
        stable=stable,
        eigenvalues=None,
        marks=cycles.curve.marks,
        ends=(ENDS[cycles.curve.ends[0]], ENDS[cycles.curve.ends[1]]),
        periods=np.full(len(z), float(cycles.count)),
        multipliers=multipliers,
        extremes=np.stack([points.min(axis=0), points.max(axis=0)], axis=-1),
    )


@eqx.filter_jit
def _stepped(family: Family, z: Any) -> jax.Array:
    """The images of points under the map, the parameter kept."""

    def lane(z: jax.Array) -> jax.Array:
        y = family.at(family.value(z)).step(family.coordinates(z))
        return jax.numpy.append(y / family.y_scale, z[-1])

    return jax.vmap(lane)(z)


def of_map_cycles(base: Family, cycles: MapCycles) -> list[Bifurcation]:
    """The bifurcations of cycles on a curve."""
    layout = base.problem.chart.layout
    return [
        Bifurcation(
            kind=_KINDS.get(special.kind, "degenerate"),
            value=float(base.value(special.z)),
            state=layout.unflatten(np.asarray(states_at(base, special.z[None]))[0]),
            frequency=special.frequency,
            coefficient=None,
        )
        for special in cycles.specials
    ]
