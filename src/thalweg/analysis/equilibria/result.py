"""What a search for equilibria returns: what was found, how complete it is, how it prints."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, overload

import jax
import numpy as np

from thalweg.analysis.equilibria.continua import Continuum
from thalweg.analysis.equilibria.transients import Transients, transients
from thalweg.core.tables import (
    format_eigenvalues,
    format_state,
    results_as_html,
    results_as_text,
    without_empty,
)

_TOLD = 2.0
_LARGEST_TOLD = 32


@dataclass(frozen=True)
class Equilibrium:
    """A rest state of a flow, or a fixed point of a map.

    Attributes:
        state: the state, a pytree of float64 arrays.
        kind: `"sink"`, `"source"`, `"saddle"`, `"center"` or `"non-hyperbolic"`.
        form: `"node"` (no mode turns), `"focus"` (some do) or None.
        stable: None for centers and non-hyperbolic points, which linearization cannot decide.
        eigenvalues: of the rule's own Jacobian (multipliers of a map), complex, shape `(d,)`, by
            descending real part, then imaginary part.
        jacobian: the rule's own Jacobian in the free coordinates of the domain, shape `(d, d)`.
        residual: the norm of the displacement there.
        accuracy: how far off the state may lie, as far as rounding lets one say.
        energy: the rule's declared energy there, or None.
        continuum: 0 when isolated, else the dimension of the family it stands for.
        rule_kind: `"flow"` or `"map"`.
        together: how many eigenvalues cannot be told apart from each, itself included, shape
            `(d,)`: 1 unless they form a defective cluster, of which only the mean is known.
    """

    state: Any
    kind: str
    form: str | None
    stable: bool | None
    eigenvalues: np.ndarray
    jacobian: np.ndarray
    residual: float
    accuracy: float
    energy: float | None = None
    continuum: int = 0
    rule_kind: str = "flow"
    together: np.ndarray = field(default_factory=lambda: np.ones(0, dtype=int))

    @property
    def transients(self) -> Transients | None:
        """How far small perturbations grow before they decay; None unless it is stable."""
        return transients(self.jacobian, self.rule_kind) if self.stable else None

    def to_dict(self) -> dict[str, Any]:
        """The equilibrium as JSON-ready data."""
        leaves = [np.asarray(leaf).ravel() for leaf in jax.tree.leaves(self.state)]
        return {
            "state": np.concatenate(leaves).tolist(),
            "kind": self.kind,
            "form": self.form,
            "stable": self.stable,
            "eigenvalues": [[float(v.real), float(v.imag)] for v in self.eigenvalues],
            "residual": self.residual,
            "energy": self.energy,
            "continuum": self.continuum,
        }


@dataclass(frozen=True)
class SlowPoint:
    """A point where the speed |f| has a local minimum that is not zero.

    Attributes:
        state: the state.
        speed: the norm of the displacement there.
    """

    state: Any
    speed: float


@dataclass(frozen=True)
class Search:
    """How complete a search was.

    Attributes:
        starts: the number of starts.
        converged: how many of them ended on an equilibrium inside the closed domain.
        distinct: the number of distinct equilibria inside, a continuum counting once.
        outside: how many starts ended on an equilibrium outside the domain.
        unseen_mass: the Good–Turing estimate of the probability that one more random start finds an
            equilibrium not seen yet; None when the starts were given and not drawn.
        unseen_upper: a 95 % upper bound on it; None likewise.
        continuum: whether any equilibria are not isolated.
        continua: how many families of equilibria are not isolated.
        entries: how many equilibria are listed.
        points: how many of these stand for continua.
        left: how many starts ran out of the domain and came to rest nowhere.
        stalled: how many ended where the speed has a local minimum that is not zero.
        unfinished: how many were still on their way when the steps were spent.
        deflated: how many equilibria only the deflated restarts found.
        undefined: how many starts led to where the rule is not finite.
        target: the bound at which drawing stops.
    """

    starts: int
    converged: int
    distinct: int
    outside: int
    unseen_mass: float | None
    unseen_upper: float | None
    continuum: bool
    continua: int = 0
    entries: int = 0
    points: int = 0
    left: int = 0
    stalled: int = 0
    unfinished: int = 0
    deflated: int = 0
    undefined: int = 0
    target: float = 0.01

    def to_dict(self) -> dict[str, Any]:
        """The search as JSON-ready data, with the keys of the contract."""
        keys = ("starts", "converged", "distinct", "outside")
        keys += ("unseen_mass", "unseen_upper", "continuum", "continua", "entries", "points")
        keys += ("left", "stalled", "unfinished")
        return {key: getattr(self, key) for key in keys}

    def __str__(self) -> str:
        lines = [f"{self.starts} starts: {self.converged} led to states of rest inside the domain"]
        lines[0] += f", {self.outside} outside." if self.outside else "."
        lost = {
            "left the domain": self.left,
            "ended at a minimum of the speed that is not zero": self.stalled,
            "did not finish": self.unfinished,
            "met a point where the rule is not finite": self.undefined,
        }
        if any(lost.values()):
            parts = [f"{count} {what}" for what, count in lost.items() if count]
            lines.append(f"Of the other starts {', '.join(parts)}.")
        if self.deflated:
            lines.append(f"{self.deflated} found only by deflated restarts.")
        if self.unseen_upper is not None:
            enough = self.unseen_upper <= self.target
            why = "" if enough else " (the budget of starts is spent)"
            lines.append(
                f"One more start finds a new one with probability below "
                f"{100 * self.unseen_upper:.2g} % (95 % confidence){why}."
            )
        return "\n".join(lines)


@dataclass(frozen=True)
class Equilibria(Sequence[Equilibrium]):
    """The equilibria of a rule in a domain, ordered by state; prints as a table.

    Attributes:
        members: the equilibria; of a continuum a few representatives, spread out.
        search: how complete the search was.
        continua: the families that are not isolated, with points to draw them by.
        slow: slow points that are no equilibria, when the starts were given as states.
        warnings: what the reader should know, in sentences.
        system: the name of the rule.
        rule_kind: `"flow"` or `"map"`.
        names: the labels of the coordinates of a state.
        domain: the domain searched, as JSON-ready data.
    """

    members: tuple[Equilibrium, ...]
    search: Search
    continua: tuple[Continuum, ...] = ()
    slow: tuple[SlowPoint, ...] = ()
    warnings: tuple[str, ...] = ()
    system: str = ""
    rule_kind: str = "flow"
    names: tuple[str, ...] = ()
    domain: dict[str, Any] = field(default_factory=dict)

    @overload
    def __getitem__(self, index: int) -> Equilibrium: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Equilibrium, ...]: ...
    def __getitem__(self, index: int | slice) -> Equilibrium | tuple[Equilibrium, ...]:
        return self.members[index]

    def __len__(self) -> int:
        return len(self.members)

    @property
    def states(self) -> Any:
        """All states stacked along a new first axis (an empty list when there are none)."""
        if not self.members:
            return []
        return jax.tree.map(lambda *leaves: np.stack(leaves), *(e.state for e in self.members))

    def to_dict(self) -> dict[str, Any]:
        """The search and its result as JSON-ready data, with the keys of the contract."""
        return {
            "rule": self.rule_kind,
            "dimension": len(self.names),
            "domain": self.domain,
            "equilibria": [member.to_dict() for member in self.members],
            "search": self.search.to_dict(),
            "warnings": list(self.warnings),
        }

    @property
    def title(self) -> str:
        """How many of which kind of rule there are, in a line; and how many points of continua."""
        names = f"{', '.join(self.names[:6])}{', …' if len(self.names) > 6 else ''}"
        said = self.counted()
        title = f"{said[0].upper()}{said[1:]} of {self.system} ({self.rule_kind}, state {names})"
        shown = sum(e.continuum > 0 for e in self.members)
        whose = "it" if len(self.continua) == 1 else "them"
        return f"{title}; {shown} points of {whose} are shown" if shown else title

    def counted(self) -> str:
        """How many isolated ones and how many continua there are, in words."""
        one, many = ("fixed point", "fixed points") if self.rule_kind == "map" else (
            "equilibrium", "equilibria",
        )  # fmt: skip
        isolated, families = sum(e.continuum == 0 for e in self.members), len(self.continua)
        parts = [f"{isolated or 'no'} {one if isolated == 1 else many}"]
        parts = parts if isolated or not families else []
        if families:
            parts.append(f"{families} {'continuum' if families == 1 else 'continua'} of {many}")
        return " and ".join(parts)

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Header and rows of a table of the equilibria, as texts."""
        values = "multipliers" if self.rule_kind == "map" else "eigenvalues"
        header = ["kind", "form", "state", values]
        rows = [
            [_kind(e), e.form or "", format_state(e.state), format_eigenvalues(e.eigenvalues)]
            for e in self.members
        ]
        if any(e.energy is not None for e in self.members):
            header.insert(3, "energy")
            for row, text in zip(rows, _energies(self.members), strict=True):
                row.insert(3, text)
        return without_empty(header, rows)

    def remarks(self) -> list[str]:
        """What belongs below the table, in sentences: transients, completeness, warnings."""
        lines = [*_growing(self.members), *_clustered(self.members)]
        lines += str(self.search).splitlines()
        lines += [f"Slow point, speed {s.speed:.3g}: {format_state(s.state)}" for s in self.slow]
        return [*lines, *(f"Note: {warning}" for warning in self.warnings)]

    def __str__(self) -> str:
        return results_as_text(self.title, self.table() if self.members else None, self.remarks())

    def _repr_html_(self) -> str:
        return results_as_html(self.title, self.table() if self.members else None, self.remarks())


def _energies(members: tuple[Equilibrium, ...]) -> list[str]:
    """The energies as text; what is zero next to the largest prints as 0."""
    sizes = [abs(e.energy) for e in members if e.energy is not None and np.isfinite(e.energy)]
    least = 1e-12 * max(sizes, default=0.0)
    return [
        "" if e.energy is None else f"{0.0 if abs(e.energy) <= least else e.energy:.5g}"
        for e in members
    ]


def _growing(members: tuple[Equilibrium, ...]) -> list[str]:
    """A line for each stable equilibrium near which perturbations grow a good deal at first."""
    lines = []
    for e in members:
        if not e.stable or len(e.eigenvalues) > _LARGEST_TOLD:
            continue
        found = transients(e.jacobian, e.rule_kind)
        if found.growth > _TOLD:
            when = f"t = {found.time:.3g}" if e.rule_kind == "flow" else f"step {found.time:.0f}"
            lines.append(
                f"Near {format_state(e.state)} a small perturbation can grow "
                f"{found.growth:.3g}-fold in length ({when}) before it decays."
            )
    return lines


def _clustered(members: tuple[Equilibrium, ...]) -> list[str]:
    """A line for each equilibrium some of whose eigenvalues are known by their mean only."""
    lines = []
    for e in members:
        if e.continuum or not np.any(e.together > 1):
            continue
        means, first = np.unique(e.eigenvalues[e.together > 1], return_index=True)
        counts = e.together[e.together > 1][first]
        told = " and ".join(
            f"{n} round {format_eigenvalues(np.array([mean]))}"
            for mean, n in zip(means, counts, strict=True)
        )
        values = "multipliers" if e.rule_kind == "map" else "eigenvalues"
        lines.append(
            f"At {format_state(e.state)} rounding does not tell {values} apart ({told}): whether "
            f"they turn is not known."
        )
    return lines


def _kind(equilibrium: Equilibrium) -> str:
    if not equilibrium.continuum:
        return equilibrium.kind
    return f"continuum ({equilibrium.continuum}-d)"
