"""The result of `compare_operators`: a row a rule."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np

from thalweg.core.about import UNSAID, About
from thalweg.core.plain import array, number
from thalweg.core.reports import Table, TableReport, about_all, about_in
from thalweg.core.tables import counted, format_number, format_state

# How many points of rest a table has room for.
_SHOWN = 2
# What is this near zero, in accuracies, prints as 0.
_ZERO = 10.0


@dataclass(frozen=True, eq=False, repr=False)
class Course(TableReport):
    """The course of one rule down an energy.

    Attributes:
        name: of the rule.
        ends: the distinct positions where its runs came to rest, shape `(k, d)`, lowest first.
        accuracy: how far they may be off, by the last step and the rate.
        counts: how many starts led to each, `(k,)`.
        levels: the energy at each, `(k,)`.
        lost: how many starts led to no rest within the steps taken, or out of the finite.
        rate: the spectral radius at rest, the largest over `ends`: the factor by which a small
            distance from rest shrinks in a step, in the long run. It is local. Where nothing came
            to rest, that at the lowest end of the other rules; NaN where there is none.
        expansion: the largest factor by which one step lengthened the distance between two runs, in
            the Euclidean norm of the rule's own state. Below 1 it contracts where it was looked;
            NaN where no two runs were apart, or a distance left the finite.
        rise: the largest rise of the energy in a step; 0 where it never rises but for rounding,
            infinite where it left the finite upwards, NaN where it became NaN.
        steps: after how many steps a run is done but for a millionth of its fall, the median.
        cost: of a step, in gradients of the energy (floating-point operations, of loops one turn).
        energies: the energy at every step of every run, `(n, steps + 1)`.
        about: the energy compared on.
    """

    name: str
    ends: np.ndarray
    counts: np.ndarray
    levels: np.ndarray
    lost: int
    accuracy: float
    rate: float
    expansion: float
    rise: float
    steps: float
    cost: float
    energies: np.ndarray
    about: About = UNSAID

    @property
    def contracts(self) -> bool:
        """True if every step shortened every distance between runs."""
        return self.expansion < 1.0

    @property
    def descends(self) -> bool:
        """True if the energy never rose."""
        return self.rise == 0.0

    @property
    def title(self) -> str:
        """The rule, and how many runs it was followed in."""
        return f"{self.name} from {counted(len(self.energies), 'start')}"

    def row(self) -> list[str]:
        """Its cells in the table of a comparison."""
        shown = [
            f"{format_state(np.where(np.abs(end) <= _ZERO * self.accuracy, 0.0, end))} ×{count}"
            for end, count in zip(self.ends[:_SHOWN], self.counts, strict=False)
        ]
        more = [f"{len(self.ends) - _SHOWN} more"] if len(self.ends) > _SHOWN else []
        lost = [f"none ×{self.lost}"] if self.lost else []
        return [
            self.name,
            _shown(self.rate),
            _shown(self.expansion),
            self._descent(),
            _shown(self.steps, 4),
            _shown(self.cost, 2),
            "; ".join([*shown, *more, *lost]),
        ]

    def _descent(self) -> str:
        if self.descends:
            return "yes"
        return "no" if np.isnan(self.rise) else f"rises {self.rise:.2g}"

    def table(self) -> Table:
        """One row."""
        return HEADER, [self.row()]

    def remarks(self) -> list[str]:
        """Sentences on what its numbers do not say by themselves."""
        said = []
        if self.rate >= 1.0 and self.lost:
            said.append(
                f"{self.name} does not settle: near rest its distance grows by {self.rate:.4g} a "
                f"step. Take a shorter one."
            )
        elif self.lost:
            count = int(np.sum(~np.isfinite(self.energies[:, -1])))
            out = f" ({count} left the finite)" if count else ""
            said.append(
                f"{self.name}: {self.lost} of {counted(len(self.energies), 'start')} led to no "
                f"rest{out}. Take shorter steps, or more."
            )
        if self.rate < 1.0 <= self.expansion:
            said.append(
                f"{self.name} is no contraction in the Euclidean norm of its state: a step takes "
                f"two runs {self.expansion:.3g} times as far apart, though its spectral radius at "
                f"rest is {self.rate:.4g}."
            )
        return said

    def data(self) -> dict[str, Any]:
        """Its fields."""
        return {
            "name": self.name,
            "ends": self.ends.tolist(),
            "counts": self.counts.tolist(),
            "levels": self.levels.tolist(),
            "lost": self.lost,
            "accuracy": self.accuracy,
            "rate": self.rate,
            "expansion": self.expansion,
            "rise": self.rise,
            "steps": self.steps,
            "cost": self.cost,
            "energies": self.energies.tolist(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "Course":
        """The course that `to_dict` wrote."""
        about = about_in(data, about)
        return cls(
            name=data["name"],
            ends=array(data["ends"]).reshape(-1, len(about.names)),
            counts=np.asarray(data["counts"], dtype=int),
            levels=array(data["levels"]),
            lost=data["lost"],
            energies=array(data["energies"]),
            about=about,
            **{name: number(data[name]) for name in _NUMBERS},
        )


HEADER = ["rule", "rate", "expansion", "descends", "steps", "cost", "rests at"]
_NUMBERS = ("accuracy", "rate", "expansion", "rise", "steps", "cost")


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(TableReport, Sequence[Course]):
    """Rules on one energy, in the order given.

    Attributes:
        courses: one a rule.
        about: the energy, the names of the coordinates and the domain.
    """

    courses: tuple[Course, ...]
    about: About = UNSAID

    def __post_init__(self) -> None:
        """Let every course be about the same."""
        object.__setattr__(self, "courses", about_all(self.courses, self.about))

    @overload
    def __getitem__(self, index: int) -> Course: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Course, ...]: ...
    def __getitem__(self, index: int | slice) -> Any:
        """The course of a rule."""
        return self.courses[index]

    def __len__(self) -> int:
        return len(self.courses)

    def __iter__(self) -> Iterator[Course]:
        return iter(self.courses)

    @property
    def title(self) -> str:
        """The numbers of rules and starts, and the energy, in a line."""
        count, steps = np.subtract(self.courses[0].energies.shape, (0, 1))
        rules, starts = counted(len(self), "rule"), counted(int(count), "start")
        return f"{rules} on {self.about.system}, {starts}, {counted(int(steps), 'step')}"

    def table(self) -> Table:
        """A row a rule."""
        return HEADER, [course.row() for course in self.courses]

    def remarks(self) -> list[str]:
        """Sentences on the columns' meaning, and on what stands out."""
        said = [
            "Rate: spectral radius at rest, which is local. Expansion: the worst factor by which a "
            "step changed the distance of two runs. Steps: until a millionth of the fall is left. "
            "Cost: of a step, in gradients."
        ]
        return said + [remark for course in self.courses for remark in course.remarks()]

    def data(self) -> dict[str, Any]:
        """The courses."""
        return {"courses": [course.data() for course in self.courses]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "Comparison":
        """The comparison that `to_dict` wrote."""
        about = about_in(data, about)
        return cls(tuple(Course.from_dict(c, about) for c in data["courses"]), about)


def _shown(value: float, digits: int = 5) -> str:
    return "–" if np.isnan(value) else format_number(value, digits)
