"""Looks at trajectories that nothing decides: what they are on, and whether it attracts."""

from dataclasses import replace
from typing import Any

import numpy as np

from thalweg.analysis.basins.attractors import KnownAttractors
from thalweg.analysis.basins.cells import Cells, apart, cells_of
from thalweg.analysis.basins.follow import LEFT, UNDECIDED, Followed
from thalweg.analysis.basins.lanes import Lanes, jacobians, move_flow, move_map
from thalweg.analysis.basins.regions import SAME, cycle_region
from thalweg.analysis.exponents.spectrum import growth, is_positive
from thalweg.core.errors import DivergenceError

# Undecided trajectories that are looked at together, and for how many blocks: 64 show an attractor
# that draws a twentieth of them with probability .96, and 8,192 steps let a slow spiral close in.
LOOKED_AT, _BLOCKS = 64, 256
# After each look that finds something, the others are followed for so many steps: they are where
# they end already, and what recurs is told after eight blocks.
_STEPS = 2_048
# Looks that find something: each finds up to 64 attractors, and thousands would tell nobody more.
_LOOKS = 64
# Cycles of maps that trajectories settle on are told up to this period: longer ones look like sets
# that recur.
_LONGEST = 64
# Explicit steps keep a point at rest trembling, some tolerances wide; so near is at rest.
_TREMBLING = 100.0
# Quarters of a trajectory that stays in one set reach about as far.
_STEADY = 1.5
# Steps of Newton from where a trajectory trembles: each doubles the digits.
_NEWTON = 8
# Starts beside a set begin two cells away, or farther where that is still in it.
_BESIDE, _FARTHER, _TRIES = 2.0, 1.5, 12
# Of these so many must come to keep to the set: of a ring that only slowly closes in, those on one
# side do, half of all.
_MOST = 0.75
_REST = (
    "{} of the {} undecided trajectories looked at came to rest where no isolated attractor is "
    "seen: on a saddle, on a family of states of rest, or where the linear part does not decide."
)
_SLOW = (
    "{} of the {} undecided trajectories looked at hardly moved, far from any rest: their steps "
    "are short beside the time that they need, as in a stiff flow."
)
_FAMILY = (
    "{} of the {} undecided trajectories looked at recur, but those beside them are not drawn in: "
    "they are on orbits of a family, as without friction, or are drawn in too slowly to be seen."
)
_UNDER_WAY = (
    "{} of the {} undecided trajectories looked at were still under way: a longer duration, or "
    "Following(max_steps=) with more, may decide them."
)
_SAID = {"rest": _REST, "slow": _SLOW, "family": _FAMILY, "way": _UNDER_WAY}


class Looks:
    """Looks for attractors where undecided trajectories are.

    Attributes:
        inventory: what is known, which looks add to.
        tally: of undecided trajectories that no look told, how many were looked at, and how many
            of them were at rest, slow, on a family of orbits, or under way.
    """

    def __init__(self, inventory: KnownAttractors):
        self.inventory, self.problem = inventory, inventory.problem
        self.is_flow = self.problem.rule.has_continuous_time
        self.numbers = (
            np.asarray(inventory.settings.tolerance),
            np.asarray(inventory.settings.bound),
        )
        self.forget()

    def forget(self) -> None:
        """Forget the tally: all that is undecided is looked at again."""
        self.tally = dict.fromkeys(("looked", *_SAID), 0)

    def notes(self) -> list[str]:
        """The tally in sentences."""
        looked = self.tally["looked"]
        return [said.format(self.tally[k], looked) for k, said in _SAID.items() if self.tally[k]]

    def settle(self, found: Followed, duration: float) -> Followed:
        """Followed starts with those that were undecided labelled anew, after looks where they are.

        Looks are taken at random places, as neighbours end alike, for as long as they find more.
        """
        settings, rng = self.inventory.settings, np.random.default_rng(0)
        few = replace(settings, max_steps=min(_STEPS, settings.max_steps), early=True)
        open_ones, is_new = np.flatnonzero(found.label == UNDECIDED), False
        for _ in range(_LOOKS):
            some = rng.permutation(open_ones)[:LOOKED_AT]
            before = dict(self.tally)
            if not len(some) or not self.look_at(found.z[some]):
                break
            self.tally, is_new = before, True
            shortly = replace(self.inventory, settings=few)
            open_ones = self._again(shortly, found, open_ones, duration)
        if is_new and len(open_ones):
            self._again(self.inventory, found, open_ones, duration)
        widths = np.asarray(self.problem.chart.widths)
        outside = ~np.asarray(self.problem.chart.inside(found.z * widths, 1e-9))
        found.label[(found.label == UNDECIDED) & outside] = LEFT
        return found

    def _again(
        self, inventory: KnownAttractors, found: Followed, at: np.ndarray, duration: float
    ) -> np.ndarray:
        """Follow some starts further; returns those that are still undecided."""
        again = inventory.follow(found.z[at], duration)
        found.label[at], found.z[at] = again.label, again.z
        found.steps[at] += again.steps
        return at[again.label == UNDECIDED]

    def look_at(self, ends: np.ndarray) -> bool:
        """Look where up to 64 undecided trajectories `(n, d)` are; True if it finds anything."""
        before = self.inventory.size
        self.tally["looked"] += len(ends)
        if not self.is_flow:
            ends = self._settle_cycles(ends)
        orbits = self._orbits(ends)
        self.tally["way"] += len(ends) - len(orbits)
        if self.is_flow and len(orbits):
            still = _TREMBLING * self.inventory.settings.tolerance
            moves = np.max(np.ptp(orbits[:, _BLOCKS // 2 :], axis=1), axis=1) > still
            self._settle_rests(orbits[~moves, -1])
            orbits = orbits[moves]
        steady = np.array([_is_steady(orbit) for orbit in orbits], dtype=bool)
        self.tally["way"] += int(np.sum(~steady))
        orbits = orbits[steady] if len(orbits) else orbits
        for group in apart(orbits) if len(orbits) else ():
            self._add_recurrent(orbits[group])
        return self.inventory.size > before

    def _orbits(self, z: np.ndarray) -> np.ndarray:
        """The points of trajectories after each of many blocks, `(n, m, d)`, of those that stay."""
        if not len(z):
            return np.zeros((0, _BLOCKS, z.shape[1]))
        move = move_flow if self.is_flow else move_map
        lanes, seen, record = _lanes(z), None, []
        regions = self.inventory.regions
        for _ in range(_BLOCKS):
            lanes, seen = move(self.problem, lanes, regions, *self.numbers)
            record.append(np.asarray(lanes.z).T[: len(z)])
        assert seen is not None
        decided = (np.asarray(seen.ratio) <= 1.0) | np.asarray(seen.is_lost)
        return np.stack(record, axis=1)[~decided[: len(z)]]

    def _settle_rests(self, z: np.ndarray) -> None:
        """Add the sinks that trajectories at rest are at, and count those that are at none."""
        widths = np.asarray(self.problem.chart.widths)
        near = _TREMBLING * self.inventory.settings.tolerance
        for start in z:
            point = start
            for _ in range(_NEWTON):
                value, matrix = (np.asarray(a)[0] for a in jacobians(self.problem, point[None]))
                if not (np.all(np.isfinite(value)) and np.all(np.isfinite(matrix))):
                    break
                point = point - np.linalg.lstsq(matrix, value, rcond=None)[0]
            if not self._is_held(point) and not self.inventory.add_rest(point * widths):
                is_near = np.max(np.abs(point - start)) <= near
                self.tally["rest" if is_near else "slow"] += 1

    def _settle_cycles(self, z: np.ndarray) -> np.ndarray:
        """Add the cycles of a map that trajectories are on; returns those that are on none."""
        lanes, record = _lanes(z), [z]
        for step in range(2 * _LONGEST):
            lanes = lanes._replace(end=np.full(len(lanes.t), step + 1.0))
            lanes, _ = move_map(self.problem, lanes, self.inventory.regions, *self.numbers)
            record.append(np.asarray(lanes.z).T[: len(z)])
        orbits, ends = np.stack(record, axis=1), []
        for orbit in orbits:
            away = [self._apart(orbit[p:], orbit[:-p]) for p in range(1, _LONGEST + 1)]
            period = int(np.argmax(np.array(away) < SAME)) + 1
            if not away[period - 1] < SAME:
                ends.append(orbit[-1])
            elif not self._is_held(orbit[-1]):
                points = orbit[-period:]
                kind = "equilibrium" if period == 1 else "cycle"
                turn = None if period == 1 else float(period)
                region = cycle_region(self.problem, points, 0)
                if not self.inventory.keep(region, kind, points, turn):
                    self.tally["rest" if period == 1 else "family"] += 1
        return np.array(ends).reshape(-1, z.shape[1])

    def _apart(self, a: np.ndarray, b: np.ndarray) -> float:
        """The largest distance between points, an angle's the shorter way round."""
        widths = np.asarray(self.problem.chart.widths)
        return float(np.max(np.abs(self.problem.chart.shorten((a - b) * widths) / widths)))

    def _is_held(self, z: np.ndarray) -> bool:
        """True if a point is in a region already."""
        move = move_flow if self.is_flow else move_map
        lanes = _lanes(z[None])._replace(end=np.zeros(LOOKED_AT))
        seen = move(self.problem, lanes, self.inventory.regions, *self.numbers)[1]
        return bool(np.asarray(seen.ratio)[0] <= 1.0)

    def _add_recurrent(self, orbits: np.ndarray) -> None:
        """Add a set in which trajectories recur, if they part there or it draws others in."""
        points = orbits.reshape(-1, orbits.shape[2])
        cells = cells_of(points, 0)
        if self._do_trajectories_part(orbits[:, -1]):
            kind = "chaos"
        elif self._draws_in(points, cells):
            kind = "recurrent"
        else:
            self.tally["family"] += len(orbits)
            return
        owner = self.inventory.add_member(kind, points[::-1], None, "recurrence")
        self.inventory.cells.append(cells._replace(owner=owner))

    def _draws_in(self, points: np.ndarray, cells: Cells) -> bool:
        """True if trajectories from beside a set come to keep to its cells."""
        rng = np.random.default_rng(0)
        starts = points[rng.integers(len(points), size=LOOKED_AT)]
        direction = np.zeros_like(starts)
        direction[:, cells.kept] = rng.normal(size=(LOOKED_AT, len(cells.kept)))
        direction[:, cells.kept] *= cells.size / np.linalg.norm(direction, axis=1, keepdims=True)
        far = np.full(LOOKED_AT, _BESIDE)
        for _ in range(_TRIES):
            far[cells.hold(starts + far[:, None] * direction)] *= _FARTHER
        beside = starts + far[:, None] * direction
        beside = beside[~cells.hold(beside)]
        late = self._orbits(beside)[:, _BLOCKS // 2 :]
        drawn = sum(bool(np.all(cells.hold(orbit))) for orbit in late)
        return len(beside) > 0 and drawn >= _MOST * len(beside)

    def _do_trajectories_part(self, z: np.ndarray) -> bool:
        """True if nearby trajectories part, at a rate beyond doubt."""
        rng = np.random.default_rng(0)
        many = np.resize(z, (32, z.shape[1])) + 1e-6 * rng.standard_normal((32, z.shape[1]))
        try:
            return is_positive(growth(self.problem, many, 1, None, None, rng))
        except DivergenceError:
            return False


def _lanes(z: np.ndarray) -> Lanes:
    """Lanes of one size, however few points `(n, d)` there are."""
    full = np.resize(z, (LOOKED_AT, z.shape[1]))
    zeros: Any = np.zeros(LOOKED_AT)
    return Lanes(zeros, zeros, full.T, np.full(LOOKED_AT, np.inf))


def _is_steady(orbit: np.ndarray) -> bool:
    """True if an orbit `(m, d)` reaches as far in its second quarter as in its last, and there."""
    quarters = np.array_split(orbit, 4)
    early, late = quarters[1], quarters[3]
    reach = np.array([np.max(np.ptp(part, axis=0)) for part in (early, late)])
    apart = np.max(np.abs(early.mean(axis=0) - late.mean(axis=0)))
    return bool(np.max(reach) <= _STEADY * np.min(reach) and apart <= 0.5 * np.max(reach))
