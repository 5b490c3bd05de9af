"""Sample trajectories: a few from places spread over the domain, and where orbits of a map go."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np

from thalweg.analysis.equilibria.given import given_points
from thalweg.core.errors import InputError
from thalweg.core.trees import is_integer, lists_as_arrays
from thalweg.dynamics import Problem
from thalweg.plot.curves import Run, flow_runs, map_orbits, spread_starts
from thalweg.plot.views import MOST_PLAIN
from thalweg.simulation.bundles import LANES

# A trajectory through many coordinates wanders for longer before it shows where it goes.
_BLOCKS_OF_MANY = 4
# Enough to draw an attractor of the plane by its points, and so few that they take no time.
_ORBITS = 48
_SETTLED_AFTER = 200  # steps of a map: what is drawn as its attractor has forgotten its start
_SHOWN_STEPS = 41  # points of an orbit from its start; more hide the way it came
# Closer than what can be told apart on a figure, in widths of the domain.
_ON_A_MARK = 1e-3


@dataclass(frozen=True)
class Sample:
    """Trajectories of a rule, in the coordinates of the domain.

    Attributes:
        runs: trajectories, angles not wrapped; the first steps, of a map.
        settled: where orbits of a map are after a while, shape `(n, d)`, but for those on marks;
            None of a flow.
    """

    runs: list[Run] = field(default_factory=list)
    settled: np.ndarray | None = None

    def shown(self) -> list[np.ndarray]:
        """Parts that are drawn, each `(m, d)`: of a map in few coordinates, its settled part."""
        runs = [run.y for run in self.runs]
        if self.settled is None:
            return runs
        return [*runs, self.settled] if self.settled.shape[1] > MOST_PLAIN else [self.settled]


def sample_starts(problem: Problem, starts: int | Any) -> np.ndarray:
    """Coordinates `(n, d)` to run from: so many spread over the domain, or those of states.

    Raises:
        InputError: their number is out of range, or they are no states of the rule.
    """
    if is_integer(starts):
        if not 0 <= starts <= LANES:
            raise InputError(f"starts must be between 0 and {LANES}, or states, got {starts}.")
        return spread_starts(problem, int(starts))
    return given_points(problem, _stacked(problem, starts))


def _stacked(problem: Problem, starts: Any) -> Any:
    """States stacked along a first axis, where one alone was given, too."""
    starts = lists_as_arrays(starts)
    shapes = [np.shape(leaf) for leaf in jax.tree.leaves(starts)]
    is_one = shapes == [tuple(shape) for shape in problem.chart.layout.shapes]
    return jax.tree.map(lambda leaf: np.asarray(leaf)[None], starts) if is_one else starts


def sample_flow(problem: Problem, starts: np.ndarray) -> Sample:
    """Run a flow from points `(n, d)`."""
    blocks = _BLOCKS_OF_MANY if problem.chart.dimension > 2 else 1
    return Sample(flow_runs(problem, starts, blocks=blocks) if len(starts) else [])


def sample_map(problem: Problem, starts: np.ndarray, marked: Sequence[np.ndarray]) -> Sample:
    """Iterate a map from points `(n, d)` and from others spread over the domain.

    Arguments:
        problem: the map and its chart.
        starts: where the runs begin.
        marked: points, or rows of them, that are marked anyway: what settles there is left out.
    """
    orbits = map_orbits(problem, np.concatenate([starts, spread_starts(problem, _ORBITS)]))
    settled = orbits[_SETTLED_AFTER:].reshape(-1, problem.chart.dimension)
    settled = settled[np.isfinite(settled).all(axis=1)]
    settled = settled[_elsewhere(problem, settled, marked)]
    return Sample(_until_they_leave(orbits[:_SHOWN_STEPS, : len(starts)]), settled)


def _until_they_leave(orbits: np.ndarray) -> list[Run]:
    """The runs of orbits `(m, n, d)`, without what is not finite."""
    kept = [orbit[np.isfinite(orbit).all(axis=1)] for orbit in np.moveaxis(orbits, 1, 0)]
    return [Run(np.arange(float(len(orbit))), orbit) for orbit in kept]


def _elsewhere(problem: Problem, y: np.ndarray, marked: Sequence[np.ndarray]) -> np.ndarray:
    """Those of the points `(n, d)` that do not lie on a mark."""
    chart, away = problem.chart, np.full(len(y), np.inf)
    for mark in np.concatenate([np.zeros((0, chart.dimension)), *map(np.atleast_2d, marked)]):
        gap = np.linalg.norm(chart.difference(y, mark) / np.asarray(chart.widths), axis=1)
        away = np.minimum(away, gap)
    return away > _ON_A_MARK
