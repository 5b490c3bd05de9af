"""The equilibria of a box, proved: what the search found, checked, and what it missed."""

import itertools
from typing import Any

import equinox as eqx
import numpy as np

from thalweg.analysis.equilibria.distinct import Roots, distinct_roots
from thalweg.analysis.equilibria.krawczyk import Effort, Root, Zeros, find_zeros
from thalweg.analysis.equilibria.polish import Polished
from thalweg.analysis.equilibria.proof import Proof, merged
from thalweg.analysis.equilibria.sorting import Inventory
from thalweg.core.errors import InputError
from thalweg.dynamics.formulas.ball_functions import flint
from thalweg.dynamics.formulas.enclosures.primal import primal
from thalweg.dynamics.problem import Problem

# Boxes fill more coordinates too slowly.
_LARGEST = 3
# Both ends of an angle are one point, to more than the roundings of its period; and what is so near
# to the edge of the domain, in its widths, is on it, for the search as well.
_RETURNS = 1e-9


def check_certifiable(problem: Problem) -> None:
    """Refuse what cannot be proved, before a search is made.

    Raises:
        InputError: python-flint is missing, the domain is no box of up to three coordinates, or
            the rule is a map of angles.
    """
    flint()
    chart = problem.chart
    if not chart.is_product or chart.dimension > _LARGEST:
        raise InputError(
            f"certify asks for a box of up to {_LARGEST} coordinates, got {chart.dimension} "
            f"{'' if chart.is_product else 'of another domain'}".rstrip()
            + ". Hold others fixed (equal bounds of the Box), or leave certify out."
        )
    if np.any(chart.angles) and not problem.rule.has_continuous_time:
        raise InputError(
            "certify is not for maps of angles, whose fixed points may make whole turns. Leave "
            "certify out, or give a Box without periodic coordinates."
        )


def certified(
    problem: Problem, inventory: Inventory, effort: Effort | None = None
) -> tuple[Inventory, Proof]:
    """Prove which equilibria the domain holds; those that were missed join the inventory.

    What is proved to be none, or to be another one's double, leaves it. Call with x64 enabled.

    Raises:
        InputError: the program of the rule holds an operation without balls.
    """
    chart, effort = problem.chart, Effort() if effort is None else effort
    lower, upper = (np.asarray(bound, dtype=float) for bound in chart.bounds)
    opened = eqx.tree_at(lambda p: p.chart, problem, chart.without_angles())
    zeros = Zeros(primal(opened.displacement), chart.dimension)
    known = np.concatenate([inventory.roots.y + turn for turn in _turns(problem)])
    reach = np.where(chart.angles, 0.25 * (upper - lower), np.inf)
    known = known[np.all((known >= lower - reach) & (known <= upper + reach), axis=1)]
    decided = find_zeros(zeros, lower, upper, known, effort)
    roots = [r for r in _distinct(problem, decided.roots) if _meets(problem, r, lower, upper)]
    undecided = merged(decided.undecided, upper - lower)
    listed = np.flatnonzero(inventory.inside)
    owner = np.array([_owner(problem, inventory.roots.y[i], roots) for i in listed], dtype=int)
    doubles = np.array([o >= 0 and o in owner[:k] for k, o in enumerate(owner)], dtype=bool)
    is_none = np.array(
        [
            o < 0 and _is_free(problem, inventory.roots, int(i), undecided, lower, upper)
            for i, o in zip(listed, owner, strict=True)
        ],
        dtype=bool,
    )
    inside = inventory.inside.copy()
    inside[listed[doubles | is_none]] = False
    missed = [root for k, root in enumerate(roots) if k not in owner]
    fixed = ~chart.angles
    on_edge = [
        bool(np.any((_near(r)[0] < lower)[fixed] | (_near(r)[1] > upper)[fixed])) for r in roots
    ]
    proof = Proof(
        boxes=np.array([root.box for root in roots]).reshape(-1, 2, chart.dimension),
        undecided=undecided,
        num_boxes=decided.num_boxes,
        on_edge=sum(on_edge),
        added=len(missed),
        refuted=int(is_none.sum()),
    )
    # What led to points that are none ended where the speed is least, and is not zero.
    lost = np.isin(inventory.hits, listed[is_none])
    hits, label = (np.where(lost, -1, part) for part in (inventory.hits, inventory.label))
    inventory = inventory._replace(inside=inside, hits=hits, label=label)
    return _with(problem, inventory, missed), proof


def _turns(problem: Problem) -> np.ndarray:
    """Whole turns of the angles, none and one either way, shape `(3^a, d)`."""
    chart = problem.chart
    period = np.where(chart.angles, np.asarray(chart.period), 0.0)
    shifts = [(0.0, 1.0, -1.0) if is_angle else (0.0,) for is_angle in chart.angles]
    return np.array(list(itertools.product(*shifts))) * period


def _near(root: Root) -> np.ndarray:
    return np.asarray(root.near)


def _distinct(problem: Problem, roots: list[Root]) -> list[Root]:
    """The roots, each once where some are the same but for whole turns."""
    widths = np.asarray(problem.chart.widths)
    kept: list[Root] = []
    for root in roots:
        away = [
            np.max(np.abs(_near(root).mean(axis=0) + turn - _near(other).mean(axis=0)) / widths)
            for other in kept
            for turn in _turns(problem)[1:]
        ]
        if min(away, default=np.inf) > _RETURNS:
            kept.append(root)
    return kept


def _meets(problem: Problem, root: Root, lower: np.ndarray, upper: np.ndarray) -> bool:
    """False for a root that lies outside the domain, beyond its edge."""
    (low, high), slack = _near(root), _RETURNS * (upper - lower)
    return bool(np.all((high >= lower - slack) & (low <= upper + slack) | problem.chart.angles))


def _owner(problem: Problem, y: np.ndarray, roots: list[Root]) -> int:
    """The number of the root in whose box a point lies, or −1."""
    for number, root in enumerate(roots):
        low, high = np.asarray(root.box)
        if any(np.all((y + t >= low) & (y + t <= high)) for t in _turns(problem)):
            return number
    return -1


def _is_free(
    problem: Problem, roots: Roots, index: int, undecided: np.ndarray, lower: Any, upper: Any
) -> bool:
    """True where it is proved that there is no root within the accuracy of a listed one."""
    low, high = roots.y[index] - roots.spread[index], roots.y[index] + roots.spread[index]
    is_in = np.all((low >= lower) & (high <= upper) | problem.chart.angles)
    touches = [
        np.all((undecided[:, 0] <= high + t) & (undecided[:, 1] >= low + t), axis=1)
        for t in _turns(problem)
    ]
    return bool(is_in and not np.any(touches))


def _with(problem: Problem, inventory: Inventory, missed: list[Root]) -> Inventory:
    """The inventory with more roots in the domain."""
    if not missed:
        return inventory
    points = np.array([_near(root).mean(axis=0) for root in missed])
    more = distinct_roots(problem, points, np.zeros(len(points)), inventory.scales)
    before = inventory.roots
    pairs = zip(before.polished, more.polished, strict=True)
    roots = Roots(
        np.concatenate([before.y, more.y]),
        Polished(*(np.concatenate(pair) for pair in pairs)),
        np.concatenate([before.tolerance, more.tolerance]),
        np.concatenate([before.spread, more.spread]),
        before.hits,
    )
    return inventory._replace(
        roots=roots,
        inside=np.append(inventory.inside, np.ones(len(more.y), dtype=bool)),
        directed=inventory.directed + len(more.y),
        index_sum=None,
    )
