"""Scenes and portraits: what a phase portrait is of, and the numbers that its layers made of it."""

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from thalweg.analysis import Cycle, Cycles, Equilibria, Equilibrium, find_equilibria
from thalweg.analysis.equilibria.where import check_at_rest, domain_with, given_equilibria
from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.core.given import given_members
from thalweg.core.tables import counted
from thalweg.dynamics import Problem, Rule
from thalweg.dynamics.autonomy import NUM_POINTS, time_change
from thalweg.dynamics.problem import make_problem
from thalweg.plot.curves import Run, continuum_curves, cycle_curve, spread_starts
from thalweg.plot.fields import GRID, Field, field_on_grid, share_lost
from thalweg.plot.samples import Sample, sample_flow, sample_map, sample_starts
from thalweg.plot.views import View, make_view
from thalweg.simulation.bundles import LANES

# Trajectories to show where nobody says how many: more hide the field that they run through.
STARTS = 5
# Cycles that do not attract, as many as can be told apart on one figure.
_UNSTABLE = 3


@dataclass(frozen=True)
class Scene:
    """Subject of a portrait; points are in the coordinates of the domain.

    Attributes:
        view: what the axes are.
        equilibria: those to show.
        resting: where they are, shape `(d,)` each.
        cycles: those to show.
        loops: their curves, or points of a map in turn, shape `(m, d)` each.
        families: curves `(2, d)` and clouds `(m, d)` of equilibria that are not isolated.
        sample: trajectories.
        energy: a callable `state → scalar`, or None.
        left_out: what is not shown, in words.
        slow: where slow points are, shape `(d,)` each.
        domain: the region; None means the one that the rule declares.
        has_basins: whether to shade the basins of attraction, where there are several.
    """

    view: View
    equilibria: Sequence[Equilibrium]
    resting: list[np.ndarray]
    cycles: list[Cycle]
    loops: list[np.ndarray]
    families: list[np.ndarray]
    sample: Sample
    energy: Callable[[Any], Any] | None = None
    left_out: str = ""
    slow: list[np.ndarray] = dataclasses.field(default_factory=list)
    domain: Domain | None = None
    has_basins: bool = False

    @property
    def problem(self) -> Problem:
        """The rule and its chart."""
        return self.view.problem

    @functools.cached_property
    def field(self) -> Field | None:
        """The displacement on a grid, or None for a projection.

        Raises:
            InputError: it is finite nowhere.
        """
        if self.view.is_projection:
            return None
        # One step of a map can stretch so much that its curves are folds as thin as a coarse cell.
        found = field_on_grid(self.view, GRID if self.view.is_flow else 2 * GRID - 1)
        if not np.isfinite(found.values).any():
            raise InputError(
                f"{type(self.problem.rule).__name__} is not finite anywhere on the figure. Choose "
                f"a domain in which the rule is defined."
            )
        return found

    @property
    def said_left_out(self) -> str:
        """A note of what is not shown, and of how much of the figure the rule leaves blank."""
        lost = 0.0 if self.field is None else share_lost(self.view, self.field)
        blank = f"not finite in {100.0 * lost:.2g} % of the view" if lost else ""
        return "; ".join(filter(None, (self.left_out, blank)))


@dataclass(frozen=True)
class Portrait:
    """The numbers of a phase portrait; places are those of the figure, shape `(…, k)`.

    What `compute` of a layer returned is an attribute by the layer's name in `layers/table.py`:
    `portrait.nullclines`, `portrait.cycles`. A layer with nothing to show has an empty value.

    Attributes:
        view: what the axes are.
        field: the displacement on a grid, or None for a projection.
        tracks: the sample trajectories in the coordinates of the domain, angles not wrapped; the
            first steps, of a map.
        left_out: what of this is not shown, in words.
        numbers: those of each layer, by its name.
    """

    view: View
    field: Field | None = None
    tracks: list[Run] = dataclasses.field(default_factory=list)
    left_out: str = ""
    numbers: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        """The numbers of a layer."""
        try:
            return self.__dict__["numbers"][name]
        except KeyError:
            raise AttributeError(f"a portrait has no layer {name!r}") from None

    def replace(self, **numbers: Any) -> "Portrait":
        """This portrait with other numbers of some layers, by their names."""
        return dataclasses.replace(self, numbers={**self.numbers, **numbers})


def make_scene(
    rule: Rule,
    domain: Domain | None,
    equilibria: Equilibria | Sequence[Equilibrium] | None,
    cycles: Cycles | Sequence[Cycle],
    energy: Callable[[Any], Any] | None,
    starts: int | Any | None,
    plane: Sequence[int | str] | None = None,
    through: Any = None,
    view: View | None = None,
    basins: bool = False,
) -> Scene:
    """Gather what a portrait is of; arguments as for `phase_portrait`, or a view for the last two.

    Raises:
        InputError: the rule does not fit the domain, or depends on time.
    """
    equilibria = given_equilibria(equilibria)
    problem, domain = make_portrayed(rule, domain_with(rule, domain, equilibria))
    if equilibria is None:
        equilibria = find_equilibria(rule, domain)
    else:
        with jax.enable_x64(True):
            check_at_rest(problem, equilibria)
    cycles = given_members("cycles", cycles, Cycle, "find_cycles")
    resting = [np.asarray(problem.chart.coordinates(e.state)) for e in equilibria]
    found_slow = equilibria.slow if isinstance(equilibria, Equilibria) else ()
    slow = [np.asarray(problem.chart.coordinates(point.state)) for point in found_slow]
    shown, left = _few(cycles)
    loops = [cycle_curve(problem, cycle) for cycle in shown]
    families = continuum_curves(problem, equilibria) if isinstance(equilibria, Equilibria) else []
    asked = sample_starts(problem, STARTS if starts is None else starts)
    begin = asked[:LANES]
    cuts = through is not None and problem.chart.dimension > 2
    if cuts or (view is not None and view.is_slice):
        trajectories = Sample()
    elif rule.has_continuous_time:
        trajectories = sample_flow(problem, begin)
    else:
        trajectories = sample_map(problem, begin, [*resting, *loops])
    if view is None:
        seen = [*resting, *slow, *loops, *families, *trajectories.shown()]
        points = np.concatenate([np.atleast_2d(part) for part in seen]) if seen else None
        view = make_view(problem, plane, through, points)
    isolated = [y for y, e in zip(resting, equilibria, strict=True) if not e.continuum]
    left_out = [view.said_off(equilibria=isolated, cycles=loops)]
    if left:
        left_out.append(f"{counted(left, 'longer cycle')} not drawn")
    if view.is_slice and starts is not None and len(asked):
        left_out.append("no trajectories: they leave the plane")
    elif len(asked) > len(begin):
        left_out.append(f"the first {len(begin)} of {len(asked)} starts")
    return Scene(
        view, tuple(equilibria), resting, shown, loops, families, trajectories, energy,
        "; ".join(filter(None, left_out)), slow, domain, basins,
    )  # fmt: skip


def make_portrayed(rule: Rule, domain: Domain | None) -> tuple[Problem, Domain]:
    """The problem of a rule that can be shown: one that does not depend on time.

    Raises:
        InputError: it does, or it does not fit the domain.
    """
    import jax

    with jax.enable_x64(True):
        problem, domain = make_problem(rule, domain)
        change = time_change(problem, spread_starts(problem, NUM_POINTS))
    change.refuse(problem.rule, "one picture cannot show it", "show")
    return problem, domain


def _few(cycles: Sequence[Cycle]) -> tuple[list[Cycle], int]:
    """The cycles that attract and a few short ones; and how many more there are."""
    short = sorted((c for c in cycles if not c.stable), key=lambda c: c.period)[:_UNSTABLE]
    shown = [c for c in cycles if c.stable or any(c is other for other in short)]
    return shown, len(cycles) - len(shown)
