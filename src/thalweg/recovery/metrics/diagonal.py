"""Diagonal metrics m_i(x_i) in which the rule is a gradient (Cohen–Grossberg)."""

from dataclasses import dataclass
from typing import Any, ClassVar

import equinox as eqx
import jax
import numpy as np

from thalweg.core.batches import in_batches
from thalweg.core.charts import Chart
from thalweg.recovery.findings import Finding, Findings
from thalweg.recovery.forms.exactness import NODE_COUNTS
from thalweg.recovery.kinds import AT_A_WALL, Kind
from thalweg.recovery.level import Cost, Level
from thalweg.recovery.metrics.confirmed import confirmed, is_metric_open
from thalweg.recovery.metrics.diagonal_weights.fit import fit_weights, strong_pairs
from thalweg.recovery.metrics.diagonal_weights.panels import PanelWeights, panel_weights
from thalweg.recovery.metrics.diagonal_weights.ratios import (
    Ratios,
    cycle_defect,
    ratios_of,
    rectangle_defect,
)
from thalweg.recovery.metrics.diagonal_weights.series import SeparableWeights
from thalweg.recovery.metrics.in_states import diagonal_in_states
from thalweg.recovery.question import METRIC_SIZE, Question, evaluate

TOLERANCE = 1e-7  # of exactness with fitted weights, whose series leave more than rounding
# Random points, denser at the walls: a series of degree 48 asks for four a coefficient.
_NUM_POINTS = 256
_ROUND = "Excluded: the ratios J_ij / J_ji do not multiply to one round every triangle."
_NO_SPLIT = "Excluded: log(J_ij / J_ji) does not split into functions of one coordinate each."
_TOO_SHARP = (
    "The ratios J_ij / J_ji split into functions of one coordinate each, but these are too sharp "
    "to be resolved here; ask on a smaller region."
)


@dataclass(frozen=True)
class DiagonalMetricLevel(Level):
    """Steepest descent in a diagonal metric m_i(x_i)."""

    name: ClassVar[str] = "diagonal-metric"
    cost: ClassVar[Cost] = Cost.CHEAP

    def applies(self, question: Question, so_far: Findings) -> bool:
        """While a metric may exist and none was found."""
        return is_metric_open(question, so_far)

    def ask(self, question: Question) -> Finding:
        """Exclude one by the ratios of opposite entries, or find it, and check it elsewhere."""
        return confirmed(question, _diagonal_metric(question))


def _diagonal_metric(question: Question) -> Finding:
    """Look for positive m_i(x_i) with m_i ∂_j f_i = m_j ∂_i f_j, and check them elsewhere.

    The tests that exclude one come first: one sign for opposite entries, Kolmogorov's criterion on
    triangles, and log-ratios that split, which four points tell at a time, however sharp the
    functions are. Only then are these represented: by series over the whole box to more and more
    terms, or on panels that shrink towards a pole.
    """
    chart = question.chart
    if not chart.is_product:
        return Finding("open", None, "Not tried: these coordinates do not vary one by one.")
    if question.size > METRIC_SIZE:
        return Finding("open", None, f"Not tried above {METRIC_SIZE} coordinates.")
    ratios = ratios_of(question.sampled.jacobians)
    excluded = _excluded(ratios, cycle_defect(ratios, question.size), _ROUND) or _unless_split(
        question
    )
    if excluded is not None:
        return excluded
    points, more = _more_ratios(question, chart)
    if more.reason is not None:
        return Finding("no", more.defect, f"Excluded: {more.reason}.")
    unit, check = _unit(chart, points), (_unit(chart, question.sampled.points), ratios)
    weights, misfit = fit_weights(chart, unit, more, check)
    if misfit > TOLERANCE:
        weights = _on_panels(question, chart, ratios)
    if weights is None:
        return Finding("open", misfit, _TOO_SHARP)
    return _check(question, weights)


def _excluded(ratios: Ratios, defect: float, fact: str) -> Finding | None:
    """The finding that there is no diagonal metric, if the ratios say so."""
    if ratios.reason is not None:
        return Finding("no", ratios.defect, f"Excluded: {ratios.reason}.")
    return Finding("no", defect, fact) if defect > TOLERANCE else None


def _unless_split(question: Question) -> Finding | None:
    """The finding that the log-ratios do not split into functions of one coordinate each."""
    points, jacobians = question.sampled
    others = np.roll(points, 1, axis=0)
    moved = np.repeat(others[None], question.size, axis=0)
    for k in range(question.size):
        moved[k, :, k] = points[:, k]
    seen = question.region.sees(moved.reshape(-1, question.size)).reshape(len(moved), -1)
    kept = np.all(seen, axis=0)
    if not np.any(kept):
        return None
    there = _jacobians(question, moved[:, kept].reshape(-1, question.size))
    both = [jacobians[kept], np.roll(jacobians, 1, axis=0)[kept], there]
    ratios = ratios_of(np.concatenate(both))
    if not np.all(np.isfinite(ratios.logs)):
        return None
    return _excluded(ratios, rectangle_defect(ratios, question.size), _NO_SPLIT)


def _more_ratios(question: Question, chart: Chart) -> tuple[np.ndarray, Ratios]:
    """Ratios at points that are dense at the walls, as the fit of a series needs."""
    rng = np.random.default_rng(0)
    unit = 0.5 - 0.5 * np.cos(np.pi * rng.random((_NUM_POINTS, chart.dimension)))
    points = chart.bounds[0] + unit * chart.widths
    jacobians = _jacobians(question, points)
    good = np.isfinite(jacobians).all(axis=(1, 2)) & question.region.sees(points)
    return points[good], ratios_of(jacobians[good])


def _on_panels(question: Question, chart: Chart, ratios: Ratios) -> PanelWeights | None:
    """The weights from the ratios along lines through the point where these are surest."""
    edges = strong_pairs(ratios, question.size)
    surest = int(np.argmax(np.min(ratios.weights[:, edges], axis=1)))

    def jacobians_at(unit: np.ndarray) -> np.ndarray:
        return _jacobians(question, chart.bounds[0] + unit * chart.widths)

    base = _unit(chart, question.sampled.points[surest])
    return panel_weights(chart, base, jacobians_at, ratios, edges)


def _jacobians(question: Question, points: np.ndarray) -> np.ndarray:
    """The Jacobian of the displacement at any number of points, `(n, d, d)`."""
    return in_batches(lambda some: evaluate(question.problem, some), points)[1]


def _unit(chart: Chart, points: np.ndarray) -> np.ndarray:
    return (points - chart.bounds[0]) / chart.widths


def _check(question: Question, weights: SeparableWeights | PanelWeights) -> Finding:
    metric = diagonal_in_states(question, weights)
    # What needs panels needs all the nodes: fewer are not worth a program of their own.
    nodes = NODE_COUNTS[-1:] if isinstance(weights, PanelWeights) else NODE_COUNTS
    exactness = question.examine(metric, TOLERANCE, nodes)
    if not exactness.is_exact:
        path = (
            "The ratios split, but the line integral depends on its path: the rule, or a "
            "derivative of it, jumps or is too sharp for it."
        )
        note = (
            f"Weights fit the ratios J_ij / J_ji at the samples, but m_i J_ij is not m_j J_ji at "
            f"{exactness.place}: either there are none, or they are too sharp to be resolved here."
        )
        note = exactness.obstacle or (path if exactness.is_symmetric else note)
        return Finding("open", exactness.residual, note)
    values = np.asarray(_values(weights, question.sampled.points))
    note = (
        f"m_i(x_i) J_ij = m_j(x_j) J_ji at {exactness.num_points} points, and −∇E = M f at "
        f"{len(exactness.sites.fresh)} others; M is positive{_walls(weights)}."
    )
    return Finding(
        "yes",
        exactness.residual,
        note,
        Kind.DIAGONAL_METRIC,
        exactness.energy(question.rule, question.chart, metric),
        metric,
        f"diag(m_i(x_i)), from {values.min():.3g} to {values.max():.3g} where sampled"
        + ("" if _is_within(weights) else f", {AT_A_WALL}"),
    )


@eqx.filter_jit
def _values(weights: SeparableWeights | PanelWeights, points: Any) -> jax.Array:
    return jax.vmap(weights)(points)


def _walls(weights: SeparableWeights | PanelWeights) -> str:
    if _is_within(weights):
        return " and reaches through every equilibrium"
    return f" inside, {AT_A_WALL} of the region: it does not reach equilibria there"


def _is_within(weights: SeparableWeights | PanelWeights) -> bool:
    """True if no weight vanishes, or grows without bound, at a wall."""
    return isinstance(weights, PanelWeights) or weights.powers is None
