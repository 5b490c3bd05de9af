"""The verb: is a rule steepest descent of something? The cheapest decisive question first."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import jax

from thalweg.analysis import Cycle, Equilibrium, find_landscape, refuse_landscape
from thalweg.analysis.equilibria.where import check_at_rest
from thalweg.core.about import About
from thalweg.core.checks import check_made
from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.dynamics import Deterministic
from thalweg.geometry import Geometry
from thalweg.recovery.candidates.hunts import CHECKED
from thalweg.recovery.findings import Finding, Findings
from thalweg.recovery.kinds import Kind
from thalweg.recovery.ladder import LEVELS
from thalweg.recovery.level import Cost, Level
from thalweg.recovery.question import Question, make_question
from thalweg.recovery.remarks import (
    refuse_sizes,
    refuse_unusable,
    remarks_on_region,
)
from thalweg.recovery.verdict import LevelResult, Verdict


def recover_energy(
    rule: Deterministic,
    domain: Domain | None = None,
    *,
    geometries: Sequence[Geometry] = (),
    candidates: Sequence[Callable[[Any], Any]] = (),
    key: jax.Array | None = None,
    equilibria: Iterable[Equilibrium] | None = None,
    cycles: Iterable[Cycle] | None = None,
    thorough: bool = True,
    landscape: bool = False,
    levels: Sequence[Level] = LEVELS,
) -> Verdict:
    """Ask whether a rule is steepest descent of an energy; of which, in which metric, or why not.

    Arguments:
        rule: a `Flow` or a `Map` that does not depend on time.
        domain: the region of the question; None means the domain that the rule declares, or else
            that of the equilibria given.
        geometries: metrics to try besides the ones that are always tried.
        candidates: energies to try: callables `state → scalar` that may fall along the rule.
        key: a `jax.random` key; None means a fixed one. The same key gives the same verdict.
        equilibria: those of the rule in the domain where they are known; None means to find them
            when the question needs them.
        cycles: closed orbits of a flow, or cycles of a map, where they are known; None likewise.
        thorough: False stops at the first level that settles the question, and leaves out those
            that take seconds (cycles that are not given, Lyapunov energies, the split).
        landscape: True also computes a function that falls wherever nothing recurs, whatever the
            verdict (`find_landscape`), as `verdict.landscape`; in up to three coordinates.
        levels: the levels to ask, in the order of the report: all of `recovery.LEVELS`, or fewer.

    Returns:
        The verdict; a short report when printed.

    Raises:
        InputError: the rule does not fit the domain, depends on time, holds a parameter that is not
            finite, or is finite nowhere in the domain; `levels` holds something else; or a
            landscape is asked for where there can be none.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> spiral = tw.as_flow(lambda x: -x + jnp.array([x[1], -x[0]]))
        >>> tw.recover_energy(spiral, tw.Box([-1.0, -1.0], [1.0, 1.0])).kind
        'refuted'
    """
    question = make_question(
        rule,
        domain,
        geometries=geometries,
        candidates=candidates,
        key=key,
        equilibria=equilibria,
        cycles=cycles,
    )
    with jax.enable_x64(True):
        check_at_rest(question.problem, question.given_equilibria)
    if landscape:
        refuse_landscape(question.problem)
    verdict = ask(question, levels, thorough=thorough)
    return with_landscape(question, verdict) if landscape else verdict


def with_landscape(
    question: Question, verdict: Verdict, cycles: Sequence[Cycle] | None = None
) -> Verdict:
    """The verdict with a landscape of the rule, from the equilibria and cycles that are known.

    Arguments:
        question: that the verdict answers.
        verdict: the answer.
        cycles: those of the rule where they are known; None takes those of the question, which
            searches for them unless a metric was found.

    Raises:
        InputError: there are more than three coordinates, or the domain is no box.
    """
    if cycles is None:
        cycles = () if verdict.kind.has_metric else question.cycles
    # All that are given, with the continua that some stand for: the landscape leaves out the rest.
    given = question.given_equilibria
    found = find_landscape(
        question.rule, question.domain,
        equilibria=question.equilibria if given is None else given, cycles=cycles,
        key=question.key,
    )  # fmt: skip
    return replace(verdict, landscape=found)


def ask(question: Question, levels: Sequence[Level] = LEVELS, *, thorough: bool = True) -> Verdict:
    """Ask the levels that apply, cheap ones first, and give the verdict.

    What a level found before stays: a question that was asked with `thorough=False` walks on from
    there when it is asked again.

    Arguments:
        question: from `make_question`; it remembers what is found.
        levels: as in `recover_energy`.
        thorough: likewise.

    Returns:
        The verdict on all that these levels have found so far.

    Raises:
        InputError: as in `recover_energy`.
    """
    levels = tuple(levels)
    for level in levels:
        check_made("levels: one", level)
        if not isinstance(level, Level):
            raise InputError(
                f"levels must hold Levels such as those of thalweg.recovery.LEVELS, got {level!r}."
            )
    question.may_search = thorough
    with jax.enable_x64(True):
        refuse_unusable(question)
        for cost in Cost if thorough else (Cost.CHEAP,):
            for level in levels:
                is_due = level.cost == cost and level not in question.findings
                if is_due and level.applies(question, _so_far(question, levels)):
                    is_answered = any(f.kind is not None for f in _so_far(question, levels))
                    if not level.any_size and not is_answered:
                        refuse_sizes(question)
                    question.findings[level] = level.ask(question)
        return _verdict(question, levels)


def _so_far(question: Question, levels: tuple[Level, ...]) -> Findings:
    return Findings(question.findings[level] for level in levels if level in question.findings)


def _verdict(question: Question, levels: tuple[Level, ...]) -> Verdict:
    """The strongest true statement, with what every level found."""
    findings = _upheld(_so_far(question, levels))
    energy = next((f.energy for f in findings if f.energy is not None), None)
    kinds = [Kind.UNDECIDED, *(f.kind for f in findings if f.kind is not None)]
    kind = max(kinds, key=lambda kind: kind.strength)
    decisive = next((f for f in findings if f.kind == kind), None)
    return Verdict(
        kind=kind,
        energy=energy,
        metric=None if decisive is None else decisive.metric,
        residual=None if decisive is None else decisive.residual,
        witnesses=tuple(f.witness for f in findings if f.witness is not None),
        levels=tuple(
            LevelResult(level.name, found.outcome, found.residual, _note(found, findings))
            for level in levels
            if level in question.findings
            for found in _lines(question.findings[level])
        ),
        metric_name=None if decisive is None else decisive.metric_name,
        about=About.of(question.rule, question.domain),
        warnings=remarks_on_region(question),
        share=question.region.share,
        asides=tuple(f.aside for f in findings if f.aside and f.kind != kind),
        candidate=next((f.candidate for f in findings if f.candidate is not None), None)
        if kind is Kind.UNDECIDED
        else None,
        fall=_fall(findings, energy),
        split=next((f.split for f in findings if f.split is not None), None),
    )


def _upheld(findings: Findings) -> Findings:
    """The findings, without the energies that are proved to rise and what rests on them."""
    wrong = [f.proof.energy for f in findings if f.proof is not None and f.proof.outcome == "rises"]

    def upheld(finding: Finding) -> Finding:
        if not any(finding.energy is energy for energy in wrong):
            return finding
        return Finding("open", finding.residual, finding.note, candidate=finding.energy)

    return Findings(upheld(finding) for finding in findings)


def _fall(findings: Findings, energy: Any) -> str | None:
    """Grade of the knowledge that the energy handed out falls: "proved" or "checked"."""
    if not any(f.energy is energy and f.kind is not None for f in findings if energy is not None):
        return None  # there is none, or one that only never rises
    proofs = (f.proof for f in findings if f.proof is not None and f.proof.energy is energy)
    return "proved" if any(proof.is_proved for proof in proofs) else "checked"


def _note(finding: Finding, findings: Findings) -> str:
    """The note of a finding; of an energy whose fall is proved elsewhere it does not deny that."""
    if finding.energy is None or _fall(findings, finding.energy) != "proved":
        return finding.note
    return finding.note.replace(CHECKED, "Checked here; proved by another level.")


def _lines(finding: Finding) -> tuple[Finding, ...]:
    return (*finding.before, finding)
