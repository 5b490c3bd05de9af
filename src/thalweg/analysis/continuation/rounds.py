"""Closed orbits with the parameter as one more unknown, by multiple shooting.

The unknowns are points ("nodes") along the orbit, the logarithm of its period, and the parameter.
The flow carries the parameter along as a coordinate that does not move, so the Jacobians of the
segments between nodes hold the derivatives by it.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.analysis.continuation.family import Family
from thalweg.analysis.cycles.shooting import EXPLICIT, Segments, return_of
from thalweg.core.cubics import bends
from thalweg.simulation.bundles import run_to_end

# Nodes of an orbit: so many that no segment of published models magnifies errors by more than
# Newton bears. They are the lanes that run together, so a known orbit has no more.
NODES = 12
# Newton: its turns, and the gap and the last step at which an orbit is closed.
_TURNS = 8
# Turns after which the gap has to halve at each.
_PATIENT = 3
# A gap as wide as the domain leads Newton nowhere.
_ASTRAY = 1.0
_CLOSED = 1e-9  # of the corrections of a closed curve: above rounding of long arcs, below any step
# What a doubling of the period counts beside a move of all nodes by the width of the domain.
_PERIOD_WEIGHT = 0.1


class _Widths(NamedTuple):
    widths: Any


class Carried(eqx.Module):
    """A flow whose parameter is carried along as its last coordinate, in units of the range."""

    family: Family

    @property
    def chart(self) -> _Widths:
        """The units: those of the family."""
        return _Widths(jnp.append(jnp.asarray(self.family.y_scale), 1.0))

    def displacement(self, y: jax.Array, t: Any = 0.0) -> jax.Array:
        """The velocity, and 0 of the parameter."""
        value = self.family.low + self.family.width * y[-1]
        return jnp.append(self.family.at(value).displacement(y[:-1], t), 0.0)


class Unknowns(NamedTuple):
    """A closed orbit, or a change of one.

    Attributes:
        nodes: points along it, in units of the domain, shape `(m, d)`.
        log_period: the logarithm of its period.
        p: the parameter, in units of the range.
    """

    nodes: np.ndarray
    log_period: float
    p: float

    def moved(self, step: float, along: "Unknowns") -> "Unknowns":
        """The orbit after a step along a change."""
        return Unknowns(
            self.nodes + step * along.nodes,
            self.log_period + step * along.log_period,
            self.p + step * along.p,
        )

    def dot(self, other: "Unknowns") -> float:
        """The inner product that lengths and angles of steps are measured by."""
        nodes = float(np.sum(self.nodes * other.nodes)) / len(self.nodes)
        periods = _PERIOD_WEIGHT**2 * self.log_period * other.log_period
        return nodes + periods + self.p * other.p

    def scaled(self, factor: float) -> "Unknowns":
        """A multiple of a change."""
        return Unknowns(factor * self.nodes, factor * self.log_period, factor * self.p)

    def row(self) -> np.ndarray:
        """The inner product with a change, as a row of a matrix."""
        last = [_PERIOD_WEIGHT**2 * self.log_period, self.p]
        return np.append(self.nodes.ravel() / len(self.nodes), last)


def difference(one: Unknowns, other: Unknowns) -> Unknowns:
    """The change from one orbit to another."""
    return one.moved(-1.0, other)


@dataclass(frozen=True, eq=False)
class Round:
    """A closed orbit at a value of the parameter.

    Attributes:
        at: its nodes, period and parameter.
        tangent: the unit change along the curve of orbits.
        multipliers: all but the trivial one, by descending modulus, complex, `(d − 1,)`.
        trivial: the one along the orbit: 1 but for errors.
        low: the least value of each coordinate along it, in units, `(d,)`.
        high: the largest.
        residual: the largest gap between a segment's end and the next node, in units.
    """

    at: Unknowns
    tangent: Unknowns
    multipliers: np.ndarray
    trivial: float
    low: np.ndarray
    high: np.ndarray
    residual: float

    @property
    def period_share(self) -> float:
        """The share of the period in its change along the curve, squared."""
        return (_PERIOD_WEIGHT * self.tangent.log_period) ** 2

    @property
    def size(self) -> float:
        """The largest extent along a coordinate, in units of the domain."""
        return float(np.max(self.high - self.low))


class _Run(NamedTuple):
    segments: Segments
    by_parameter: np.ndarray
    low: np.ndarray
    high: np.ndarray


def close(family: Family, guess: Unknowns, along: Unknowns, shares: np.ndarray) -> Round | None:
    """The closed orbit at right angles to a change from a guess; None where Newton finds none.

    Arguments:
        family: the flow and its parameter.
        guess: where to begin.
        along: a unit change: the orbit found differs from the guess at right angles to it.
        shares: the share of the period from each node to the next, `(m,)`.
    """
    at, previous = guess, np.inf
    for count in range(_TURNS):
        run = _run(family, at, shares)
        gap = run.segments.ends - np.roll(at.nodes, -1, axis=0)
        gap = _shortened(family, gap)
        size = float(np.max(np.abs(gap)))
        if not size < _ASTRAY or not np.all(np.isfinite(run.segments.maps)):
            return None
        if count >= _PATIENT and size > max(0.5 * previous, _CLOSED):
            return None
        previous = size
        matrix = _matrix(run, at, along, shares)
        ahead = difference(at, guess).dot(along)
        right = np.concatenate([-gap.ravel(), [0.0, -ahead]])
        try:
            step = np.linalg.solve(matrix, right)
            solution = np.linalg.solve(matrix, np.append(np.zeros(len(right) - 1), 1.0))
        except np.linalg.LinAlgError:
            return None
        change = _unpacked(step, at.nodes.shape)
        if abs(change.log_period) > 1.0:  # a period some times another is another orbit's
            return None
        at = at.moved(1.0, change)
        if size <= _CLOSED and np.sqrt(change.dot(change)) <= _CLOSED:
            tangent = _unpacked(solution, at.nodes.shape)
            tangent = tangent.scaled(1.0 / np.sqrt(tangent.dot(tangent)))
            returned = return_of(run.segments)
            values = np.linalg.eigvals(returned.jacobian).astype(np.complex128)
            order = np.lexsort((-values.imag, -np.round(np.abs(values), 12)))
            assert returned.trivial is not None
            return Round(at, tangent, values[order], returned.trivial, run.low, run.high, size)
    return None


def _run(family: Family, at: Unknowns, shares: np.ndarray) -> _Run:
    """The segments, the derivatives of their ends by the parameter, and how far they reach."""
    m, d = at.nodes.shape
    times = shares * np.exp(at.log_period)
    z = np.column_stack([at.nodes, np.full(m, at.p)])
    ones = np.ones_like(z)
    tracks = run_to_end(
        Carried(family), z, times, np.ones(m), EXPLICIT.fine, ones, np.zeros_like(z, dtype=bool),  # type: ignore[arg-type]
        lanes=NODES,
    )  # fmt: skip
    maps = tracks[-1].tangents
    segments = Segments(
        tracks[-1].z[:, -1, :d],
        maps[:, :d, :d],
        tracks[0].velocity[:, 0, :d],
        tracks[-1].velocity[:, -1, :d],
    )
    if not np.all(np.isfinite(segments.ends)):
        nothing = np.full(d, np.nan)
        return _Run(segments, maps[:, :d, d], nothing, nothing)
    reach = [_reach(track.t, track.z[..., :d], track.velocity[..., :d]) for track in tracks]
    low = np.nanmin([low for low, _ in reach], axis=0)
    return _Run(segments, maps[:, :d, d], low, np.nanmax([high for _, high in reach], axis=0))


def _reach(t: np.ndarray, z: np.ndarray, velocity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least and largest value of each coordinate, by the cubics between the steps."""
    h = np.diff(t, axis=1)[..., None]
    a, b = z[:, :-1], z[:, 1:]
    u, v = h * velocity[:, :-1], h * velocity[:, 1:]
    c, d = bends(a, b, u, v)
    # The slope u + 2cs + 3ds² is zero where s = −u / (c ± √(c² − 3du)).
    root = np.sqrt(np.maximum(c * c - 3.0 * d * u, 0.0))
    values = [z]
    with np.errstate(divide="ignore", invalid="ignore"):
        for sign in (1.0, -1.0):
            s = -u / (c + sign * root)
            s = np.where((s > 0.0) & (s < 1.0), s, 0.0)
            values.append(a + s * (u + s * (c + s * d)))
    low = np.min([np.nanmin(value, axis=(0, 1)) for value in values], axis=0)
    return low, np.max([np.nanmax(value, axis=(0, 1)) for value in values], axis=0)


def _shortened(family: Family, gap: np.ndarray) -> np.ndarray:
    scale = np.asarray(family.y_scale)
    return np.asarray(family.problem.chart.shorten(gap * scale)) / scale


def _matrix(run: _Run, at: Unknowns, along: Unknowns, shares: np.ndarray) -> np.ndarray:
    """The derivatives of all equations: gaps, phase, and the distance along the curve."""
    m, d = at.nodes.shape
    segments = run.segments
    assert segments.leaving is not None
    assert segments.arriving is not None
    matrix = np.zeros((m * d + 2, m * d + 2))
    blocks = matrix[: m * d, : m * d].reshape(m, d, m, d)
    each = np.arange(m)
    blocks[each, :, each, :] += segments.maps
    blocks[each, :, (each + 1) % m, :] -= np.eye(d)
    times = (shares * np.exp(at.log_period))[:, None]
    matrix[: m * d, : m * d] = blocks.reshape(m * d, m * d)
    matrix[: m * d, -2] = (times * segments.arriving).ravel()
    matrix[: m * d, -1] = run.by_parameter.ravel()
    matrix[-2, :d] = segments.leaving[0] / np.linalg.norm(segments.leaving[0])
    matrix[-1] = along.row()
    return matrix


def _unpacked(x: np.ndarray, shape: tuple[int, ...]) -> Unknowns:
    return Unknowns(x[:-2].reshape(shape), float(x[-2]), float(x[-1]))
