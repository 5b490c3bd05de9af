"""The sum of the indices of all equilibria: a check that none, or a pair, was missed.

The index of a hyperbolic equilibrium is the sign of det J. Where a field points inward all round a
region without angles, the indices in it add up to (−1)ᵈ, where it points outward all round, to 1
(Poincaré and Hopf); the displacement of a map likewise (Lefschetz). With an angle among the
coordinates they add up to 0.
"""

from typing import NamedTuple

import numpy as np

from thalweg.dynamics.points import displacements_at
from thalweg.dynamics.problem import Problem

# More dimensions have too many faces to look at.
_MOST_DIMENSIONS = 3
# Points of a face at which the field must have one sign; refined where it nearly has not.
_ON_A_FACE = 256
# Roots closer to the boundary than this share of the width may lie on it.
_ON_THE_BOUNDARY = 1e-6


class IndexSum(NamedTuple):
    """Sum of the indices of the equilibria in a domain, found and expected.

    Attributes:
        found: the sum of those found.
        expected: what it must be.
        looks: at how many points of the boundary the rule was looked at.
    """

    found: int
    expected: int
    looks: int


def expected_index(problem: Problem) -> tuple[int, int] | None:
    """The sum of the indices in a box, and at how many points its boundary was looked at.

    None where it is not known: the domain is no box, of too many dimensions, or the rule points
    neither inward nor outward all round.
    """
    chart = problem.chart
    dimension = chart.dimension
    if not chart.is_product or dimension > _MOST_DIMENSIONS:
        return None
    lower, upper = (np.asarray(b, dtype=np.float64) for b in chart.bounds)
    open_to = np.flatnonzero(~chart.angles)
    expected = 0 if len(open_to) < dimension else None
    if not len(open_to):
        return 0, 0
    draw = chart.draw(np.random.default_rng(6), _ON_A_FACE)
    corners = np.stack(np.meshgrid(*([0.0, 1.0],) * dimension), axis=-1).reshape(-1, dimension)
    draw = np.concatenate([draw, lower + corners * (upper - lower)])
    points, axes, signs = [], [], []
    for axis in open_to:
        for side, sign in ((lower, -1.0), (upper, 1.0)):
            face = draw.copy()
            face[:, axis] = side[axis]
            points.append(face)
            axes.append(np.full(len(face), axis))
            signs.append(np.full(len(face), sign))
    where = np.concatenate(points)
    value = displacements_at(problem, where)[np.arange(len(where)), np.concatenate(axes)]
    outward = value * np.concatenate(signs)
    if np.all(outward > 0.0):
        return (1 if expected is None else 0), len(where)
    if np.all(outward < 0.0):
        return ((-1) ** dimension if expected is None else 0), len(where)
    return None


def index_sum(
    problem: Problem, points: np.ndarray, jacobians: np.ndarray, expected: tuple[int, int]
) -> IndexSum | None:
    """The sum of the indices of equilibria, None where one of them has none that is known.

    Arguments:
        problem: the rule and its chart.
        points: the equilibria inside, shape `(k, d)`.
        jacobians: of the displacement there, shape `(k, d, d)`.
        expected: what `expected_index` gave.
    """
    lower, upper = (np.asarray(b, dtype=np.float64) for b in problem.chart.bounds)
    room = _ON_THE_BOUNDARY * (upper - lower)
    near = (points < lower + room) | (points > upper - room)
    if np.any(near & ~problem.chart.angles):
        return None
    sign, _ = np.linalg.slogdet(jacobians)
    if np.any(sign == 0.0):
        return None
    return IndexSum(int(np.sum(sign)), *expected)
