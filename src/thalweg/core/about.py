"""Subject of a result: which rule, of which state, in which domain."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from thalweg.core.declared import declared_names
from thalweg.core.domains import Domain
from thalweg.core.level_sets import domain_from
from thalweg.core.plain import layout_of, structure
from thalweg.core.trees import Layout


@dataclass(frozen=True)
class About:
    """The system that a result is about; every result of the library has one.

    Attributes:
        system: the name of the rule.
        rule_kind: `"flow"`, `"map"`, `"diffusion"` or `"kernel"`; empty where it is about no rule,
            but an energy, say.
        names: the labels of the coordinates of a state, in order.
        domain: where the question was asked, or None.
    """

    system: str = ""
    rule_kind: str = ""
    names: tuple[str, ...] = ()
    domain: Domain | None = None

    @classmethod
    def of(cls, rule: Any, domain: Domain) -> "About":
        """Subject of a result about a rule in a domain (a resolved one)."""
        names = tuple(declared_names(rule, domain.layout))
        return cls(type(rule).__name__, rule.rule_kind, names, domain)

    def called(self, system: str) -> "About":
        """The same under another name."""
        return replace(self, system=system)

    @property
    def layout(self) -> Layout:
        """The layout of its states: that of the domain, else one vector."""
        return layout_of(None, len(self.names)) if self.domain is None else self.domain.layout

    def layout_for(self, flat: np.ndarray) -> Layout:
        """The layout of a state that was written flat: the domain's, else one vector."""
        layout = self.layout
        return layout if layout.size == flat.shape[-1] else layout_of(None, flat.shape[-1])

    @property
    def words(self) -> str:
        """The system, its kind and the state, in a few words."""
        names = f"{', '.join(self.names[:6])}{', …' if len(self.names) > 6 else ''}"
        said = [self.rule_kind, f"state {names}" if names else ""]
        inside = ", ".join(filter(None, said))
        return f"{self.system} ({inside})" if inside else self.system

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: `system`, `rule`, `dimension`, `names`, `domain`.

        Where states are no vectors, also `structure`: how they are nested.
        """
        nested = None if self.domain is None else structure(self.domain.layout)
        return {
            "system": self.system,
            "rule": self.rule_kind or None,
            "dimension": len(self.names),
            "names": list(self.names),
            "domain": None if self.domain is None else self.domain.to_dict(),
        } | ({} if nested is None else {"structure": nested})

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "About":
        """Read what `to_dict` wrote; states of a class of a user's own come back as vectors."""
        layout = layout_of(data.get("structure"), data["dimension"])
        known = data["domain"]
        domain = None if known is None else domain_from(known, layout)
        return cls(data["system"], data["rule"] or "", tuple(data["names"]), domain)


# What holds for a part of a result that stands alone: states of flows are spoken of.
UNSAID = About(rule_kind="flow")
