"""Refutation by an equilibrium: its Jacobian is symmetric in no metric worth the name."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.analysis import Equilibrium, Problem
from thalweg.recovery.conditioning import least_metric_condition
from thalweg.recovery.verdict import Level

REFUSED_CONDITION = 1e8


@dataclass(frozen=True)
class EquilibriumWitness:
    """An equilibrium through which no metric can be continued.

    Attributes:
        state: the equilibrium, flat.
        eigenvalues: of the rule's own Jacobian there.
        condition: every metric in which the rule is steepest descent has at least this condition
            number there, with coordinates in units of the domain's widths.
        reason: `"non-real eigenvalue"` or `"not diagonalizable"`.
    """

    state: np.ndarray
    eigenvalues: np.ndarray
    condition: float
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """The witness as JSON-ready data."""
        return {
            "type": "equilibrium",
            "reason": self.reason,
            "state": self.state.tolist(),
            "eigenvalues": [[float(v.real), float(v.imag)] for v in self.eigenvalues],
            "condition": self.condition if np.isfinite(self.condition) else None,
        }

    def __str__(self) -> str:
        shown = ", ".join(f"{_rounded(v, 1e-2):.6g}" for v in self.state[:6])
        more = ", …" if len(self.state) > 6 else ""
        values = np.asarray(self.eigenvalues, dtype=np.complex128)
        odd = complex(values[int(np.argmax(np.abs(values.imag)))])
        odd = complex(_rounded(odd.real, abs(odd)), odd.imag)
        value = f"{odd.real:.6g} ± {abs(odd.imag):.6g}i" if odd.imag else f"{odd.real:.6g}"
        return (
            f"the equilibrium ({shown}{more}), {self.reason} {value}: no metric that is continuous "
            f"there has a condition number below {self.condition:.1e}."
        )


def refute_by_equilibria(
    problem: Problem, equilibria: Iterable[Equilibrium], slopes: tuple[np.ndarray, np.ndarray]
) -> tuple[Level, EquilibriumWitness | None]:
    """Look among the equilibria for one that excludes every metric.

    Arguments:
        problem: the rule and its chart.
        equilibria: those inside the region.
        slopes: sample points `(n, d)` and the Jacobians of the displacement there `(n, d, d)`, from
            which the change of the Jacobian within an equilibrium's accuracy is estimated; they may
            be empty.
    """
    found, best, count = None, 1.0, 0
    for equilibrium in equilibria:
        count += 1
        condition = _condition(problem, equilibrium, slopes)
        best = max(best, condition)
        if condition >= REFUSED_CONDITION and (found is None or condition > found.condition):
            found = _witness(problem, equilibrium, condition)
    if found is not None:
        note = f"{found.reason} at an equilibrium: no metric is continuous there."
        return Level("refuted: equilibria", "yes", None, note), found
    if not count:
        note = "No equilibrium in the region, so none can exclude a metric."
    else:
        note = f"All {count} equilibria allow a metric (condition number from {best:.1e})."
    return Level("refuted: equilibria", "no", None, note), None


def _condition(
    problem: Problem, equilibrium: Equilibrium, slopes: tuple[np.ndarray, np.ndarray]
) -> float:
    widths = np.asarray(problem.chart.widths)
    jacobian = _scaled(equilibrium.jacobian, widths)
    drift = 0.0
    points, jacobians = slopes
    if len(points) and equilibrium.accuracy > 0.0:
        chart = problem.chart
        gaps = chart.difference(points, chart.coordinates(equilibrium.state)[None]) / widths
        own = np.stack([np.asarray(problem.rule.own_jacobian(j)) for j in jacobians])
        changes = np.linalg.norm(_scaled(own, widths) - jacobian, axis=(1, 2))
        fastest = np.nanmax(changes / np.maximum(np.linalg.norm(gaps, axis=1), 1e-3))
        drift = 4.0 * fastest * equilibrium.accuracy / float(np.min(widths))
    rounding = 8.0 * np.finfo(float).eps * float(np.linalg.norm(jacobian))
    return least_metric_condition(jacobian, rounding + drift)


def _scaled(jacobian: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """The Jacobian with every coordinate in units of the domain's width."""
    return jacobian * (widths[None, :] / widths[:, None])


def _witness(problem: Problem, equilibrium: Equilibrium, condition: float) -> EquilibriumWitness:
    values = np.asarray(equilibrium.eigenvalues, dtype=np.complex128)
    turns = np.max(np.abs(values.imag)) > 1e-6 * max(np.max(np.abs(values)), 1e-300)
    reason = "non-real eigenvalue" if turns else "not diagonalizable"
    state = problem.chart.layout.flatten(equilibrium.state)
    return EquilibriumWitness(np.asarray(state), values, condition, reason)


def _rounded(value: float, size: float) -> float:
    """A number that prints as 0 where it is zero but for rounding."""
    return 0.0 if abs(value) <= 1e-13 * size else float(value)
