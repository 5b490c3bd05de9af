"""Result of a search for equilibria: those found, their completeness, and how it prints."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, overload

import jax
import numpy as np

from thalweg.analysis.equilibria.continua import Continuum
from thalweg.analysis.equilibria.equilibrium import Equilibrium, SlowPoint, equilibria_table
from thalweg.analysis.equilibria.proof import Proof
from thalweg.core.about import UNSAID, About
from thalweg.core.plain import array
from thalweg.core.reports import Table, TableReport, about_all, about_in
from thalweg.core.tables import capitalized, counted
from thalweg.dynamics.words import WORDS


@dataclass(frozen=True)
class Search:
    """Completeness of a search, in counts and bounds.

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
        trajectory_unseen_upper: a 95 % upper bound on the probability that one more trajectory from
            a random start settles on an equilibrium not seen yet; None likewise.
        trajectories: how many trajectories were followed from random starts, forwards in time.
        settled: how many of them settled on an equilibrium in the domain; those that circle one, or
            pass one slowly, did not.
        moving: how many of them neither settled nor ran away, and still moved when they were let
            go, after some hundred steps: on a cycle, say, or turning in on a weakly damped focus.
        directed: how many equilibria no random start led to, only ones that were chosen: ends of
            trajectories, unstable directions, images under symmetries, deflated restarts; after
            given starts, only the middles between equilibria.
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
    trajectory_unseen_upper: float | None = None
    trajectories: int = 0
    settled: int = 0
    moving: int = 0
    directed: int = 0
    undefined: int = 0
    target: float = 0.01

    def to_dict(self) -> dict[str, Any]:
        """The search as JSON-ready data: every field under its own name."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Search":
        """The search that `to_dict` wrote."""
        return cls(**data)

    def __str__(self) -> str:
        lines = [
            f"{counted(self.starts, 'start')}: {self.converged:,} led to states of rest inside "
            f"the domain"
        ]
        lines[0] += f", {self.outside:,} outside." if self.outside else "."
        lost = {
            "left the domain": self.left,
            "ended at a minimum of the speed that is not zero": self.stalled,
            "did not finish": self.unfinished,
            "met a point where the rule is not finite": self.undefined,
        }
        if any(lost.values()):
            parts = [f"{count:,} {what}" for what, count in lost.items() if count]
            lines.append(f"Of the other starts {', '.join(parts)}.")
        if self.directed:
            chosen = "starts that were chosen, not drawn"
            whence = "the middles between others" if self.unseen_upper is None else chosen
            lines.append(f"{self.directed:,} found only from {whence}.")
        if self.unseen_upper is not None:
            enough = self.unseen_upper <= self.target
            why = "" if enough else " (the budget of starts is spent)"
            lines.append(
                f"A random start finds a new one with probability below "
                f"{100 * self.unseen_upper:.2g} % (95 % confidence){why}."
            )
        if self.trajectory_unseen_upper is not None:
            lines.append(f"{self._settled_in_words} {100 * self.trajectory_unseen_upper:.2g} %.")
        return "\n".join(lines)

    @property
    def _tried(self) -> str:
        return f"{counted(self.trajectories, 'trajectory', 'trajectories')} followed forwards"

    @property
    def _settled_in_words(self) -> str:
        moving = f" ({self.moving:,} still moved when let go)" if self.moving else ""
        if not self.settled:
            none = f"None of {self._tried} settled on one{moving}"
            return f"{none}; one more does with probability below"
        these = "it" if self.entries == 1 else "them"
        some = f"{self.settled:,} of {self._tried} settled on {these}{moving}"
        return f"{some}; one more settles on a new one with probability below"


@dataclass(frozen=True, eq=False, repr=False)
class Equilibria(TableReport, Sequence[Equilibrium]):
    """The equilibria of a rule in a domain, ordered by state; prints as a table.

    Attributes:
        members: the equilibria, about the same as the whole; of a continuum a few representatives,
            spread out.
        search: how complete the search was.
        continua: the families that are not isolated, with points to draw them by.
        slow: slow points that are no equilibria, when the starts were given as states.
        warnings: what the reader should know, in sentences.
        proof: whether these are proved to be all, where that was asked for; else None.
        about: the rule, and the domain searched.
    """

    members: tuple[Equilibrium, ...]
    search: Search
    continua: tuple[Continuum, ...] = ()
    slow: tuple[SlowPoint, ...] = ()
    warnings: tuple[str, ...] = ()
    proof: Proof | None = None
    about: About = UNSAID

    def __post_init__(self) -> None:
        object.__setattr__(self, "members", about_all(self.members, self.about))
        object.__setattr__(self, "slow", about_all(self.slow, self.about))

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

    def data(self) -> dict[str, Any]:
        """`equilibria`, `search`, `families` with points to draw them by, `proof`, and the rest."""
        return {
            "equilibria": [member.data() for member in self.members],
            "search": self.search.to_dict(),
            "families": [_family_data(family) for family in self.continua],
            "slow": [point.data() for point in self.slow],
            "proof": None if self.proof is None else self.proof.to_dict(),
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "Equilibria":
        """The equilibria that `to_dict` wrote."""
        about = about_in(data, about)
        return cls(
            members=tuple(Equilibrium.from_dict(e, about) for e in data["equilibria"]),
            search=Search.from_dict(data["search"]),
            continua=tuple(map(_family, data["families"])),
            slow=tuple(SlowPoint.from_dict(point, about) for point in data["slow"]),
            warnings=tuple(data["warnings"]),
            proof=None if data["proof"] is None else Proof.from_dict(data["proof"]),
            about=about,
        )

    @property
    def title(self) -> str:
        """A line: the number of equilibria of which kind of rule, and of points of continua."""
        said = self.counted()
        title = f"{capitalized(said)} of {self.about.words}"
        shown = sum(e.continuum > 0 for e in self.members)
        whose = "it" if len(self.continua) == 1 else "them"
        return (
            f"{title}; {counted(shown, 'point')} of {whose} {'is' if shown == 1 else 'are'} shown"
            if shown
            else title
        )

    def counted(self) -> str:
        """The numbers of isolated ones and of continua, in words."""
        words = WORDS[self.about.rule_kind]
        one, many = words.rest, words.rests
        isolated, families = sum(e.continuum == 0 for e in self.members), len(self.continua)
        parts = [f"{isolated or 'no'} {one if isolated == 1 else many}"]
        parts = parts if isolated or not families else []
        if families:
            parts.append(f"{families} {'continuum' if families == 1 else 'continua'} of {many}")
        return " and ".join(parts)

    def table(self) -> Table | None:
        """Header and rows of a table of the equilibria, as texts."""
        return equilibria_table(self.members, self.about.rule_kind)

    def remarks(self) -> list[str]:
        """Sentences for below the table: transients, completeness, warnings."""
        lines = [said for e in self.members for said in e.growth_in_words()]
        lines += [said for e in self.members for said in e.clusters_in_words()]
        if self.proof is not None:
            words = WORDS[self.about.rule_kind]
            lines += self.proof.in_words(words.rest, words.rests)
        lines += [*str(self.search).splitlines(), *(point.title for point in self.slow)]
        return [*lines, *(f"Note: {warning}" for warning in self.warnings)]


def _family_data(family: Continuum) -> dict[str, Any]:
    return {
        key: value.tolist() if isinstance(value, np.ndarray) else value
        for key, value in family._asdict().items()
    }


def _family(data: Mapping[str, Any]) -> Continuum:
    whole = {key: np.asarray(data[key], dtype=np.intp) for key in ("piece", "links")}
    whole["links"] = whole["links"].reshape(-1, 2)
    return Continuum(**{**data, "points": array(data["points"]), **whole})
