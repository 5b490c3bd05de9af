"""Result of a search for cycles: closed orbits, n-cycles, and recurrence that is neither."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np

from thalweg.core.about import UNSAID, About
from thalweg.core.plain import array, flat, from_pairs, number, pairs
from thalweg.core.reports import Table, TableReport, about_all, about_in
from thalweg.core.tables import capitalized, format_eigenvalues, format_state, state_table
from thalweg.core.trees import Layout
from thalweg.dynamics.words import WORDS

_TOLD = 3  # regions of recurrence that are told one by one


@dataclass(frozen=True, eq=False, repr=False)
class Cycle(TableReport):
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
        residual: the largest distance by which it fails to close, relative to how far it reaches
            along each coordinate; of a map, relative to the domain.
        accuracy: how far the period may be off: by how much it changes when the error allowed a
            step is ten times as large; 0 of a map.
        continuum: 0 when isolated, else the dimension of the family it stands for.
        leaves: whether it runs partly outside the domain.
        about: the rule, and the domain searched.
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
    about: About = UNSAID

    @property
    def trivial_error(self) -> float | None:
        """Distance from 1 of the multiplier along the orbit, which must be 1; None of a map."""
        return None if self.trivial is None else float(abs(self.multipliers[self.trivial] - 1.0))

    def data(self) -> dict[str, Any]:
        """The keys of the contract, then `kind`, `continuum`, `leaves` and the orbit itself.

        `trivial` is how far the multiplier along the orbit is from 1, `along` which one that is.
        """
        return {
            "period": self.period,
            "point": flat(self.point),
            "multipliers": pairs(self.multipliers),
            "stable": self.stable,
            "residual": self.residual,
            "accuracy": self.accuracy,
            "trivial": self.trivial_error,
            "kind": self.kind,
            "continuum": self.continuum,
            "leaves": self.leaves,
            "along": self.trivial,
            "times": self.times.tolist(),
            "states": Layout.of(self.point).flatten(self.states).tolist(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "Cycle":
        """The cycle that `to_dict` wrote."""
        about, point = about_in(data, about), array(data["point"])
        layout = about.layout_for(point)
        return cls(
            period=number(data["period"]),
            point=layout.unflatten(point),
            multipliers=from_pairs(data["multipliers"]),
            trivial=data["along"],
            stable=data["stable"],
            kind=data["kind"],
            states=layout.unflatten(array(data["states"])),
            times=array(data["times"]),
            residual=number(data["residual"]),
            accuracy=number(data["accuracy"]),
            continuum=data["continuum"],
            leaves=data["leaves"],
            about=about,
        )

    @property
    def kind_in_words(self) -> str:
        """The kind as a table shows it: a family's dimension, and whether it leaves."""
        kind = f"family ({self.continuum}-d)" if self.continuum else self.kind
        return f"{kind}, leaves" if self.leaves else kind

    @property
    def title(self) -> str:
        """Its kind and period, and of which rule it is one."""
        noun = WORDS[self.about.rule_kind].orbit.capitalize()
        of = f" of {self.about.system}" if self.about.system else ""
        return (
            f"{noun}{of} ({self.about.rule_kind}): {self.kind_in_words}, period {self.period:.10g}"
        )

    def table(self) -> Table:
        """The point that it is shown by, one coordinate a column."""
        header, row = state_table(self.point, self.about.names)
        return header, [row]

    def remarks(self) -> list[str]:
        """Its multipliers and how exactly it closes."""
        lines = [f"Multipliers {format_eigenvalues(self.multipliers)}."]
        exact = f"It closes to within {self.residual:.2g}"
        if self.trivial_error is None:
            return [*lines, f"{exact}."]
        return [
            *lines,
            f"{exact}; its period is known to {self.accuracy:.2g}, and the multiplier along it is "
            f"{self.trivial_error:.2g} from 1.",
        ]


@dataclass(frozen=True, eq=False, repr=False)
class Recurrent(TableReport):
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
        about: the rule, and the domain searched.
    """

    trajectories: int
    exponent: float
    error: float
    is_chaotic: bool
    backwards: bool
    lower: Any
    upper: Any
    about: About = UNSAID

    def data(self) -> dict[str, Any]:
        """Every field under its own name."""
        return {
            "trajectories": self.trajectories,
            "exponent": self.exponent,
            "error": self.error,
            "is_chaotic": self.is_chaotic,
            "backwards": self.backwards,
            "lower": flat(self.lower),
            "upper": flat(self.upper),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "Recurrent":
        """The recurrence that `to_dict` wrote."""
        about, lower, upper = about_in(data, about), array(data["lower"]), array(data["upper"])
        layout = about.layout_for(lower)
        return cls(
            trajectories=data["trajectories"],
            exponent=number(data["exponent"]),
            error=number(data["error"]),
            is_chaotic=data["is_chaotic"],
            backwards=data["backwards"],
            lower=layout.unflatten(lower),
            upper=layout.unflatten(upper),
            about=about,
        )

    @property
    def title(self) -> str:
        """A line: the number of trajectories that recur, and "chaotic" or not."""
        what = "chaotic" if self.is_chaotic else "quasi-periodic or slow"
        way = " backwards in time" if self.backwards else ""
        who = "1 trajectory recurs" if self.trajectories == 1 else (
            f"{self.trajectories} trajectories recur"
        )  # fmt: skip
        return (
            f"Undecided: {who}{way} without closing ({what}; largest exponent "
            f"{self.exponent:.4g} ± {self.error:.1g})"
        )

    def table(self) -> Table:
        """The region in which they recur, a row each for its lower and its upper bounds."""
        header, lower = state_table(self.lower, self.about.names)
        return ["", *header], [["from", *lower], ["to", *state_table(self.upper, ())[1]]]

    def remarks(self) -> list[str]:
        """Nothing: the title says it all."""
        return []


@dataclass(frozen=True, eq=False, repr=False)
class Cycles(TableReport, Sequence[Cycle]):
    """The cycles of a rule in a domain, by period; prints as a table.

    Attributes:
        members: the cycles in the domain, those that leave it in part (`Cycle.leaves`) among them;
            of a family, one representative.
        recurrent: recurrence that is neither an equilibrium nor a cycle.
        notes: what the reader should know, in sentences.
        trajectories: how many trajectories were followed.
        about: the rule, and the domain searched.
    """

    members: tuple[Cycle, ...]
    recurrent: tuple[Recurrent, ...] = ()
    notes: tuple[str, ...] = ()
    trajectories: int = 0
    about: About = UNSAID

    def __post_init__(self) -> None:
        object.__setattr__(self, "members", about_all(self.members, self.about))
        object.__setattr__(self, "recurrent", about_all(self.recurrent, self.about))

    @overload
    def __getitem__(self, index: int) -> Cycle: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Cycle, ...]: ...
    def __getitem__(self, index: int | slice) -> Cycle | tuple[Cycle, ...]:
        return self.members[index]

    def __len__(self) -> int:
        return len(self.members)

    def data(self) -> dict[str, Any]:
        """`cycles`, `recurrent`, `trajectories` and `notes`."""
        return {
            "cycles": [member.data() for member in self.members],
            "recurrent": [recurrent.data() for recurrent in self.recurrent],
            "trajectories": self.trajectories,
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "Cycles":
        """The cycles that `to_dict` wrote."""
        about = about_in(data, about)
        return cls(
            members=tuple(Cycle.from_dict(cycle, about) for cycle in data["cycles"]),
            recurrent=tuple(Recurrent.from_dict(r, about) for r in data["recurrent"]),
            notes=tuple(data["notes"]),
            trajectories=data["trajectories"],
            about=about,
        )

    @property
    def title(self) -> str:
        """A line: the number of cycles, of which rule, and of those that leave the domain."""
        count, said = len(self.members), self.counted()
        title = f"{capitalized(said)} of {self.about.words}"
        leaving = sum(cycle.leaves for cycle in self.members)
        whose = "which leaves" if count == 1 else (
            f"{leaving} of which {'leaves' if leaving == 1 else 'leave'}"
        )  # fmt: skip
        return f"{title}, {whose} the domain" if leaving else title

    def counted(self, noun: str = "cycle") -> str:
        """The numbers of isolated ones and of families, in words."""
        families = sum(cycle.continuum > 0 for cycle in self.members)
        isolated = len(self.members) - families
        parts = [f"{isolated or 'no'} {noun}{'' if isolated == 1 else 's'}"]
        parts = parts if isolated or not families else []
        if families:
            parts.append(f"{families} {'family' if families == 1 else 'families'} of {noun}s")
        return " and ".join(parts)

    def table(self) -> Table | None:
        """Header and rows of a table of the cycles, as texts."""
        rows = [
            [
                c.kind_in_words,
                f"{c.period:.10g}",
                format_state(c.point),
                format_eigenvalues(c.multipliers),
            ]
            for c in self.members
        ]
        return (["kind", "period", "through", "multipliers"], rows) if rows else None

    def undecided(self) -> list[str]:
        """Sentences on what recurs without closing: the largest groups, and the others in one."""
        recurrent = [f"{r.title}." for r in self.recurrent[:_TOLD]]
        others = self.recurrent[_TOLD:]
        if others:
            low, high = (pick(r.exponent for r in others) for pick in (min, max))
            recurrent.append(
                f"Undecided: {sum(r.trajectories for r in others)} more in {len(others)} other "
                f"regions (largest exponents {low:.4g} to {high:.4g})."
            )
        return recurrent

    def remarks(self) -> list[str]:
        """Sentences below the table: other recurrence, notes."""
        return [*self.undecided(), *(f"Note: {note}" for note in self.notes)]
