"""Refutation by a closed orbit or a cycle: nothing can fall all the way round."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.analysis import Cycle
from thalweg.recovery.question import METRIC_SIZE, Finding, Question
from thalweg.recovery.verdict import Level

NAME = "refuted: cycles"


@dataclass(frozen=True)
class CycleWitness:
    """A closed orbit of a flow, or a cycle of a map, inside the region.

    Attributes:
        point: a state on it, flat.
        period: how long a turn takes; the number of steps, of a map.
        multipliers: of one turn.
        lower: the least value of each coordinate of the state on it.
        upper: the largest.
        residual: by how much it fails to close.
        rule_kind: `"flow"` or `"map"`.
    """

    point: np.ndarray
    period: float
    multipliers: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    residual: float
    rule_kind: str

    def to_dict(self) -> dict[str, Any]:
        """The witness as JSON-ready data."""
        return {
            "type": "cycle",
            "point": self.point.tolist(),
            "period": self.period,
            "multipliers": [[float(v.real), float(v.imag)] for v in self.multipliers],
            "lower": self.lower.tolist(),
            "upper": self.upper.tolist(),
            "residual": self.residual,
        }

    def __str__(self) -> str:
        shown = ", ".join(f"{v:.6g}" for v in self.point[:6])
        more = ", …" if len(self.point) > 6 else ""
        where = f"through ({shown}{more})"
        if self.rule_kind == "map":
            return f"a {self.period:.0f}-cycle {where}: nothing falls at every step of it."
        return (
            f"a closed orbit {where} of period {self.period:.6g}; its first coordinate runs from "
            f"{self.lower[0]:.4g} to {self.upper[0]:.4g}. Nothing falls all the way round it."
        )


def refuted_by_cycles(question: Question) -> Finding:
    """Look for a closed orbit, or a cycle of a map, that stays in the region."""
    if question.given_cycles is None and question.size > METRIC_SIZE:
        note = f"Not tried: cycles are not searched for above {METRIC_SIZE} coordinates."
        return Finding(Level(NAME, "open", None, note))
    inside = [cycle for cycle in question.cycles if _stays_inside(question, cycle)]
    what = "closed orbit" if question.rule.rule_kind == "flow" else "cycle"
    if not inside:
        note = f"No {what} that stays in the region was found."
        return Finding(Level(NAME, "no", None, note))
    shortest = min(inside, key=lambda cycle: cycle.period)
    note = f"A {what} lies in the region: nothing falls along it, so there is no Lyapunov energy."
    level = Level(NAME, "yes", None, note)
    return Finding(level, "refuted", witness=_witness(question, shortest))


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
