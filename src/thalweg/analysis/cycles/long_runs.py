"""Long trajectories of a flow, forwards and backwards in time: what they settle on."""

from collections import Counter

import numpy as np

from thalweg.analysis.cycles.non_periodic import NonPeriodicRun
from thalweg.analysis.cycles.recurrence import Frame, Path, size_of
from thalweg.analysis.cycles.scales import multiplied
from thalweg.dynamics.problem import Problem
from thalweg.simulation.bundle_steps import Start
from thalweg.simulation.bundles import Track, run_batch

RUNNING, AT_REST, ESCAPED, ON_CYCLE = range(4)
_TOLERANCE = 1e-7  # of finding recurrence only: `shooting` integrates anew, more finely
_FAR = 10.0  # widths beyond the domain from which no orbit is waited for
# Adaptive steps at the edge of their stability keep a point at rest trembling, some tolerances wide
# along the fastest direction, and wider where others follow that.
_STILL, _NEARLY_STILL = 1e2 * _TOLERANCE, 1e-4
# Coordinates up to which all tangents ride along; beyond, they cost more than the run.
_WHOLE_JACOBIAN = 4
# A coordinate that a block made larger by more than rounding and wobbling about rest do.
_GROWS = 1.1
# The share of a block's steps that stability makes short, from which on a lane counts as stiff.
_MOSTLY = 0.5
# After so many such blocks in a row; what comes to rest is held up too, for a block or two.
_PATIENCE = 3
# A trembling a hundred times narrower than any drift that matters hides none.
_FINE, _DRIFTS = 1e-12, 1e-9
# Of the widths: what is left to go on a way that shortens by a constant factor.
_NEARLY_THERE = 1e-3


class LongRuns:
    """Trajectories that run in blocks of steps until it is known where each of them goes.

    Attributes:
        direction: +1 for lanes that run forwards in time, −1 for those that run backwards.
        status: what is known of each lane: `RUNNING`, `AT_REST`, `ESCAPED` or `ON_CYCLE`.
        is_stiff: lanes whose explicit steps stability keeps short; they go on by implicit ones.
        held: for how many blocks on end that has been so.
        blocks: how many blocks of steps were run.
    """

    def __init__(self, problem: Problem, frame: Frame, starts: np.ndarray):
        """Run from each of the points `(n, d)`, n at most half the number of lanes, both ways."""
        count, dimension = starts.shape
        self.problem, self.frame = problem, frame
        self.z = np.concatenate([starts, starts])
        self.direction = np.repeat([1.0, -1.0], count)
        self.status = np.full(2 * count, RUNNING)
        self.is_stiff = np.zeros(2 * count, dtype=bool)
        self.held = np.zeros(2 * count, dtype=int)
        self.blocks = 0
        width = dimension if dimension <= _WHOLE_JACOBIAN else 1
        self.multiplied = multiplied(problem, frame, starts, width)
        first = np.linalg.qr(np.random.default_rng(0).normal(size=(dimension, width)))[0]
        self.tangents = np.tile(first, (2 * count, 1, 1))
        self.paths: list[list[Path]] = [[] for _ in self.z]
        self.growth: list[list[tuple[float, float]]] = [[] for _ in self.z]

    def run(self, until: int) -> None:
        """Run every lane that is still running up to block number `until`."""
        while self.blocks < until and np.any(self.status == RUNNING):
            self._run_block()

    def window(self, lane: int) -> Path:
        """The second half of what a lane did."""
        path = Path.join(self.paths[lane])
        return path.last(len(path) // 2)

    def non_periodic(self) -> list[NonPeriodicRun]:
        """The lanes that are still running."""
        found = []
        for lane in np.flatnonzero(self.status == RUNNING):
            z = self.frame.wrap(self.window(int(lane)).z[:, 1])
            growth = np.array(self.growth[lane][self.blocks // 2 :])
            found.append(NonPeriodicRun.of(z, growth, float(self.direction[lane])))
        return found

    def ended(self) -> Counter[int]:
        """The number of lanes that ended in each status."""
        return Counter(self.status.tolist())

    def stays(self) -> bool:
        """True if every lane forwards in time is still on its way, or on a cycle."""
        forwards = self.status[self.direction > 0.0]
        return bool(np.all((forwards == RUNNING) | (forwards == ON_CYCLE)))

    def _run_block(self) -> None:
        running = self.status == RUNNING
        track = self._tracks(running)
        self.blocks += 1
        # Backwards in time what decays fast grows fast, and is soon gone.
        is_held = running & (track.held_up > _MOSTLY) & (self.direction > 0.0)
        self.held = np.where(is_held, self.held + 1, 0)
        self.is_stiff |= self.held >= _PATIENCE
        near = self.frame.chart.inside(track.z[:, -1] * self.frame.widths, _FAR)
        near &= np.all(np.isfinite(track.tangents), axis=(1, 2))
        for lane in np.flatnonzero(running):
            before = self.paths[lane][-1].t[-1, 1] if self.paths[lane] else 0.0
            path = Path.of(
                before + track.t[lane], track.z[lane], track.velocity[lane] * self.direction[lane]
            )
            if not len(path) or not near[lane]:
                self.status[lane] = ESCAPED
                continue
            self.paths[lane].append(path)
            self.z[lane] = self.frame.wrap(path.z[-1, 1])
            self.growth[lane].append(
                (_log_norm(track.tangents[lane][:, 0]), path.t[-1, 1] - before)
            )
            self.tangents[lane] = np.linalg.qr(track.tangents[lane])[0]
            if self._came_to_rest(path):
                self.status[lane] = AT_REST
        doubtful = running & (self.status == AT_REST) & is_held & ~self.is_stiff
        if np.any(doubtful):
            drifts = doubtful & self._drifts(doubtful)
            self.is_stiff |= drifts
            self.status[drifts] = RUNNING

    def _tracks(self, running: np.ndarray) -> Track:
        """A block of steps of every lane that is running, explicit or implicit."""
        found = self._track(running & ~self.is_stiff)
        lanes = running & self.is_stiff
        if not np.any(lanes):
            return found
        pairs = zip(self._track(lanes, is_stiff=True), found, strict=True)
        return Track(*(np.where(lanes.reshape(-1, *[1] * (a.ndim - 1)), a, b) for a, b in pairs))

    def _track(
        self, lanes: np.ndarray, is_stiff: bool = False, tolerance: float = _TOLERANCE
    ) -> Track:
        start = Start(
            self.z, self.tangents, self.direction, np.where(lanes, np.inf, 0.0),
            np.array(tolerance), relative=self.multiplied,
        )  # fmt: skip
        return run_batch(self.problem, start, is_stiff)

    def _drifts(self, lanes: np.ndarray) -> np.ndarray:
        """Lanes that stability makes so slow that they only seem to rest, shape `(n,)`.

        Where all that is left decays, each stretch of a block is shorter than the one before, and
        what they will add up to is short. Along a slow manifold it is not.
        """
        z = self._track(lanes, tolerance=_FINE).z
        last = z.shape[1] - 1
        third, fourth = (
            np.linalg.norm(z[:, at] - z[:, at - last // 4], axis=1) for at in (3 * last // 4, last)
        )
        left = fourth / np.maximum(1.0 - fourth / np.maximum(third, _DRIFTS), _DRIFTS)
        return (fourth > _DRIFTS) & (left > _NEARLY_THERE)

    def _came_to_rest(self, path: Path) -> bool:
        """True if a lane stands still, or all the way that is left to go is short."""
        half = len(path) // 2
        if half == 0:
            return True
        # Near a saddle what is small may be about to grow.
        if np.any(self._grows(path.last(half))):
            return False
        first = float(np.max(size_of(Path(*(part[:half] for part in path)), self.frame)))
        second = float(np.max(size_of(path.last(half), self.frame)))
        if second < _STILL:
            return True
        ratio = second / first
        return second < _NEARLY_STILL and ratio < 0.9 and second / (1.0 - ratio) < _NEARLY_THERE

    def _grows(self, path: Path) -> np.ndarray:
        """Coordinates that are multiplied in time and become larger, shape `(d,)`."""
        before, after = np.abs(path.z[0, 0]), np.abs(path.z[-1, 1])
        return self.multiplied & (after > _GROWS * before)


def _log_norm(vector: np.ndarray) -> float:
    """log |v|, however large or small its entries; of a zero one, that of the least number."""
    largest = max(float(np.max(np.abs(vector))), np.finfo(float).tiny)
    return float(np.log(largest) + np.log(max(np.linalg.norm(vector / largest), 0.5)))
