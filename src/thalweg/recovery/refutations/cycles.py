"""Refutation by a closed orbit or a cycle: nothing can fall all the way round."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from thalweg.analysis import Cycle
from thalweg.core.batches import in_batches
from thalweg.recovery.findings import Finding, Findings
from thalweg.recovery.kinds import Kind
from thalweg.recovery.level import Cost, Level
from thalweg.recovery.question import METRIC_SIZE, Question, evaluate
from thalweg.recovery.witnesses import CycleWitness

# How many times its own error an orbit must keep away from rest.
_CLEAR = 10.0


@dataclass(frozen=True)
class KnownCyclesLevel(Level):
    """A known cycle excludes an energy: one of those that the caller gives."""

    name: ClassVar[str] = "a known cycle excludes an energy"
    cost: ClassVar[Cost] = Cost.CHEAP

    def applies(self, question: Question, so_far: Findings) -> bool:
        """True if cycles are given and no metric was found."""
        return question.given_cycles is not None and not so_far.has_metric

    def ask(self, question: Question) -> Finding:
        """Look for one that stays in the region."""
        return _refuted_by_cycles(question)


@dataclass(frozen=True)
class SearchedCyclesLevel(Level):
    """A cycle excludes an energy: one that a search finds."""

    name: ClassVar[str] = "a cycle excludes an energy"
    cost: ClassVar[Cost] = Cost.THOROUGH

    def applies(self, question: Question, so_far: Findings) -> bool:
        """True if no cycles are given and no metric was found."""
        return question.given_cycles is None and not so_far.has_metric

    def ask(self, question: Question) -> Finding:
        """Search for one that stays in the region."""
        return _refuted_by_cycles(question)


def has_cycle(question: Question) -> bool:
    """True if a cycle is known that stays in the region, or found where one may be searched for."""
    is_known = question.given_cycles is not None or (question.may_search and _is_small(question))
    return is_known and any(_is_witness(question, cycle) for cycle in question.cycles)


def _refuted_by_cycles(question: Question) -> Finding:
    """A closed orbit, or a cycle of a map, that stays in the region, if there is one."""
    if question.given_cycles is None and not _is_small(question):
        note = f"Not tried: cycles are not searched for above {METRIC_SIZE} coordinates."
        return Finding("open", None, note)
    known = [cycle for cycle in question.cycles if _is_witness(question, cycle)]
    what = question.rule.words.orbit
    if not known:
        note = f"No {what} that stays in the region was found{_set_aside(question)}."
        return Finding("no", None, note)
    shortest = min(known, key=lambda cycle: cycle.period)
    note = f"A {what} lies in the region: nothing falls along it, so there is no Lyapunov energy."
    return Finding("yes", None, note, Kind.REFUTED, witness=_witness(question, shortest))


def _is_small(question: Question) -> bool:
    """True if cycles are searched for in so many coordinates."""
    return question.size <= METRIC_SIZE


def _is_witness(question: Question, cycle: Cycle) -> bool:
    """True if nothing can fall all the way round a cycle, and the region holds all of it."""
    return (
        _stays_inside(question, cycle)
        and _is_extended(question, cycle)
        and _is_apart_from_rest(question, cycle)
    )


def _set_aside(question: Question) -> str:
    """A remark on cycles that were found and are no witnesses."""
    inside = [cycle for cycle in question.cycles if _stays_inside(question, cycle)]
    leaving = len(question.cycles) - len(inside)
    what = question.rule.words.orbit
    if any(_is_extended(question, cycle) for cycle in inside):
        return (
            f"; a {what} that comes as near to a state of rest as its own error need be none, but "
            f"a loop of trajectories from rest to rest"
        )
    return f" ({leaving} found run partly outside)" if leaving else ""


def _points_of(question: Question, cycle: Cycle) -> np.ndarray:
    """The states of a cycle in coordinates, shape `(n, d)`."""
    chart = question.chart
    return np.atleast_2d(chart.wrap(chart.coordinates(cycle.states)))


def _stays_inside(question: Question, cycle: Cycle) -> bool:
    """True if every state of a cycle lies in the domain."""
    return bool(np.all(question.chart.inside(_points_of(question, cycle), slack=1e-9)))


def _is_extended(question: Question, cycle: Cycle) -> bool:
    """True if a cycle is no mere point, as far as it closes."""
    chart, points = question.chart, _points_of(question, cycle)
    gaps = chart.difference(points, points[:1]) / np.asarray(chart.widths)
    extent = float(np.max(np.linalg.norm(gaps, axis=1)))
    return extent > 1e-6 and extent > 1e3 * cycle.residual


def _is_apart_from_rest(question: Question, cycle: Cycle) -> bool:
    """True if a closed orbit keeps away from states of rest by more than its own error.

    A loop of trajectories that lead from one state of rest to the next, or back to the same, closes
    as well as an orbit does that passes by them within the error. The speed over the norm of the
    Jacobian is the distance to the nearest state of rest, or less.
    """
    if not question.rule.has_continuous_time:
        return True
    points = _points_of(question, cycle)
    speeds, jacobians = in_batches(lambda some: evaluate(question.problem, some), points)
    rates = np.maximum(np.linalg.norm(jacobians, axis=(1, 2)), np.finfo(float).tiny)
    nearest = float(np.min(np.linalg.norm(speeds, axis=1) / rates))
    return nearest > _CLEAR * max(cycle.residual, np.finfo(float).eps)


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
