"""Is there a diagonal metric m_i(x_i) in which the rule is a gradient? (Cohen–Grossberg)"""

import equinox as eqx
import jax
import numpy as np

from thalweg.analysis import Problem
from thalweg.core.charts import BoxChart
from thalweg.core.trees import Layout
from thalweg.geometry import DiagonalMetric
from thalweg.recovery.chart_metric import in_states
from thalweg.recovery.exactness import examine
from thalweg.recovery.question import METRIC_SIZE, Finding, Question, evaluate
from thalweg.recovery.ratios import Ratios, cycle_defect, ratios_of
from thalweg.recovery.separable import SeparableWeights
from thalweg.recovery.separable_fit import fit_weights
from thalweg.recovery.verdict import Level

NAME = "diagonal-metric"
TOLERANCE = 1e-7
_NUM_POINTS = 256


def diagonal_metric(question: Question) -> Finding:
    """Look for positive m_i(x_i) with m_i ∂_j f_i = m_j ∂_i f_j, and check them elsewhere.

    The cheap tests come first: one sign for opposite entries, Kolmogorov's criterion on triangles.
    Then the log-ratios are fitted by functions of one coordinate each, to more and more terms.
    """
    chart = question.chart
    if not isinstance(chart, BoxChart):
        return _finding("open", None, "Not tried: these coordinates do not vary one by one.")
    if question.size > METRIC_SIZE:
        return _finding("open", None, f"Not tried above {METRIC_SIZE} coordinates.")
    ratios = ratios_of(question.slopes[1])
    if ratios.reason is not None:
        return _finding("no", ratios.defect, f"Excluded: {ratios.reason}.")
    defect = cycle_defect(ratios, question.size)
    if defect > TOLERANCE:
        note = "Excluded: the ratios J_ij / J_ji do not multiply to one round every triangle."
        return _finding("no", defect, note)
    points, ratios = _more_ratios(question.problem, chart)
    if ratios.reason is not None:
        return _finding("no", ratios.defect, f"Excluded: {ratios.reason}.")
    unit = _unit(chart, points)
    check = (_unit(chart, question.slopes[0]), ratios_of(question.slopes[1]))
    weights, misfits = fit_weights(chart, unit, ratios, check)
    if misfits[-1] > TOLERANCE:
        falling = len(misfits) > 1 and misfits[-1] < 0.2 * misfits[-2]
        note = (
            "The ratios J_ij / J_ji may split into functions of one coordinate each, but these are "
            "too sharp to be resolved here; ask on a smaller region."
            if falling
            else "log(J_ij / J_ji) does not split into functions of one coordinate each."
        )
        return _finding("open" if falling else "no", misfits[-1], note)
    return _check(question, weights)


def _more_ratios(problem: Problem, chart: BoxChart) -> tuple[np.ndarray, Ratios]:
    """Ratios at points that are dense at the walls, as the fit of a series needs."""
    rng = np.random.default_rng(0)
    unit = 0.5 - 0.5 * np.cos(np.pi * rng.random((_NUM_POINTS, chart.dimension)))
    points = chart.lower + unit * chart.widths
    jacobians = evaluate(problem, points)[1]
    good = np.isfinite(jacobians).all(axis=(1, 2))
    return points[good], ratios_of(jacobians[good])


def _unit(chart: BoxChart, points: np.ndarray) -> np.ndarray:
    return (points - chart.lower) / chart.widths


class _OnStates(eqx.Module):
    """Weights of coordinates, structured like the state."""

    weights: SeparableWeights
    layout: Layout = eqx.field(static=True)

    def __call__(self, state: object) -> object:
        return self.layout.unflatten(self.weights(self.layout.flatten(state)))


def _check(question: Question, weights: SeparableWeights) -> Finding:
    layout = question.chart.layout
    if question.is_box:
        metric = DiagonalMetric(_OnStates(weights, layout))
    else:
        metric = in_states(question, DiagonalMetric(weights))
    exactness = examine(question.problem, metric, question.sites, tolerance=TOLERANCE)
    if not exactness.is_exact:
        note = "The ratios split, but the line integral depends on its path."
        outcome = "open" if exactness.is_symmetric else "no"
        return _finding(outcome, exactness.residual, note)
    with jax.enable_x64(True):
        values = np.asarray(jax.vmap(weights)(question.slopes[0]))
    note = (
        f"m_i(x_i) J_ij = m_j(x_j) J_ji at {len(exactness.sites.points)} points, and −∇E = M f at "
        f"{len(exactness.sites.fresh)} others; M is positive{_walls(weights)}."
    )
    return Finding(
        Level(NAME, "yes", exactness.residual, note),
        NAME,
        exactness.energy(question.rule, question.chart, metric),
        metric,
        f"diag(m_i(x_i)), from {values.min():.3g} to {values.max():.3g} in the region",
    )


def _walls(weights: SeparableWeights) -> str:
    if not np.any(weights.powers):
        return " and reaches through every equilibrium"
    return " inside, zero or infinite at a wall of the region: it does not reach equilibria there"


def _finding(outcome: str, residual: float | None, note: str) -> Finding:
    return Finding(Level(NAME, outcome, residual, note))
