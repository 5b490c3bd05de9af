"""The result of `find_basins`."""

from dataclasses import dataclass

import numpy as np

from thalweg.analysis.basins.follow import DIVERGED, LEFT, UNDECIDED
from thalweg.core.about import UNSAID, About
from thalweg.core.fields import FieldsReport
from thalweg.core.reports import Table
from thalweg.core.tables import counted, format_state, without_empty

# More rows do not help a reader.
_SHOWN = 20
_KNOWN_BY = {
    "proved": "Proved: by interval arithmetic, all of a region about the attractor tends to it.",
    "checked": "Checked: the region about the attractor draws in wherever that was looked at.",
    "recurrence": "Recurrence: a start kept to the places that the set visits; nothing is proved.",
}


@dataclass(frozen=True, eq=False, repr=False)
class Attractor(FieldsReport):
    """An attractor and the share of starts that end on it; prints as a line and two sentences.

    Attributes:
        kind: `"equilibrium"`, `"cycle"`, `"chaos"`, or `"recurrent"`: a set in which trajectories
            recur without closing, not seen to be chaotic.
        point: a state on it, flat, shape `(n,)`.
        period: of a cycle, else None.
        count: how many starts end on it.
        fraction: their share.
        interval: the 95 % interval of the share, as if the starts were drawn at random (of a grid,
            whose error is smaller, it is too wide).
        evidence: how it is known that a start ends on it once it is near. `"proved"`: by interval
            arithmetic, all of a region about it tends to it. `"checked"`: a quadratic function
            falls on the region, or trajectories are drawn in there, wherever that was looked at.
            `"recurrence"`: a trajectory kept to the places that the set visits.
        about: the system.
    """

    kind: str
    point: np.ndarray
    period: float | None
    count: int
    fraction: float
    interval: tuple[float, float]
    evidence: str
    about: About = UNSAID

    @property
    def title(self) -> str:
        """A line: its kind, the share of starts, and of which system."""
        return f"Attractor ({self.kind}) of {self.fraction:.4g} of the starts, {self.about.words}"

    def table(self) -> None:
        """None: sentences say all."""
        return None

    def remarks(self) -> list[str]:
        """Sentences on where it is and on how it is known."""
        turns = "" if self.period is None else f", of period {self.period:.8g}"
        low, high = self.interval
        return [
            f"It passes {format_state(self.point)}{turns}.",
            f"{counted(self.count, 'start')} {'ends' if self.count == 1 else 'end'} on it; the "
            f"share lies in {low:.4g} to {high:.4g} (95 %).",
            _KNOWN_BY[self.evidence],
        ]


@dataclass(frozen=True, eq=False, repr=False)
class Basins(FieldsReport):
    """The attractors of a rule and the starts that end on each; prints as a table.

    Attributes:
        attractors: the attractors in the domain; their numbers are the labels.
        diverged: the share of starts that left the finite, or went beyond the bound.
        left: the share that ended outside the domain.
        undecided: the share that was not decided within the time or the steps allowed.
        starts: how many starts there were.
        labels: of each start the number of its attractor; −1 diverged, −2 left the domain, −3
            undecided. Of a grid, an array of its shape; else shape `(n,)`.
        axes: of a grid, the coordinates along each side; else None.
        points: the starts in the coordinates of the domain, shape `(n, d)`; None of a grid.
        coordinates: the names of these coordinates.
        followed: how many of the starts were followed; the others have the label of their
            neighbourhood.
        steps: how many steps were tried in all.
        entropy: the basin entropy of a grid; None else, and where the grid is too small.
        boundary_entropy: the same over boxes that have more than one label; None likewise.
        dimension: of the boundary, by the uncertainty exponent on a grid; None else, and where
            there is no boundary.
        dimension_error: its standard error, of the fit; None likewise.
        notes: what the reader should know, in sentences.
        about: the rule, and the domain of the starts.
    """

    attractors: tuple[Attractor, ...]
    diverged: float
    left: float
    undecided: float
    starts: int
    labels: np.ndarray
    axes: tuple[np.ndarray, ...] | None
    points: np.ndarray | None
    coordinates: tuple[str, ...]
    followed: int
    steps: int
    entropy: float | None
    boundary_entropy: float | None
    dimension: float | None
    dimension_error: float | None
    notes: tuple[str, ...] = ()
    about: About = UNSAID

    @property
    def fractions(self) -> np.ndarray:
        """The share of each attractor, shape `(k,)`."""
        return np.array([attractor.fraction for attractor in self.attractors])

    @property
    def title(self) -> str:
        """A line: how many attractors of which rule, from how many starts."""
        count = len(self.attractors)
        what = counted(count, "attractor") if count else "No attractors"
        how = "" if self.axes is None else f" (a grid of {self.shape_in_words})"
        return f"{what} of {self.about.words}, from {counted(self.starts, 'start')}{how}"

    @property
    def _evidence(self) -> set[str]:
        return {attractor.evidence for attractor in self.attractors}

    @property
    def shape_in_words(self) -> str:
        """The numbers of points along the sides."""
        return " × ".join(str(n) for n in self.labels.shape)

    def table(self) -> Table:
        """A row an attractor, and one for each other fate that starts met."""
        rows = [
            [
                a.kind,
                f"{a.fraction:.5g}",
                f"{a.interval[0]:.4g} to {a.interval[1]:.4g}",
                a.evidence,
                "" if a.period is None else f"{a.period:.8g}",
                format_state(a.point),
            ]
            for a in self.attractors[:_SHOWN]
        ]
        more = self.attractors[_SHOWN:]
        if more:
            rows.append(
                [f"{len(more)} more", f"{sum(a.fraction for a in more):.5g}", "", "", "", ""]
            )
        others = (
            ("diverged", self.diverged),
            ("left the domain", self.left),
            ("undecided", self.undecided),
        )
        rows += [[name, f"{share:.5g}", "", "", "", ""] for name, share in others if share > 0.0]
        header = ["ends on", "fraction", "95 % interval", "known by", "period", "through"]
        return without_empty(header, rows)

    def remarks(self) -> list[str]:
        """Sentences on the boundary that a grid shows, on how the labels are known, notes."""
        said = []
        if self.axes is not None:
            if self.followed < self.starts:
                said.append(
                    f"{self.followed:,} of the starts were followed, those near a boundary; the "
                    f"others have the label of their neighbours."
                )
            if self.dimension is not None:
                said.append(
                    f"The boundary has dimension {self.dimension:.3f} ± "
                    f"{self.dimension_error:.2g} of {sum(n > 1 for n in self.labels.shape)}."
                )
            if self.entropy is not None and self.boundary_entropy is not None:
                is_fractal = self.boundary_entropy > np.log(2.0) + 1e-9  # two halves
                said.append(
                    f"Basin entropy {self.entropy:.4g}; {self.boundary_entropy:.4g} in boxes with "
                    f"several labels{' (above log 2: fractal)' if is_fractal else ''}."
                )
        said += [words for evidence, words in _KNOWN_BY.items() if evidence in self._evidence]
        return [*said, *(f"Note: {note}" for note in self.notes)]


def other_shares(labels: np.ndarray) -> tuple[float, float, float]:
    """The shares of labels that say diverged, left the domain, undecided."""
    found = [float(np.mean(labels == code)) for code in (DIVERGED, LEFT, UNDECIDED)]
    return found[0], found[1], found[2]
