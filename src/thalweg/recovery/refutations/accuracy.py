"""Accuracy of each row of the Jacobian at an equilibrium.

An equilibrium is known badly along a coordinate that comes to rest as −z³ does. Rows on which that
coordinate does not act are none the worse for it.
"""

import numpy as np

from thalweg.analysis import Equilibrium
from thalweg.recovery.question import Question, evaluate

_ROUNDING = 8.0 * float(np.finfo(float).eps)
# Of a Jacobian whose inverse bounds an error by a residual: it leaves ten digits of the bound.
_WORST_CONDITION = 1e6
_STEPS = 2.0  # of what one step of Newton's method still moves, as a bound on all of them


def row_accuracy(question: Question, equilibrium: Equilibrium) -> np.ndarray:
    """Distances within which the equilibrium lies in what acts on each row, shape `(d,)`.

    Arguments:
        question: the rule, whose Jacobians there and at the sites say what acts on what.
        equilibrium: with its accuracy in all coordinates.
    """
    accuracy = np.full(question.size, equilibrium.accuracy)
    known = np.concatenate([question.sampled.jacobians, np.asarray(equilibrium.jacobian)[None]])
    acts = np.any(known != 0.0, axis=0) | np.eye(question.size, dtype=bool)
    for _ in range(question.size.bit_length()):
        acts = acts.astype(float) @ acts > 0.0
    if acts.all():
        return accuracy
    place = np.asarray(question.chart.coordinates(equilibrium.state))
    values, here = (part[0] for part in evaluate(question.problem, place[None]))
    speeds = np.max(np.abs(evaluate(question.problem, question.sampled.points)[0]), axis=0)
    for row in range(question.size):
        own = np.flatnonzero(acts[row])
        inner = here[np.ix_(own, own)]
        if np.isfinite(inner).all() and np.linalg.cond(inner) < _WORST_CONDITION:
            left = np.abs(values[own]) + _ROUNDING * speeds[own]
            error = np.linalg.norm(np.abs(np.linalg.inv(inner)) @ left)
            accuracy[row] = min(accuracy[row], _STEPS * float(error))
    return accuracy
