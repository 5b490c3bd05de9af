"""Shares of basins over a parameter: attractors are the same at two values where they are near."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from thalweg.analysis.basins.find import find_basins
from thalweg.analysis.basins.result import Attractor, Basins
from thalweg.core.about import UNSAID, About
from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.core.fields import FieldsReport
from thalweg.core.parameters import find_parameter
from thalweg.core.reports import Table
from thalweg.core.shapes import Array, Num, States
from thalweg.core.tables import counted, format_number, format_state
from thalweg.core.trees import as_arrays
from thalweg.dynamics import Rule
from thalweg.dynamics.problem import make_problem

# Attractors at neighbouring values that are farther apart than this, in widths of the domain, are
# two: what jumps is another one.
_NEAR = 0.2
# Different sentences of the searches at single values that are passed on: more nobody reads.
_NOTES = 5
_NON_PERIODIC = ("chaos", "recurrent")


@dataclass(frozen=True, eq=False, repr=False)
class BasinFractions(FieldsReport):
    """The share of each attractor's basin over a parameter; prints as a table.

    Attributes:
        parameter: its name.
        values: its values, shape `(k,)`.
        kinds: of each attractor, one after the other where it changes: `"cycle, chaos"`.
        points: a state on each at every value, flat, shape `(k, m, n)`; NaN where it is not found.
        fractions: the share of starts that end on each, shape `(k, m)`; 0 where it is not found.
        low: the lower ends of the 95 % intervals, shape `(k, m)`.
        high: the upper ends.
        diverged: the share that left the finite or the bound, shape `(k,)`.
        left: the share that ended outside the domain, shape `(k,)`.
        undecided: the share that was not decided, shape `(k,)`.
        starts: how many starts there were at each value, the same ones.
        notes: what the reader should know, in sentences.
        about: the rule, and the domain of the starts.
    """

    parameter: str
    values: np.ndarray
    kinds: tuple[str, ...]
    points: np.ndarray
    fractions: np.ndarray
    low: np.ndarray
    high: np.ndarray
    diverged: np.ndarray
    left: np.ndarray
    undecided: np.ndarray
    starts: int
    notes: tuple[str, ...] = ()
    about: About = UNSAID

    @property
    def title(self) -> str:
        """A line: how many attractors of which rule, over which parameter."""
        count = len(self.kinds)
        what = counted(count, "attractor") if count else "No attractors"
        low, high = format_number(self.values.min()), format_number(self.values.max())
        return (
            f"{what} of {self.about.words}, {self.parameter} from {low} to {high}: "
            f"{counted(len(self.values), 'value')}, {counted(self.starts, 'start')} each"
        )

    def table(self) -> Table | None:
        """A row an attractor: where it is found, and its share there."""
        rows = []
        for index, kind in enumerate(self.kinds):
            there = np.flatnonzero(np.isfinite(self.points[:, index, 0]))
            share = self.fractions[there, index]
            rows.append(
                [
                    kind,
                    f"{self.values[there[0]]:.5g} to {self.values[there[-1]]:.5g}",
                    f"{share.min():.3g} to {share.max():.3g}",
                    format_state(self.points[there[0], index]),
                ]
            )
        return (["attractor", self.parameter, "fraction", "first through"], rows) if rows else None

    def remarks(self) -> list[str]:
        """The largest shares of starts that ended on none."""
        others = {
            "diverged": self.diverged,
            "left the domain": self.left,
            "stayed undecided": self.undecided,
        }
        worst = {name: float(np.max(share)) for name, share in others.items()}
        told = [f"{share:.3g} {name}" for name, share in worst.items() if share > 0.0]
        said = [f"Of the starts up to {', '.join(told)}."] if told else []
        return [*said, *self.notes]


def basin_fractions(
    rule: Rule,
    parameter: str,
    values: Sequence[float] | Num[Array, "values"],
    domain: Domain | None = None,
    *,
    starts: int | States = 2_000,
    key: jax.Array | None = None,
    **options: Any,
) -> BasinFractions:
    """Find the shares of basins at each of some values of a parameter, from the same starts.

    Attractors at neighbouring values are taken for one where they are nearest to each other and
    less than a fifth of the domain apart; chaotic ones also where there is but one of them.

    Arguments:
        rule: a `Flow` or a `Map` that does not depend on time.
        parameter: the name of a number of the rule, such as `"torque"` or `"weights[0,1]"`.
        values: its values, in order.
        domain: where starts lie; None means the domain that the rule declares.
        starts: the number of random starts, or the starts themselves.
        key: a `jax.random` key; None means a fixed one.
        options: more options of `find_basins`.

    Returns:
        The shares; a table when printed.

    Raises:
        InputError: there is no such parameter, or no value; what `find_basins` refuses.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> class Tilted(tw.Flow):
        ...     tilt: float = 0.0
        ...     domain = tw.Box([-2.0], [2.0])
        ...
        ...     def velocity(self, t, state):
        ...         return state - state**3 + self.tilt
        >>> found = tw.basin_fractions(Tilted(), "tilt", [0.0, 0.5], starts=200)
        >>> found.fractions.shape, bool(found.fractions[1, 1] == 1.0)
        ((2, 2), True)
    """
    steps = np.asarray(values, dtype=np.float64)
    if steps.ndim != 1 or not len(steps) or not np.all(np.isfinite(steps)):
        raise InputError(f"values must be one or more finite numbers, got {values!r}.")
    with jax.enable_x64(True):
        varied = find_parameter(rule, parameter)
        found = [
            find_basins(
                as_arrays(varied.put(rule, value)), domain, starts=starts, key=key, **options
            )
            for value in steps
        ]
        problem, domain = make_problem(rule, domain)
    chart, tracks = problem.chart, _tracks(found, problem)
    size, whole = len(found[0].about.names), (len(steps), len(tracks))
    points, shares = np.full((*whole, size), np.nan), np.zeros((3, *whole))
    shares[2] = [[_unseen(f.starts)] * len(tracks) for f in found]
    for at, track in enumerate(tracks):
        for step, attractor in track.items():
            points[step, at] = attractor.point
            shares[:, step, at] = (attractor.fraction, *attractor.interval)
    assert chart.layout.size == size
    return BasinFractions(
        parameter=parameter,
        values=steps,
        kinds=tuple(", ".join(dict.fromkeys(t[s].kind for s in sorted(t))) for t in tracks),
        points=points,
        fractions=shares[0],
        low=shares[1],
        high=shares[2],
        diverged=np.array([f.diverged for f in found]),
        left=np.array([f.left for f in found]),
        undecided=np.array([f.undecided for f in found]),
        starts=found[0].starts,
        notes=tuple(dict.fromkeys(note for f in found for note in f.notes))[:_NOTES],
        about=About.of(rule, domain),
    )


def _unseen(starts: int) -> float:
    """The upper end of the 95 % interval of a share that no start shows."""
    return 1.0 - 0.025 ** (1.0 / starts)


def _tracks(found: list[Basins], problem: Any) -> list[dict[int, Attractor]]:
    """The attractors, each by the numbers of the values at which it was found."""
    from scipy.optimize import linear_sum_assignment

    tracks: list[dict[int, Attractor]] = []
    for step, basins in enumerate(found):
        # Those that were there at the value before: one that vanished does not come back.
        open_ones = [track for track in tracks if step - 1 in track]
        away = np.array(
            [[_apart(problem, t[step - 1], a) for a in basins.attractors] for t in open_ones]
        ).reshape(len(open_ones), len(basins.attractors))
        taken = set()
        for i, j in zip(*linear_sum_assignment(np.minimum(away, 2.0 * _NEAR)), strict=True):
            if away[i, j] < _NEAR:
                open_ones[i][step] = basins.attractors[j]
                taken.add(int(j))
        tracks += [{step: a} for j, a in enumerate(basins.attractors) if j not in taken]
    return tracks


def _apart(problem: Any, one: Attractor, other: Attractor) -> float:
    """The distances between attractors, in widths of the domain; chaotic ones have no place."""
    if one.kind in _NON_PERIODIC and other.kind in _NON_PERIODIC:
        return 0.5 * _NEAR
    chart = problem.chart
    a, b = (np.asarray(chart.coordinates(chart.layout.unflatten(x.point))) for x in (one, other))
    return float(np.max(np.abs(chart.difference(a, b)) / np.asarray(chart.widths)))
