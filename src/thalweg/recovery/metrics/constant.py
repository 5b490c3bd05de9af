"""Constant metrics in which the rule is a gradient, by linear algebra."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from thalweg.geometry import ConstantMetric
from thalweg.recovery.findings import Finding, Findings
from thalweg.recovery.forms.conditioning import balancing
from thalweg.recovery.forms.definite import SINGULAR, most_definite
from thalweg.recovery.forms.special_points import AT_WALLS
from thalweg.recovery.forms.symmetrizers import matrix_text, symmetrizers
from thalweg.recovery.kinds import Kind
from thalweg.recovery.level import Cost, Level
from thalweg.recovery.metrics.confirmed import confirmed, is_metric_open
from thalweg.recovery.metrics.in_states import in_states
from thalweg.recovery.question import METRIC_SIZE, Question

# Of the metric in balanced units: beyond, half the digits of its checks are gone.
WORST_CONDITION = 1e8
# Rounding of the equations may move the least eigenvalue of a matrix of trace d by less.
_CLEARLY = 1e-6


@dataclass(frozen=True)
class ConstantMetricLevel(Level):
    """Steepest descent in a constant metric."""

    name: ClassVar[str] = "constant-metric"
    cost: ClassVar[Cost] = Cost.CHEAP

    def applies(self, question: Question, so_far: Findings) -> bool:
        """While a metric may exist and none was found."""
        return is_metric_open(question, so_far)

    def ask(self, question: Question) -> Finding:
        """Look for the best conditioned constant metric, and check it elsewhere."""
        return confirmed(question, _constant_metric(question))


def _constant_metric(question: Question) -> Finding:
    r"""Look for M ≻ 0 with M J(x) symmetric at every sample, and check it elsewhere.

    The condition is linear in M. Its null space is found from the singular values of the stacked
    equations, in coordinates scaled by the region's widths and balanced; of the null space the
    analytic centre of its positive definite part is taken.
    """
    if question.size > METRIC_SIZE:
        return Finding("open", None, f"Not tried above {METRIC_SIZE} coordinates.")
    jacobians = question.sampled.jacobians
    # In units in which coordinates act on each other equally, no metric is ill conditioned only
    # because they were measured in others.
    units = np.asarray(question.chart.widths)
    typical = np.sqrt(np.mean((jacobians * (units / units[:, None])) ** 2, axis=0))
    units = units / balancing(typical)
    jacobians = jacobians * (units / units[:, None])
    basis, misfit = symmetrizers(jacobians)
    if not len(basis):
        note = "No constant matrix M makes M J(x) symmetric at all samples."
        return Finding("no", misfit, note)
    scaled, least = most_definite(basis)
    if scaled is None and least > -_CLEARLY:
        known = 1.0 / max(-least, SINGULAR)
        note = f"Needs a metric of condition number ≥ {known:.0e} in balanced units; not excluded."
        return Finding("open", misfit, note)
    if scaled is None:
        note = "The constant matrices that make M J(x) symmetric are all indefinite."
        return Finding("no", None, note)
    condition = float(np.linalg.cond(scaled))
    if condition > WORST_CONDITION:
        note = (
            f"Needs a metric of condition number ≥ {condition:.1e} in balanced units; not "
            f"excluded, but too near to none to be checked."
        )
        return Finding("open", misfit, note)
    return _check(question, scaled / np.outer(units, units), condition)


def _check(question: Question, matrix: np.ndarray, condition: float) -> Finding:
    metric = in_states(question, ConstantMetric(matrix))
    exactness = question.examine(metric, inset=AT_WALLS)
    if not exactness.is_exact:
        path = "M J(x) is symmetric at the samples, but the line integral depends on its path."
        note = exactness.obstacle or path
        outcome = "open" if exactness.is_symmetric else "no"
        return Finding(outcome, exactness.residual, note)
    shown = matrix / np.max(np.abs(matrix))
    note = (
        f"M J(x) is symmetric at {exactness.num_points} points; M has the condition number "
        f"{condition:.3g} in balanced units, and reaches through every equilibrium."
    )
    return Finding(
        "yes",
        exactness.residual,
        note,
        Kind.CONSTANT_METRIC,
        exactness.energy(question.rule, question.chart, metric),
        metric,
        f"constant, M ∝ {matrix_text(shown)}",
    )
