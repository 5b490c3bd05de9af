r"""Equilibria where the Jacobian vanishes: do the leading terms let a metric through?

Where f = f_k + o(|x|^k) with f_k homogeneous and M is continuous at 0, the work of M(0) f_k round
every closed path must vanish, since that of M f does and differs by less than |x|^{k+1}. So f_k is
a gradient in the constant metric M(0): the Jacobians of f close by are symmetric in one constant
metric, or no metric is continuous there.
"""

import numpy as np

from thalweg.recovery.forms.definite import positive_element
from thalweg.recovery.forms.symmetrizers import symmetrizers
from thalweg.recovery.question import METRIC_SIZE, Question, evaluate

# J is zero where it is this small beside the typical one.
_FLAT = 1e-6
# Spheres on which J is looked at instead, in widths, and the misfit that excludes a metric there:
# far above what the curvature of a smooth rule leaves of it on the smaller one.
_RADII = (1e-2, 1e-3)
# Misfit of any constant metric on the smaller sphere that curvature alone does not make.
_CLEAR = 1e-3


def find_opaque(question: Question) -> list[np.ndarray]:
    """The equilibria with J = 0, in coordinates, that exclude every metric continuous there."""
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
        if np.linalg.norm(jacobian) < _FLAT * typical and _excludes(question, centre, widths):
            found.append(centre)
    return found


def _excludes(question: Question, centre: np.ndarray, widths: np.ndarray) -> bool:
    """True if the Jacobians on small spheres are clearly symmetric in no constant metric."""
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(64, question.size))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    for radius in _RADII:
        jacobians = in_widths(
            evaluate(question.problem, centre + radius * directions * widths)[1], widths
        )
        if not np.all(np.isfinite(jacobians)):
            return False
        basis, misfit = symmetrizers(jacobians)
        if misfit < _CLEAR and (not len(basis) or positive_element(basis) is not None):
            return False
    return True


def in_widths(jacobians: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """Jacobians `(…, d, d)` with every coordinate in units of the domain's width."""
    return jacobians * (widths[None, :] / widths[:, None])
