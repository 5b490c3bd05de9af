"""The result of learning an energy."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from thalweg.analysis import Equilibria
from thalweg.core.about import UNSAID, About
from thalweg.core.codes import Result
from thalweg.core.fields import from_fields, to_fields
from thalweg.core.plain import array, number
from thalweg.core.reports import NotKept, TableReport, about_in
from thalweg.core.tables import format_number, format_state
from thalweg.learning.inverse.certificates import Certificates
from thalweg.learning.inverse.identified import Identified

_NOT_KEPT = NotKept("learned energy")


@dataclass(frozen=True)
class Learning:
    """A record of training.

    Attributes:
        losses: the mean loss of each epoch, of the data that were learned from.
        held_out: the mean loss of the data that were held out after training; NaN: none were.
        updates: how many there were.
        seconds: how long they took.
        result: how it ended.
    """

    losses: np.ndarray
    held_out: float
    updates: int
    seconds: float
    result: Result


@dataclass(frozen=True, eq=False, repr=False)
class LearnedEnergy(TableReport):
    """An energy learned from data, what vouches for it, and what the data leave open.

    Attributes:
        energy: the energy, as it was given but with other numbers.
        rule: the steps by which it comes to rest.
        starts: where the runs begin, if that was learned, shape `(n, d)`; else None.
        temperature: T, if that was learned; else NaN.
        certificates: for each datum whether the energy explains it.
        identified: what data like these determine.
        equilibria: of the energy's descent, by `find_equilibria`.
        supported: how many data come to rest at each of the `equilibria`, in their order.
        learning: how training went.
        words: the data in words.
        about: the energy and the domain.
    """

    certificates: Certificates
    identified: Identified
    equilibria: Equilibria
    supported: tuple[int, ...]
    learning: Learning
    words: str
    starts: np.ndarray | None = None
    temperature: float = float("nan")
    energy: Any = field(default=_NOT_KEPT, compare=False)
    rule: Any = field(default=_NOT_KEPT, compare=False)
    about: About = UNSAID

    def __post_init__(self) -> None:
        for name in ("certificates", "identified"):
            object.__setattr__(self, name, replace(getattr(self, name), about=self.about))

    @property
    def minima(self) -> tuple[int, ...]:
        """The indices of the `equilibria` that are minima."""
        return tuple(i for i, e in enumerate(self.equilibria) if e.kind == "sink")

    @property
    def spurious(self) -> tuple[int, ...]:
        """The indices of the minima at which no datum comes to rest."""
        return tuple(i for i in self.minima if not self.supported[i])

    @property
    def title(self) -> str:
        """The energy, the data, and the number of minima."""
        minima, spurious = len(self.minima), len(self.spurious)
        counted = f"{minima} minim{'um' if minima == 1 else 'a'}"
        none = f"{spurious or 'none'} of them without data"
        return f"{self.about.system} learned from {self.words}: {counted}, {none}"

    def table(self) -> tuple[list[str], list[list[str]]]:
        """The minima, with the data that come to rest there."""
        rows = []
        for i in self.minima:
            member = self.equilibria[i]
            least = -float(np.max(np.real(member.eigenvalues)))
            energy = "" if member.energy is None else format_number(member.energy)
            rows.append([
                format_state(member.state), energy, format_number(least, 4),
                f"{self.supported[i]}",
            ])  # fmt: skip
        return ["minimum", "energy", "least curvature", f"{self.certificates.noun}s"], rows

    def remarks(self) -> list[str]:
        """Sentences on the certificates, on what the data determine, and on the training."""
        vouched = self.certificates
        said = [f"{vouched.title}.", *vouched.remarks()]
        said.append(f"{self.identified.title}.")
        said += self.identified.remarks()
        held = self.learning.held_out
        kept = "" if np.isnan(held) else f", {format_number(held, 3)} of data held out"
        said.append(
            f"Loss {format_number(self.learning.losses[-1], 3)} after {self.learning.updates} "
            f"updates{kept} ({format_number(self.learning.seconds, 3)} s)."
        )
        if np.isnan(held):
            said.append(
                "No data were held out: how the energy fits others is not known. (A tenth, as "
                "usual, of fewer than ten is none.)"
            )
        if np.isfinite(self.temperature):
            said.append(f"Temperature {format_number(self.temperature, 4)}.")
        return said

    def data(self) -> dict[str, Any]:
        """Everything but the energy and the rule."""
        return {
            "certificates": self.certificates.data(),
            "identified": self.identified.data(),
            "equilibria": self.equilibria.to_dict(),
            "supported": list(self.supported),
            "learning": to_fields(self.learning),
            "words": self.words,
            "starts": None if self.starts is None else self.starts.tolist(),
            "temperature": self.temperature,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "LearnedEnergy":
        """The result that `to_dict` wrote; the energy is not kept."""
        about = about_in(data, about)
        return cls(
            certificates=Certificates.from_dict(data["certificates"], about),
            identified=Identified.from_dict(data["identified"], about),
            equilibria=Equilibria.from_dict(data["equilibria"]),
            supported=tuple(data["supported"]),
            learning=from_fields(Learning, data["learning"]),
            words=data["words"],
            starts=None if data["starts"] is None else array(data["starts"]),
            temperature=number(data["temperature"]),
            about=about,
        )
