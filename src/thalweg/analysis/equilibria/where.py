"""Equilibria that are given to another question: whether they are of its rule, and their domain."""

from collections.abc import Sequence
from typing import Any

from thalweg.analysis.equilibria.equilibrium import Equilibrium
from thalweg.analysis.equilibria.result import Equilibria
from thalweg.core.about import UNSAID, About
from thalweg.core.declared import declared_labels
from thalweg.core.domains import Box, Domain
from thalweg.core.errors import InputError
from thalweg.core.given import told
from thalweg.dynamics import Rule, declared_domain


def domain_with(rule: Any, domain: Domain | None, equilibria: Any) -> Domain | None:
    """The domain that was given; or that of the equilibria, where the rule declares none either.

    Arguments:
        rule: whose domain it is.
        domain: as it was given.
        equilibria: what `find_equilibria` returned, some of its members, or None.

    Raises:
        InputError: they are none, or those of a rule of another kind or with other coordinates.
    """
    found = _subjects(equilibria)
    if not isinstance(rule, Rule):
        return domain
    where = declared_domain(rule) if domain is None else domain
    for about in found:
        if about != UNSAID and not _fits(rule, where, about):
            raise InputError(
                f"equilibria are of {about.words}, not of {type(rule).__name__}: give what "
                f"find_equilibria returned for this rule."
            )
    return found[0].domain if where is None and found else domain


def _subjects(equilibria: Any) -> list[About]:
    """Subjects of the equilibria; of a whole result, all of whose members have one, that one."""
    if equilibria is None:
        return []
    if isinstance(equilibria, Equilibria):
        return [equilibria.about]
    members = list(equilibria) if isinstance(equilibria, Sequence) else None
    if members is None or not all(isinstance(one, Equilibrium) for one in members):
        cure = ": write [equilibrium] for one" if isinstance(equilibria, Equilibrium) else ""
        raise InputError(
            f"equilibria must be what find_equilibria returned, got {told(equilibria)}{cure}."
        )
    return [one.about for one in members]


def _fits(rule: Rule, domain: Domain | None, about: About) -> bool:
    """Truth of: the result is about the rule in that domain, as far as it says."""
    if about.rule_kind and about.rule_kind != rule.rule_kind:
        return False
    if about.domain is None or not about.names:
        return True
    is_scalar = isinstance(domain, Box) and domain.is_scalar
    if isinstance(domain, Domain) and not is_scalar and domain.layout != about.layout:
        return False
    return tuple(declared_labels(rule) or about.layout.labels()) == about.names
