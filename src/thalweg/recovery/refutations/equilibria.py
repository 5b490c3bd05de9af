"""Refutation by an equilibrium: its Jacobian is symmetric in no metric worth the name."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from thalweg.analysis import Equilibrium
from thalweg.core.charts import Chart
from thalweg.recovery.findings import Finding, Findings
from thalweg.recovery.forms.conditioning import least_metric_condition
from thalweg.recovery.kinds import Kind
from thalweg.recovery.level import Cost, Level
from thalweg.recovery.question import METRIC_SIZE, Question
from thalweg.recovery.refutations.degenerate import find_opaque
from thalweg.recovery.witnesses import EquilibriumWitness, rounded

SEARCH_SIZE = 256
REFUSED_CONDITION = 1e8


@dataclass(frozen=True)
class EquilibriaLevel(Level):
    """Equilibria exclude a metric, where their Jacobian is symmetric in none."""

    name: ClassVar[str] = "equilibria exclude a metric"
    cost: ClassVar[Cost] = Cost.CHEAP

    def applies(self, question: Question, so_far: Findings) -> bool:
        """Where no metric was found."""
        return not so_far.has_metric

    def ask(self, question: Question) -> Finding:
        """Look among the equilibria in the region for one that excludes every metric."""
        return _refuted_by_equilibria(question)


def _refuted_by_equilibria(question: Question) -> Finding:
    if question.given_equilibria is None and question.size > SEARCH_SIZE:
        note = f"Not tried: equilibria are not searched for above {SEARCH_SIZE} coordinates."
        return Finding("open", None, note)
    found, best = None, 1.0
    for equilibrium in question.equilibria:
        condition = _condition(question, equilibrium)
        best = max(best, condition)
        if condition >= REFUSED_CONDITION and (found is None or condition > found.condition):
            found = _witness(question.chart, equilibrium, condition)
    if found is not None:
        what = "Jacobian that is " if found.reason.startswith("not") else ""
        note = f"An equilibrium has a {what}{found.reason}: no metric is continuous there."
        return Finding("yes", None, note, Kind.REFUTED, witness=found)
    flat = find_opaque(question)
    if flat:
        where = ", ".join(f"{rounded(v, 1e3):.4g}" for v in flat[0][:4])
        note = (
            f"J vanishes at the equilibrium ({where}), and the rule's leading terms there are a "
            f"gradient in no metric: none reaches through it."
        )
        return Finding("yes", None, note)
    count = len(question.equilibria)
    if not count:
        note = "No equilibrium in the region, so none excludes a metric."
    elif count == 1:
        note = f"The equilibrium allows a metric (of condition number {best:.3g} or more)."
    else:
        all_of = "Both" if count == 2 else f"All {count}"
        note = f"{all_of} equilibria allow a metric (of condition number {best:.3g} or more)."
    return Finding("no", None, note)


def _condition(question: Question, equilibrium: Equilibrium) -> float:
    """The least condition number of a metric there, given how well the Jacobian is known."""
    chart, rule = question.chart, question.rule
    widths = np.asarray(chart.widths)
    jacobian = _scaled(equilibrium.jacobian, widths)
    drift = 0.0
    if equilibrium.accuracy > 0.0 and question.size <= METRIC_SIZE:
        points, jacobians = question.sampled
        gaps = chart.difference(points, chart.coordinates(equilibrium.state)[None]) / widths
        own = np.stack([np.asarray(rule.own_jacobian(j)) for j in jacobians])
        changes = np.linalg.norm(_scaled(own, widths) - jacobian, axis=(1, 2))
        fastest = np.max(changes / np.maximum(np.linalg.norm(gaps, axis=1), 1e-3), initial=0.0)
        drift = 4.0 * float(fastest) * equilibrium.accuracy / float(np.min(widths))
    rounding = 8.0 * np.finfo(float).eps * float(np.linalg.norm(jacobian))
    return least_metric_condition(jacobian, rounding + drift)


def _scaled(jacobian: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """The Jacobian with every coordinate in units of the domain's width."""
    return jacobian * (widths[None, :] / widths[:, None])


def _witness(chart: Chart, equilibrium: Equilibrium, condition: float) -> EquilibriumWitness:
    values = np.asarray(equilibrium.eigenvalues, dtype=np.complex128)
    turns = np.max(np.abs(values.imag)) > 1e-6 * max(np.max(np.abs(values)), 1e-300)
    reason = "non-real eigenvalue" if turns else "not diagonalizable"
    state = chart.layout.flatten(equilibrium.state)
    return EquilibriumWitness(np.asarray(state), values, condition, reason)
