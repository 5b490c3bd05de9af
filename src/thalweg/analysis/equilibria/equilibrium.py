"""One equilibrium, and points that are almost one."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from thalweg.analysis.equilibria.transients import Transients, transients
from thalweg.core.about import UNSAID, About
from thalweg.core.plain import array, flat, from_pairs, number, pairs
from thalweg.core.reports import Table, TableReport, about_in
from thalweg.core.tables import (
    format_eigenvalues,
    format_number,
    format_state,
    state_table,
    without_empty,
)
from thalweg.dynamics.words import WORDS

_TOLD = 2.0  # a growth of less than twofold is not worth a line
_LARGEST_TOLD = 32  # the transients of larger Jacobians take too long to find for a printed line


@dataclass(frozen=True, eq=False, repr=False)
class Equilibrium(TableReport):
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
        about: the rule, and the domain searched.
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
    about: About = UNSAID
    together: np.ndarray = field(default_factory=lambda: np.ones(0, dtype=int))

    @property
    def transients(self) -> Transients | None:
        """Growth of small perturbations before they decay; None unless it is stable."""
        if not self.stable:
            return None
        return replace(transients(self.jacobian, self.about.rule_kind), about=self.about)

    def data(self) -> dict[str, Any]:
        """The keys of the contract, then `accuracy`, `jacobian` and `together`."""
        return {
            "state": flat(self.state),
            "kind": self.kind,
            "form": self.form,
            "stable": self.stable,
            "eigenvalues": pairs(self.eigenvalues),
            "residual": self.residual,
            "energy": self.energy,
            "continuum": self.continuum,
            "accuracy": self.accuracy,
            "jacobian": self.jacobian.tolist(),
            "together": self.together.tolist(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "Equilibrium":
        """The equilibrium that `to_dict` wrote."""
        about, state = about_in(data, about), array(data["state"])
        return cls(
            state=about.layout_for(state).unflatten(state),
            kind=data["kind"],
            form=data["form"],
            stable=data["stable"],
            eigenvalues=from_pairs(data["eigenvalues"]),
            jacobian=array(data["jacobian"]),
            residual=number(data["residual"]),
            accuracy=number(data["accuracy"]),
            energy=data["energy"],
            continuum=data["continuum"],
            about=about,
            together=np.asarray(data["together"], dtype=int),
        )

    @property
    def kind_in_words(self) -> str:
        """The kind as a table shows it: a continuum's dimension, where it stands for one."""
        return f"continuum ({self.continuum}-d)" if self.continuum else self.kind

    @property
    def title(self) -> str:
        """Its kind and form, and of which rule it is one."""
        what = ", ".join(filter(None, (self.kind_in_words, self.form)))
        noun = WORDS[self.about.rule_kind].rest.capitalize()
        of = f" of {self.about.system}" if self.about.system else ""
        return f"{noun}{of} ({self.about.rule_kind}): {what}"

    def table(self) -> Table:
        """One coordinate a column, and the energy."""
        header, row = state_table(self.state, self.about.names)
        if self.energy is not None:
            header, row = [*header, "energy"], [*row, format_number(self.energy)]
        return header, [row]

    def remarks(self) -> list[str]:
        """Its eigenvalues, how exact it is, and what perturbations do before they decay."""
        values = WORDS[self.about.rule_kind].eigenvalues.capitalize()
        return [
            f"{values} {format_eigenvalues(self.eigenvalues)}.",
            f"Residual {self.residual:.2g}; accurate to {self.accuracy:.2g}.",
            *self.growth_in_words(),
            *self.clusters_in_words(),
        ]

    def growth_in_words(self) -> list[str]:
        """A sentence where perturbations grow a good deal before they decay."""
        if not self.stable or len(self.eigenvalues) > _LARGEST_TOLD:
            return []
        found = transients(self.jacobian, self.about.rule_kind)
        if found.growth <= _TOLD:
            return []
        when = WORDS[self.about.rule_kind].moment(found.time)
        return [
            f"Near {format_state(self.state)} a small perturbation can grow "
            f"{found.growth:.3g}-fold in length ({when}) before it decays."
        ]

    def clusters_in_words(self) -> list[str]:
        """A sentence where some of its eigenvalues are known by their mean only."""
        is_unclear = self.together > 1
        if self.continuum or not np.any(is_unclear):
            return []
        means, first = np.unique(self.eigenvalues[is_unclear], return_index=True)
        counts = self.together[is_unclear][first]
        told = " and ".join(
            f"{n} round {format_eigenvalues(np.array([mean]))}"
            for mean, n in zip(means, counts, strict=True)
        )
        values = WORDS[self.about.rule_kind].eigenvalues
        return [
            f"At {format_state(self.state)} rounding does not tell {values} apart ({told}): "
            f"whether they turn is not known."
        ]


def equilibria_table(members: tuple[Equilibrium, ...], rule_kind: str) -> Table | None:
    """Header and rows of a table of equilibria, as texts; None where there are none."""
    if not members:
        return None
    header = ["kind", "form", "state", WORDS[rule_kind].eigenvalues]
    rows = [
        [e.kind_in_words, e.form or "", format_state(e.state), format_eigenvalues(e.eigenvalues)]
        for e in members
    ]
    if any(e.energy is not None for e in members):
        header.insert(3, "energy")
        for row, text in zip(rows, _energies(members), strict=True):
            row.insert(3, text)
    return without_empty(header, rows)


def _energies(members: tuple[Equilibrium, ...]) -> list[str]:
    """The energies as text; what is zero next to the largest prints as 0."""
    sizes = [abs(e.energy) for e in members if e.energy is not None and np.isfinite(e.energy)]
    least = 1e-12 * max(sizes, default=0.0)
    return [
        "" if e.energy is None else f"{0.0 if abs(e.energy) <= least else e.energy:.5g}"
        for e in members
    ]


@dataclass(frozen=True, eq=False, repr=False)
class SlowPoint(TableReport):
    """A point where the speed |f| has a local minimum that is not zero.

    Attributes:
        state: the state.
        speed: the norm of the displacement there.
        usual: the median of that norm at the starts, to judge by how slow the point is; None where
            it is not known.
        about: the rule, and the domain searched.
    """

    state: Any
    speed: float
    usual: float | None = None
    about: About = UNSAID

    def data(self) -> dict[str, Any]:
        """`state`, `speed` and `usual`."""
        return {"state": flat(self.state), "speed": self.speed, "usual": self.usual}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "SlowPoint":
        """The slow point that `to_dict` wrote."""
        about, state = about_in(data, about), array(data["state"])
        usual = None if data["usual"] is None else number(data["usual"])
        return cls(about.layout_for(state).unflatten(state), number(data["speed"]), usual, about)

    @property
    def title(self) -> str:
        """A line: its place and its speed."""
        usual = "" if self.usual is None else f" (starts: {self.usual:.3g} in the median)"
        return f"Slow point, speed {self.speed:.3g}{usual}: {format_state(self.state)}"

    def table(self) -> None:
        """Nothing: the title says it all."""

    def remarks(self) -> list[str]:
        """Nothing either."""
        return []
