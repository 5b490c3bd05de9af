r"""Proofs that all that starts in an ellipsoid tends to the attractor in it, by intervals.

Coordinates v make the ellipsoid the unit ball, V(v) = |v|². A cube about the centre is found in
which the rule contracts: of a flow F the symmetric part of its Jacobian is negative definite all
over it, of a map its norm is less than 1; F at the centre, which is a state of rest but for
rounding, is small beside that. So the ball in the cube holds one state of rest (an n-cycle meets
each of its balls once), to which all of the ball tends. Elsewhere in the ellipsoid branch and bound
proves that V falls, so all of it comes to the ball.

What is proved is about the program of the rule, its numbers taken exactly and its operations
carried out without rounding; the bounds hold every rounding of their own.
"""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.analysis.basins.lanes import Regions
from thalweg.core.errors import InputError
from thalweg.dynamics.formulas.enclosures.enclose import Enclosure
from thalweg.dynamics.formulas.enclosures.partition import search
from thalweg.dynamics.formulas.enclosures.primal import primal
from thalweg.dynamics.formulas.enclosures.products import bounds_of_value
from thalweg.dynamics.problem import Problem

# Boxes fill more than four coordinates too slowly, and the bounds of rounding are for four.
_LARGEST = 4
# So many numbers take about a second on one core of 2024: all proofs of a rule together.
BUDGET = 1e8
# A proof takes no less: so much is done in the time that its calls take.
_LEAST = 1.5e6
# The smallest boxes, in widths of the ellipsoid: what those leave open more would, too.
_FINEST = 1e-4
# More than rounding moves the ellipsoid of a form whose condition is at most this one.
_WORST_CONDITION, _MARGIN = 1e8, 1e-6
# Half the sides of the cubes in which a rule may contract, in radii of the ellipsoid.
_HALVES = (1.0 + 2.0 * _MARGIN) * 0.5 ** (np.arange(25) / 2.0)
# The rule at the centre is at most this share of what is drawn in at the edge of the ball: far
# less would not need the margins between v and what V measures.
_OFF = 0.5
# More than the eigenvalues of a small symmetric matrix are off, relative to its size.
_EIGENVALUES = 1e-13


class _Placed(NamedTuple):
    """A rule about one centre, in coordinates v of the unit ball.

    Attributes:
        problem: the rule, no coordinate of which is an angle.
        center: the centre, in units of the domain, shape `(d,)`.
        onto: the matrix of v ↦ z − center, shape `(d, d)`.
        own: the matrix of z − center ↦ w, where V = |w|²: its inverse but for rounding.
        back: the same about the next centre (of a flow, about this one).
        following: the next centre, of a map; of a flow not used.
    """

    problem: Problem
    center: Any
    onto: Any
    own: Any
    back: Any
    following: Any


def _carried(about: _Placed, v: Any) -> Any:
    """The velocity at v of a flow, the next point of a map, in coordinates of the ball."""
    problem = about.problem
    z, widths = about.center + about.onto @ v, problem.chart.widths
    moved = primal(problem.displacement)(z * widths) / widths
    is_flow = problem.rule.has_continuous_time
    return about.back @ (moved if is_flow else z + moved - about.following)


def _own_jacobian(about: _Placed, v: Any) -> Any:
    """The Jacobian of `_carried`."""
    return jax.jacfwd(_carried, argnums=1)(about, v)


def _rise(about: _Placed, v: Any) -> Any:
    """Half the rate at which V rises along a flow; its change in a step of a map."""
    w, carried = about.own @ (about.onto @ v), _carried(about, v)
    if about.problem.rule.has_continuous_time:
        return jnp.dot(w, carried)
    return jnp.dot(carried, carried) - jnp.dot(w, w)


def prove(problem: Problem, part: Regions, budget: float) -> tuple[bool, float]:
    """Prove that all of the ellipsoids of one attractor tends to it.

    Arguments:
        problem: the rule.
        part: its regions: one of a state of rest, n in order of an n-cycle.
        budget: how many numbers may be computed.

    Returns:
        True if it is proved, and how many numbers were computed, about.
    """
    size = part.center.shape[1]
    if size > _LARGEST or np.any(part.along) or not _is_clear(problem, part):
        return False, 0.0
    placed = _placed(problem, part)
    if placed is None:
        return False, 0.0
    try:
        with jax.enable_x64(True):
            is_sure, spent = _decide(placed, size, budget)
            return is_sure, max(spent, _LEAST * len(placed))
    except InputError:  # the program holds an operation without bounds
        return False, _LEAST


def _is_clear(problem: Problem, part: Regions) -> bool:
    """True where the ellipsoids cross no end of an angle: there the rule would have to return."""
    lower, upper = (np.asarray(b) / np.asarray(problem.chart.widths) for b in problem.chart.bounds)
    inverse = np.linalg.inv(part.form)
    reach = np.sqrt(np.diagonal(inverse, axis1=1, axis2=2) * part.level[:, None])
    reach = reach * (1.0 + 2.0 * _MARGIN)
    is_in = (part.center - reach > lower) & (part.center + reach < upper)
    return bool(np.all(is_in[:, problem.chart.angles]))


def _placed(problem: Problem, part: Regions) -> list[_Placed] | None:
    """The rule about each centre; None where rounding blurs the ellipsoids."""
    if not np.all(np.linalg.cond(part.form) <= _WORST_CONDITION):
        return None
    own = np.linalg.cholesky(part.form).transpose(0, 2, 1) / np.sqrt(part.level)[:, None, None]
    onto, count = np.linalg.inv(own), len(part.center)
    opened = eqx.tree_at(lambda p: p.chart, problem, problem.chart.without_angles())
    widths, found = np.asarray(problem.chart.widths), []
    for j in range(count):
        later = (j + 1) % count
        center, following = part.center[j], part.center[later]
        if not problem.rule.has_continuous_time:
            # Whole turns that a step makes at the centre, it makes all over the ellipsoid.
            step = np.asarray(_displacement(opened, center * widths)) / widths
            turns = np.round(center + step - following)
            following = following + np.where(problem.chart.angles, turns, 0.0)
        found.append(_Placed(opened, center, onto[j], own[j], own[later], following))
    return found


@eqx.filter_jit
def _displacement(problem: Problem, y: Any) -> jax.Array:
    return problem.displacement(y)


def _decide(placed: list[_Placed], size: int, budget: float) -> tuple[bool, float]:
    """The proof about all centres: the cubes in which the rule contracts, then all else."""
    is_flow = placed[0].problem.rule.has_continuous_time
    fine = np.ones(len(_HALVES), dtype=bool)
    for about in placed:
        fine &= _contracts(about, size, is_flow)
    if not fine.any():
        return False, 0.0
    half = float(_HALVES[int(np.argmax(fine))])
    spent, ball = 0.0, np.full(size, _HALVES[0])
    if half == _HALVES[0]:
        return True, spent

    def is_known(low: np.ndarray, high: np.ndarray) -> np.ndarray:
        nearest = np.maximum(np.maximum(low, -high), 0.0)
        is_beyond = np.sum(nearest**2, axis=1) > _HALVES[0] ** 2 * (1.0 + _MARGIN)
        return is_beyond | np.all((low >= -half) & (high <= half), axis=1)

    for about in placed:
        rise = Enclosure(_rise, size, about)
        values = Enclosure(_carried, size, about)
        looked_at = (rise, values) if values.may_jump else (rise,)
        left = max(budget - spent, _LEAST)
        found = search(looked_at, bounds_of_value, -ball, ball, is_known, left, _FINEST)
        spent += found.num_boxes * sum(e.size for e in looked_at) * (size + 2.0)
        if found.outcome != "negative":
            return False, spent
    return True, spent


def _contracts(about: _Placed, size: int, is_flow: bool) -> np.ndarray:
    """Truths, one a cube: the rule contracts all over it, and draws its ball in."""
    high = np.repeat(_HALVES[:, None], size, axis=1)
    carried = Enclosure(_carried, size, about)
    (matrices,), _ = Enclosure(_own_jacobian, size, about)(-high, high)
    low, up = (b.T.reshape(-1, size, size) for b in matrices.bounds)
    middle, radius = (low + up) / 2.0, (up - low) / 2.0
    is_known = np.all(np.isfinite(middle) & np.isfinite(radius), axis=(1, 2))
    middle = np.where(is_known[:, None, None], middle, 0.0)
    spread = np.linalg.norm(radius, axis=(1, 2))
    length = np.linalg.norm(middle, axis=(1, 2)) + spread
    if is_flow:
        both = (middle + middle.transpose(0, 2, 1)) / 2.0
        # V is |w|², where w is v but for rounding: its rate is off by that share of the Jacobian.
        pull = -(np.linalg.eigvalsh(both)[:, -1] + spread + _MARGIN * length)
    else:
        pull = 1.0 - (np.linalg.norm(middle, 2, axis=(1, 2)) + spread) * (1.0 + _MARGIN)
    pull -= _EIGENVALUES * length
    origin = np.zeros((1, size))
    (still,), _ = carried(origin, origin)
    off = float(np.linalg.norm(np.max(np.abs(still.bounds), axis=0)))
    fine = is_known & (pull > 0.0) & (off <= _OFF * pull * _HALVES)
    return fine & ~carried(-high, high)[1] if carried.may_jump else fine
