"""Starts that are chosen, not drawn: where trajectories end, along unstable directions, images.

They find what a random start misses. What they say about completeness is said apart from it: how
likely one more *trajectory* is to settle on something new.
"""

from typing import Any, NamedTuple

import numpy as np

from thalweg.analysis.equilibria.classify import repels
from thalweg.analysis.equilibria.completeness import binomial_upper, unseen_upper
from thalweg.analysis.equilibria.features import starts_near
from thalweg.analysis.equilibria.indices import IndexSum, expected_index, index_sum
from thalweg.analysis.equilibria.polish import polish
from thalweg.analysis.equilibria.search import ROUND
from thalweg.analysis.equilibria.sorting import Found, Inventory, enlarge
from thalweg.analysis.equilibria.symmetries import images, independent_parts, symmetries
from thalweg.analysis.equilibria.trajectories import Ends, follow
from thalweg.dynamics.points import displacements_at
from thalweg.dynamics.problem import Problem

# In few dimensions the search for roots misses little, and backwards trajectories find sources.
_FEW_DIMENSIONS = 3
# A basin of 1.2 % of the volume is met with 95 %; 3 % where roots are found more surely.
_TRAJECTORIES, _FEW_TRAJECTORIES, _BACKWARDS = 256, 96, 32
_ROUNDS = 4  # each starts at what the last one found; nothing new ends them sooner
# Starts along unstable directions, and middles between roots: pairs grow as the square.
_MOST_UNSTABLE, _MOST_MIDDLES = 64, 256
# How far along an unstable direction a trajectory starts, in widths.
_AWAY = 1e-2
# A trajectory that came to rest settled on the root that is that near its end, in widths; two
# roots that near to each other count as one here.
_NEAR, _SAME = 1e-2, 1e-6
# How near the tolerance of trajectories lets them come to a weakly damped focus, in widths: between
# 2e-3 and 3e-3 where a turn loses a seventh of its size, and nearer where it loses more.
_NOISE = 3e-3
# Searches for what the sum of indices says is missing, each 512 starts near the known.
_INDEX_ROUNDS = 2
_MOST_NEAR = 16  # roots round which starts are gathered: 32 each, on the average


class Trajectories(NamedTuple):
    """Ends of trajectories that ran forwards from random starts, counted.

    Attributes:
        followed: how many there were.
        settled: how many of them settled on an equilibrium in the domain.
        moving: how many neither settled nor ran away, and still moved when they were let go.
        upper: a 95 % upper bound on the probability that one more settles on one not seen yet.
    """

    followed: int
    settled: int
    moving: int
    upper: float


def from_trajectories(
    problem: Problem, starts: np.ndarray, found: Found, inventory: Inventory
) -> tuple[Found, Inventory, Trajectories]:
    """Search from where trajectories end, of up to `len(starts)` random starts."""
    few = problem.chart.dimension <= _FEW_DIMENSIONS
    count = min(_FEW_TRAJECTORIES if few else _TRAJECTORIES, len(starts))
    backwards = min(_BACKWARDS, count) if few and problem.rule.has_continuous_time else 0
    begin = np.concatenate([starts[:count], starts[:backwards]])
    ends = follow(problem, begin, np.repeat([1.0, -1.0], [count, backwards]))
    before = inventory
    found, inventory = enlarge(problem, found, inventory, _apart(problem, ends.y))
    forwards = Ends(ends.y[:count], ends.is_still[:count])
    inside = inventory.roots.y[inventory.inside]
    nearest, distance = _nearest(problem, forwards.y, inside)
    settled = _settled(problem, forwards, inventory, nearest, distance)
    on_families = _on_families(problem, forwards.y, inventory)
    _, known = _nearest(problem, inside, before.roots.y)
    is_new = settled & (np.append(known, 0.0)[nearest] > _SAME)
    if np.any(is_new):
        upper = unseen_upper(np.where(settled, nearest, -1))
    else:
        # What was known before is independent of the trajectories, so that all of them count.
        upper = binomial_upper(0, count)
    at_rest = settled | on_families
    # What is still and near a root, but has not settled on it, turns round it or passes it.
    moving = ~at_rest & np.all(np.isfinite(forwards.y), axis=1)
    moving &= ~forwards.is_still | (distance < _NEAR)
    return (
        found,
        inventory,
        Trajectories(count, int(np.sum(at_rest)), int(np.sum(moving)), upper),
    )


def _settled(
    problem: Problem,
    ends: Ends,
    inventory: Inventory,
    nearest: np.ndarray,
    distance: np.ndarray,
) -> np.ndarray:
    """Truths `(n,)`: the trajectories that settled on the root in the domain nearest to their end.

    Nothing settles where something grows: an end that is near a source or a saddle passes it,
    slowly, or turns round it. What still moves near a root has settled only if it comes nearer in
    as many steps again, or as near as it can, as round a weakly damped focus.
    """
    roots = inventory.roots.at(np.flatnonzero(inventory.inside))
    if not len(roots.y):
        return np.zeros(len(ends.y), dtype=bool)
    moved = polish(problem, roots.y + roots.spread, inventory.scales, steps=0).jacobian
    rule = problem.rule
    repelling = [
        repels(rule, rule.own_jacobian(jacobian), 2.0 * np.abs(other - jacobian))
        for jacobian, other in zip(roots.polished.jacobian, moved, strict=True)
    ]
    may = (distance < _NEAR) & ~np.array(repelling)[nearest]
    moving = np.flatnonzero(may & ~ends.is_still)
    settled = may & ends.is_still
    if len(moving):
        later = follow(problem, ends.y[moving], np.ones(len(moving)))
        step = problem.chart.difference(later.y, roots.y[nearest[moving]])
        reach = np.max(np.abs(step) / np.asarray(problem.chart.widths), axis=1)
        # NaN, of what left, is no less.
        settled[moving] = reach < np.maximum(0.5 * distance[moving], _NOISE)
    return settled


def _on_families(problem: Problem, ends: np.ndarray, inventory: Inventory) -> np.ndarray:
    """Truths `(n,)`: the trajectories that ended close to a continuum, slowly."""
    settled = np.zeros(len(ends), dtype=bool)
    if not inventory.families:
        return settled
    scales = inventory.scales
    finite = np.where(np.isfinite(ends), ends, 0.0)
    speed = np.linalg.norm(displacements_at(problem, finite) / np.asarray(scales.f), axis=1)
    is_slow = (speed < _NEAR) & np.all(np.isfinite(ends), axis=1)
    is_slow &= np.asarray(problem.chart.inside(finite, _NEAR))
    for family in inventory.families:
        step = problem.chart.difference(finite[:, None], family.points) / np.asarray(scales.y)
        settled |= is_slow & (np.min(np.linalg.norm(step, axis=2), axis=1) <= family.reach)
    return settled


def from_what_was_found(
    problem: Problem, found: Found, inventory: Inventory
) -> tuple[Found, Inventory]:
    """Search from images, middles and unstable directions of roots, while new ones turn up."""
    few = problem.chart.dimension <= _FEW_DIMENSIONS
    parts = independent_parts(problem, inventory.scales)
    known = symmetries(problem, parts)
    asked = np.zeros((0, problem.chart.dimension))
    for _ in range(_ROUNDS):
        roots = inventory.roots.at(np.flatnonzero(inventory.inside))
        fresh = np.flatnonzero(_nearest(problem, roots.y, asked)[1] > _SAME)
        if not len(fresh):
            break
        asked = np.concatenate([asked, roots.y[fresh]])
        begin = _along_unstable(problem, inventory, fresh)
        points = [images(problem, roots.y, known, parts)]
        points += [follow(problem, begin, np.ones(len(begin))).y] if len(begin) else []
        points += [] if few else [middles(problem, roots.y)]
        found, inventory = enlarge(
            problem, found, inventory, _apart(problem, np.concatenate(points))
        )
    return found, inventory


def by_index(
    problem: Problem, found: Found, inventory: Inventory
) -> tuple[Found, Inventory, IndexSum | None]:
    """Compare the sum of the indices with what it must be, and search on where it differs."""
    expected = expected_index(problem)
    if expected is None or inventory.families:
        return found, inventory, None
    total = _index(problem, inventory, expected)
    for attempt in range(_INDEX_ROUNDS):
        if total is None or total.found == total.expected:
            break
        points = inventory.roots.y[inventory.inside][:_MOST_NEAR]
        begin = starts_near(problem, points, problem.chart.bounds, 2 * ROUND, seed=attempt)
        found, inventory = enlarge(problem, found, inventory, begin)
        total = _index(problem, inventory, expected)
    return found, inventory, total


def _index(problem: Problem, inventory: Inventory, expected: tuple[int, int]) -> IndexSum | None:
    roots = inventory.roots.at(np.flatnonzero(inventory.inside))
    return index_sum(problem, roots.y, roots.polished.jacobian, expected)


def _along_unstable(problem: Problem, inventory: Inventory, chosen: np.ndarray) -> np.ndarray:
    """Starts next to saddles and sources, both ways along and within their unstable directions."""
    rule, widths = problem.rule, np.asarray(problem.chart.widths)
    roots = inventory.roots.at(np.flatnonzero(inventory.inside)[chosen])
    rng = np.random.default_rng(7)
    begin: list[np.ndarray] = []
    for y, jacobian in zip(roots.y, roots.polished.jacobian, strict=True):
        scaled = rule.own_jacobian(jacobian) * widths / widths[:, None]
        values, vectors = np.linalg.eig(scaled)
        unstable = vectors[:, rule.growth(values.astype(np.complex128)) > 0.0]
        if not unstable.shape[1] or len(begin) >= _MOST_UNSTABLE:
            continue
        basis = np.linalg.qr(np.concatenate([np.real(unstable), np.imag(unstable)], axis=1))[0]
        basis = basis[:, : unstable.shape[1]]
        mixed = basis @ rng.normal(size=(basis.shape[1], min(basis.shape[1], 4) - 1))
        for direction in np.concatenate([basis, mixed], axis=1).T:
            step = _AWAY * widths * direction / np.linalg.norm(direction)
            begin += [y + step, y - step]
    return np.array(begin[:_MOST_UNSTABLE]).reshape(-1, len(widths))


def middles(problem: Problem, points: np.ndarray) -> np.ndarray:
    """The middles between roots, the nearest pairs first: saddles lie between attractors."""
    first, second = np.triu_indices(len(points), 1)
    step = problem.chart.difference(points[second], points[first])
    length = np.linalg.norm(step / np.asarray(problem.chart.widths), axis=1)
    chosen = np.argsort(length, kind="stable")[:_MOST_MIDDLES]
    return points[first[chosen]] + 0.5 * step[chosen]


def _apart(problem: Problem, points: np.ndarray) -> np.ndarray:
    """The finite ones among points, each once."""
    points = points[np.all(np.isfinite(points), axis=1)]
    cells = np.round(points / np.asarray(problem.chart.widths), 4)
    return points[np.sort(np.unique(cells, axis=0, return_index=True)[1])]


def _nearest(problem: Problem, points: np.ndarray, others: Any) -> tuple[np.ndarray, np.ndarray]:
    """The index of the nearest of others to each point, and how far it is, in widths."""
    if not len(others):
        return np.full(len(points), -1), np.full(len(points), np.inf)
    step = problem.chart.difference(points[:, None], others[None]) / np.asarray(
        problem.chart.widths
    )
    distance = np.max(np.abs(step), axis=2)
    distance = np.where(np.isfinite(distance), distance, np.inf)
    nearest = np.argmin(distance, axis=1)
    return nearest, distance[np.arange(len(points)), nearest]
