"""The attractors of a rule: those known, those that undecided trajectories show; their regions."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from thalweg.analysis.basins.cells import Cells, cells_of
from thalweg.analysis.basins.follow import LEFT, Followed, Following, follow
from thalweg.analysis.basins.lanes import Regions, joined
from thalweg.analysis.basins.proofs import BUDGET, prove
from thalweg.analysis.basins.regions import clear_of, cycle_region, rest_region
from thalweg.analysis.basins.tubes import tube
from thalweg.analysis.cycles.result import Cycle, Cycles
from thalweg.analysis.equilibria.equilibrium import Equilibrium
from thalweg.dynamics.problem import Problem

_NO_REGION = (
    "About the attractor at {} no region was found that trajectories are seen to be drawn into: "
    "what ends there is undecided."
)


@dataclass(frozen=True)
class Known:
    """An attractor that is known.

    Attributes:
        kind: `"equilibrium"`, `"cycle"`, `"chaos"`, or `"recurrent"` where what recurs without
            closing is not seen to be chaotic.
        y: a point of it, in coordinates, shape `(d,)`.
        period: of a cycle, else None.
        evidence: `"proved"`: by intervals, all of the regions tends to it; `"checked"`: a quadratic
            function is seen to fall on them, or trajectories are seen to be drawn in;
            `"recurrence"`: trajectories keep to the cells of the set.
    """

    kind: str
    y: np.ndarray
    period: float | None
    evidence: str


@dataclass
class KnownAttractors:
    """Attractors found up to now, and where trajectories are decided.

    Attributes:
        problem: the rule.
        settings: how trajectories are followed.
        members: the attractors inside the domain, in the order found; their numbers are labels.
        parts: regions of all, also of those outside, whose owner is `LEFT`.
        cells: cells of those that recur.
        points: points `(n, d)` of all that no region may hold but its own: states of rest and
            closed orbits, stable or not.
        notes: sentences.
        widest: the widest level by which starts were decided, of each part by its place.
    """

    problem: Problem
    settings: Following
    members: list[Known] = field(default_factory=list)
    parts: list[Regions] = field(default_factory=list)
    cells: list[Cells] = field(default_factory=list)
    points: list[np.ndarray] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    widest: dict[int, np.ndarray] = field(default_factory=dict)

    @property
    def regions(self) -> Regions:
        """All regions, filled up to a power of two."""
        return joined(self.parts, self.problem.chart.dimension)

    @property
    def size(self) -> int:
        """The count of attractors found up to now, those outside the domain too."""
        return len(self.parts) + len(self.cells)

    def follow(self, z: np.ndarray, duration: float, label: str = "basins") -> Followed:
        """Follow starts `(n, d)` until decided."""
        for place, part in enumerate(self.parts):
            before = self.widest.get(place)
            now = part.level if before is None else np.maximum(part.level, before)
            self.widest[place] = np.asarray(now)
        return follow(self.problem, self.regions, z, self.settings, duration, self.cells, label)

    def prove(self) -> None:
        """Prove of attractors, while the budget lasts, that all of their regions tends to them.

        Of regions as wide as they were when they decided anything: later ones may be smaller.
        """
        budget = BUDGET
        for place, part in enumerate(self.parts):
            owner = int(part.owner[0])
            if owner >= 0 and budget > 0.0:
                wide = part._replace(level=self.widest.get(place, part.level))
                is_sure, spent = prove(self.problem, wide, budget)
                budget -= spent
                if is_sure:
                    self.members[owner] = replace(self.members[owner], evidence="proved")

    def add_known(self, equilibria: Sequence[Equilibrium], cycles: Cycles | None) -> None:
        """Add what attracts among states of rest and cycles."""
        chart, is_flow = self.problem.chart, self.problem.rule.has_continuous_time
        for found in (*equilibria, *(cycles or ())):
            states = found.states if isinstance(found, Cycle) else found.state
            self.points.append(self._scaled(states))
        for rest in equilibria:
            if rest.stable is False or rest.continuum:
                continue
            y = np.asarray(chart.coordinates(rest.state))
            if not self.add_rest(y) and rest.stable:
                self.notes.append(_NO_REGION.format(np.array2string(y, precision=4)))
        for cycle in cycles or ():
            if cycle.stable and not cycle.continuum and (is_flow or cycle.period > 1):
                self._add_cycle(cycle)

    def add_member(self, kind: str, z: np.ndarray, period: float | None, evidence: str) -> int:
        """The number of a new attractor through points `(n, d)`; `LEFT` if it lies outside."""
        y = z * np.asarray(self.problem.chart.widths)
        inside = np.asarray(self.problem.chart.inside(y, 1e-9))
        if not inside.any():
            return LEFT
        self.members.append(Known(kind, y[int(np.argmax(inside))], period, evidence))
        return len(self.members) - 1

    def _scaled(self, states: Any) -> np.ndarray:
        """States as points `(n, d)` in units of the domain."""
        chart = self.problem.chart
        y = np.asarray(chart.coordinates(states))
        return y.reshape(-1, chart.dimension) / np.asarray(chart.widths)

    def add_rest(self, y: np.ndarray) -> bool:
        """Add a sink at coordinates `(d,)`; False where none is seen to attract."""
        z = y / np.asarray(self.problem.chart.widths)
        is_flow = self.problem.rule.has_continuous_time
        found = rest_region(self.problem, z, 0) if is_flow else cycle_region(
            self.problem, z[None], 0
        )  # fmt: skip
        return self.keep(found, "equilibrium", z[None], None)

    def keep(self, found: Regions | None, kind: str, z: np.ndarray, period: float | None) -> bool:
        """Add an attractor through points `(n, d)` that has these regions; False of None.

        No region holds a point of anything else that is known.
        """
        if found is None:
            return False
        for points in self.points:
            # Between its nodes a tube is about a parabola: a closed orbit is not held to its own.
            if points.shape != z.shape or not np.array_equal(points, z):
                found = clear_of(self.problem, found, points)
        self.parts = [clear_of(self.problem, part, z) for part in self.parts]
        self.points.append(z)
        owner = self.add_member(kind, z, period, "checked")
        self.parts.append(found._replace(owner=np.full(len(found.level), owner)))
        return True

    def _add_cycle(self, cycle: Cycle) -> None:
        z = self._scaled(cycle.states)
        if self.problem.rule.has_continuous_time and z.shape[1] > 1:
            found = tube(self.problem, cycle, 0, self.settings.tolerance)
        else:
            found = cycle_region(self.problem, z, 0)
        if not self.keep(found, "cycle", z, cycle.period):
            owner = self.add_member("cycle", z, cycle.period, "recurrence")
            self.cells.append(cells_of(z, owner))
