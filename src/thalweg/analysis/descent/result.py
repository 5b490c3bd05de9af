"""Result of a check of descent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.core.about import UNSAID, About
from thalweg.core.plain import array, flat, number
from thalweg.core.reports import TableReport, about_in
from thalweg.core.tables import counted, format_state
from thalweg.dynamics import WORDS


@dataclass(frozen=True, eq=False, repr=False)
class DescentCheck(TableReport):
    """Evidence that an energy never rises along a rule, or the point where it does.

    Attributes:
        holds: no rise was found beyond rounding; None when the energy was finite nowhere.
        strict: it holds, and wherever the rule moves the energy falls beyond rounding.
        worst: the worst rise seen, wherever it was seen; positive beyond rounding where it does not
            hold. Of a map E(x⁺) − E(x); of a flow dE/dt, or where that rises nowhere but the energy
            does between two points of a trajectory, its mean there; where E itself jumps upwards
            along a flow, the height of the jump.
        where: the state with that rise.
        rise_along: the largest rise of the energy between successive points of trajectories.
        jump: the largest upward jump of the energy itself along a flow; 0 where none was found.
        points: how many points were looked at.
        switches: how many operations of the rule and the energy that may switch (comparisons,
            absolute values, …) vanish somewhere; both sides were looked at.
        smallest_share: the smallest spot that the random points meet with probability 0.95, as a
            share of the domain; a smaller one, away from faces, corners and switches, may have been
            missed. NaN along a given trajectory.
        smallest_radius: the radius of a ball of that size, in widths of the domain; NaN where its
            volume is not known (a level set).
        undefined: a state where the energy, the rule or the rate is not finite, or None.
        energy: the name of the energy.
        about: the rule, and the domain looked at.
    """

    holds: bool | None
    strict: bool
    worst: float
    where: Any
    rise_along: float
    points: int
    jump: float = 0.0
    switches: int = 0
    smallest_share: float = np.nan
    smallest_radius: float = np.nan
    undefined: Any = None
    energy: str = ""
    about: About = UNSAID

    def __bool__(self) -> bool:
        return self.holds is True

    def data(self) -> dict[str, Any]:
        """`energy`, `holds` and `worst` of the contract, then the other fields."""
        return {
            "energy": self.energy,
            "holds": self.holds,
            "worst": self.worst,
            "strict": self.strict,
            "where": None if self.where is None else flat(self.where),
            "rise_along": self.rise_along,
            "points": self.points,
            "jump": self.jump,
            "switches": self.switches,
            "smallest_share": self.smallest_share,
            "smallest_radius": self.smallest_radius,
            "undefined": None if self.undefined is None else flat(self.undefined),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "DescentCheck":
        """The check that `to_dict` wrote."""
        about = about_in(data, about)

        def state(known: Any) -> Any:
            values = None if known is None else array(known)
            return None if values is None else about.layout_for(values).unflatten(values)

        return cls(
            holds=data["holds"],
            strict=data["strict"],
            worst=number(data["worst"]),
            where=state(data["where"]),
            rise_along=number(data["rise_along"]),
            points=data["points"],
            jump=number(data["jump"]),
            switches=data["switches"],
            smallest_share=number(data["smallest_share"]),
            smallest_radius=number(data["smallest_radius"]),
            undefined=state(data["undefined"]),
            energy=data["energy"],
            about=about,
        )

    @property
    def title(self) -> str:
        """A line: the energy falls along the rule, as far as was looked, or rises."""
        how = "falls wherever the rule moves" if self.strict else "never rises"
        found = {None: "has no finite rate", True: how, False: "rises somewhere"}[self.holds]
        return f"Descent of {self.about.system} ({self.about.rule_kind}): the energy {found}"

    def table(self) -> None:
        """Nothing: the remarks say it all."""

    def remarks(self) -> list[str]:
        """Sentences on the places that were looked at, and on the rates there."""
        rate, said = WORDS[self.about.rule_kind].rise, []
        if self.holds:
            said.append(self._looked_at(rate))
        elif self.jump > 0.0:
            said.append(f"The energy jumps up by {self.jump:.4g} at {format_state(self.where)}.")
        elif self.holds is not None:
            said.append(f"{rate} = {self.worst:.4g} at {format_state(self.where)}.")
        if self.holds and np.isfinite(self.smallest_share):
            ball = f" (a ball of radius {self.smallest_radius:.2g} of its width)"
            said.append(
                f"Elsewhere a spot of less than {100.0 * self.smallest_share:.2g} % of the domain"
                f"{ball if np.isfinite(self.smallest_radius) else ''} may have been missed."
            )
        if self.undefined is not None:
            said.append(f"{rate} is not finite at {format_state(self.undefined)}.")
        return said

    def _looked_at(self, rate: str) -> str:
        if np.isnan(self.smallest_share):
            states = counted(self.points, "state")
            return f"{rate} ≤ 0 at the {states} of a trajectory; checked, not proved."
        switches = counted(self.switches, "switch", "switches")
        both = f"both sides of {switches}, " if self.switches else ""
        return (
            f"{rate} ≤ 0 at {counted(self.points, 'point')}: random ones, faces and corners, {both}"
            f"trajectories, and hunts for the worst place; checked, not proved."
        )
