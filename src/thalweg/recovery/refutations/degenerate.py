r"""Equilibria where the Jacobian vanishes: do the leading terms let a metric through?

Where f = f_k + o(|x|^k) with f_k homogeneous and M is continuous at 0, the work of M(0) f_k round
every closed path must vanish, since that of M f does and differs by less than |x|^{k+1}. So f_k is
a gradient in the constant metric M(0): the Jacobians of f close by are symmetric in one constant
metric, or no metric is continuous there. How close one can look is limited by rounding: a metric
that changes nearer to the equilibrium is not excluded.
"""

from typing import NamedTuple

import numpy as np

from thalweg.recovery.forms.definite import positive_element
from thalweg.recovery.forms.symmetrizers import symmetrizers
from thalweg.recovery.question import METRIC_SIZE, Question, evaluate

# J is zero where it is this small beside the typical one.
_FLAT = 1e-6
# Spheres on which J is looked at instead, in widths.
_RADII = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
# J is not looked at where it is smaller beside the typical one: rounding would make the misfit.
_RESOLVED = 1e-10
# Misfit of any constant metric on the smaller sphere that curvature alone does not make.
_CLEAR = 1e-3


class Opaque(NamedTuple):
    """An equilibrium with J = 0 that excludes metrics.

    Attributes:
        centre: in coordinates, shape `(d,)`.
        nearest: how near to it they are excluded, in widths: one that is the same all over the ball
            of that radius.
        left: the size of J there, beside the typical one.
    """

    centre: np.ndarray
    nearest: float
    left: float


def find_opaque(question: Question) -> list[Opaque]:
    """The equilibria with J = 0 that exclude every metric as good as constant close by."""
    if question.size > METRIC_SIZE:
        return []
    widths = np.asarray(question.chart.widths)
    typical = float(
        np.median(np.linalg.norm(in_widths(question.sampled.jacobians, widths), axis=(1, 2)))
    )
    found = []
    for equilibrium in question.equilibria:
        own = np.asarray(question.rule.own_jacobian(np.zeros((question.size,) * 2)))
        jacobian = in_widths(np.asarray(equilibrium.jacobian) - own, widths)
        centre = np.asarray(question.chart.coordinates(equilibrium.state))
        left = float(np.linalg.norm(jacobian))
        if left < _FLAT * typical:
            least = max(equilibrium.accuracy / float(np.min(widths)), _RADII[-1])
            radii = [radius for radius in _RADII if radius >= least]
            nearest = _excludes(question, centre, widths, radii, _RESOLVED * typical)
            if nearest is not None:
                found.append(Opaque(centre, nearest, left / typical))
    return found


def _excludes(
    question: Question, centre: np.ndarray, widths: np.ndarray, radii: list[float], resolved: float
) -> float | None:
    """The least of some radii, if on no sphere the Jacobians are symmetric in a constant metric."""
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(64, question.size))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    nearest = None
    for radius in radii:
        jacobians = in_widths(
            evaluate(question.problem, centre + radius * directions * widths)[1], widths
        )
        if not np.all(np.isfinite(jacobians)):
            return None
        if np.median(np.linalg.norm(jacobians, axis=(1, 2))) < resolved:
            break
        basis, misfit = symmetrizers(jacobians)
        if misfit < _CLEAR and (not len(basis) or positive_element(basis) is not None):
            return None
        nearest = radius
    return nearest


def in_widths(jacobians: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """Jacobians `(…, d, d)` with every coordinate in units of the domain's width."""
    return jacobians * (widths[None, :] / widths[:, None])
