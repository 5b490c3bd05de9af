"""The verb: is a rule steepest descent of something? The cheapest decisive question first."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import jax

from thalweg.analysis import Cycle, Equilibrium
from thalweg.core.domains import Domain
from thalweg.dynamics import Rule, make_problem
from thalweg.geometry import Geometry
from thalweg.recovery.candidates.convex import lyapunov
from thalweg.recovery.candidates.full_steps import unless_too_long
from thalweg.recovery.candidates.given import candidate_energies
from thalweg.recovery.candidates.two_step import two_steps
from thalweg.recovery.metrics.constant import constant_metric
from thalweg.recovery.metrics.diagonal import diagonal_metric
from thalweg.recovery.metrics.euclidean import euclidean
from thalweg.recovery.metrics.given import given_metrics
from thalweg.recovery.metrics.speed import speed_metric
from thalweg.recovery.question import Finding, Question
from thalweg.recovery.refutations.cycles import NAME as CYCLES
from thalweg.recovery.refutations.cycles import refuted_by_cycles
from thalweg.recovery.refutations.equilibria import refuted_by_equilibria
from thalweg.recovery.split import Split, split
from thalweg.recovery.verdict import Level, Verdict

_METRICS = ("given-metric", "constant-metric", "diagonal-metric", "speed-metric")


def recover_energy(
    rule: Rule,
    domain: Domain | None = None,
    *,
    geometries: Sequence[Geometry] = (),
    candidates: Sequence[Callable[[Any], Any]] = (),
    key: jax.Array | None = None,
    equilibria: Iterable[Equilibrium] | None = None,
    cycles: Iterable[Cycle] | None = None,
    thorough: bool = True,
) -> Verdict:
    """Ask whether a rule is steepest descent of an energy; of which, in which metric, or why not.

    Arguments:
        rule: a `Flow` or a `Map` that does not depend on time.
        domain: the region of the question; None means the domain that the rule declares.
        geometries: metrics to try besides the ones that are always tried.
        candidates: energies to try: callables `state → scalar` that may fall along the rule.
        key: a `jax.random` key; None means a fixed one. The same key gives the same verdict.
        equilibria: those of the rule in the domain where they are known; None means to find them
            when the question needs them.
        cycles: closed orbits of a flow, or cycles of a map, where they are known; None likewise.
        thorough: False stops at the first level that settles the question, and leaves out those
            that take seconds (cycles that are not given, Lyapunov energies, the split).

    Returns:
        The verdict; a short report when printed.

    Raises:
        InputError: the rule does not fit the domain, depends on time, holds a parameter that is not
            finite, or is finite nowhere in the domain.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> spiral = tw.as_flow(lambda x: -x + jnp.array([x[1], -x[0]]))
        >>> tw.recover_energy(spiral, tw.Box([-1.0, -1.0], [1.0, 1.0])).kind
        'refuted'
    """
    with jax.enable_x64(True):
        problem, domain = make_problem(rule, domain)
        question = Question(
            rule,
            domain,
            problem,
            key,
            None if equilibria is None else tuple(equilibria),
            None if cycles is None else tuple(cycles),
        )
        findings = _ask_for_metrics(question, tuple(geometries), thorough)
        if thorough and not any(f.metric is not None for f in findings):
            findings += _ask_without_metric(question, findings, tuple(candidates))
        parted = None
        is_flow = question.rule.rule_kind == "flow"
        if thorough and is_flow and not any(f.energy is not None for f in findings):
            finding, parted = split(question)
            findings.append(finding)
    return _verdict(question, findings, parted)


def _ask_for_metrics(
    question: Question, geometries: tuple[Geometry, ...], thorough: bool
) -> list[Finding]:
    """The levels at which the rule is steepest descent, cheap ones first, and their refutation.

    A cycle of a map comes first: where there is one, a step in a gradient's direction is too long.
    """
    is_map = question.rule.rule_kind == "map"
    first = euclidean(question)
    cycles = []
    if question.given_cycles is not None or (thorough and is_map):
        cycles.append(refuted_by_cycles(question))
    is_cyclic = any(f.kind is not None for f in cycles)
    findings = [_confirmed(question, first, is_cyclic)]
    if findings[-1].kind is not None:
        return findings
    findings += [refuted_by_equilibria(question), *cycles]
    refuted = findings[1].kind is not None or (is_cyclic and not is_map)
    if refuted or question.euclidean.is_symmetric:
        return findings
    findings += [_confirmed(question, f, is_cyclic) for f in given_metrics(question, geometries)]
    for level in (constant_metric, diagonal_metric, speed_metric):
        if findings[-1].level.name not in _METRICS or findings[-1].level.outcome != "yes":
            findings.append(_confirmed(question, level(question), is_cyclic))
    return findings


def _ask_without_metric(
    question: Question, before: list[Finding], candidates: tuple[Callable[[Any], Any], ...]
) -> list[Finding]:
    """The cycles that exclude any energy, and energies that fall in no metric known."""
    findings = []
    if not any(f.level.name == CYCLES for f in before):
        findings.append(refuted_by_cycles(question))
    if any(f.kind is not None and f.level.name == CYCLES for f in (*before, *findings)):
        return [*findings, *two_steps(question)]
    findings += candidate_energies(question, candidates)
    if not any(f.energy is not None for f in findings):
        findings.append(lyapunov(question))
    if not any(f.energy is not None for f in findings):
        findings += two_steps(question)
    return findings


def _confirmed(question: Question, finding: Finding, is_cyclic: bool) -> Finding:
    """A finding with a metric, if nothing about the region or the step speaks against it."""
    return unless_too_long(question, _unless_hollow(question, finding), is_cyclic)


def _unless_hollow(question: Question, finding: Finding) -> Finding:
    """A finding that rests on a simply connected region, left open where there is a hole."""
    if finding.kind is None or not question.region.has_hole:
        return finding
    level = finding.level
    note = f"{level.note} Yet the region has a hole: the energy may exist only locally."
    return Finding(Level(level.name, "open", level.residual, note), warnings=finding.warnings)


def _verdict(question: Question, findings: list[Finding], parted: Split | None) -> Verdict:
    """The strongest true statement: a metric, else a refutation, else an energy that falls."""
    order = ("refuted", "lyapunov")
    settling = [f for f in findings if f.kind is not None]
    settling.sort(key=lambda f: order.index(f.kind) if f.kind in order else -1)
    decisive = settling[0] if settling else None
    return Verdict(
        kind="undecided" if decisive is None or decisive.kind is None else decisive.kind,
        energy=next((f.energy for f in findings if f.energy is not None), None),
        metric=None if decisive is None else decisive.metric,
        residual=None if decisive is None else decisive.level.residual,
        witnesses=tuple(f.witness for f in findings if f.witness is not None),
        levels=tuple(f.level for f in findings),
        metric_name=None if decisive is None else decisive.metric_name,
        system=type(question.rule).__name__,
        rule_kind=question.rule.rule_kind,
        region=_region(question.domain),
        warnings=tuple(dict.fromkeys(w for f in findings for w in f.warnings)),
        split=parted,
    )


def _region(domain: Domain) -> str:
    data = domain.to_dict()
    lower, upper = data["lower"], data["upper"]
    if "sum" in data:
        return f"the simplex of {len(lower)} coordinates"
    pairs = [f"[{a:.4g}, {b:.4g}]" for a, b in zip(lower, upper, strict=True)]
    if len(set(pairs)) == 1 and len(pairs) > 2:
        return f"the box {pairs[0]}^{len(pairs)}"
    return "the box " + " × ".join([*pairs[:4], *(["…"] if len(pairs) > 4 else [])])
