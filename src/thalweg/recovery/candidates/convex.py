"""Polynomial energies that fall along the rule, whatever the metric, by convex fits."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from thalweg.core.batches import BATCH, in_batches
from thalweg.recovery.candidates.acceptance import Acceptance, check_accepted
from thalweg.recovery.candidates.common_direction import widest_margin
from thalweg.recovery.candidates.derivatives import derivatives_of
from thalweg.recovery.candidates.hunts import (
    centres_of,
    falls_at_centres,
    fresh_and_known,
    hunt_rises,
    in_words,
    least_fall,
    sample_points,
)
from thalweg.recovery.candidates.polynomials import Basis, SeriesEnergy, make_basis
from thalweg.recovery.candidates.random_units import UnitBasis, make_units
from thalweg.recovery.candidates.tensors import TensorEnergy, series_energy
from thalweg.recovery.candidates.trained import trained_network
from thalweg.recovery.findings import Finding, Findings
from thalweg.recovery.kinds import Kind
from thalweg.recovery.level import Cost, Level
from thalweg.recovery.question import METRIC_SIZE, Question, evaluate

_ASIDE = "Yet an energy falls along it (a Lyapunov energy)."
# Degrees to try in so many coordinates: up to some 200 terms.
_DEGREES = {1: (2, 4, 8, 12), 2: (2, 4, 6, 8), 3: (2, 4, 6), 4: (2, 4), 5: (2, 4), 6: (2, 4)}
_LARGEST = 16  # coordinates: beyond, random units resolve less than a trained network does
_NUM_UNITS = 128  # in more than six coordinates, where polynomials of use have thousands of terms
_WITH_UNITS = f"quadratic form with {_NUM_UNITS} random units"
_ROUNDS = 8  # fits of one degree, each with the places where the last one failed
# A search ends at a fall of so many times what the check asks for, so that the check, which looks
# elsewhere, seldom decides; and it is not asked more often than this.
_ROOM, _MOST_CHECKS = 2.0, 6


@dataclass
class _Samples:
    """Points and the rows that the coefficients must make positive there."""

    points: np.ndarray
    rows: np.ndarray


@dataclass(frozen=True)
class LyapunovLevel(Level):
    """Descent of an energy in no metric that is known."""

    name: ClassVar[str] = "lyapunov"
    cost: ClassVar[Cost] = Cost.THOROUGH

    def applies(self, question: Question, so_far: Findings) -> bool:
        """True if no energy was found and none is excluded."""
        return not so_far.has_energy and not so_far.excludes_energy

    def ask(self, question: Question) -> Finding:
        """Look for an energy of some form that falls, and hunt for places where it rises."""
        return _lyapunov(question)


def _lyapunov(question: Question) -> Finding:
    """Look for an energy that falls: a polynomial; in many coordinates a network.

    From 7 coordinates on the polynomials are quadratic, then random units are added; where that
    fails, or the coordinates are more than 16, a network is trained.
    """
    if question.size > METRIC_SIZE:
        note = f"Not tried above {METRIC_SIZE} coordinates."
        return Finding("open", None, note)
    if question.size > _LARGEST:
        return _by_training(question, "")
    finding = _by_convex_fits(question)
    if finding.kind is not None or question.size in _DEGREES:
        return finding
    return _by_training(question, finding.note + " ")


def _by_training(question: Question, before: str) -> Finding:
    energy, worst, note, candidate = trained_network(question)
    if energy is None:
        return Finding("open", None, before + note, candidate=candidate)
    return Finding("yes", worst, note, Kind.LYAPUNOV, energy, aside=_ASIDE)


def _by_convex_fits(question: Question) -> Finding:
    """Fit polynomials of growing degree, hunt for points where they rise, and fit again.

    The gradient is made to vanish at every equilibrium; of all coefficients with dE/dt < 0 at the
    samples those with the widest margin are taken (a convex problem, so that failure means that no
    polynomial of this degree falls at all samples).
    """
    size = question.size
    is_small = size in _DEGREES
    degrees = _DEGREES[size] if is_small else (2, 3)
    chart = question.chart
    basis = make_basis(chart, degrees[-1]) if is_small else make_units(chart, _NUM_UNITS)
    states = centres_of(question)
    samples = _measure(question, basis, sample_points(question, states))
    pins = _pins(question, basis, states)
    least = least_fall(question)
    num_checks, best, candidate = 0, -np.inf, None
    for degree in degrees:
        used = basis.degrees <= degree
        for _ in range(_ROUNDS):
            coefficients, margin = _fit(samples.rows, pins, used)
            if coefficients is None or num_checks == _MOST_CHECKS:
                break
            energy = series_energy(question.chart, basis, coefficients)
            starts = fresh_and_known(question, samples.points)
            points, falls = hunt_rises(question, energy, states, starts)
            worst = float(np.min(falls, initial=1.0))
            derivatives = derivatives_of(question.chart, energy)
            wanted = max(10 * least, margin)
            if worst >= _ROOM * least and falls_at_centres(question, derivatives.gradients, states):
                checked = check_accepted(question, energy, derivatives, states, least)
                if checked.holds:
                    return _found(question, energy, degree, checked)
                num_checks, worst, points = num_checks + 1, checked.worst, checked.where
                falls = np.full(len(points), -1.0)
            if worst > best:
                best, candidate = worst, energy
            bad = np.argsort(falls, kind="stable")[: BATCH // 2]
            more = _measure(question, basis, points[bad[falls[bad] < wanted]])
            samples = _Samples(
                np.concatenate([samples.points, more.points]),
                np.concatenate([samples.rows, more.rows]),
            )
    form = f"polynomial of degree up to {degrees[-1]}" if is_small else _WITH_UNITS
    note = f"No {form} falls clearly at all of {len(samples.points)} points; another energy may."
    return Finding("open", None, note, candidate=candidate)


def _measure(question: Question, basis: Basis | UnitBasis, points: np.ndarray) -> _Samples:
    """The rows −∇φ·f (a map: φ(x) − φ(x⁺)) at points, their largest entries ±1."""
    if not len(points):
        return _Samples(points, np.zeros((0, len(basis.degrees))))
    with np.errstate(over="ignore", invalid="ignore"):  # what leaves the finite is left out
        rows = _rows(question, basis, points)
    good = np.isfinite(rows).all(axis=1)
    points, rows = points[good], rows[good]
    # Only the signs of products with them matter, and squares of large numbers overflow.
    largest = np.max(np.abs(rows), axis=1, keepdims=True, initial=0.0)
    return _Samples(points, rows / np.where(largest > 0.0, largest, 1.0))


def _rows(question: Question, basis: Basis | UnitBasis, points: np.ndarray) -> np.ndarray:
    (velocity,) = in_batches(lambda some: evaluate(question.problem, some)[:1], points)
    if question.rule.has_continuous_time:
        return -np.einsum("nki,ni->nk", basis.gradients(points), velocity)
    return basis.values(points) - basis.values(points + velocity)


def _pins(question: Question, basis: Basis | UnitBasis, centres: np.ndarray) -> np.ndarray:
    """The equations ∇E = 0 at the equilibria, shape `(m d, k)`, in units of the domain."""
    if not len(centres):
        return np.zeros((0, len(basis.degrees)))
    gradients = basis.gradients(centres) * np.asarray(question.chart.widths)
    return np.swapaxes(gradients, 1, 2).reshape(-1, len(basis.degrees))


def _fit(rows: np.ndarray, pins: np.ndarray, used: np.ndarray) -> tuple[np.ndarray | None, float]:
    """The coefficients of widest margin among those that obey the pins, and the margin."""
    free = np.eye(int(used.sum()))
    if len(pins):
        _, values, right = np.linalg.svd(pins[:, used])
        rank = int(np.sum(values > 1e-10 * max(values[0], 1e-300)))
        free = right[rank:].T
    if not free.shape[1]:
        return None, 0.0
    reduced = rows[:, used] @ free
    lengths = np.linalg.norm(reduced, axis=1)
    kept = lengths > 1e-13 * np.linalg.norm(rows[:, used], axis=1)
    solution, margin = widest_margin(reduced[kept] / lengths[kept, None])
    if solution is None:
        return None, 0.0
    coefficients = np.zeros(len(used))
    coefficients[used] = free @ solution
    return coefficients, margin


def _found(
    question: Question, energy: SeriesEnergy | TensorEnergy, degree: int, checked: Acceptance
) -> Finding:
    kind = "trigonometric polynomial" if np.any(question.chart.angles) else "polynomial"
    is_plain = isinstance(energy, TensorEnergy) or isinstance(energy.basis, Basis) or degree < 3
    what = f"{kind} of degree {degree}" if is_plain else _WITH_UNITS
    note = in_words(question, f"A {what}", checked, checked.worst)
    return Finding("yes", checked.worst, note, Kind.LYAPUNOV, energy, aside=_ASIDE)
