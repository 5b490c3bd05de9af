"""The attractors of a rule: those known, those that undecided trajectories show; their regions."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from thalweg.analysis.basins.cells import Cells, apart, cells_of
from thalweg.analysis.basins.follow import LEFT, UNDECIDED, Followed, Following, follow
from thalweg.analysis.basins.lanes import Lanes, Regions, jacobians, joined, move_flow, move_map
from thalweg.analysis.basins.regions import cycle_region, rest_region
from thalweg.analysis.basins.tubes import tube
from thalweg.analysis.cycles.result import Cycle, Cycles
from thalweg.analysis.equilibria.result import Equilibria
from thalweg.analysis.exponents.result import SURE
from thalweg.analysis.exponents.spectrum import growth
from thalweg.core.errors import DivergenceError
from thalweg.dynamics.problem import Problem

# Undecided trajectories that are looked at, and for how many blocks.
LOOKED_AT, _BLOCKS = 64, 256
# Cycles of maps that trajectories settle on are told up to this period.
_LONGEST = 64
_SAME = 1e-6
# Explicit steps keep a point at rest trembling, some tolerances wide.
_TREMBLING = 100.0
# Both halves of a trajectory that stays in one set reach about as far.
_STEADY = 1.5
_NEWTON = 8
_NO_REGION = (
    "About the attractor at {} no region was found that trajectories are seen to be drawn into: "
    "what ends there is undecided."
)
_REST = (
    "{} of the undecided trajectories looked at came to rest where no attractor is isolated: on a "
    "saddle, or on a family of states of rest."
)


@dataclass(frozen=True)
class Known:
    """One attractor.

    Attributes:
        kind: `"equilibrium"`, `"cycle"`, `"chaos"`, or `"recurrent"` where what recurs without
            closing is not seen to be chaotic.
        y: a point of it, in coordinates, shape `(d,)`.
        period: of a cycle, else None.
        evidence: `"checked"`: a quadratic function is seen to fall on the regions, or trajectories
            are seen to be drawn in; `"recurrence"`: trajectories keep to the cells of the set.
    """

    kind: str
    y: np.ndarray
    period: float | None
    evidence: str


@dataclass
class Inventory:
    """Attractors found up to now, and where trajectories are decided.

    Attributes:
        problem: the rule.
        settings: how trajectories are followed.
        members: the attractors inside the domain, in the order found; their numbers are labels.
        parts: regions of all, also of those outside, whose owner is `LEFT`.
        cells: cells of those that recur.
        notes: sentences.
    """

    problem: Problem
    settings: Following
    members: list[Known] = field(default_factory=list)
    parts: list[Regions] = field(default_factory=list)
    cells: list[Cells] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def regions(self) -> Regions:
        """All regions, filled up to a power of two."""
        return joined(self.parts, self.problem.chart.dimension)

    def follow(self, z: np.ndarray, duration: float, label: str = "basins") -> Followed:
        """Follow starts `(n, d)` until decided."""
        return follow(self.problem, self.regions, z, self.settings, duration, self.cells, label)

    def add_known(self, equilibria: Equilibria | None, cycles: Cycles | None) -> None:
        """Add what attracts among states of rest and cycles."""
        chart, is_flow = self.problem.chart, self.problem.rule.has_continuous_time
        for rest in equilibria or ():
            if rest.stable is False or rest.continuum:
                continue
            y = np.asarray(chart.coordinates(rest.state))
            if not self._add_rest(y) and rest.stable:
                self.notes.append(_NO_REGION.format(np.array2string(y, precision=4)))
        for cycle in cycles or ():
            if cycle.stable and not cycle.continuum and (is_flow or cycle.period > 1):
                self._add_cycle(cycle)

    def _owner(self, kind: str, z: np.ndarray, period: float | None, evidence: str) -> int:
        """The number of a new attractor through points `(n, d)`; `LEFT` if it lies outside."""
        y = z * np.asarray(self.problem.chart.widths)
        inside = np.asarray(self.problem.chart.inside(y, 1e-9))
        if not inside.any():
            return LEFT
        self.members.append(Known(kind, y[int(np.argmax(inside))], period, evidence))
        return len(self.members) - 1

    def _add_rest(self, y: np.ndarray) -> bool:
        z = y / np.asarray(self.problem.chart.widths)
        is_flow = self.problem.rule.has_continuous_time
        found = rest_region(self.problem, z, 0) if is_flow else cycle_region(
            self.problem, z[None], 0
        )  # fmt: skip
        return self._keep(found, "equilibrium", z[None], None)

    def _keep(self, found: Regions | None, kind: str, z: np.ndarray, period: float | None) -> bool:
        if found is None:
            return False
        owner = self._owner(kind, z, period, "checked")
        self.parts.append(found._replace(owner=np.full(len(found.level), owner)))
        return True

    def _add_cycle(self, cycle: Cycle) -> None:
        chart = self.problem.chart
        z = np.asarray(chart.coordinates(cycle.states)) / np.asarray(chart.widths)
        if self.problem.rule.has_continuous_time and z.shape[1] > 1:
            found = tube(self.problem, cycle, 0, self.settings.tolerance)
        else:
            found = cycle_region(self.problem, z, 0)
        if not self._keep(found, "cycle", z, cycle.period):
            owner = self._owner("cycle", z, cycle.period, "recurrence")
            self.cells.append(cells_of(z, owner))

    def look_at(self, ends: np.ndarray) -> bool:
        """Look for attractors where undecided trajectories `(n, d)` are; True if any were found."""
        before = len(self.parts) + len(self.cells)
        is_flow = self.problem.rule.has_continuous_time
        if not is_flow:
            ends = self._settle_cycles(ends[:LOOKED_AT])
        orbits = self._orbits(ends[:LOOKED_AT])
        if is_flow and len(orbits):
            still = _TREMBLING * self.settings.tolerance
            moves = np.max(np.ptp(orbits[:, _BLOCKS // 2 :], axis=1), axis=1) > still
            self._settle_rests(orbits[~moves, -1])
            orbits = orbits[moves]
        steady = np.array([_is_steady(orbit) for orbit in orbits], dtype=bool)
        orbits = orbits[steady] if len(orbits) else orbits
        for group in apart(orbits) if len(orbits) else ():
            self._add_recurrent(orbits[group])
        return len(self.parts) + len(self.cells) > before

    def _orbits(self, z: np.ndarray) -> np.ndarray:
        """Where trajectories are after each of many blocks, `(n, m, d)`, those that stay."""
        if not len(z):
            return np.zeros((0, _BLOCKS, z.shape[1]))
        move = move_flow if self.problem.rule.has_continuous_time else move_map
        lanes, seen, record = _lanes(z), None, []
        numbers = np.asarray(self.settings.tolerance), np.asarray(self.settings.bound)
        regions = self.regions
        for _ in range(_BLOCKS):
            lanes, seen = move(self.problem, lanes, regions, *numbers)
            record.append(np.asarray(lanes.z).T[: len(z)])
        assert seen is not None
        decided = (np.asarray(seen.ratio) <= 1.0) | np.asarray(seen.is_lost)
        return np.stack(record, axis=1)[~decided[: len(z)]]

    def _settle_rests(self, z: np.ndarray) -> None:
        """Add the sinks that trajectories at rest are at, and say how many are at none."""
        widths, none = np.asarray(self.problem.chart.widths), 0
        for point in z:
            for _ in range(_NEWTON):
                value, slope = (np.asarray(a)[0] for a in jacobians(self.problem, point[None]))
                point = point - np.linalg.lstsq(slope, value, rcond=None)[0]
            if not self._is_held(point):
                none += not self._add_rest(point * widths)
        if none:
            self.notes.append(_REST.format(none))

    def _settle_cycles(self, z: np.ndarray) -> np.ndarray:
        """Add the cycles of a map that trajectories are on; returns those that are on none."""
        lanes, record = _lanes(z), [z]
        numbers = np.asarray(self.settings.tolerance), np.asarray(self.settings.bound)
        for step in range(2 * _LONGEST):
            lanes = lanes._replace(end=np.full(len(lanes.t), step + 1.0))
            lanes, _ = move_map(self.problem, lanes, self.regions, *numbers)
            record.append(np.asarray(lanes.z).T[: len(z)])
        orbits, rest = np.stack(record, axis=1), []
        for orbit in orbits:
            away = [self._apart(orbit[p:], orbit[:-p]) for p in range(1, _LONGEST + 1)]
            period = int(np.argmax(np.array(away) < _SAME)) + 1
            if not away[period - 1] < _SAME:
                rest.append(orbit[-1])
            elif not self._is_held(orbit[-1]):
                points = orbit[-period:]
                kind = "equilibrium" if period == 1 else "cycle"
                turn = None if period == 1 else float(period)
                self._keep(cycle_region(self.problem, points, 0), kind, points, turn)
        return np.array(rest).reshape(-1, z.shape[1])

    def _apart(self, a: np.ndarray, b: np.ndarray) -> float:
        """The largest distance between points, an angle's the shorter way round."""
        widths = np.asarray(self.problem.chart.widths)
        return float(np.max(np.abs(self.problem.chart.shorten((a - b) * widths) / widths)))

    def _is_held(self, z: np.ndarray) -> bool:
        """Whether a point is in a region already."""
        move = move_flow if self.problem.rule.has_continuous_time else move_map
        lanes = _lanes(z[None])._replace(end=np.zeros(LOOKED_AT))
        numbers = np.asarray(self.settings.tolerance), np.asarray(self.settings.bound)
        return bool(np.asarray(move(self.problem, lanes, self.regions, *numbers)[1].ratio)[0] <= 1)

    def _add_recurrent(self, orbits: np.ndarray) -> None:
        """Add a set in which trajectories recur, and say whether they part there."""
        points = orbits.reshape(-1, orbits.shape[2])
        kind = "chaos" if self._parts(orbits[:, -1]) else "recurrent"
        owner = self._owner(kind, points[::-1], None, "recurrence")
        self.cells.append(cells_of(points, owner))

    def _parts(self, z: np.ndarray) -> bool:
        """Whether nearby trajectories part, at a rate beyond doubt."""
        rng = np.random.default_rng(0)
        many = np.resize(z, (32, z.shape[1])) + 1e-6 * rng.standard_normal((32, z.shape[1]))
        try:
            rates = growth(self.problem, many, 1, None, None, rng)
        except DivergenceError:
            return False
        error = float(np.std(rates.rates[0], ddof=1)) / np.sqrt(len(many))
        return float(np.mean(rates.rates[0])) > max(SURE * error, SURE / rates.duration)


def settle_rest(inventory: Inventory, found: Followed, duration: float) -> Followed:
    """What was undecided, after a look for more attractors where it is; `LEFT` if outside."""
    problem = inventory.problem
    undecided = np.flatnonzero(found.label == UNDECIDED)
    if len(undecided) and inventory.look_at(found.z[undecided]):
        again = inventory.follow(found.z[undecided], duration)
        told = again.label != UNDECIDED
        found.label[undecided[told]] = again.label[told]
        found.z[undecided] = again.z
        found.steps[undecided] += again.steps
    widths = np.asarray(problem.chart.widths)
    outside = ~np.asarray(problem.chart.inside(found.z * widths, 1e-9))
    found.label[(found.label == UNDECIDED) & outside] = LEFT
    return found


def _lanes(z: np.ndarray) -> Lanes:
    """Lanes of one size, however few points `(n, d)` there are."""
    full = np.resize(z, (LOOKED_AT, z.shape[1]))
    zeros: Any = np.zeros(LOOKED_AT)
    return Lanes(zeros, zeros, full.T, np.full(LOOKED_AT, np.inf))


def _is_steady(orbit: np.ndarray) -> bool:
    """Whether an orbit `(m, d)` reaches as far in its second quarter as in its last, and there."""
    quarters = np.array_split(orbit, 4)
    early, late = quarters[1], quarters[3]
    reach = np.array([np.max(np.ptp(part, axis=0)) for part in (early, late)])
    apart = np.max(np.abs(early.mean(axis=0) - late.mean(axis=0)))
    return bool(np.max(reach) <= _STEADY * np.min(reach) and apart <= 0.5 * np.max(reach))
