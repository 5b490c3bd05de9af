"""Known recurrent sets on a lattice: the nodes round each equilibrium and along each cycle."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from thalweg.analysis.cycles.result import Cycle
from thalweg.analysis.equilibria.equilibrium import Equilibrium
from thalweg.analysis.equilibria.result import Equilibria
from thalweg.analysis.landscapes.lattice import Lattice
from thalweg.core.cubics import cubic
from thalweg.core.errors import InputError
from thalweg.dynamics import Problem
from thalweg.dynamics.points import displacements_at

_A_CELL = 4  # points of a curve: none of the cells that it runs through is stepped over
_AT_WALL = 1e-9  # of a width: an equilibrium nearer to a wall lies on it


@dataclass(frozen=True)
class Known:
    """An equilibrium or a cycle on the lattice.

    Attributes:
        kind: in words.
        equilibrium: its number among those given, or None.
        cycle: likewise.
        curve: its points, shape `(m, d)`.
        nodes: those that the values on it depend on.
        touched: those of all cells that it touches, on both sides of it: what leaves it begins
            there.
        rate: the rate at which what leaves it grows fastest; not positive where all is drawn in.
        attracts: True if all that is near is known to be drawn in.
        is_family: True if it stands for a family, of which it is not apart.
    """

    kind: str
    equilibrium: int | None
    cycle: int | None
    curve: np.ndarray
    nodes: np.ndarray
    touched: np.ndarray
    rate: float
    attracts: bool
    is_family: bool


def known_sets(
    problem: Problem,
    lattice: Lattice,
    equilibria: Sequence[Equilibrium],
    cycles: Sequence[Cycle],
) -> list[Known]:
    """The equilibria in the region, parts of continua included, and the cycles that lie all in it.

    Raises:
        InputError: some of the equilibria stand for a continuum, and that is not given.
    """
    found, chart, growth = [], problem.chart, problem.rule.growth
    families = _families(problem, lattice, equilibria)
    for number, rest in enumerate(equilibria):
        point = np.asarray(chart.coordinates(rest.state), dtype=np.float64)[None]
        inner = point[np.asarray(chart.inside(point, _AT_WALL))]
        if rest.continuum:
            offs = [np.min(np.abs(chart.difference(c, point)).sum(axis=1)) for c in families]
            curve = families[int(np.argmin(offs))]
            inner = curve[np.asarray(chart.inside(curve, _AT_WALL))]
            if len(inner) and np.all(chart.inside(point, _AT_WALL)):
                inner = np.concatenate([point, inner])
        if len(inner):
            rate = float(np.max(growth(np.asarray(rest.eigenvalues))))
            y = np.asarray(chart.wrap(inner))
            nodes, touched = lattice.around(y), lattice.touched(y)
            if rest.continuum:
                nodes = touched
            found.append(
                Known(
                    rest.kind_in_words, number, None, inner[:1], nodes, touched, rate,
                    rest.kind == "sink", rest.continuum > 0,
                )
            )  # fmt: skip
    for number, cycle in enumerate(cycles):
        curve = cycle_points(problem, lattice, cycle)
        if np.all(chart.inside(curve, _AT_WALL)):
            largest = float(np.max(np.abs(cycle.multipliers)))
            rate = float(np.log(max(largest, np.finfo(float).tiny)) / cycle.period)
            what = problem.rule.words.orbit if cycle.continuum else f"{cycle.kind} cycle"
            kind = f"family of {what}s" if cycle.continuum else what
            nodes, touched = lattice.around(chart.wrap(curve)), lattice.touched(chart.wrap(curve))
            family = cycle.continuum > 0
            attracts = cycle.kind == "attracting" and not family
            found.append(Known(kind, None, number, curve, nodes, touched, rate, attracts, family))
    return found


def _families(
    problem: Problem, lattice: Lattice, equilibria: Sequence[Equilibrium]
) -> list[np.ndarray]:
    """Points `(m, d)` on each continuum of equilibria, some to each cell that it runs through."""
    if not any(rest.continuum for rest in equilibria):
        return []
    chart = problem.chart
    continua = equilibria.continua if isinstance(equilibria, Equilibria) else ()
    own = [one for one in continua if one.points.shape[1] == chart.dimension]
    if not own:
        raise InputError(
            "equilibria holds points of a continuum without the continuum itself, got a "
            f"{type(equilibria).__name__}: give what find_equilibria returned for this domain."
        )
    found = []
    for family in own:
        first, last = np.asarray(family.links, dtype=int).T
        steps = np.asarray(chart.difference(family.points[last], family.points[first]))
        longest = np.max(np.abs(steps) / lattice.spacing, initial=0.0)
        parts = np.linspace(0.0, 1.0, int(np.ceil(_A_CELL * longest)) + 2)[:, None, None]
        between = (family.points[first] + parts * steps).reshape(-1, chart.dimension)
        found.append(np.concatenate([family.points, between]))
    return found


def cycle_points(problem: Problem, lattice: Lattice, cycle: Cycle) -> np.ndarray:
    """Points `(m, d)` once round a closed orbit, some to each cell; those of a map's cycle."""
    chart = problem.chart
    y = np.atleast_2d(np.asarray(chart.coordinates(cycle.states), dtype=np.float64))
    if not problem.rule.has_continuous_time:
        return y
    times = np.asarray(cycle.times, dtype=np.float64)
    if times[-1] < cycle.period * (1.0 - 1e-9):  # the last piece is left out where it closes
        y, times = np.concatenate([y, y[:1]]), np.append(times, cycle.period)
    steps, velocity = chart.difference(y[1:], y[:-1]), displacements_at(problem, chart.wrap(y))
    h = np.diff(times)[:, None]
    count = int(np.ceil(_A_CELL * np.max(np.abs(steps) / lattice.spacing))) + 1
    part = (np.arange(count) / count)[:, None, None]
    curve = cubic(y[:-1], y[:-1] + steps, h * velocity[:-1], h * velocity[1:], part)
    return np.swapaxes(curve, 0, 1).reshape(-1, y.shape[1])
