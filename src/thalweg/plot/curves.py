"""Curves in the state space: runs, closed orbits, families of equilibria, orbits of maps.

Runs take adaptive steps; between them the curves are cubic Hermite polynomials, which know the
velocity at both ends, so that they are smooth however long the steps are.
"""

from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import numpy as np

from thalweg.analysis import Cycle, Equilibria
from thalweg.core.cubics import cubic
from thalweg.dynamics import Problem
from thalweg.plot.fields import velocities
from thalweg.simulation.bundle_steps import Start
from thalweg.simulation.bundles import run_batch

# Relative, of a step: an error far below what a figure shows.
_TOLERANCE = 1e-6
# Straight pieces a step: its curve then has no corners to be seen.
_PIECES = 8
# The search for cycles carries all tangents up to so many coordinates, and one beyond.
_WHOLE_JACOBIAN = 4
# How far outside the domain a run is lost, in its widths.
_FAR = 0.5


@dataclass(frozen=True)
class Run:
    """A trajectory as a fine curve.

    Attributes:
        times: shape `(m,)`, counted from 0, increasing.
        y: the points in the coordinates of the domain, shape `(m, d)`; angles are not wrapped.
    """

    times: np.ndarray
    y: np.ndarray


def spread_starts(problem: Problem, count: int) -> np.ndarray:
    """Points `(count, d)` evenly spread over the domain: multiples of the generalized golden ratio.

    References:
        M. Roberts, The unreasonable effectiveness of quasirandom sequences (2018).
    """
    chart = problem.chart
    size = chart.num_uniform
    ratio = 2.0
    for _ in range(64):
        ratio = (1.0 + ratio) ** (1.0 / (size + 1.0))
    unit = (0.5 + np.outer(np.arange(1, count + 1), ratio ** -np.arange(1.0, size + 1.0))) % 1.0
    # Mirrored numbers are as even, and of a simplex the first few then reach its middle.
    return np.asarray(chart.from_uniform(unit if chart.is_product else 1.0 - unit))


def flow_runs(
    problem: Problem, starts: np.ndarray, direction: np.ndarray | float = 1.0, blocks: int = 1
) -> list[Run]:
    """Run a flow from each of up to 64 points `(n, d)`.

    Arguments:
        problem: the flow and its chart.
        starts: where to begin.
        direction: +1 forwards in time, −1 backwards; one for all or one each.
        blocks: how long: 128 steps each.

    Returns:
        The runs, cut where they have left the domain by half its width.
    """
    widths, count = np.asarray(problem.chart.widths), len(starts)
    signs = np.broadcast_to(np.asarray(direction, dtype=float), (count,)).copy()
    z, d = starts / widths, starts.shape[1]
    # The tangents that a search for cycles carries, all zero: its program serves here too.
    tangents = np.zeros((count, d, d if d <= _WHOLE_JACOBIAN else 1))
    times: list[list[np.ndarray]] = [[] for _ in range(count)]
    points: list[list[np.ndarray]] = [[] for _ in range(count)]
    before = np.zeros(count)
    with jax.enable_x64(True):
        for _ in range(blocks):
            start = Start(z, tangents, signs, np.full(count, np.inf), np.array(_TOLERANCE))
            track = run_batch(problem, start)
            for lane in range(count):
                t, y = _refined(track.t[lane], track.z[lane], track.velocity[lane] * signs[lane])
                times[lane].append(before[lane] + t)
                points[lane].append(y * widths)
            before += track.t[:, -1]
            z = track.z[:, -1]
    runs = zip(times, points, strict=True)
    return [_cut(problem, Run(np.concatenate(t), np.concatenate(y))) for t, y in runs]


def _refined(t: np.ndarray, z: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A curve through points with known velocities, without the steps that were refused."""
    kept = np.concatenate([[True], np.diff(t) > 0.0]) & np.isfinite(z).all(axis=1)
    return hermite(t[kept], z[kept], v[kept])


def hermite(
    t: np.ndarray, z: np.ndarray, v: np.ndarray, pieces: int = _PIECES
) -> tuple[np.ndarray, np.ndarray]:
    """The cubic curve through points `(m, d)` with velocities `(m, d)` at times `(m,)`.

    Returns:
        The times and points of a finer curve, `pieces` to each step.
    """
    if len(t) < 2:
        return t, z
    s = np.arange(pieces)[:, None] / pieces
    h = np.diff(t)[:, None, None]
    curve = cubic(z[:-1, None], z[1:, None], h * v[:-1, None], h * v[1:, None], s)
    times = t[:-1, None] + h[:, :, 0] * s[:, 0]
    d = z.shape[1]
    return np.append(times.ravel(), t[-1]), np.concatenate([curve.reshape(-1, d), z[-1:]])


def _cut(problem: Problem, run: Run) -> Run:
    far = np.flatnonzero(~np.asarray(problem.chart.inside(run.y, _FAR)))
    last = far[0] + 1 if len(far) else len(run.y)
    return Run(run.times[:last], run.y[:last])


def closed_orbit(problem: Problem, cycle: Cycle) -> Run:
    """Once round a closed orbit of a flow, as a fine curve that closes."""
    chart = problem.chart
    y = np.atleast_2d(chart.coordinates(cycle.states))
    # Angles may be wrapped from one point to the next: undo that.
    y = y[0] + np.concatenate([np.zeros((1, y.shape[1])), np.cumsum(_steps(problem, y), axis=0)])
    times = np.asarray(cycle.times, dtype=float)
    if times[-1] < cycle.period * (1.0 - 1e-9):
        y = np.concatenate([y, y[-1:] + chart.difference(y[:1], y[-1:])])
        times = np.append(times, cycle.period)
    return Run(*_refined(times, y, velocities(problem, chart.wrap(y))))


def cycle_curve(problem: Problem, cycle: Cycle) -> np.ndarray:
    """A closed orbit as a fine curve `(m, d)` that closes; the points of a map's cycle `(n, d)`."""
    if not problem.rule.has_continuous_time:
        return np.atleast_2d(problem.chart.coordinates(cycle.states))
    return closed_orbit(problem, cycle).y


def _steps(problem: Problem, y: np.ndarray) -> np.ndarray:
    return np.asarray(problem.chart.difference(y[1:], y[:-1]))


def continuum_curves(problem: Problem, equilibria: Equilibria) -> list[np.ndarray]:
    """Families of equilibria inside the domain, as segments `(2, d)` or clouds of points `(m, d)`.

    A curve comes by its segments, a surface by its points.
    """
    chart, found = problem.chart, []
    for family in equilibria.continua:
        if family.points.shape[1] != chart.dimension:
            continue
        inside = np.asarray(chart.inside(family.points, 1e-9))
        if family.dimension > 1:
            found.append(family.points[inside])
            continue
        for a, b in _links(problem, family.points, np.asarray(family.links, dtype=int)):
            if inside[a] and inside[b]:
                step = chart.difference(family.points[b], family.points[a])
                found.append(np.stack([family.points[a], family.points[a] + step]))
    return found


def _links(problem: Problem, points: np.ndarray, links: np.ndarray) -> np.ndarray:
    """The pairs of neighbours `(l, 2)` on a curve; a ring, which was kept as a tree, is closed."""
    chart, widths = problem.chart, np.asarray(problem.chart.widths)

    def length(pairs: np.ndarray) -> np.ndarray:
        step = chart.difference(points[pairs[:, 1]], points[pairs[:, 0]])
        return np.linalg.norm(step / widths, axis=1)

    links = links.reshape(-1, 2)
    if not len(links):
        return links
    lengths = length(links)
    # A link much longer than the others leaps from one branch to another.
    usual = float(np.median(lengths))
    links = links[lengths <= 8.0 * usual]
    ends = np.flatnonzero(np.bincount(links.ravel(), minlength=len(points)) == 1)
    pairs = np.array([(a, b) for i, a in enumerate(ends) for b in ends[i + 1 :]], dtype=int)
    pairs = pairs.reshape(-1, 2)
    return np.concatenate([links, pairs[length(pairs) <= 2.0 * usual]])


@eqx.filter_jit
def _iterated(problem: Problem, starts: Any, steps: int) -> Any:
    def one(y: jax.Array, _: Any) -> tuple[jax.Array, jax.Array]:
        new = jax.vmap(problem.step)(y)
        return new, new

    return jax.lax.scan(one, starts, None, length=steps)[1]


def map_orbits(problem: Problem, starts: np.ndarray, steps: int = 400) -> np.ndarray:
    """Orbits of a map, `(steps + 1, n, d)`, their starts first; NaN once they have left.

    "Left" is more than half the width of the domain outside it.
    """
    with jax.enable_x64(True):
        later = np.asarray(_iterated(problem, starts, steps))
    orbit = np.concatenate([starts[None], later])
    lost = ~np.asarray(problem.chart.inside(orbit, _FAR))
    lost = np.logical_or.accumulate(lost, axis=0)
    return np.where(lost[..., None], np.nan, orbit)
