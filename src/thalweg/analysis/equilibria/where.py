"""The domain of a question that is asked about equilibria already found."""

from collections.abc import Sequence
from typing import Any

from thalweg.analysis.equilibria.equilibrium import Equilibrium
from thalweg.analysis.equilibria.result import Equilibria
from thalweg.core.domains import Domain
from thalweg.dynamics import Rule, declared_domain


def domain_with(rule: Any, domain: Domain | None, equilibria: Any) -> Domain | None:
    """The domain that was given; or that of the equilibria, where the rule declares none either.

    Arguments:
        rule: whose domain it is.
        domain: as it was given.
        equilibria: what `find_equilibria` returned, some of its members, or anything else.
    """
    if domain is not None or not isinstance(rule, Rule) or declared_domain(rule) is not None:
        return domain
    if isinstance(equilibria, Equilibria):
        return equilibria.about.domain
    members = equilibria if isinstance(equilibria, Sequence) else ()
    found = (one.about.domain for one in members if isinstance(one, Equilibrium))
    return next(found, None)
