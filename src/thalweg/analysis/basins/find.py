"""The verb: find the attractors of a rule, and label starts by where they end."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import jax
import numpy as np

from thalweg.analysis.basins.attractors import KnownAttractors
from thalweg.analysis.basins.follow import UNDECIDED, Following, is_whole
from thalweg.analysis.basins.grids import label_grid, middles
from thalweg.analysis.basins.looks import LOOKED_AT, Looks
from thalweg.analysis.basins.result import Attractor, Basins, other_shares
from thalweg.analysis.basins.statistics import (
    basin_entropy,
    binomial_interval,
    boundary_dimension,
)
from thalweg.analysis.cycles.find import find_cycles
from thalweg.analysis.cycles.result import Cycles
from thalweg.analysis.equilibria.find import find_equilibria
from thalweg.analysis.equilibria.given import given_points
from thalweg.analysis.equilibria.result import Equilibria
from thalweg.analysis.equilibria.where import check_at_rest, domain_with, given_equilibria
from thalweg.core.about import About
from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.core.randomness import host_generator
from thalweg.core.shapes import States
from thalweg.core.tables import counted
from thalweg.dynamics import Rule
from thalweg.dynamics.problem import Problem, make_problem

# Trajectories that have not settled then are looked at as they are.
_PILOT_STEPS = 4096
# Starts, or points of a grid: their labels must fit into memory several times over.
_MOST_POINTS = 50_000_000


def find_basins(
    rule: Rule,
    domain: Domain | None = None,
    *,
    starts: int | States = 10_000,
    grid: int | Sequence[int] | None = None,
    duration: float | None = None,
    refine: bool = True,
    equilibria: Equilibria | None = None,
    cycles: Cycles | None = None,
    following: Following | None = None,
    key: jax.Array | None = None,
) -> Basins:
    """Find the attractors of a flow or map, and which starts in a domain end on each.

    Attractors come first: states of rest and cycles that attract, by `find_equilibria` and (of
    flows) `find_cycles`, and what a few starts are seen to settle on, chaos included. About each of
    them lies a region that trajectories do not leave: a sublevel set of a quadratic function that
    falls on it, or a tube about a closed orbit that draws trajectories in. In up to four dimensions
    it is tried to prove of the former, by intervals, that all of it tends to the attractor. Starts
    are followed in blocks of steps; those inside a region (or, of chaotic sets, in its cells for
    several blocks on end) are decided and leave, and others take their places.

    Arguments:
        rule: a `Flow` or a `Map` that does not depend on time.
        domain: where starts lie; None means the domain that the rule declares, or else
            that of the equilibria given.
        starts: the number of random starts, or the starts themselves: states stacked along a first
            axis. Not used with `grid`.
        grid: the number of points along every side, or along each; the starts are the middles of
            equal cells. A side of one point holds its coordinate at the middle of the domain.
        duration: for how long a start is followed at most (steps, of a map); None means until it is
            decided, or the steps of `following` are spent.
        refine: follow only those points of a grid that have neighbours with other labels.
        equilibria: what `find_equilibria` found there; None searches.
        cycles: what `find_cycles` found there; None searches (of a map, only what orbits show).
        following: tolerance, bound and number of steps.
        key: a `jax.random` key; None means a fixed one. The same key gives the same result.

    Returns:
        The attractors, with the label of every start; a table when printed.

    Raises:
        InputError: the rule does not fit the domain, depends on time or is finite nowhere; a number
            makes no sense.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> flow = tw.as_flow(lambda x: x - x**3, domain=tw.Box([-2.0], [2.0]))
        >>> found = tw.find_basins(flow, grid=100)
        >>> [(a.kind, round(float(a.point[0]), 6), a.fraction) for a in found.attractors]
        [('equilibrium', -1.0, 0.5), ('equilibrium', 1.0, 0.5)]

    References:
        Menck, Heitzig, Marwan & Kurths (2013) for fractions; Datseris & Wagemakers (2022) for
        recurrence; Daza et al. (2016) for the entropy; Grebogi et al. (1983) for the dimension.
    """
    following = Following() if following is None else following
    span = _span(duration, following)
    with jax.enable_x64(True):
        given = given_equilibria(equilibria)
        problem, domain = make_problem(rule, domain_with(rule, domain, given))
        sides = None if grid is None else _sides(problem, grid)
        points = None if sides else _starts(problem, starts, key)
        check_at_rest(problem, given)
        resting = find_equilibria(rule, domain, key=key) if given is None else given
        if cycles is None and rule.has_continuous_time:
            whole = resting if isinstance(resting, Equilibria) else None
            cycles = find_cycles(rule, domain, key=key, equilibria=whole)
        inventory = KnownAttractors(problem, following)
        inventory.add_known(resting, cycles)
        widths, looks = np.asarray(problem.chart.widths), Looks(inventory)
        tried, followed, axes, known = [0], None, None, []

        def label(points: np.ndarray) -> np.ndarray:
            found = looks.settle(inventory.follow(points, span), span)
            tried[0] += int(found.steps.sum())
            if np.any(found.label == UNDECIDED):
                known.append(inventory.size)
            return found.label

        if sides is not None:
            axes = middles(*map(np.asarray, problem.chart.bounds), counts=sides)
            scaled = [axis / width for axis, width in zip(axes, widths, strict=True)]
            _look_first(looks, _pilots(scaled), span)
            labels, followed = label_grid(label, scaled, refine and following.early)
            if known and inventory.size > known[0]:
                # What was found later may be where earlier ones end.
                looks.forget()
                at = np.nonzero(labels == UNDECIDED)
                labels[at] = label(np.stack([a[i] for a, i in zip(scaled, at, strict=True)], 1))
        else:
            assert points is not None
            _look_first(looks, points[:LOOKED_AT] / widths, span)
            labels = label(points / widths)
        if following.prove:
            inventory.prove()
        inventory.notes += looks.notes()
        return _assemble(
            inventory, About.of(rule, domain), labels, followed, axes, points, tried[0]
        )


def _span(duration: float | None, following: Following) -> float:
    if duration is None:
        if not following.early:
            raise InputError("duration must be given with Following(early=False): the end of all.")
        return np.inf
    if not duration > 0.0:
        raise InputError(f"duration must be positive, got {duration}.")
    return float(duration)


def _sides(problem: Problem, grid: int | Sequence[int]) -> tuple[int, ...]:
    """The number of points along each side; refuses what is no grid of the domain."""
    dimension = problem.chart.dimension
    if not problem.chart.is_product:
        raise InputError(
            "grid asks for a box, whose coordinates vary one by one: give random starts instead."
        )
    sides = tuple(grid) if isinstance(grid, Sequence | np.ndarray) else (grid,) * dimension
    whole = all(is_whole(n) and n >= 1 for n in sides)
    if len(sides) != dimension or not whole:
        raise InputError(
            f"grid must be a whole number, or one for each of {counted(dimension, 'coordinate')}, "
            f"at least 1 each, got {grid!r}."
        )
    if np.prod(sides, dtype=float) > _MOST_POINTS:
        raise InputError(
            f"grid has {np.prod(sides, dtype=float):.3g} points; at most {_MOST_POINTS:,} fit. "
            f"Hold coordinates at their middle by a side of 1, or give random starts."
        )
    return tuple(int(n) for n in sides)


def _starts(problem: Problem, starts: int | Any, key: jax.Array | None) -> np.ndarray:
    """Starts `(n, d)` in coordinates."""
    if is_whole(starts):
        if starts < 1:
            raise InputError(f"starts must be at least 1, got {starts}.")
        if starts > _MOST_POINTS:
            raise InputError(f"starts must be at most {_MOST_POINTS:,}, which fit; got {starts:,}.")
        return problem.chart.draw(host_generator(key), int(starts))
    return given_points(problem, starts)


def _pilots(axes: list[np.ndarray]) -> np.ndarray:
    """Points of a grid, at random."""
    rng = np.random.default_rng(0)
    return np.stack([rng.choice(axis, LOOKED_AT) for axis in axes], axis=1)


def _look_first(looks: Looks, z: np.ndarray, span: float) -> None:
    """Let a few starts show what attracts them, which are told to nobody."""
    inventory = looks.inventory
    few = replace(
        inventory.settings, max_steps=min(_PILOT_STEPS, inventory.settings.max_steps), early=True
    )
    pilots = replace(inventory, settings=few, widest={})
    found = pilots.follow(z, span, label="attractors")
    undecided = found.label == UNDECIDED
    if np.any(undecided):
        looks.look_at(found.z[undecided])
        looks.forget()


def _assemble(
    inventory: KnownAttractors, about: About, labels: np.ndarray, followed: np.ndarray | None,
    axes: list[np.ndarray] | None, points: np.ndarray | None, steps: int,
) -> Basins:  # fmt: skip
    chart, total = inventory.problem.chart, labels.size
    attractors = []
    for number, known in enumerate(inventory.members):
        count = int(np.sum(labels == number))
        attractors.append(
            Attractor(
                known.kind,
                np.asarray(chart.layout.flatten(chart.embed(known.y)), dtype=np.float64),
                known.period,
                count,
                count / total,
                binomial_interval(count, total),
                known.evidence,
                about,
            )
        )
    of_grid = [] if axes is None else [*basin_entropy(labels), *boundary_dimension(labels)]
    shape = [value if np.isfinite(value) else None for value in of_grid] or [None] * 4
    return Basins(
        tuple(attractors),
        *other_shares(labels),
        starts=total,
        labels=labels.astype(np.int64),
        axes=None if axes is None else tuple(axes),
        points=points,
        coordinates=tuple(about.names[i] for i in chart.indices),
        followed=total if followed is None else int(followed.sum()),
        steps=steps,
        entropy=shape[0],
        boundary_entropy=shape[1],
        dimension=shape[2],
        dimension_error=shape[3],
        notes=tuple(dict.fromkeys(inventory.notes)),
        about=about,
    )
