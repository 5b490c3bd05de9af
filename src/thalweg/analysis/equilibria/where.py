"""Equilibria that are given to another question: whether they are of its rule, and their domain."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from thalweg.analysis.equilibria.equilibrium import Equilibrium
from thalweg.analysis.equilibria.result import Equilibria
from thalweg.core.about import UNSAID, About
from thalweg.core.declared import declared_labels
from thalweg.core.domains import Box, Domain
from thalweg.core.errors import InputError
from thalweg.core.given import given_members
from thalweg.core.tables import format_state
from thalweg.dynamics import Rule, declared_domain
from thalweg.dynamics.points import displacements_at
from thalweg.dynamics.problem import Problem

# In widths of the domain a unit of time, for an eigenvalue of 1: what is found moves by 1e-12, and
# other parameters are of interest where they move it by more.
_AT_REST = 1e-6


def given_equilibria(equilibria: Any) -> Equilibria | Sequence[Equilibrium] | None:
    """Equilibria as a verb was given them: a whole result, some of its members, or None.

    Raises:
        InputError: they are none.
    """
    if equilibria is None:
        return None
    return given_members("equilibria", equilibria, Equilibrium, "find_equilibria")


def domain_with(rule: Any, domain: Domain | None, equilibria: Any) -> Domain | None:
    """The domain that was given; or that of the equilibria, where the rule declares none either.

    Arguments:
        rule: whose domain it is.
        domain: as it was given.
        equilibria: from `given_equilibria`.

    Raises:
        InputError: they are those of a rule of another kind or with other coordinates.
    """
    found = _subjects(equilibria)
    if not isinstance(rule, Rule):
        return domain
    where = declared_domain(rule) if domain is None else domain
    for about in found:
        if about != UNSAID and not _fits(rule, where, about):
            raise InputError(
                f"equilibria are of {about.words}, not of {type(rule).__name__}, a "
                f"{rule.rule_kind}: give what find_equilibria returned for this rule."
            )
    return found[0].domain if where is None and found else domain


def check_at_rest(problem: Problem, equilibria: Iterable[Equilibrium] | None) -> None:
    """Refuse equilibria that are none of this rule: those of other parameters, say.

    Raises:
        InputError: one of them moves.
    """
    members = () if equilibria is None else tuple(equilibria)
    if not members:
        return
    chart, rule = problem.chart, problem.rule
    points = np.array([np.asarray(chart.coordinates(one.state)) for one in members])
    if chart.dimension < chart.layout.size:  # coordinates are of the nearest state that it holds
        for one, point in zip(members, points, strict=True):
            state = chart.layout.flatten(one.state)
            off = np.abs(chart.layout.flatten(chart.embed(point)) - state)
            if np.any(off > _AT_REST * (1.0 + np.abs(state))):
                raise InputError(
                    f"equilibria: the state {format_state(one.state)} is not in the domain of the "
                    f"question. Find those that are: find_equilibria(rule, domain)."
                )
    moved = displacements_at(problem, points)
    for one, displacement in zip(members, moved, strict=True):
        speed = float(np.linalg.norm(displacement))
        step = float(np.max(np.abs(displacement) / np.asarray(chart.widths)))
        rate = float(np.max(np.abs(one.eigenvalues), initial=0.0))
        if not rule.has_continuous_time:
            rate += 1.0
        # NaN, where the rule is not defined, is no rest either.
        if not (speed <= 10.0 * one.residual or step <= _AT_REST * rate):
            raise InputError(
                f"equilibria: the state {format_state(one.state)} is none of this "
                f"{type(rule).__name__}, which moves by {speed:.3g} there. If parameters have "
                f"changed, find them anew: find_equilibria(rule)."
            )


def _subjects(equilibria: Sequence[Equilibrium] | None) -> list[About]:
    """Subjects of the equilibria; of a whole result, all of whose members have one, that one."""
    if isinstance(equilibria, Equilibria):
        return [equilibria.about]
    return [one.about for one in equilibria or ()]


def _fits(rule: Rule, domain: Domain | None, about: About) -> bool:
    """Truth of: the result is about the rule in that domain, as far as it says."""
    if about.rule_kind and about.rule_kind != rule.rule_kind:
        return False
    if about.domain is None or not about.names:
        return True
    is_scalar = isinstance(domain, Box) and domain.is_scalar
    if isinstance(domain, Domain) and not is_scalar and domain.layout.size != about.layout.size:
        return False
    # Names may have been added to a rule since, or left out of it.
    unnamed, names = tuple(about.layout.labels()), declared_labels(rule)
    return names is None or about.names in (unnamed, tuple(names))
