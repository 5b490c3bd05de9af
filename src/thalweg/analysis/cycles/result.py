"""What a search for cycles returns: closed orbits, n-cycles, and recurrence that is neither."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, overload

import numpy as np

from thalweg.core.tables import (
    format_eigenvalues,
    format_state,
    results_as_html,
    results_as_text,
)
from thalweg.core.trees import Layout


@dataclass(frozen=True)
class Cycle:
    """A closed orbit of a flow, or an n-cycle of a map.

    Attributes:
        period: how long a turn takes; n, of a map.
        point: a state on it, the one with the largest first coordinate.
        multipliers: the eigenvalues of the Jacobian of one turn (of the n-step map), complex, shape
            `(d,)`, by descending modulus. One multiplier of a closed orbit is 1, along the orbit.
        trivial: the index of that one; None of a map.
        stable: whether all other multipliers lie inside the unit circle.
        kind: `"attracting"`, `"repelling"`, `"saddle"`, or `"neutral"` where a multiplier cannot be
            told from modulus 1.
        states: the states along the cycle, stacked along a new first axis, from `point` on; the
            points of a map's cycle, the adaptive steps once round a closed orbit.
        times: when each of them is reached, shape `(m,)`.
        residual: the largest distance by which it fails to close.
        accuracy: the last correction of the period by Newton's method; 0 of a map.
        continuum: 0 when isolated, else the dimension of the family it stands for.
        leaves: whether it runs partly outside the domain.
    """

    period: float
    point: Any
    multipliers: np.ndarray
    trivial: int | None
    stable: bool
    kind: str
    states: Any
    times: np.ndarray
    residual: float
    accuracy: float
    continuum: int = 0
    leaves: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The cycle as JSON-ready data, with the keys of the contract."""
        return {
            "period": self.period,
            "point": Layout.of(self.point).flatten(self.point).tolist(),
            "multipliers": [[float(v.real), float(v.imag)] for v in self.multipliers],
            "stable": self.stable,
            "continuum": self.continuum,
            "leaves": self.leaves,
        }


@dataclass(frozen=True)
class Recurrent:
    """Trajectories that recur in one region but settle on nothing found: undecided.

    Attributes:
        trajectories: how many of them there are.
        exponent: their largest Lyapunov exponent, per unit of time (per step, of a map): the rate
            at which nearby trajectories part.
        error: its standard error.
        is_chaotic: whether the exponent is positive beyond doubt. If not, they may be
            quasi-periodic, or merely slow.
        backwards: whether time ran backwards.
        lower: the state of the region's lower bounds.
        upper: the state of its upper bounds.
    """

    trajectories: int
    exponent: float
    error: float
    is_chaotic: bool
    backwards: bool
    lower: Any
    upper: Any

    def __str__(self) -> str:
        what = "chaotic" if self.is_chaotic else "quasi-periodic or slow"
        way = " backwards in time" if self.backwards else ""
        who = "1 trajectory recurs" if self.trajectories == 1 else (
            f"{self.trajectories} trajectories recur"
        )  # fmt: skip
        return (
            f"Undecided: {who}{way} without closing ({what}; largest exponent "
            f"{self.exponent:.4g} ± {self.error:.1g})."
        )


@dataclass(frozen=True)
class Cycles(Sequence[Cycle]):
    """The cycles of a rule in a domain, by period; prints as a table.

    Attributes:
        members: the cycles in the domain, those that leave it in part (`Cycle.leaves`) among them;
            of a family, one representative.
        recurrent: recurrence that is neither an equilibrium nor a cycle.
        notes: what the reader should know, in sentences.
        trajectories: how many trajectories were followed.
        system: the name of the rule.
        rule_kind: `"flow"` or `"map"`.
        names: the labels of the coordinates of a state.
    """

    members: tuple[Cycle, ...]
    recurrent: tuple[Recurrent, ...] = ()
    notes: tuple[str, ...] = ()
    trajectories: int = 0
    system: str = ""
    rule_kind: str = "flow"
    names: tuple[str, ...] = field(default_factory=tuple)

    @overload
    def __getitem__(self, index: int) -> Cycle: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Cycle, ...]: ...
    def __getitem__(self, index: int | slice) -> Cycle | tuple[Cycle, ...]:
        return self.members[index]

    def __len__(self) -> int:
        return len(self.members)

    def to_dict(self) -> list[dict[str, Any]]:
        """The cycles as JSON-ready data: the list `"cycles"` of the contract."""
        return [member.to_dict() for member in self.members]

    @property
    def title(self) -> str:
        """How many of which rule there are, and how many leave the domain, in a line."""
        count, said = len(self.members), self.counted()
        title = f"{said[0].upper()}{said[1:]} of {self.system}"
        title += f" ({self.rule_kind}, state {', '.join(self.names[:6])}"
        title += f"{', …' if len(self.names) > 6 else ''})"
        leaving = sum(cycle.leaves for cycle in self.members)
        whose = "which leaves" if count == 1 else (
            f"{leaving} of which {'leaves' if leaving == 1 else 'leave'}"
        )  # fmt: skip
        return f"{title}, {whose} the domain" if leaving else title

    def counted(self, noun: str = "cycle") -> str:
        """How many isolated ones and how many families there are, in words."""
        families = sum(cycle.continuum > 0 for cycle in self.members)
        isolated = len(self.members) - families
        parts = [f"{isolated or 'no'} {noun}{'' if isolated == 1 else 's'}"]
        parts = parts if isolated or not families else []
        if families:
            parts.append(f"{families} {'family' if families == 1 else 'families'} of {noun}s")
        return " and ".join(parts)

    def table(self) -> tuple[list[str], list[list[str]]]:
        """Header and rows of a table of the cycles, as texts."""
        rows = [
            [_kind(c), f"{c.period:.10g}", format_state(c.point), format_eigenvalues(c.multipliers)]
            for c in self.members
        ]
        return ["kind", "period", "through", "multipliers"], rows

    def remarks(self) -> list[str]:
        """What belongs below the table, in sentences: other recurrence, notes."""
        return [*map(str, self.recurrent), *(f"Note: {note}" for note in self.notes)]

    def __str__(self) -> str:
        return results_as_text(self.title, self.table() if self.members else None, self.remarks())

    def _repr_html_(self) -> str:
        return results_as_html(self.title, self.table() if self.members else None, self.remarks())


def _kind(cycle: Cycle) -> str:
    kind = f"family ({cycle.continuum}-d)" if cycle.continuum else cycle.kind
    return f"{kind}, leaves" if cycle.leaves else kind
