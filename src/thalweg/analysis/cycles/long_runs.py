"""Long trajectories of a flow, forwards and backwards in time: what they settle on."""

import numpy as np

from thalweg.analysis.cycles.non_periodic import Wanderer
from thalweg.analysis.cycles.recurrence import Frame, Path, size_of
from thalweg.analysis.cycles.scales import multiplied
from thalweg.dynamics.problem import Problem
from thalweg.simulation.bundles import Start, run_batch

RUNNING, AT_REST, ESCAPED, ON_CYCLE = range(4)
_TOLERANCE = 1e-7
_FAR = 10.0
# Adaptive steps at the edge of their stability keep a point at rest trembling, some tens of
# tolerances wide.
_STILL, _NEARLY_STILL = 1e2 * _TOLERANCE, 1e-4
_WHOLE_JACOBIAN = 4
_GROWS = 1.1


class Survey:
    """Trajectories that run in blocks of steps until it is known where each of them goes.

    Attributes:
        direction: +1 for lanes that run forwards in time, −1 for those that run backwards.
        status: what is known of each lane: `RUNNING`, `AT_REST`, `ESCAPED` or `ON_CYCLE`.
        blocks: how many blocks of steps were run.
    """

    def __init__(self, problem: Problem, frame: Frame, starts: np.ndarray):
        """Run from each of the points `(n, d)`, n at most half the number of lanes, both ways."""
        count, dimension = starts.shape
        self.problem, self.frame = problem, frame
        self.z = np.concatenate([starts, starts])
        self.direction = np.repeat([1.0, -1.0], count)
        self.status = np.full(2 * count, RUNNING)
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

    def wanderers(self) -> list[Wanderer]:
        """The lanes that are still running."""
        found = []
        for lane in np.flatnonzero(self.status == RUNNING):
            z = self.frame.wrap(self.window(int(lane)).z[:, 1])
            growth = np.array(self.growth[lane][self.blocks // 2 :])
            found.append(Wanderer.of(z, growth, float(self.direction[lane])))
        return found

    def _run_block(self) -> None:
        running = self.status == RUNNING
        start = Start(
            self.z, self.tangents, self.direction, np.where(running, np.inf, 0.0),
            np.array(_TOLERANCE), relative=self.multiplied,
        )  # fmt: skip
        track = run_batch(self.problem, start)
        self.blocks += 1
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
            size = np.linalg.norm(track.tangents[lane][:, 0])
            self.growth[lane].append((float(np.log(size)), path.t[-1, 1] - before))
            self.tangents[lane] = np.linalg.qr(track.tangents[lane])[0]
            if self._came_to_rest(path):
                self.status[lane] = AT_REST

    def _came_to_rest(self, path: Path) -> bool:
        """Whether a lane stands still, or all the way that is left to go is short."""
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
        return second < _NEARLY_STILL and ratio < 0.9 and second / (1.0 - ratio) < 1e-3

    def _grows(self, path: Path) -> np.ndarray:
        """Coordinates that are multiplied in time and become larger, shape `(d,)`."""
        before, after = np.abs(path.z[0, 0]), np.abs(path.z[-1, 1])
        return self.multiplied & (after > _GROWS * before)
