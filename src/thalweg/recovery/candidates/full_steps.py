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
# At a random point that moves by more than so much of the longest step, a fall below the other is
# none: rounding leaves less of x⁺ = 1 − x, where each point returns after two steps.
_MOVES, _FALLS = 1e-3, 1e-10


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
    steps = np.asarray(evaluate(problem, sites.points)[0]) / np.asarray(question.chart.widths)
    lengths = np.linalg.norm(steps, axis=1)
    if np.any((np.abs(falls) < _FALLS) & (lengths > _MOVES * np.max(lengths))):
        return _set_aside(finding, f"{fact}; but in some full steps the energy does not fall.")
    num_hunts = 0
    if np.all(falls >= _RISES):
        starts = np.concatenate([sites.points, sites.fresh, question.special_points])
        starts = np.resize(starts, (HUNTS * -(-len(starts) // HUNTS), question.size))
        num_hunts = len(starts)
        (falls,) = in_batches(lambda some: (hunt(problem, finding.energy, some)[1],), starts, HUNTS)
    if not np.all(np.isfinite(falls)):
        return _set_aside(finding, f"{fact}; but after some full steps the energy is not finite.")
    if not np.all(falls >= _RISES):
        return _set_aside(finding, f"{fact}; but the energy can rise in a full step.")
    note = f"{finding.note} The energy falls at the actual step ({num_hunts} hunts for a rise)."
    return replace(finding, note=note)


def _set_aside(finding: Finding, note: str) -> Finding:
    """The finding as a fact about the direction alone, which settles nothing."""
    return Finding("yes", finding.residual, note, is_gradient=True, before=finding.before)
