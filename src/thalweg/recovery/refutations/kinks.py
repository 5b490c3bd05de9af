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
    widths = np.asarray(question.chart.widths)
    ratio = widths[None, :] / widths[:, None]
    here = np.asarray(equilibrium.jacobian) * ratio
    small = _around(question, equilibrium, radius) * ratio
    large = _around(question, equilibrium, _APART * radius) * ratio
    # Measured alike on both spheres, or a row that vanishes here, as that of −z³, has no size.
    rows = np.linalg.norm(np.concatenate([small, large, here[None]]), axis=2).max(axis=0)
    rows = np.where(rows > 0.0, rows, 1.0)[:, None]
    near, far = (
        float(np.min(np.max(np.abs(own - here) / rows, axis=(1, 2)))) if len(own) else 0.0
        for own in (small, large)
    )
    return near <= max(_LEAST_JUMP, 0.5 * far)


def _around(question: Question, equilibrium: Equilibrium, radius: float) -> np.ndarray:
    """The Jacobians on a small sphere round the equilibrium where they are finite, `(n, d, d)`."""
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
    return np.asarray(question.rule.own_jacobian(jacobians))
