"""Refutation by an equilibrium: its Jacobian is symmetric in no metric worth the name."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from thalweg.analysis import Equilibria, Equilibrium
from thalweg.core.charts import Chart
from thalweg.recovery.findings import Finding, Findings
from thalweg.recovery.forms.conditioning import (
    MetricBound,
    balancing,
    bound_metric,
    entry_rounding,
)
from thalweg.recovery.kinds import Kind
from thalweg.recovery.level import Cost, Level
from thalweg.recovery.question import METRIC_SIZE, Question
from thalweg.recovery.refutations.accuracy import row_accuracy
from thalweg.recovery.refutations.degenerate import find_opaque, in_widths
from thalweg.recovery.refutations.kinks import is_limit
from thalweg.recovery.witnesses import EquilibriumWitness, rounded

SEARCH_SIZE = 256  # coordinates: the Jacobians of 256 starts would fill more than 128 MB
# As of `metrics.constant`: a metric that ill conditioned is not handed out either.
REFUSED_CONDITION = 1e8
_ROUNDING = 1e-13  # of a Jacobian that vanishes, beside the typical one


@dataclass(frozen=True)
class EquilibriaLevel(Level):
    """Equilibria exclude a metric, where their Jacobian is symmetric in none."""

    name: ClassVar[str] = "equilibria exclude a metric"
    cost: ClassVar[Cost] = Cost.CHEAP

    def applies(self, question: Question, so_far: Findings) -> bool:
        """True if no metric was found."""
        return not so_far.has_metric

    def ask(self, question: Question) -> Finding:
        """Look among the equilibria in the region for one that excludes every metric."""
        return _refuted_by_equilibria(question)


def _refuted_by_equilibria(question: Question) -> Finding:
    if question.given_equilibria is None and question.size > SEARCH_SIZE:
        note = f"Not tried: equilibria are not searched for above {SEARCH_SIZE} coordinates."
        return Finding("open", None, note)
    found, most, kink = None, REFUSED_CONDITION, None
    needed = 1.0
    for equilibrium in question.equilibria:
        bound = _bound(question, equilibrium)
        if bound.balanced >= REFUSED_CONDITION and not is_limit(question, equilibrium):
            kink = np.asarray(question.chart.coordinates(equilibrium.state))
            continue
        needed = max(needed, bound.needed)
        if bound.balanced >= most:
            found, most = _witness(question.chart, equilibrium, bound), bound.balanced
    if found is not None:
        what = "Jacobian that is " if found.reason.startswith("not") else ""
        note = f"An equilibrium has a {what}{found.reason}: no metric is continuous there."
        return Finding("yes", None, note, Kind.REFUTED, witness=found)
    flat = find_opaque(question)
    if flat:
        where = ", ".join(f"{rounded(v, 1e3):.4g}" for v in flat[0].centre[:4])
        note = (
            f"J {'nearly ' if flat[0].left > _ROUNDING else ''}vanishes at the equilibrium "
            f"({where}), and round it, down to {flat[0].nearest:.0e} of the widths, the rule is a "
            f"gradient in no constant metric: none reaches through it but one that changes nearer."
        )
        return Finding("yes", None, note)
    if kink is not None:
        where = ", ".join(f"{rounded(v, 1e3):.4g}" for v in kink[:4])
        note = f"The rule has no continuous Jacobian at the equilibrium ({where}): not decided."
        return Finding("open", None, note)
    count = len(question.equilibria)
    if needed >= REFUSED_CONDITION:
        note = (
            f"An equilibrium needs a metric of condition number ≥ {needed:.1e} in balanced units; "
            f"that is not excluded."
        )
        return Finding("open", None, note)
    if not count:
        return Finding("no", None, "No equilibrium in the region, so none excludes a metric.")
    allow = "The equilibrium allows"
    if count > 1:
        allow = f"{'Both' if count == 2 else f'All {count}'} equilibria allow"
    # The units of the other levels' metrics: in others a number says little.
    size = f"of condition number {needed:.3g} or more in balanced units"
    if isinstance(question.equilibria, Equilibria) and question.equilibria.continua:
        note = f"{allow} a metric ({size}), but not all of a continuum of them were looked at."
        return Finding("open", None, note)
    return Finding("no", None, f"{allow} a metric ({size}).")


def _bound(question: Question, equilibrium: Equilibrium) -> MetricBound:
    """Least condition number of a metric there, given how well the Jacobian is known."""
    chart, rule = question.chart, question.rule
    widths = np.asarray(chart.widths)
    jacobian = in_widths(equilibrium.jacobian, widths)
    uncertainty = entry_rounding(jacobian)
    if equilibrium.accuracy > 0.0 and question.size <= METRIC_SIZE:
        points, jacobians = question.sampled
        gaps = chart.difference(points, chart.coordinates(equilibrium.state)[None]) / widths
        own = np.asarray(rule.own_jacobian(jacobians))
        changes = np.abs(in_widths(own, widths) - jacobian)
        gaps = np.maximum(np.linalg.norm(gaps, axis=1), 1e-3)
        fastest = np.max(changes / gaps[:, None, None], axis=0, initial=0.0)
        accuracy = row_accuracy(question, equilibrium)
        drift = 4.0 * fastest * accuracy[:, None] / float(np.min(widths))
        uncertainty = uncertainty + drift
    return bound_metric(jacobian, uncertainty)


def _witness(chart: Chart, equilibrium: Equilibrium, bound: MetricBound) -> EquilibriumWitness:
    values = np.asarray(equilibrium.eigenvalues, dtype=np.complex128)
    jacobian = np.asarray(equilibrium.jacobian)
    turns = _turns(jacobian[np.ix_(bound.block, bound.block)])
    if turns and not np.any(values.imag):
        # Beside a fast mode the slow ones were taken for one multiple eigenvalue.
        values = np.linalg.eigvals(jacobian).astype(np.complex128)
        values = values[np.lexsort((-values.imag, -values.real))]
    reason = "non-real eigenvalue" if turns else "not diagonalizable"
    state = chart.layout.flatten(equilibrium.state)
    condition = max(bound.condition, bound.balanced)
    return EquilibriumWitness(np.asarray(state), values, condition, reason)


def _turns(block: np.ndarray) -> bool:
    """True if eigenvalues are not real, by more than rounding makes of one that is multiple."""
    scale = balancing(block)
    values, vectors = np.linalg.eig(block * scale[:, None] / scale)
    most = float(np.max(np.abs(np.imag(values))))
    known = float(np.linalg.norm(entry_rounding(block) * scale[:, None] / scale))
    return most > max(1e-6 * float(np.max(np.abs(values))), known * float(np.linalg.cond(vectors)))
