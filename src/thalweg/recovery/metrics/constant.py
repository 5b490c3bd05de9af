"""Constant metrics in which the rule is a gradient, by linear algebra."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from thalweg.core.batches import in_batches
from thalweg.geometry import ConstantMetric, Geometry
from thalweg.recovery.findings import Finding, Findings
from thalweg.recovery.forms.conditioning import balancing
from thalweg.recovery.forms.definite import SINGULAR, most_definite
from thalweg.recovery.forms.exactness import Exactness
from thalweg.recovery.forms.special_points import AT_WALLS
from thalweg.recovery.forms.symmetrizers import matrix_text, symmetrizers
from thalweg.recovery.kinds import Kind
from thalweg.recovery.level import Cost, Level
from thalweg.recovery.metrics.confirmed import confirmed, is_metric_open
from thalweg.recovery.metrics.in_states import in_states
from thalweg.recovery.question import METRIC_SIZE, Question, evaluate

# Of the metric in balanced units: beyond, half the digits of its checks are gone.
WORST_CONDITION = 1e8
# Rounding of the equations may move the least eigenvalue of a matrix of trace d by less.
_CLEARLY = 1e-6
_ROUNDS = 4  # of fits, each with the place where the last one failed: d² / 2 would settle all


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


class _Fitted(NamedTuple):
    """A matrix that makes some Jacobians symmetric.

    Attributes:
        matrix: M, in coordinates.
        condition: its condition number in balanced units.
        is_only: True if no other one does, but for its multiples.
    """

    matrix: np.ndarray
    condition: float
    is_only: bool


def _constant_metric(question: Question) -> Finding:
    """Look for M ≻ 0 with M J(x) symmetric at every sample, and check it elsewhere.

    Where it fails there is another sample: in a small place J may tell what no other point does.
    """
    if question.size > METRIC_SIZE:
        return Finding("open", None, f"Not tried above {METRIC_SIZE} coordinates.")
    return _searched(question, question.sampled.jacobians, _ROUNDS)


def _searched(question: Question, jacobians: np.ndarray, rounds: int) -> Finding:
    """The finding on the M that serve for some Jacobians, `(n, d, d)`, in so many rounds."""
    fitted = _fitted(question, jacobians)
    if isinstance(fitted, Finding):
        return fitted
    metric = in_states(question, ConstantMetric(fitted.matrix))
    exactness = question.examine(metric, inset=AT_WALLS)
    may_be_another = not (exactness.is_symmetric or fitted.is_only) and exactness.torn is None
    if rounds == 1 or not may_be_another:
        return _finding(question, fitted, metric, exactness)
    failed = exactness.worst[None]
    more = in_batches(lambda some: evaluate(question.problem, some), failed)[1]
    return _searched(question, np.concatenate([more, jacobians]), rounds - 1)


def _fitted(question: Question, jacobians: np.ndarray) -> _Fitted | Finding:
    r"""The best conditioned M ≻ 0 with M J symmetric for Jacobians `(n, d, d)`, or why none.

    The condition is linear in M. Its null space is found from the singular values of the stacked
    equations, in coordinates scaled by the region's widths and balanced; of the null space the
    analytic centre of its positive definite part is taken.
    """
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
    return _Fitted(scaled / np.outer(units, units), condition, len(basis) == 1)


def _finding(
    question: Question, fitted: _Fitted, metric: Geometry, exactness: Exactness
) -> Finding:
    """The finding on a matrix that serves at all samples."""
    if not exactness.is_exact:
        path = (
            "the line integral depends on its path: the rule, or a derivative of it, jumps or is "
            "too sharp for it"
        )
        what = path if exactness.is_symmetric else f"not at {exactness.place}"
        note = f"M J(x) is symmetric at the samples, but {what}."
        outcome = "no" if fitted.is_only and not exactness.is_symmetric else "open"
        return Finding(outcome, exactness.residual, exactness.obstacle or note)
    shown = fitted.matrix / np.max(np.abs(fitted.matrix))
    note = (
        f"M J(x) is symmetric at {exactness.num_points} points; M has the condition number "
        f"{fitted.condition:.3g} in balanced units, and reaches through every equilibrium."
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
