"""Corners: points at which several switches of a program meet.

A conjunction of comparisons holds in a cell that may lie anywhere on each of its switches. Near a
corner of it all combinations of their sides are at hand, the cell's own among them.
"""

import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.batches import for_rows

# Switches that are looked at together where they meet: each more doubles the sides to look at.
_MOST_MEETING = 6
_STEPS = 16  # of Newton's method: across the domain a quarter at a time, and then quadratic
# A batch each.
_PAIR_LANES, _MORE_LANES = 192, 192  # starts for two switches that meet, and for more of them
_MOST_CORNERS, _MOST_BESIDE = 64, 192  # twelve points beside are looked at, each
# How far from a corner, in widths of the domain, to look on either side of what meets there: less
# than the sides of the least cells that are to be seen, far more than a zero is off.
_AWAY = 1e-4
_INDEPENDENT = 1e-2  # sines of angles between switches that meet rather than touch
_OFF = 0.1  # of the distance of two corners, by which their middle is missed
_NEIGHBOURS = 7  # corners of a cube besides one

# `(starts, columns)` → `(zeros, normals, is_found)`; columns of −1 fill up.
Solver = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]


class Corners(NamedTuple):
    """Places beside corners, and between neighbouring ones.

    Attributes:
        points: on one of the switches that meet, on each side of the others, shape `(n, d)`.
        normals: across that switch, of length one in widths of the domain, shape `(n, d)`.
        columns: the number of its quantity, shape `(n,)`.
        between: midpoints of neighbouring corners, and of neighbouring switches, shape `(m, d)`.
    """

    points: np.ndarray
    normals: np.ndarray
    columns: np.ndarray
    between: np.ndarray


def most_meeting(dimension: int) -> int:
    """The number of switches that are looked at together."""
    return min(dimension, _MOST_MEETING)


def joint_zero(
    quantities: Callable[[jax.Array], jax.Array], chart: Any, start: jax.Array, columns: jax.Array
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """A point at which some quantities vanish together, near a start.

    Arguments:
        quantities: of a point.
        chart: of the domain.
        start: where Newton's method begins, shape `(d,)`.
        columns: which quantities, shape `(m,)`; −1 stands for none.

    Returns:
        The point, the normals in widths of the domain `(m, d)`, and whether it was found.
    """
    widths, is_asked = chart.widths, columns >= 0

    def asked(y: jax.Array) -> jax.Array:
        return jnp.where(is_asked, quantities(y)[jnp.maximum(columns, 0)], 0.0)

    def rows(y: jax.Array) -> tuple[jax.Array, jax.Array]:
        slopes = jax.jacrev(asked)(y) * for_rows(widths, y[None])
        length = jnp.sqrt(jnp.sum(slopes**2, axis=1)) + 1e-300
        return slopes / length[:, None], asked(y) / length

    def step(_: Any, y: jax.Array) -> jax.Array:
        normals, gaps = rows(y)
        gram = normals @ normals.T + jnp.diag(jnp.where(is_asked, 1e-14, 1.0))
        moved = -normals.T @ jnp.linalg.solve(gram, gaps)
        moved = moved * jnp.minimum(1.0, 0.25 / (jnp.sqrt(jnp.sum(moved**2)) + 1e-300))
        return chart.clip(y + jnp.where(jnp.isfinite(moved), moved, 0.0) * widths)

    y = jax.lax.fori_loop(0, _STEPS, step, start)
    normals, gaps = rows(y)
    is_found = jnp.all(jnp.abs(gaps) < 1e-9) & jnp.all(jnp.isfinite(normals))
    return y, normals, is_found


def find_corners(solve: Solver, chart: Any, points: np.ndarray, columns: np.ndarray) -> Corners:
    """Places where switches meet, starting from points on each.

    Arguments:
        solve: `joint_zero` of many starts and columns.
        chart: of the domain, in NumPy.
        points: on switches, shape `(n, d)`.
        columns: the number of the quantity that vanishes at each, shape `(n,)`.
    """
    nothing = np.zeros((0, points.shape[1]))
    known, most = np.unique(columns), most_meeting(points.shape[1])
    if len(known) < 2:
        return Corners(nothing, nothing, np.zeros(0, dtype=int), nothing)
    between = _between_switches(chart, points, columns)
    if most < 2:
        return Corners(nothing, nothing, np.zeros(0, dtype=int), between)
    rng = np.random.default_rng(0)
    pairs = np.asarray(list(itertools.combinations(known, 2)))
    pairs = rng.permutation(pairs)[:_PAIR_LANES]
    meeting, found = _solved(solve, rng, chart, points, columns, pairs, _PAIR_LANES)
    corners = list(zip(meeting, *found, strict=True))
    between = np.concatenate([between, _between_corners(chart, found[0])])
    if most > 2 and corners:
        groups = _groups(rng, meeting, most)
        if len(groups):
            more, found = _solved(solve, rng, chart, points, columns, groups, _MORE_LANES)
            corners = [*zip(more, *found, strict=True), *corners]
            between = np.concatenate([between, _between_corners(chart, found[0])])
    if not corners:
        return Corners(nothing, nothing, np.zeros(0, dtype=int), between)
    return Corners(*_beside(solve, rng, chart, corners), between)


def _solved(
    solve: Solver,
    rng: np.random.Generator,
    chart: Any,
    points: np.ndarray,
    columns: np.ndarray,
    groups: np.ndarray,
    lanes: int,
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Groups of columns that vanish together, where, and their normals; each corner once."""
    groups = np.resize(groups, (max(len(groups), lanes), groups.shape[1]))[:lanes]
    filled = np.full((len(groups), most_meeting(points.shape[1])), -1)
    filled[:, : groups.shape[1]] = groups
    # Each begins on one of its own switches.
    first = np.argmax(np.where(groups >= 0, rng.random(groups.shape), -1.0), axis=1)
    on = {int(c): np.flatnonzero(columns == c) for c in np.unique(groups[groups >= 0])}
    starts = points[[rng.choice(on[int(c)]) for c in groups[np.arange(len(groups)), first]]]
    zeros, normals, is_found = solve(starts, filled)
    for k in np.flatnonzero(is_found):
        own = normals[k][filled[k] >= 0]
        is_found[k] = np.linalg.svd(own, compute_uv=False)[-1] > _INDEPENDENT
    is_found &= np.asarray(chart.inside(zeros))
    rounded = np.round(zeros / np.asarray(chart.widths), 7)
    label = np.concatenate([filled, rounded], axis=1)[is_found]
    _, once = np.unique(label, axis=0, return_index=True)
    kept = np.flatnonzero(is_found)[rng.permutation(once)[:_MOST_CORNERS]]
    return filled[kept], (zeros[kept], normals[kept])


def _groups(rng: np.random.Generator, pairs: np.ndarray, most: int) -> np.ndarray:
    """Groups of three and more columns, any two of which meet; −1 fills up."""
    meets: dict[int, set[int]] = {}
    for a, b in pairs[:, :2]:
        meets.setdefault(int(a), set()).add(int(b))
        meets.setdefault(int(b), set()).add(int(a))
    found = set()
    for _ in range(_MORE_LANES):
        group, left = [], set(meets)
        while left and len(group) < most:
            group.append(int(rng.choice(sorted(left))))
            left &= meets[group[-1]]
        if len(group) > 2:
            found.add((*sorted(group), *[-1] * (most - len(group))))
    return np.asarray(sorted(found), dtype=int).reshape(-1, most)


def _beside(
    solve: Solver, rng: np.random.Generator, chart: Any, corners: list[Any]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points on each switch of each corner, on either side of the others; normals, columns."""
    widths = np.asarray(chart.widths)
    meeting = [int(np.sum(columns >= 0)) for columns, _, _ in corners]
    each = np.concatenate(
        [
            np.stack([np.full(m * 2 ** (m - 1), k), np.arange(m * 2 ** (m - 1))], axis=1)
            for k, m in enumerate(meeting)
        ]
    )
    starts, asked = [], []
    for k, number in rng.permutation(each)[:_MOST_BESIDE]:
        columns, place, normals = corners[k]
        side, own = divmod(int(number), meeting[k])
        signs = 2.0 * ((side >> np.arange(meeting[k] - 1)) & 1) - 1.0
        away = np.linalg.pinv(normals[: meeting[k]]) @ np.insert(signs, own, 0.0)
        starts.append(place + _AWAY * away * widths)
        asked.append(columns[own])
    chosen = np.full((len(asked), most_meeting(len(widths))), -1)
    chosen[:, 0] = asked
    zeros, normals, is_found = solve(np.asarray(chart.clip(np.asarray(starts))), chosen)
    return zeros[is_found], normals[is_found, 0], chosen[is_found, 0]


def _between_corners(chart: Any, places: np.ndarray) -> np.ndarray:
    """Midpoints of each corner and its nearest ones."""
    if len(places) < 2:
        return places[:0]
    gaps = np.asarray(chart.difference(places[:, None], places))
    distance = np.linalg.norm(gaps / np.asarray(chart.widths), axis=2)
    np.fill_diagonal(distance, np.inf)
    nearest = np.argsort(distance, axis=1)[:, : min(_NEIGHBOURS, len(places) - 1)]
    rows = np.arange(len(places))[:, None]
    middles = places[:, None] - gaps[rows, nearest] / 2.0
    # Corners that share a switch have their middle on it, where a removable singularity is 0 / 0.
    shift = np.random.default_rng(0).uniform(-_OFF, _OFF, middles.shape)
    middles = middles + shift * distance[rows, nearest][..., None] * np.asarray(chart.widths)
    return np.asarray(chart.clip(middles.reshape(-1, places.shape[1])))


def _between_switches(chart: Any, points: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Midpoints of points on a switch and the nearest one on another switch."""
    rng = np.random.default_rng(0)
    some = rng.permutation(len(points))[:_MOST_BESIDE]
    points, columns = points[some], columns[some]
    gaps = np.asarray(chart.difference(points[:, None], points))
    distance = np.linalg.norm(gaps / np.asarray(chart.widths), axis=2)
    distance = np.where(columns[:, None] == columns, np.inf, distance)
    nearest = np.argmin(distance, axis=1)
    rows = np.flatnonzero(np.isfinite(np.min(distance, axis=1)))
    return np.asarray(chart.clip(points[rows] - gaps[rows, nearest[rows]] / 2.0))
