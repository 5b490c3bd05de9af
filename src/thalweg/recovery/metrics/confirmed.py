"""Shared part of every level with a metric: when to ask it, what else must hold of its answer."""

from dataclasses import replace

from thalweg.recovery.candidates.full_steps import unless_too_long
from thalweg.recovery.findings import Finding, Findings
from thalweg.recovery.question import Question


def is_metric_open(question: Question, so_far: Findings) -> bool:
    """True if the rule may be a gradient in another metric than the Euclidean one."""
    known = so_far.is_gradient or so_far.excludes_metric
    return not known and not question.euclidean.is_symmetric


def confirmed(question: Question, finding: Finding) -> Finding:
    """A finding with a metric, if nothing about the region or the step speaks against it."""
    if finding.kind is None:
        return finding
    if question.region.has_hole:
        note = f"{finding.note} Yet the region has a hole: the energy may exist only locally."
        return Finding("open", finding.residual, note, before=finding.before)
    return unless_too_long(question, replace(finding, is_gradient=True))
