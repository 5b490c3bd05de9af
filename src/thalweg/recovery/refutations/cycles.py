"""Refutation by a closed orbit or a cycle: nothing can fall all the way round."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from thalweg.analysis import Cycle
from thalweg.recovery.findings import Finding, Findings
from thalweg.recovery.kinds import Kind
from thalweg.recovery.level import Cost, Level
from thalweg.recovery.question import METRIC_SIZE, Question
from thalweg.recovery.witnesses import CycleWitness


@dataclass(frozen=True)
class KnownCyclesLevel(Level):
    """A cycle excludes an energy: those that the caller knows."""

    name: ClassVar[str] = "a cycle excludes an energy"
    cost: ClassVar[Cost] = Cost.CHEAP

    def applies(self, question: Question, so_far: Findings) -> bool:
        """Where cycles are given and no metric was found."""
        return question.given_cycles is not None and not so_far.has_metric

    def ask(self, question: Question) -> Finding:
        """Look for one that stays in the region."""
        return _refuted_by_cycles(question)


@dataclass(frozen=True)
class SearchedCyclesLevel(Level):
    """A cycle excludes an energy: one is searched for."""

    name: ClassVar[str] = "a cycle excludes an energy"
    cost: ClassVar[Cost] = Cost.THOROUGH

    def applies(self, question: Question, so_far: Findings) -> bool:
        """Where no cycles are given and no metric was found."""
        return question.given_cycles is None and not so_far.has_metric

    def ask(self, question: Question) -> Finding:
        """Search for one that stays in the region."""
        return _refuted_by_cycles(question)


def has_cycle(question: Question) -> bool:
    """Whether a cycle is known that stays in the region, or found where one may be searched for."""
    is_known = question.given_cycles is not None or (question.may_search and _is_small(question))
    return is_known and bool(_inside(question))


def _refuted_by_cycles(question: Question) -> Finding:
    """A closed orbit, or a cycle of a map, that stays in the region, if there is one."""
    if question.given_cycles is None and not _is_small(question):
        note = f"Not tried: cycles are not searched for above {METRIC_SIZE} coordinates."
        return Finding("open", None, note)
    inside = _inside(question)
    what = "closed orbit" if question.rule.rule_kind == "flow" else "cycle"
    if not inside:
        return Finding("no", None, f"No {what} that stays in the region was found.")
    shortest = min(inside, key=lambda cycle: cycle.period)
    note = f"A {what} lies in the region: nothing falls along it, so there is no Lyapunov energy."
    return Finding("yes", None, note, Kind.REFUTED, witness=_witness(question, shortest))


def _is_small(question: Question) -> bool:
    """Whether cycles are searched for in so many coordinates."""
    return question.size <= METRIC_SIZE


def _inside(question: Question) -> list[Cycle]:
    return [cycle for cycle in question.cycles if _stays_inside(question, cycle)]


def _stays_inside(question: Question, cycle: Cycle) -> bool:
    """Whether every state of a cycle lies in the domain, and the cycle is no mere point."""
    chart = question.chart
    points = np.atleast_2d(chart.wrap(chart.coordinates(cycle.states)))
    if not np.all(chart.inside(points, slack=1e-9)):
        return False
    gaps = chart.difference(points, points[:1]) / np.asarray(chart.widths)
    extent = float(np.max(np.linalg.norm(gaps, axis=1)))
    return extent > 1e-6 and extent > 1e3 * cycle.residual


def _witness(question: Question, cycle: Cycle) -> CycleWitness:
    layout = question.chart.layout
    states = np.atleast_2d(layout.flatten(cycle.states))
    return CycleWitness(
        np.asarray(layout.flatten(cycle.point)),
        float(cycle.period),
        np.asarray(cycle.multipliers, dtype=np.complex128),
        states.min(axis=0),
        states.max(axis=0),
        float(cycle.residual),
        question.rule.rule_kind,
    )
