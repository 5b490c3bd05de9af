r"""Equilibria at a kink: is the Jacobian there the limit of Jacobians close by?

What excludes a metric at an equilibrium is that f ≈ J(x − x₀) on some open cone with its tip there.
At a kink automatic differentiation may put together a J from branches that hold nowhere together,
and then it says nothing of the rule.
"""

import numpy as np

from thalweg.analysis import Equilibrium
from thalweg.recovery.question import Question, evaluate

# Of a sphere, in widths of the region. A smooth J changes _APART times more on one so much larger.
_RADIUS = 1e-6
_APART = 100.0  # ratio of radii: a kink changes as much on both spheres, a smooth J a hundredth
# Directions, each with its opposite: so every kink's plane has points on both sides.
_DIRECTIONS = 8
# Of the sizes of the rows of J: far above rounding, far below any kink of note.
_LEAST_JUMP = 1e-8


def is_limit(question: Question, equilibrium: Equilibrium) -> bool:
    """True if the equilibrium's Jacobian is the limit of the rule's along some way to it.

    It is not where, of all the directions tried, even the one that fits best leaves a difference
    that does not shrink with the distance.
    """
    # A sphere smaller than the equilibrium is known would not surround it.
    radius = max(_RADIUS, 10.0 * equilibrium.accuracy / float(np.min(question.chart.widths)))
    small = _least_change(question, equilibrium, radius)
    large = _least_change(question, equilibrium, _APART * radius)
    return small <= max(_LEAST_JUMP, 0.5 * large)


def _least_change(question: Question, equilibrium: Equilibrium, radius: float) -> float:
    """The least change of J between the equilibrium and a small sphere, against J's rows."""
    chart = question.chart
    widths = np.asarray(chart.widths)
    directions = np.random.default_rng(0).normal(size=(_DIRECTIONS, question.size))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    directions = np.concatenate([directions, -directions])
    points = np.asarray(chart.coordinates(equilibrium.state)) + radius * directions * widths
    inside = np.asarray(chart.inside(points))
    jacobians = evaluate(question.problem, points)[1]
    jacobians = jacobians[inside] if inside.any() else jacobians
    jacobians = jacobians[np.isfinite(jacobians).all(axis=(1, 2))]
    if not len(jacobians):
        return 0.0
    ratio = widths[None, :] / widths[:, None]
    own = np.asarray(question.rule.own_jacobian(jacobians)) * ratio
    here = np.asarray(equilibrium.jacobian) * ratio
    rows = np.linalg.norm(np.concatenate([own, here[None]]), axis=2).max(axis=0)
    changes = np.abs(own - here) / np.where(rows > 0.0, rows, 1.0)[:, None]
    return float(np.min(np.max(changes, axis=(1, 2))))
