"""The inventory of equilibria: draw starts until sure enough, then choose some, then count."""

from typing import Any

import numpy as np

from thalweg.analysis.equilibria.completeness import unseen_mass, unseen_upper
from thalweg.analysis.equilibria.directed import (
    by_index,
    from_trajectories,
    from_what_was_found,
    middles,
)
from thalweg.analysis.equilibria.features import finer_scales, starts_near
from thalweg.analysis.equilibria.jumps import beside_jumps, find_jumps
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
from thalweg.analysis.equilibria.sorting import Found, Inventory, enlarge, sort_out
from thalweg.dynamics.problem import Problem

TARGET = 0.01  # of the volume: the basins of roots not seen, together, with 95 %
_DOUBLINGS = 4  # sixteen times the starts asked for, before the bound is reported as it is
_DEFLATIONS = 3  # deflated searches in turn while they find roots; each costs as much as the first
# Looks into the neighbourhood of known roots, and of how many: 16 rows are 32 starts each.
_FOCUSES, _MOST_NEAR = 3, 16
# Where more than this share of the starts is still on its way, it goes on in sizes of its own.
_MANY_SLOW = 0.25


def take_inventory(
    problem: Problem, scales: Scales, key: Any, starts: int | np.ndarray
) -> Inventory:
    """Search from random starts (a number) or from given points `(n, d)`."""
    return _without_jumps(problem, _search(problem, scales, key, starts))


def _without_jumps(problem: Problem, inventory: Inventory) -> Inventory:
    """Without the roots of a flow that lie beside a jump: it does not vanish round them."""
    if not problem.rule.has_continuous_time:
        return inventory
    jumps = find_jumps(problem)
    if jumps.num_poles:
        inventory = inventory._replace(index_sum=None)
    if not len(jumps.points):
        return inventory
    beside = beside_jumps(problem, inventory.roots.y)
    lost = (inventory.hits >= 0) & np.append(beside, False)[inventory.hits]
    inside = inventory.inside & ~beside
    return inventory._replace(
        inside=inside,
        settled=inventory.settled if np.any(inside) else 0,
        index_sum=None,
        hits=np.where(lost, -1, inventory.hits),
        label=np.where(lost, -1, inventory.label),
        jumps=jumps,
    )


def _search(problem: Problem, scales: Scales, key: Any, starts: int | np.ndarray) -> Inventory:
    """The inventory before jumps are looked for."""
    if isinstance(starts, np.ndarray):
        found = Found.by(search_all(problem, starts, scales))
        return _with_middles(
            problem, *_focus(problem, found, sort_out(problem, scales, found), is_given=True)
        )
    confidence = 1.0 - 0.05 / (_DOUBLINGS + 1)
    found, total = None, starts
    while True:
        points = _draw(problem, key, 0 if found is None else len(found.ends), total)
        found = Found.by(search_all(problem, points, scales), found)
        inventory = sort_out(problem, scales, found)
        found = found.knowing(inventory)
        upper = unseen_upper(inventory.label, confidence)
        if upper <= TARGET or total >= starts << _DOUBLINGS:
            break
        total *= 2
    found, inventory = _focus(problem, found, inventory)
    upper = unseen_upper(inventory.label[:total], confidence)
    return _with_chosen(problem, key, found, inventory, total, upper)


def _with_chosen(
    problem: Problem, key: Any, found: Found, inventory: Inventory, drawn: int, upper: float
) -> Inventory:
    """Add what starts that are chosen find, and say how complete the inventory is.

    The search goes on from one point a root, not from all the starts that led to it.
    """
    starts = _draw(problem, key, 0, min(drawn, ROUND))
    few, now = _one_a_root(problem, inventory)
    few, now, seen = from_trajectories(problem, starts, few, now)
    few, now = from_what_was_found(problem, few, now)
    few, now = _deflate(problem, key, few, now)
    few, now, index = by_index(problem, few, now)
    by_chance = set(inventory.label[:drawn].tolist()) - {-1}
    inventory = _joined(problem, found, inventory, few, now, drawn)
    directed = max(inventory.num_found - len(by_chance), 0)
    mass = unseen_mass(inventory.label)
    return inventory._replace(
        directed=directed, index_sum=index, mass=mass, upper=max(upper, mass),
        trajectories=seen.followed, settled=seen.settled, moving=seen.moving,
        trajectory_upper=seen.upper,
    )  # fmt: skip


def _with_middles(problem: Problem, found: Found, inventory: Inventory) -> Inventory:
    """Add what the middles between roots lead to that given starts led to."""
    begin = middles(problem, inventory.roots.y[inventory.inside])
    if not len(begin):
        return inventory
    few, now = enlarge(problem, *_one_a_root(problem, inventory), begin)
    before = inventory.num_found
    inventory = _joined(problem, found, inventory, few, now, len(found.ends))
    return inventory._replace(directed=max(inventory.num_found - before, 0))


def _one_a_root(problem: Problem, inventory: Inventory) -> tuple[Found, Inventory]:
    """Roots, each once, and continua: what a search that goes on knows."""
    roots, families = inventory.roots.y, inventory.families
    nowhere = np.full(len(roots), -1)
    few = Found(roots, np.zeros(len(roots)), np.zeros(len(roots), int), nowhere, families)
    return few, sort_out(problem, inventory.scales, few)


def _joined(
    problem: Problem, found: Found, inventory: Inventory, few: Found, now: Inventory, count: int
) -> Inventory:
    """The inventory with what a search that went on has found; of the first `count` starts."""
    if now.num_found > inventory.num_found:
        more = SearchEnd(few.ends, few.residual, few.steps)
        inventory = sort_out(problem, inventory.scales, Found.by(more, found))
    kept = ("ends", "residual", "steps", "family", "hits", "label")
    return inventory._replace(**{name: getattr(inventory, name)[:count] for name in kept})


def _draw(problem: Problem, key: Any, first: int, last: int) -> np.ndarray:
    """Starts number `first` to `last` of the endless sequence that the key stands for."""
    size = round_for(last)
    rounds = range(first // size, -(-last // size))
    points = np.concatenate([_fresh(problem, key, r, size) for r in rounds])
    return points[first - rounds[0] * size : last - rounds[0] * size]


def _fresh(problem: Problem, key: Any, index: int, count: int) -> np.ndarray:
    return np.asarray(probe(problem, key, np.asarray(index), None, count).starts)


def _focus(
    problem: Problem, found: Found, inventory: Inventory, is_given: bool = False
) -> tuple[Found, Inventory]:
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
        found = Found.by(end)
        inventory = sort_out(problem, scales, found)
        found = found.knowing(inventory)
    return found, inventory


def _deflate(
    problem: Problem, key: Any, found: Found, inventory: Inventory
) -> tuple[Found, Inventory]:
    """Restart from fresh points, deflated away from every isolated root, while new ones turn up."""
    for attempt in range(_DEFLATIONS):
        if not len(inventory.roots.y):
            break
        fresh = _fresh(problem, key, 100_000 + attempt, ROUND)
        before = inventory.num_found
        found, inventory = enlarge(problem, found, inventory, fresh, padded(inventory.roots.y))
        if inventory.num_found <= before:
            break
    return found, inventory
