"""From where starts ended to what was found: isolated roots, continua, and who led to which.

One function, `sort_out`, does so for any set of search ends; more starts, drawn or chosen, only
enlarge the set that it is given (`enlarge`).
"""

from typing import Any, NamedTuple

import numpy as np

from thalweg.analysis.equilibria.continua import Continuum, absorb, discover
from thalweg.analysis.equilibria.distinct import Roots, distinct_roots
from thalweg.analysis.equilibria.indices import IndexSum
from thalweg.analysis.equilibria.jumps import Jumps
from thalweg.analysis.equilibria.search import Scales, SearchEnd, search_all
from thalweg.dynamics.problem import Problem

# Labels of continua begin here, above those of all isolated roots.
_FAMILY = 1_000_000
# A chosen start that ends above this residual has found nothing.
_ARRIVED = 1e-8


class Inventory(NamedTuple):
    """Everything that a search found.

    Attributes:
        roots: the distinct isolated roots, those outside the domain included.
        inside: whether each of them lies in the closed domain.
        families: the continua, those outside the domain included.
        within: whether each of them has points in the domain.
        family: the continuum that each start ended on, or −1, shape `(n,)`.
        hits: the isolated root that each start ended on, or −1, shape `(n,)`.
        ends: where the starts ended, shape `(n, d)`.
        residual: the scaled residual there, shape `(n,)`, NaN where the rule is not finite.
        steps: the number of steps taken to there, shape `(n,)`.
        label: the equilibrium (or continuum) inside the domain that each start found, or −1.
        scales: typical sizes: of the domain, or of the part of it in which the rule has features.
        directed: how many equilibria only starts that were chosen, not drawn, led to.
        index_sum: the sum of the indices, where it is known; None elsewhere.
        jumps: where the rule jumps, if it was seen to.
        trajectories: how many trajectories were followed from random starts, forwards in time.
        settled: how many of them settled on an equilibrium.
        moving: how many still moved when they were let go.
        mass: the Good–Turing estimate; None when the starts were given.
        upper: its 95 % upper bound; None when the starts were given.
        trajectory_upper: a 95 % upper bound on the probability that one more trajectory from a
            random start settles on an equilibrium not seen yet; None likewise.
    """

    roots: Roots
    inside: np.ndarray
    families: tuple[Continuum, ...]
    within: np.ndarray
    family: np.ndarray
    hits: np.ndarray
    ends: np.ndarray
    residual: np.ndarray
    steps: np.ndarray
    label: np.ndarray
    scales: Scales
    directed: int = 0
    index_sum: IndexSum | None = None
    jumps: Jumps | None = None
    trajectories: int = 0
    settled: int = 0
    moving: int = 0
    mass: float | None = None
    upper: float | None = None
    trajectory_upper: float | None = None

    @property
    def num_found(self) -> int:
        """Number of equilibria inside, a continuum counting once."""
        return int(np.sum(self.inside)) + int(np.sum(self.within))


class Found(NamedTuple):
    """Ends of all starts so far, and the continua known from earlier ones."""

    ends: np.ndarray
    residual: np.ndarray
    steps: np.ndarray
    family: np.ndarray
    families: tuple[Continuum, ...]

    @classmethod
    def by(cls, end: SearchEnd, before: "Found | None" = None) -> "Found":
        """Sort the ends of a search, after those of earlier ones."""
        nowhere = np.full(len(end.y), -1)
        if before is None:
            return cls(end.y, end.residual, end.steps, nowhere, ())
        return cls(
            np.concatenate([before.ends, end.y]),
            np.concatenate([before.residual, end.residual]),
            np.concatenate([before.steps, end.steps]),
            np.concatenate([before.family, nowhere]),
            before.families,
        )

    def knowing(self, inventory: Inventory) -> "Found":
        """The same ends, with the continua that they lie on."""
        return self._replace(family=inventory.family, families=inventory.families)


def sort_out(problem: Problem, scales: Scales, found: Found) -> Inventory:
    """Isolated roots, continua and labels from where the starts ended."""
    ends, residual, families = found.ends, found.residual, found.families
    family = absorb(problem, ends, residual, found.family, families, scales)
    while True:
        single = np.flatnonzero(family < 0)
        roots = distinct_roots(problem, ends[single], residual[single], scales)
        # Ends that were too slow for `absorb` join where their roots lie.
        nowhere = np.full(len(roots.y), -1)
        joined = absorb(problem, roots.y, np.zeros(len(roots.y)), nowhere, families, scales)
        if np.any(joined >= 0):
            family[single] = np.append(joined, -1)[roots.hits]
            single = np.flatnonzero(family < 0)
            roots = roots.without(joined >= 0)
        new = discover(problem, roots.y, scales)
        if not new:
            break
        families = (*families, *new)
        before = np.sum(family < 0)
        family = absorb(problem, ends, residual, family, families, scales)
        if np.sum(family < 0) == before:
            break
    chart = problem.chart
    slack = 1e-9 + np.max(roots.spread / np.asarray(scales.y), axis=1, initial=0.0)
    inside = np.array([bool(chart.inside(y, s)) for y, s in zip(roots.y, slack, strict=True)], bool)
    hits = np.full(len(ends), -1)
    hits[single] = roots.hits
    is_in = np.asarray(chart.inside(ends, 1e-9))
    label = np.where((family >= 0) & is_in, _FAMILY + family, -1)
    counted = (hits >= 0) & np.append(inside, False)[hits]
    label = np.where(counted, hits, label)
    within = np.array([bool(np.any(chart.inside(f.points, 1e-9))) for f in families], bool)
    return Inventory(
        roots, inside, families, within, family, hits, ends, residual, found.steps, label, scales
    )


def enlarge(
    problem: Problem, found: Found, inventory: Inventory, points: np.ndarray, known: Any = None
) -> tuple[Found, Inventory]:
    """Search from chosen starts too; what ends nowhere is forgotten.

    Arguments:
        problem: the rule and its chart.
        found: where all starts so far ended.
        inventory: what they found.
        points: the starts, shape `(n, d)`.
        known: roots to be deflated away from, as `search` takes them.
    """
    points = points[np.all(np.isfinite(points), axis=1)]
    if not len(points):
        return found, inventory
    end = search_all(problem, points, inventory.scales, known)
    new = np.flatnonzero(end.residual < _ARRIVED)
    found = Found.by(SearchEnd(*(column[new] for column in end)), found)
    inventory = sort_out(problem, inventory.scales, found)
    return found.knowing(inventory), inventory
