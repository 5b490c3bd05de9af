"""A map as a step of descent: does the energy fall at the actual step size?"""

from dataclasses import replace

import numpy as np

from thalweg.core.batches import in_batches
from thalweg.recovery.candidates.fall import HUNTS, fall_at_points, hunt
from thalweg.recovery.findings import Finding
from thalweg.recovery.question import Question, evaluate
from thalweg.recovery.refutations.cycles import has_cycle

# A fall of less than this below zero is rounding.
_RISES = -1e-6
# At a point that moves by more than so much of the longest step, a fall below the other is none:
# rounding leaves less of x⁺ = 1 − x, where each point returns after two steps.
_MOVES, _FALLS = 1e-3, 1e-10
# Where hunts end with a fall below this, they are told the place as nearly as a fall of none needs:
# round a 2-cycle it is the square of the distance.
_LOW, _NEARER = 1e-3, np.asarray(2e-4)


def unless_too_long(question: Question, finding: Finding) -> Finding:
    """A finding about g(x) − x, kept only if its energy falls from x to g(x).

    Arguments:
        question: the rule and its region.
        finding: of a level, whose energy E has −∇E = M (g(x) − x).
    """
    if question.rule.has_continuous_time:
        return finding
    fact = "g(x) − x is a gradient in this metric, so small steps along it descend"
    if has_cycle(question):
        return _set_aside(finding, f"{fact}; but no energy falls round a cycle of full steps.")
    problem, sites = question.problem, question.sites
    falls = np.asarray(fall_at_points(problem, finding.energy, sites.points))
    lengths = _lengths(question, sites.points)
    stands = f"{fact}; but in some full steps the energy does not fall."
    if np.any((np.abs(falls) < _FALLS) & (lengths > _MOVES * np.max(lengths))):
        return _set_aside(finding, stands)
    num_hunts = 0
    if np.all(falls >= _RISES):
        starts = np.concatenate([sites.points, sites.fresh, question.special_points])
        starts = np.resize(starts, (HUNTS * -(-len(starts) // HUNTS), question.size))
        num_hunts = len(starts)
        ends, falls = in_batches(lambda some: hunt(problem, finding.energy, some), starts, HUNTS)
        if np.min(falls) < _LOW:
            lowest = ends[np.argsort(falls)[:HUNTS]]
            ends, nearer = map(np.asarray, hunt(problem, finding.energy, lowest, _NEARER))
            moves = _lengths(question, ends) > _MOVES * np.max(lengths)
            if np.any((np.abs(nearer) < _FALLS) & moves):
                return _set_aside(finding, stands)
    if not np.all(np.isfinite(falls)):
        return _set_aside(finding, f"{fact}; but after some full steps the energy is not finite.")
    if not np.all(falls >= _RISES):
        return _set_aside(finding, f"{fact}; but the energy can rise in a full step.")
    note = f"{finding.note} The energy falls at the actual step ({num_hunts} hunts for a rise)."
    return replace(finding, note=note)


def _lengths(question: Question, points: np.ndarray) -> np.ndarray:
    """Lengths `(n,)` of the steps from points, in units of the domain."""
    (steps,) = in_batches(lambda some: evaluate(question.problem, some)[:1], points)
    return np.linalg.norm(np.asarray(steps) / np.asarray(question.chart.widths), axis=1)


def _set_aside(finding: Finding, note: str) -> Finding:
    """The finding as a fact about the direction alone, which settles nothing."""
    return Finding("yes", finding.residual, note, is_gradient=True, before=finding.before)
