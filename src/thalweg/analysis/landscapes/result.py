"""A landscape of a rule that has no energy: its recurrent sets, their heights, and the check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.analysis.cycles.result import Cycle
from thalweg.analysis.equilibria.equilibrium import Equilibrium
from thalweg.core.about import UNSAID, About
from thalweg.core.errors import InputError
from thalweg.core.fields import from_fields, to_fields
from thalweg.core.plain import number
from thalweg.core.reports import NotKept, Table, TableReport, about_in
from thalweg.core.tables import counted, format_number
from thalweg.core.trees import Layout
from thalweg.dynamics import Problem

_TOLD = 20  # rows of a table that a reader goes through
# A rise of this share of the range is nothing that is seen in a figure.
_SMALL = 0.01
# A rise of more than this share of the range, or more runs without a fall: V does not fall.
_SEEN = 0.03


class GridFunction(eqx.Module):
    """A function of the state that is multilinear between values on a grid.

    Attributes:
        problem: the rule that it is about, and the coordinates of the region.
        lower: the first node, shape `(d,)`.
        spacing: between neighbours, shape `(d,)`.
        turns: truths `(d,)`, the coordinates that are angles.
        values: those at the nodes of the grid; of an angle the first ones again at its end.
    """

    problem: Problem
    lower: Any
    spacing: Any
    turns: Any
    values: Any

    def __call__(self, state: Any) -> jax.Array:
        """The value at a state; one outside of the region counts as on its wall."""
        self._check(state)
        y = self.problem.chart.coordinates(jax.tree.map(jnp.asarray, state))
        cells = jnp.asarray(self.values.shape) - 1
        place = (y - self.lower) / self.spacing
        place = jnp.where(self.turns, jnp.mod(place, cells), jnp.clip(place, 0.0, cells))
        values = jnp.asarray(self.values)
        return jax.scipy.ndimage.map_coordinates(values, list(place), order=1, mode="nearest")

    def _check(self, state: Any) -> None:
        """Refuse what is not one state."""
        layout = self.problem.chart.layout
        got = Layout.of(state)
        if got == layout:
            return
        expected = jax.tree.unflatten(layout.treedef, list(layout.shapes))
        shapes = jax.tree.unflatten(got.treedef, list(got.shapes))
        raise InputError(
            f"state must be one state, arrays of shape {expected}, got {shapes}: give an array "
            f"(jnp.array([0.3, 0.4]) for two coordinates); many states go through "
            f"jax.vmap(landscape.value)."
        )


@dataclass(frozen=True)
class RecurrentSet:
    """A set that recurs, on which a landscape is constant (a Morse set).

    Attributes:
        kind: what it holds, in words: a sink, an attracting cycle, or `"recurrent"` where only the
            grid shows that it recurs; `"outside"` is all that is outside the region.
        height: of the landscape on it: a whole number.
        equilibria: those in it, by their numbers among those found, from 0 on.
        cycles: likewise.
        point: the coordinates of a state in it; empty of what is outside.
        nodes: the number of nodes that recur with it at this resolution.
        above: the sets next below it, by their numbers: runs lead there.
    """

    kind: str
    height: float
    equilibria: tuple[int, ...]
    cycles: tuple[int, ...]
    point: np.ndarray
    nodes: int
    above: tuple[int, ...]


@dataclass(frozen=True)
class LandscapeCheck:
    """Course of a landscape along runs that it was not made from.

    Attributes:
        runs: the number of runs, from random starts.
        steps: the number of their steps, of a cell or less, between the recurrent sets.
        rising: the share of these steps at which it rises at all.
        usual: on 99 % of the runs it nowhere rises above what it was before by more than this share
            of its range.
        worst: the same on all of them.
        spread: the share of its range by which it varies along a cycle, at most; 0 without any.
        left: the share of the runs that left the region.
        moving: the share of the runs that go further than three cells between the sets.
        flat: the share of those along which V does not fall there.
    """

    runs: int
    steps: int
    rising: float
    usual: float
    worst: float
    spread: float
    left: float
    moving: float
    flat: float


@dataclass(frozen=True, eq=False, repr=False)
class Landscape(TableReport):
    """A complete Lyapunov function on a grid: constant on what recurs, falling everywhere else.

    Attributes:
        sets: the recurrent sets, the highest first.
        value: V, a callable `state → scalar`, multilinear between the nodes.
        shape: the number of nodes along each coordinate.
        check: what V does along fresh runs.
        change: the last change of the sweeps that computed V.
        about: the rule and the region.
        equilibria: those that the sets' numbers mean; JSON does not keep them twice.
        cycles: likewise.
        warnings: what the grid does not show as it is, in sentences.
    """

    sets: tuple[RecurrentSet, ...]
    value: Any = field(compare=False)
    shape: tuple[int, ...]
    check: LandscapeCheck
    change: float
    about: About = UNSAID
    equilibria: Sequence[Equilibrium] = field(default=(), compare=False)
    cycles: Sequence[Cycle] = field(default=(), compare=False)
    warnings: tuple[str, ...] = ()

    @property
    def falls(self) -> bool:
        """True if V falls along all but a few of the fresh runs, as far as a figure shows."""
        return self.check.usual <= _SEEN and self.check.flat <= _SEEN

    @property
    def title(self) -> str:
        """The rule, and how many sets recur at how many heights."""
        heights = len({one.height for one in self.sets})
        many = counted(len(self.sets), "recurrent set")
        at = "at one height" if heights == 1 else f"at {heights} heights"
        return f"Landscape of {self.about.system} ({self.about.rule_kind}): {many} {at}"

    def table(self) -> Table | None:
        """The recurrent sets, the highest first."""
        if not self.sets:
            return None
        rows = [
            [str(i + 1), one.kind, format_number(one.height), _shown(one.point), _lower(one)]
            for i, one in enumerate(self.sets[:_TOLD])
        ]
        return ["set", "kind", "height", "through", "above"], rows

    def remarks(self) -> list[str]:
        """Meaning of the heights, result of the check, and limits of the grid."""
        grid, check = " × ".join(map(str, self.shape)), self.check
        said = [
            f"V is constant on each set and falls along runs between them, as far as a grid of "
            f"{grid} tells. Only the order of the heights means something."
            if self.falls
            else self._fault(grid),
            f"Checked along {counted(check.runs, 'fresh run')}: V rises at "
            f"{100 * check.rising:.2g} % of their steps between the sets, on 99 % of them by "
            f"no more than "
            f"{_percent(check.usual)} of its range in all, at worst by {_percent(check.worst)}.",
        ]
        if check.moving:
            said.append(
                f"{100 * check.moving:.3g} % of them go further than three cells between the sets; "
                f"along {_percent(check.flat)} of these V does not fall."
            )
        said += self.warnings
        if any(one.cycles for one in self.sets):
            said.append(f"Along cycles it varies by {_percent(check.spread)} of its range.")
        if any(one.kind == "outside" for one in self.sets):
            said.append(
                f"{100 * check.left:.3g} % of the runs left the region: what is outside is a set "
                f"of its own, at its own height, and V may jump beside runs that graze a wall."
            )
        if any(one.kind == "recurrent" for one in self.sets):
            said.append(
                "Of what is called recurrent, only the grid shows that it is: a finer one may not."
            )
        if any(len(one.equilibria) + len(one.cycles) > 1 for one in self.sets):
            said.append(
                "What shares a set is one at this resolution (nodes): V is the same on all of it."
            )
        if len(self.sets) > _TOLD:
            left = len(self.sets) - _TOLD
            verb = "is" if left == 1 else "are"
            said.append(f"{counted(left, 'more set')} {verb} not listed.")
        if self.change > _SMALL:
            said.append(f"The sweeps did not settle: V still changed by {self.change:.1g}.")
        return said

    def _fault(self, grid: str) -> str:
        """The share by which V fails to fall between the sets, and the likely reason."""
        check, parts = self.check, []
        if check.usual > _SEEN:
            why = "runs that come near to a set more slowly than a cell resolves"
            if check.left:
                why = f"runs that graze a wall, or {why}"
            parts.append(
                f"on one run in a hundred it rises by {_percent(check.usual)} of its range or more "
                f"(likely {why})"
            )
        if check.flat > _SEEN:
            parts.append(
                f"along {_percent(check.flat)} of the runs that move it does not fall (likely they "
                f"lead to what is not among the sets: let the search find equilibria and cycles)"
            )
        return (
            f"V is constant on each set but does not fall everywhere between them on a grid of "
            f"{grid}: {'; '.join(parts)}. Do not rely on its values there; take more nodes."
        )

    def data(self) -> dict[str, Any]:
        """`sets`, `shape`, `check`, `change` and `warnings`; JSON does not hold V."""
        return {
            "sets": [to_fields(one) for one in self.sets],
            "shape": list(self.shape),
            "check": to_fields(self.check),
            "change": self.change,
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "Landscape":
        """The landscape that `to_dict` wrote; its values say that they are gone."""
        return cls(
            sets=tuple(from_fields(RecurrentSet, one) for one in data["sets"]),
            value=NotKept("landscape"),
            shape=tuple(data["shape"]),
            check=from_fields(LandscapeCheck, data["check"]),
            change=number(data["change"]),
            about=about_in(data, about),
            warnings=tuple(data["warnings"]),
        )


def _shown(point: np.ndarray) -> str:
    return f"({', '.join(format_number(value, 4) for value in point)})" if len(point) else ""


def _lower(one: RecurrentSet) -> str:
    return ", ".join(str(i + 1) for i in one.above)


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"
