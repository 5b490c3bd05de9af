"""Returns of a trajectory to a section, by which it is seen to come back to where it was; in NumPy.

The section is the hyperplane through a point of the trajectory, across the velocity there, and only
crossings near that point count. A trajectory recurs after the k-th crossing when that lands where
it started, again and again: one near-return of a chaotic trajectory is not enough.
"""

from typing import Any, NamedTuple

import numpy as np

from thalweg.core.charts import Chart
from thalweg.core.cubics import cubic

_LOCAL = 0.2  # of the extent: crossings further off belong to other passes through the section
_CLOSE = 0.05  # of the extent: a return this close is worth a Newton iteration
_LEAST_EXTENT = 1e-6  # in widths: a smaller path is rest, trembling by the tolerance of the run
_HALVINGS = 9  # 2⁻⁸ of a step, squared by the linear guess: as exact as the cubic between steps


class Frame(NamedTuple):
    """Points in units of the domain, z = y / widths, and how they compare.

    Attributes:
        chart: the chart of the domain.
        widths: its widths, shape `(d,)`.
        angles: which coordinates are angles, of period 1 in these units, shape `(d,)`.
    """

    chart: Chart
    widths: np.ndarray
    angles: np.ndarray

    @classmethod
    def of(cls, chart: Chart) -> "Frame":
        """The frame of a chart in NumPy."""
        widths = np.asarray(chart.widths)
        return cls(chart, widths, np.abs(chart.shorten(widths)) < 0.5 * widths)

    def shorten(self, step: np.ndarray) -> np.ndarray:
        """A step, the shorter way round where a coordinate is an angle."""
        return step - np.where(self.angles, np.round(step), 0.0) if self.angles.any() else step

    def wrap(self, z: np.ndarray) -> np.ndarray:
        """Angles brought back into the domain."""
        return self.chart.wrap(z * self.widths) / self.widths if self.angles.any() else z


class Path(NamedTuple):
    """A trajectory as pieces between saved steps; angles run on within a piece, not across pieces.

    Attributes:
        t: the times at both ends of each piece, shape `(n, 2)`.
        z: the points there, shape `(n, 2, d)`.
        velocity: dz/dt there, shape `(n, 2, d)`.
    """

    t: np.ndarray
    z: np.ndarray
    velocity: np.ndarray

    @classmethod
    def of(cls, t: np.ndarray, z: np.ndarray, velocity: np.ndarray) -> "Path":
        """The path through saved steps, `(n,)` and twice `(n, d)`; standstills drop out."""
        moves = (t[1:] > t[:-1]) & np.all(np.isfinite(z[1:]), axis=1)
        moves &= np.all(np.isfinite(velocity[1:]), axis=1)

        def pair(a: np.ndarray) -> np.ndarray:
            return np.stack([a[:-1], a[1:]], axis=1)[moves]

        return cls(pair(t), pair(z), pair(velocity))

    @classmethod
    def join(cls, paths: list["Path"]) -> "Path":
        """Paths one after the other."""
        return cls(*(np.concatenate(parts) for parts in zip(*paths, strict=True)))

    def __len__(self) -> int:
        return len(self.t)

    def last(self, count: int) -> "Path":
        """The last `count` pieces."""
        return Path(*(part[-count:] for part in self))

    def backwards(self) -> "Path":
        """The same path, run the other way, its time counted from 0."""
        return Path(
            self.t[-1, 1] - self.t[::-1, ::-1], self.z[::-1, ::-1], -self.velocity[::-1, ::-1]
        )

    def at(self, piece: Any, fraction: Any) -> np.ndarray:
        """Points within pieces, by cubic Hermite interpolation."""
        s = np.asarray(fraction)[..., None]
        z, velocity, t = self.z[piece], self.velocity[piece], self.t[piece]
        h = (t[..., 1] - t[..., 0])[..., None]
        ahead = h * velocity[..., 0, :], h * velocity[..., 1, :]
        return cubic(z[..., 0, :], z[..., 1, :], *ahead, s)


class Crossing(NamedTuple):
    """A crossing of a section.

    Attributes:
        t: when.
        z: where, shape `(d,)`.
        piece: on which piece of the path.
    """

    t: float
    z: np.ndarray
    piece: int


class Recurrence(NamedTuple):
    """A trajectory that comes back: one turn of it.

    Attributes:
        period: how long a turn takes.
        nodes: points along the last turn, shape `(m, d)`, the first on the section.
        shares: the share of the period between one node and the next, shape `(m,)`.
        extent: the extent of the last turn along each coordinate, shape `(d,)`.
        turn: the last turn.
        mismatch: the largest distance between where turns start and end, relative to the extent.
    """

    period: float
    nodes: np.ndarray
    shares: np.ndarray
    extent: np.ndarray
    turn: Path
    mismatch: float


def size_of(path: Path, frame: Frame) -> np.ndarray:
    """Extent of a path along each coordinate, an angle's at most its period, shape `(d,)`.

    A coordinate that hardly changes counts a thousandth of the one that changes most.
    """
    reach = np.max(path.z, axis=(0, 1)) - np.min(path.z, axis=(0, 1))
    reach = np.where(frame.angles, np.minimum(reach, 1.0), reach)
    return np.maximum(reach, 1e-3 * np.max(reach))


def crossings(
    path: Path, point: np.ndarray, normal: np.ndarray, extent: np.ndarray, frame: Frame
) -> list[Crossing]:
    """Crossings of a path with the section through `point` along `normal`, near the point."""
    before = frame.shorten(path.z[:, 0] - point)
    start = before @ normal
    end = start + (path.z[:, 1] - path.z[:, 0]) @ normal
    reach = np.abs(path.z[:, 1] - path.z[:, 0]) + _LOCAL * extent
    pieces = np.flatnonzero((start < 0.0) & (end >= 0.0) & np.all(np.abs(before) < reach, axis=1))
    if not len(pieces):
        return []
    low, high, below, above = (
        0.0 * start[pieces],
        1.0 + 0.0 * start[pieces],
        start[pieces],
        end[pieces],
    )
    middle = high
    for halving in range(_HALVINGS):
        # Halving cannot fail; the last guess is linear, which squares the accuracy.
        share = 0.5 if halving < _HALVINGS - 1 else below / (below - above)
        middle = low + share * (high - low)
        height = start[pieces] + (path.at(pieces, middle) - path.z[pieces, 0]) @ normal
        past = height >= 0.0
        low, high = np.where(past, low, middle), np.where(past, middle, high)
        below, above = np.where(past, below, height), np.where(past, height, above)
    z, high = path.at(pieces, middle), middle
    near = np.max(np.abs(frame.shorten(z - point)) / extent, axis=1) < _LOCAL
    t = path.t[pieces, 0] + high * (path.t[pieces, 1] - path.t[pieces, 0])
    return [Crossing(float(t[i]), z[i], int(pieces[i])) for i in np.flatnonzero(near)]


def find_recurrence(path: Path, frame: Frame, num_nodes: int) -> Recurrence | None:
    """One turn of a path that keeps coming back to where it was, or None."""
    if len(path) < 2 * num_nodes:
        return None
    extent = size_of(path, frame)
    if np.max(extent) < _LEAST_EXTENT:
        return None
    early = path.velocity[: len(path) // 3, 0]
    fastest = int(np.argmax(np.max(np.abs(early) / extent, axis=1)))
    point, normal = path.z[fastest, 0], path.velocity[fastest, 0] / extent**2
    start = Crossing(float(path.t[fastest, 0]), point, fastest)
    after = Path(*(part[fastest + 1 :] for part in path))
    later = [
        c._replace(piece=c.piece + fastest + 1)
        for c in crossings(after, point, normal, extent, frame)
    ]
    visits = [start, *later]
    places = np.array([v.z for v in visits])
    counts = range(1, (len(visits) - 1) // 2 + 1)
    mismatch = np.array([_mismatch(places, k, extent, frame) for k in counts])
    if not len(mismatch) or mismatch.min() > _CLOSE:
        return None
    k = 1 + int(np.argmax(mismatch <= min(10.0 * mismatch.min() + 1e-4, _CLOSE)))
    first, last = visits[-1 - k], visits[-1]
    turn = Path(*(part[first.piece : last.piece + 1] for part in path))
    period = last.t - first.t
    nodes, times = _spread(turn, first.t, last.t, num_nodes)
    nodes[0] = first.z
    shares = np.diff([*times, last.t]) / period
    return Recurrence(period, nodes, shares, size_of(turn, frame), turn, float(mismatch[k - 1]))


def _spread(turn: Path, begin: float, end: float, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Points spread over the steps of a turn from time `begin` to `end`, `(m, d)`, and when."""
    ends = np.append(np.clip(turn.t[:, 0], begin, None), end)
    places = np.linspace(0.0, len(turn), count, endpoint=False)
    # A long turn has more steps than points: each point is then one that was computed.
    places = np.floor(places) if len(turn) > 2 * count else places
    times = np.interp(places, np.arange(len(ends)), ends)
    pieces = places.astype(int)
    length = turn.t[pieces, 1] - turn.t[pieces, 0]
    return turn.at(pieces, (times - turn.t[pieces, 0]) / length), times


def lies_on(
    point: np.ndarray, velocity: np.ndarray, path: Path, frame: Frame, close: float = _CLOSE
) -> bool:
    """True if a path passes a point in its direction, within `close` times the path's extent."""
    extent = size_of(path, frame)
    met = crossings(path, point, velocity / extent**2, extent, frame)
    return any(np.max(np.abs(frame.shorten(c.z - point)) / extent) < close for c in met)


def _mismatch(places: np.ndarray, k: int, extent: np.ndarray, frame: Frame) -> float:
    return float(np.max(np.abs(frame.shorten(places[k:] - places[:-k])) / extent))
