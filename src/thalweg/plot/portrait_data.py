"""What a phase portrait shows, as numbers."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.analysis import Cycle, Cycles, Equilibria, Equilibrium, find_equilibria
from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.dynamics import Problem, Rule
from thalweg.dynamics.problem import make_problem
from thalweg.plot.curves import (
    Run,
    continuum_curves,
    cycle_curve,
    flow_runs,
    map_orbits,
    separatrices,
    spread_starts,
)
from thalweg.plot.fields import GRID, Field, energy_on_grid, field_on_grid, nullclines, sample
from thalweg.plot.streams import streamlines
from thalweg.plot.views import View, make_view

_RUNS = 5
_UNSTABLE = 3
_ORBITS = 48
_SETTLED_AFTER = 200
_BLOCKS = 4
_SHOWN_STEPS = 41
_ON_A_MARK = 1e-3


@dataclass(frozen=True)
class Loop:
    """A cycle on the figure.

    Attributes:
        curve: a closed curve of a flow, the points in turn of a map, shape `(m, k)`.
        kind: `"attracting"`, `"repelling"`, `"saddle"` or `"neutral"`.
        stable: whether it attracts.
        continuum: 0 when isolated, else the dimension of the family it stands for.
    """

    curve: np.ndarray
    kind: str
    stable: bool
    continuum: int


@dataclass(frozen=True)
class Portrait:
    """The numbers of a phase portrait; places are those of the figure, shape `(…, k)`.

    Attributes:
        view: what the axes are.
        field: the displacement on a grid, or None for a projection.
        nullclines: the branches where the first component vanishes, and where the second does.
        streams: the streamlines of a flow, curves `(m, 2)`.
        runs: sample trajectories of a flow, with their times.
        separatrices: `"stable"` or `"unstable"` curves of saddles.
        orbits: where orbits of a map are after a while, shape `(n, k)`; not the marked states.
        equilibria: `(place, kind)` of each isolated equilibrium on the figure.
        families: curves `(2, k)` and clouds `(m, k)` of equilibria that are not isolated.
        cycles: the closed orbits, or cycles of a map; not the many long ones that do not attract.
        energy: an energy on the grid, or None.
        left_out: what of this is not shown, in words.
        tracks: the sample trajectories in the coordinates of the domain, angles not wrapped; the
            first steps, of a map.
    """

    view: View
    field: Field | None = None
    nullclines: tuple[list[np.ndarray], ...] = ()
    streams: list[np.ndarray] = dataclasses.field(default_factory=list)
    runs: list[Run] = dataclasses.field(default_factory=list)
    separatrices: list[tuple[str, np.ndarray]] = dataclasses.field(default_factory=list)
    orbits: np.ndarray | None = None
    equilibria: list[tuple[np.ndarray, str]] = dataclasses.field(default_factory=list)
    families: list[np.ndarray] = dataclasses.field(default_factory=list)
    cycles: list[Loop] = dataclasses.field(default_factory=list)
    energy: np.ndarray | None = None
    left_out: str = ""
    tracks: list[Run] = dataclasses.field(default_factory=list)


def portrait_data(
    rule: Rule,
    domain: Domain | None = None,
    *,
    equilibria: Equilibria | Sequence[Equilibrium] | None = None,
    cycles: Cycles | Sequence[Cycle] = (),
    energy: Callable[[Any], Any] | None = None,
    starts: int | Any = _RUNS,
    plane: Sequence[int | str] | None = None,
    through: Any = None,
    view: View | None = None,
) -> Portrait:
    """Compute what a phase portrait shows; arguments as for `phase_portrait`.

    Instead of a plane, a `view` may be given.

    Raises:
        InputError: the rule does not fit the domain, depends on time, or is finite nowhere.
    """
    problem, domain = make_portrayed(rule, domain)
    if equilibria is None:
        equilibria = find_equilibria(rule, domain)
    chart = problem.chart
    rest = [np.asarray(chart.coordinates(e.state)) for e in equilibria]
    shown, left = _few(cycles)
    loops = [cycle_curve(problem, cycle) for cycle in shown]
    families = continuum_curves(problem, equilibria) if isinstance(equilibria, Equilibria) else []
    begin = _starts(problem, starts)
    is_flow, is_large = rule.rule_kind == "flow", chart.dimension > 2
    runs, tracks, orbits = [], [], None
    is_cut = through is not None or (view is not None and view.is_slice)
    if is_flow and not is_cut and len(begin):
        runs = flow_runs(problem, begin, blocks=_BLOCKS if is_large else 1)
    elif not is_flow and not is_cut:
        orbit = map_orbits(problem, np.concatenate([begin, spread_starts(problem, _ORBITS)]))
        orbits = orbit[_SETTLED_AFTER:].reshape(-1, chart.dimension)
        orbits = orbits[np.isfinite(orbits).all(axis=1)]
        orbits = orbits[_elsewhere(problem, orbits, [*rest, *loops])]
        tracks = _first_steps(orbit[:_SHOWN_STEPS, : len(begin)])
    seen = [np.atleast_2d(part) for part in (*rest, *loops, *families, *(r.y for r in runs))]
    seen += [] if orbits is None else [orbits]
    if view is None:
        view = make_view(problem, plane, through, np.concatenate(seen) if seen else None)
    is_plane = view.dimension == 2 and not view.is_projection
    # One step of a map can stretch so much that its curves are folds as thin as a coarse cell.
    count = GRID if is_flow else 2 * GRID - 1
    grid = None if view.is_projection else field_on_grid(view, count)
    if grid is not None and not np.isfinite(grid.values).any():
        raise InputError(
            f"{type(rule).__name__} is not finite anywhere on the figure. Choose a domain in which "
            f"the rule is defined."
        )
    curves = []
    if is_flow and chart.dimension == 2:
        curves = [
            (name, _shown(view, run.y)) for name, run in separatrices(problem, tuple(equilibria))
        ]
    return Portrait(
        view=view,
        field=grid,
        nullclines=nullclines(view, grid) if grid and is_plane and not view.corners else (),
        streams=streamlines(grid) if grid and is_plane and is_flow else [],
        runs=[Run(run.times, _shown(view, run.y)) for run in runs],
        separatrices=curves,
        orbits=None if orbits is None else view.wrap(view.place(orbits)),
        equilibria=_marks(view, rest, equilibria),
        families=[_shown(view, curve) for curve in families if view.shows(curve)],
        cycles=[
            Loop(_loop(view, curve), cycle.kind, cycle.stable, cycle.continuum)
            for curve, cycle in zip(loops, shown, strict=True)
            if view.shows(curve)
        ],
        energy=None if energy is None or grid is None else energy_on_grid(view, energy, count)[1],
        tracks=runs if is_flow else tracks,
        left_out=f"{left} longer cycles not drawn" if left else "",
    )


def make_portrayed(rule: Rule, domain: Domain | None) -> tuple[Problem, Domain]:
    """The problem of a rule that can be shown: one that does not depend on time.

    Raises:
        InputError: it does, or it does not fit the domain.
    """
    import jax

    with jax.enable_x64(True):
        problem, domain = make_problem(rule, domain)
    view = make_view(problem)
    p = view.place(spread_starts(problem, 16))
    early, late = (sample(view, p, t)[0] for t in (0.0, 0.7310585786))
    size = np.nanmax(np.abs(early), initial=0.0)
    if np.nanmax(np.abs(late - early), initial=0.0) > 1e-9 * size:
        raise InputError(
            f"{type(rule).__name__} depends on time, so one picture cannot show it. If it is "
            f"periodic, show Stroboscopic(flow, period); or plot a trajectory."
        )
    return problem, domain


def _starts(problem: Problem, starts: int | Any) -> np.ndarray:
    """Coordinates `(n, d)` to run from."""
    if isinstance(starts, int):
        if not 0 <= starts <= 64:
            raise InputError(f"starts must be between 0 and 64, or states, got {starts}.")
        return spread_starts(problem, starts)
    return np.atleast_2d(np.asarray(problem.chart.coordinates(starts), dtype=np.float64))[:64]


def _shown(view: View, y: np.ndarray) -> np.ndarray:
    """A curve on the figure; of a triangle only what lies in it."""
    p = view.broken(view.place(y))
    return np.where(view.contains(p, 1e-6)[:, None], p, np.nan) if view.corners else p


def _first_steps(orbits: np.ndarray) -> list[Run]:
    """Orbits `(m, n, d)` of a map until they leave."""
    kept = [orbit[np.isfinite(orbit).all(axis=1)] for orbit in np.moveaxis(orbits, 1, 0)]
    return [Run(np.arange(float(len(orbit))), orbit) for orbit in kept]


def _elsewhere(problem: Problem, y: np.ndarray, marks: list[np.ndarray]) -> np.ndarray:
    """Which points `(n, d)` do not lie where something is marked anyway."""
    chart, away = problem.chart, np.full(len(y), np.inf)
    for mark in np.concatenate([np.zeros((0, chart.dimension)), *map(np.atleast_2d, marks)]):
        gap = np.linalg.norm(chart.difference(y, mark) / np.asarray(chart.widths), axis=1)
        away = np.minimum(away, gap)
    return away > _ON_A_MARK


def _loop(view: View, y: np.ndarray) -> np.ndarray:
    is_flow = view.problem.rule.rule_kind == "flow"
    return _shown(view, y) if is_flow else view.wrap(view.place(y))


def _few(cycles: Sequence[Cycle]) -> tuple[list[Cycle], int]:
    """The cycles that attract and a few short ones; and how many more there are."""
    short = sorted((c for c in cycles if not c.stable), key=lambda c: c.period)[:_UNSTABLE]
    shown = [c for c in cycles if c.stable or any(c is other for other in short)]
    return shown, len(cycles) - len(shown)


def _marks(view: View, rest: list[np.ndarray], equilibria: Any) -> list[tuple[np.ndarray, str]]:
    return [
        (view.wrap(view.place(y)), e.kind)
        for y, e in zip(rest, equilibria, strict=True)
        if not e.continuum and view.shows(y)
    ]
