"""Tubes about closed orbits: rings of ellipsoids across the orbit, which every turn draws closer.

The forms P_j solve the Lyapunov equation round the orbit of what is across it. That the tube draws
trajectories in is then seen by running them: from many places of many tubes, one inside the other,
a turn later each is nearer to the orbit.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.analysis.basins.lanes import Lanes, Regions, move_flow
from thalweg.analysis.basins.regions import directions, forms_round
from thalweg.analysis.cycles.result import Cycle
from thalweg.core.trees import Layout
from thalweg.dynamics.problem import Problem
from thalweg.simulation.tsit5 import take_step

# Points round the orbit; between them it is taken for a parabola.
_NODES = 32
# Steps of a fixed length between two of them, at most; Tsit5's error is then far below the tube's
# width wherever the orbit itself took longer ones.
_STEPS = 24
_LEVELS = 24  # tubes looked at, from half the domain down to 3e-4 of that
_RATIO = 0.7  # of the radii of neighbouring tubes
_STARTS = 8  # places round the orbit from which trajectories are run
_ACROSS = 16  # directions across the orbit, where there are more than two
# Half of neighbouring stretches, and a bit over, so that nothing falls between two.
_REACH = 0.6
_SAFE = 0.8  # of the widest tube that draws in: between the directions looked at it might not
# A turn has to draw trajectories in by a hundredth of what it does in the end: not just barely.
_SHARE = 0.01
_MOST_BLOCKS = 200  # of 32 steps a turn; a stiff orbit that needs more has no tube
# What is so many widths away is no longer near.
_BOUND = np.array(10.0)


def tube(problem: Problem, cycle: Cycle, owner: int, tolerance: float) -> Regions | None:
    """The regions about an attracting closed orbit, or None where none is seen to draw in."""
    ring = _ring(problem, cycle, owner)
    if ring is None:
        return None
    regions, contraction = ring
    starts, radii = _starts(problem, regions)
    after = _after_a_turn(problem, regions, starts, cycle.period, tolerance)
    before = np.repeat(radii**2, len(starts) // len(radii))
    wanted = 1.0 - _SHARE * (1.0 - contraction)
    falls = np.all((after < wanted * before).reshape(len(radii), -1), axis=1)
    # The narrowest tubes may be narrower than the error of the steps.
    last = int(np.flatnonzero(falls)[-1]) if falls.any() else -1
    first = last
    while first > 0 and falls[first - 1]:
        first -= 1
    if last < 0 or last - first < _LEVELS // 4:
        return None
    return regions._replace(level=np.full(_NODES, _SAFE * radii[first] ** 2))


def _ring(problem: Problem, cycle: Cycle, owner: int) -> tuple[Regions, float] | None:
    """The ring of forms, its levels all 1, and by how much V falls a turn in the end."""
    layout = Layout.of(cycle.point)
    widths = np.asarray(problem.chart.widths)
    start = problem.chart.coordinates(layout.unflatten(layout.flatten(cycle.point))) / widths
    times = np.append(cycle.times[cycle.times < cycle.period], cycle.period)
    count = len(times) - 1
    places = np.linspace(0.0, count, _NODES * _STEPS + 1)
    steps = np.diff(np.interp(places, np.arange(count + 1), times)).reshape(_NODES, _STEPS)
    z, matrices, along, bend = (np.asarray(a) for a in _turn(problem, start, steps))
    if not all(np.all(np.isfinite(a)) for a in (z, matrices, along, bend)):
        return None
    speed = np.sum(along**2, axis=1)
    if np.min(speed) <= 0.0:
        return None
    dual = along / speed[:, None]
    across = np.eye(len(start)) - along[:, :, None] * dual[:, None, :]
    moved = np.roll(across, -1, axis=0) @ matrices @ across
    forms, radius = _forms(moved, across)
    if forms is None:
        return None
    lengths = steps.sum(axis=1)
    reach = _REACH * np.maximum(lengths, np.roll(lengths, 1))
    owners, levels = np.full(_NODES, owner), np.ones(_NODES)
    return Regions(z, forms, levels, along, dual, bend, reach, owners), radius**2


def _forms(moved: np.ndarray, across: np.ndarray) -> tuple[np.ndarray | None, float]:
    """Forms P_j with Mⱼᵀ P_{j+1} Mⱼ < P_j across the orbit, and the largest multiplier."""
    around = np.linalg.multi_dot(moved[::-1])
    radius = float(np.max(np.abs(np.linalg.eigvals(around))))
    if not radius < 1.0:
        return None, radius
    # So that V falls evenly all round, half as fast as it does in the end.
    pace = max(radius ** (0.5 / len(moved)), 0.5)
    found = forms_round(moved, across / len(moved), pace)
    return (found + found.transpose(0, 2, 1)) / 2.0, radius


def _starts(problem: Problem, regions: Regions) -> tuple[np.ndarray, np.ndarray]:
    """Places on tubes of several radii, the widest first, `(levels * n, d)`, and the radii."""
    nodes = np.arange(0, _NODES, _NODES // _STARTS)
    values, vectors = np.linalg.eigh(regions.form[nodes])
    # The first eigenvector is along the orbit, where the form is zero.
    spread = vectors[:, :, 1:] / np.sqrt(np.maximum(values[:, None, 1:], 1e-300))
    unit = directions(spread.shape[2])
    unit = unit[:: max(len(unit) // _ACROSS, 1)] if spread.shape[2] > 1 else unit
    away = np.einsum("nij,mj->nmi", spread, unit)
    radius = np.min(np.where(problem.chart.angles, 0.25, 0.5) / np.max(np.abs(away), axis=(0, 1)))
    radii = radius * _RATIO ** np.arange(_LEVELS)
    z = regions.center[nodes][:, None] + radii[:, None, None, None] * away
    return z.reshape(-1, z.shape[-1]), radii


def _after_a_turn(
    problem: Problem, regions: Regions, z: np.ndarray, period: float, tolerance: float
) -> np.ndarray:
    """V of trajectories a turn later, shape `(n,)`; infinite where they are no longer near."""
    count = len(z)
    lanes = Lanes(np.zeros(count), np.zeros(count), z.T, np.full(count, period))
    ratio, is_near = np.full(count, np.inf), np.zeros(count, dtype=bool)
    for _ in range(_MOST_BLOCKS):
        lanes, seen = move_flow(problem, lanes, regions, np.asarray(tolerance), _BOUND)
        ratio, lost = np.asarray(seen.ratio), np.asarray(seen.is_lost)
        is_near = (np.asarray(lanes.t) >= period) & ~lost
        if np.all(is_near | lost):
            break
    return np.where(is_near, ratio, np.inf)


@eqx.filter_jit
def _turn(problem: Problem, start: Any, steps: Any) -> tuple[Any, Any, Any, Any]:
    """Points once round, the Jacobian from each to the next, velocities and accelerations there."""
    widths = problem.chart.widths

    def velocity(z: jax.Array) -> jax.Array:
        return problem.displacement(z * widths) / widths

    def step(z: jax.Array, h: jax.Array) -> jax.Array:
        return take_step(velocity, z, velocity(z), h)[0]

    def one(carry: Any, h: jax.Array) -> Any:
        z, tangents = carry
        # The Jacobian of the step itself, whose tangents are exact for what was run.
        new, push = jax.linearize(lambda z: step(z, h), z)
        return (new, jax.vmap(push, 1, 1)(tangents)), None

    def stretch(z: jax.Array, h: jax.Array) -> Any:
        (new, tangents), _ = jax.lax.scan(one, (z, jnp.eye(len(z))), h)
        here, bend = jax.jvp(velocity, (z,), (velocity(z),))
        return new, (z, tangents, here, bend)

    return jax.lax.scan(stretch, start, steps)[1]
