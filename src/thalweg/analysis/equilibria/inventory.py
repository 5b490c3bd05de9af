"""The inventory of equilibria: draw starts until sure enough, then deflate, then count.

One function, `_sort_out`, turns any set of search ends into isolated roots and continua; drawing
more starts and deflated restarts only enlarge the set it is given.
"""

from typing import Any, NamedTuple

import numpy as np

from thalweg.analysis.equilibria.completeness import unseen_mass, unseen_upper
from thalweg.analysis.equilibria.continua import Continuum, absorb, discover
from thalweg.analysis.equilibria.distinct import Roots, distinct_roots
from thalweg.analysis.equilibria.features import finer_scales, starts_near
from thalweg.analysis.equilibria.search import (
    MAX_STEPS,
    ROUND,
    Scales,
    SearchEnd,
    padded,
    probe,
    round_for,
    search_all,
)
from thalweg.dynamics.problem import Problem

TARGET = 0.01
_DOUBLINGS = 4
_DEFLATIONS = 3
_FAMILY = 1_000_000
_FOCUSES, _MOST_NEAR = 3, 16
# Where more than this share of the starts is still on its way, it goes on in sizes of its own.
_MANY_SLOW = 0.25


class Inventory(NamedTuple):
    """Everything that a search found.

    Attributes:
        roots: the distinct isolated roots, those outside the domain included.
        inside: whether each of them lies in the closed domain.
        families: the continua.
        family: the continuum that each start ended on, or −1, shape `(n,)`.
        hits: the isolated root that each start ended on, or −1, shape `(n,)`.
        ends: where the starts ended, shape `(n, d)`.
        residual: the scaled residual there, shape `(n,)`, NaN where the rule is not finite.
        steps: the number of steps taken to there, shape `(n,)`.
        label: the equilibrium (or continuum) inside the domain that each start found, or −1.
        scales: typical sizes: of the domain, or of the part of it in which the rule has features.
        deflated: how many equilibria only the deflated restarts found.
        mass: the Good–Turing estimate; None when the starts were given.
        upper: its 95 % upper bound; None when the starts were given.
    """

    roots: Roots
    inside: np.ndarray
    families: tuple[Continuum, ...]
    family: np.ndarray
    hits: np.ndarray
    ends: np.ndarray
    residual: np.ndarray
    steps: np.ndarray
    label: np.ndarray
    scales: Scales
    deflated: int = 0
    mass: float | None = None
    upper: float | None = None


def take_inventory(
    problem: Problem, scales: Scales, key: Any, starts: int | np.ndarray
) -> Inventory:
    """Search from random starts (a number) or from given points `(n, d)`."""
    if isinstance(starts, np.ndarray):
        found = _Found.by(search_all(problem, starts, scales))
        return _focus(problem, found, _sort_out(problem, scales, found), is_given=True)[1]
    confidence = 1.0 - 0.05 / (_DOUBLINGS + 1)
    found, total = None, starts
    while True:
        points = _draw(problem, key, 0 if found is None else len(found.ends), total)
        found = _Found.by(search_all(problem, points, scales), found)
        inventory = _sort_out(problem, scales, found)
        found = found.knowing(inventory)
        upper = unseen_upper(inventory.label, confidence)
        if upper <= TARGET or total >= starts << _DOUBLINGS:
            break
        total *= 2
    found, inventory = _focus(problem, found, inventory)
    upper = unseen_upper(inventory.label[:total], confidence)
    inventory = _deflate(problem, key, found, inventory, total)
    mass = unseen_mass(inventory.label, inventory.deflated)
    return inventory._replace(mass=mass, upper=max(upper, mass))


class _Found(NamedTuple):
    """Where all starts so far ended, and the continua known from earlier ones."""

    ends: np.ndarray
    residual: np.ndarray
    steps: np.ndarray
    family: np.ndarray
    families: tuple[Continuum, ...]

    @classmethod
    def by(cls, end: SearchEnd, before: "_Found | None" = None) -> "_Found":
        nowhere = np.full(len(end.y), -1)
        if before is None:
            return cls(end.y, end.residual, end.steps, nowhere, ())
        return cls(
            np.concatenate([before.ends, end.y]),
            np.concatenate([before.residual, end.residual]),
            np.concatenate([before.steps, end.steps]),
            np.concatenate([before.family, nowhere]),
            before.families,
        )

    def knowing(self, inventory: Inventory) -> "_Found":
        return self._replace(family=inventory.family, families=inventory.families)


def _draw(problem: Problem, key: Any, first: int, last: int) -> np.ndarray:
    """Starts number `first` to `last` of the endless sequence that the key stands for."""
    size = round_for(last)
    rounds = range(first // size, -(-last // size))
    points = np.concatenate([_fresh(problem, key, r, size) for r in rounds])
    return points[first - rounds[0] * size : last - rounds[0] * size]


def _fresh(problem: Problem, key: Any, index: int, count: int) -> np.ndarray:
    return np.asarray(probe(problem, key, np.asarray(index), None, count).starts)


def _sort_out(problem: Problem, scales: Scales, found: _Found) -> Inventory:
    """Isolated roots, continua and labels from where the starts ended."""
    ends, residual, families = found.ends, found.residual, found.families
    family = absorb(problem, ends, residual, found.family, families, scales)
    while True:
        rest = np.flatnonzero(family < 0)
        roots = distinct_roots(problem, ends[rest], residual[rest], scales)
        new = discover(problem, roots.y, scales)
        if not new:
            break
        families = (*families, *new)
        before = np.sum(family < 0)
        family = absorb(problem, ends, residual, family, families, scales)
        if np.sum(family < 0) == before:
            break
    chart = problem.chart
    slack = 1e-9 + np.max(roots.spread / np.asarray(scales.y), axis=1, initial=0.0)
    inside = np.array([bool(chart.inside(y, s)) for y, s in zip(roots.y, slack, strict=True)], bool)
    hits = np.full(len(ends), -1)
    hits[rest] = roots.hits
    is_in = np.asarray(chart.inside(ends, 1e-9))
    label = np.where((family >= 0) & is_in, _FAMILY + family, -1)
    counted = (hits >= 0) & np.append(inside, False)[hits]
    label = np.where(counted, hits, label)
    return Inventory(
        roots, inside, families, family, hits, ends, residual, found.steps, label, scales
    )


def _focus(
    problem: Problem, found: _Found, inventory: Inventory, is_given: bool = False
) -> tuple[_Found, Inventory]:
    """Search on at the scale of what was found, while that is much smaller than the domain's.

    Every start goes on from where it ended; starts close to what was found join them, unless the
    starts were given.
    """
    for _ in range(_FOCUSES):
        slow = (inventory.label < 0) & (found.steps >= MAX_STEPS)
        slow &= np.asarray(problem.chart.inside(found.ends)) & (np.mean(slow) > _MANY_SLOW)
        if not np.any(inventory.inside) and not np.any(slow):
            break
        more = slow | ((inventory.family >= 0) & (inventory.label >= 0))
        finer = finer_scales(
            problem, inventory.roots, inventory.inside, found.ends[more], inventory.scales
        )
        if finer is None:
            break
        scales, *region = finer
        points = inventory.roots.y[inventory.inside][:_MOST_NEAR]
        near = starts_near(problem, points, (region[0], region[1]), 0 if is_given else ROUND)
        end = search_all(problem, np.concatenate([found.ends, near]), scales)
        found = _Found.by(end)
        inventory = _sort_out(problem, scales, found)
        found = found.knowing(inventory)
    return found, inventory


def _deflate(
    problem: Problem, key: Any, found: _Found, inventory: Inventory, drawn: int
) -> Inventory:
    """Restart from fresh points, deflated away from every isolated root, while new ones turn up."""
    scales = inventory.scales
    for attempt in range(_DEFLATIONS):
        if not len(inventory.roots.y):
            break
        fresh = _fresh(problem, key, 100_000 + attempt, ROUND)
        end = search_all(problem, fresh, scales, padded(inventory.roots.y))
        new = np.flatnonzero(end.residual < 1e-10)
        found = _Found.by(SearchEnd(*(column[new] for column in end)), found)
        before = len(set(inventory.label.tolist()))
        inventory = _sort_out(problem, scales, found)
        found = found.knowing(inventory)
        if len(set(inventory.label.tolist())) <= before:
            break
    by_chance = set(inventory.label[:drawn].tolist())
    return inventory._replace(
        ends=inventory.ends[:drawn],
        residual=inventory.residual[:drawn],
        steps=inventory.steps[:drawn],
        family=inventory.family[:drawn],
        hits=inventory.hits[:drawn],
        label=inventory.label[:drawn],
        deflated=len(set(inventory.label.tolist()) - by_chance - {-1}),
    )
