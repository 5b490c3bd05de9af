"""The verb: find every cycle that trajectories lead to, and say what else recurs."""

from collections import Counter
from typing import Any

import jax
import numpy as np

from thalweg.analysis.cycles.assemble import (
    BY_CHANCE,
    FAILED,
    MUST_BE,
    NO_ORBITS,
    ONLY_VISITED,
    UP_TO,
    assemble_cycles,
    from_orbit,
    from_points,
    how_they_ended,
)
from thalweg.analysis.cycles.flows import Orbit, search_flow
from thalweg.analysis.cycles.long_runs import AT_REST, ESCAPED, RUNNING
from thalweg.analysis.cycles.maps import MAX_PERIOD, is_dear, search_map
from thalweg.analysis.cycles.non_periodic import NonPeriodicRun
from thalweg.analysis.cycles.recurrence import Frame
from thalweg.analysis.cycles.result import Cycles
from thalweg.analysis.equilibria.given import given_points
from thalweg.analysis.equilibria.looks import look_at
from thalweg.analysis.equilibria.result import Equilibria
from thalweg.analysis.equilibria.search import ROUND, probe
from thalweg.analysis.equilibria.where import domain_with, given_equilibria
from thalweg.core.about import About
from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.core.given import told
from thalweg.core.randomness import check_key
from thalweg.core.shapes import States
from thalweg.core.tables import counted
from thalweg.dynamics import Rule
from thalweg.dynamics.problem import Problem, make_problem

MOST_STARTS = 32  # of one batch, each both ways in time: the 64 lanes of `simulation.bundles`
# Of the widths: off the equilibrium, still in its linear neighbourhood, where cycles are born.
_NEARBY = 0.01


def find_cycles(
    rule: Rule,
    domain: Domain | None = None,
    *,
    starts: int | States = 32,
    key: jax.Array | None = None,
    equilibria: Equilibria | None = None,
    max_period: int | None = None,
    gradient: bool = False,
) -> Cycles:
    """Find the closed orbits of a flow, or the n-cycles of a map, that pass through a domain.

    *Flows.* Trajectories run from every start forwards and backwards in time until each has come to
    rest, left, or keeps returning to a section across it; Newton's method on the whole orbit
    (multiple shooting) then closes it, and the variational equation gives its multipliers. Stable
    cycles are found from any start in their basin, unstable ones where time run backwards leads to
    them, which in the plane it always does; in three dimensions or more, saddle cycles may be
    missed.

    *Maps.* Long orbits find stable cycles of any period up to 32; a batched search for the roots of
    gⁿ − id, started anew until it finds nothing new, finds the others for n up to `max_period`. The
    multipliers are those of the n-step map.

    Families of cycles that are not isolated (the orbits around a center) count once. Recurrence
    that is neither at rest nor closed is reported as undecided, with its largest Lyapunov exponent.

    Arguments:
        rule: a `Flow` or a `Map` that does not depend on time.
        domain: where to start; None means the domain that the rule declares, or else that of the
            equilibria given. Cycles that only pass through it count.
        starts: the number of random starts, or the starts themselves: states stacked along a first
            axis.
        key: a `jax.random` key; None means a fixed one. The same key gives the same result.
        equilibria: what `find_equilibria` found there. More trajectories then start next to them,
            where small cycles are, and families of closed orbits in the plane that surround
            different equilibria are told apart (without it they count as one).
        max_period: of a map, the longest cycles to search for as roots; None means 8, or, where a
            step runs a loop inside (as a `Stroboscopic` map integrates over a period), only what
            the long orbits come close to.
        gradient: True if the rule is known to be a gradient flow, which has no closed orbits:
            nothing is then searched.

    Returns:
        The cycles by period; a table when printed.

    Raises:
        InputError: the rule does not fit the domain, depends on time, or is finite nowhere.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> def van_der_pol(state):
        ...     x, v = state
        ...     return jnp.stack([v, (1.0 - x**2) * v - x])
        >>> flow = tw.as_flow(van_der_pol, domain=tw.Box([-3.0, -3.0], [3.0, 3.0]))
        >>> [(round(c.period, 6), c.stable) for c in tw.find_cycles(flow)]
        [(6.663287, True)]

    References:
        Kuznetsov, *Elements of Applied Bifurcation Theory*, chapter 10 (shooting); Benettin et al.
        (1980) for the exponent.
    """
    check_key(key)
    is_count = isinstance(starts, int | np.integer) and not isinstance(starts, bool)
    if is_count and starts < 1:
        raise InputError(f"starts must be at least 1, got {starts}.")
    is_whole = isinstance(max_period, int | np.integer) and not isinstance(max_period, bool)
    if max_period is not None and not (is_whole and max_period >= 1):
        raise InputError(f"max_period must be a whole number of at least 1, got {max_period!r}.")
    with jax.enable_x64(True):
        found = given_equilibria(equilibria)
        problem, domain = make_problem(rule, domain_with(rule, domain, found))
        about = About.of(rule, domain)
        frame = Frame.of(problem.chart)
        if gradient and rule.has_continuous_time and not frame.angles.any():
            return assemble_cycles(problem, frame, [], [], 0, [NO_ORBITS], about)
        centers = _centers(problem, equilibria)
        given = None if is_count else given_points(problem, starts)
        look_at(problem, key, given)
        points = _draw(problem, key, int(starts), centers) if given is None else given
        if rule.has_continuous_time:
            only_sources = equilibria is not None and all(e.kind == "source" for e in equilibria)
            return _search_flow(problem, frame, points, centers, about, only_sources)
        return _search_map(problem, frame, points, key, max_period, about)


def _centers(problem: Problem, equilibria: Equilibria | None) -> np.ndarray:
    """The coordinates of known equilibria, shape `(k, d)`."""
    if equilibria is None:
        return np.zeros((0, problem.chart.dimension))
    if not isinstance(equilibria, Equilibria):
        raise InputError(
            f"equilibria must be what find_equilibria returned, got {told(equilibria)}."
        )
    if not len(equilibria):
        return np.zeros((0, problem.chart.dimension))
    return problem.chart.coordinates(equilibria.states)


def _draw(problem: Problem, key: Any, count: int, centers: np.ndarray) -> np.ndarray:
    """Random points, up to half of them next to equilibria."""
    rounds = range(-(-count // ROUND))
    drawn = [probe(problem, key, np.asarray(r), None, ROUND).starts for r in rounds]
    points = np.concatenate(drawn)[:count]
    few = centers[: count // 2]
    turned = np.random.default_rng(0).normal(size=few.shape)
    turned /= np.linalg.norm(turned, axis=1, keepdims=True)
    points[: len(few)] = few + _NEARBY * turned * np.asarray(problem.chart.widths)
    return points


def _search_flow(
    problem: Problem, frame: Frame, starts: np.ndarray, centers: np.ndarray,
    about: About, only_sources: bool,
) -> Cycles:  # fmt: skip
    orbits: list[Orbit] = []
    non_periodic: list[NonPeriodicRun] = []
    failed, ended, stays = 0, Counter[int](), True
    for first in range(0, len(starts), MOST_STARTS):
        part = starts[first : first + MOST_STARTS] / frame.widths
        orbits, runs, lost = search_flow(problem, frame, part, centers / frame.widths, orbits)
        failed, ended, stays = failed + lost, ended + runs.ended(), stays and runs.stays()
        non_periodic += runs.non_periodic()
    found = [from_orbit(problem, frame, orbit) for orbit in orbits]
    notes = [BY_CHANCE] if problem.chart.dimension > 2 else []
    if failed:
        who = counted(failed, "trajectory", "trajectories")
        notes.append(FAILED.format(who))
    if not orbits:
        counts = (ended[status] for status in (AT_REST, ESCAPED, RUNNING))
        tried = counted(ended.total(), "trajectory", "trajectories")
        notes.append(how_they_ended(f"{tried}, forwards and backwards in time", *counts))
    is_plane = problem.chart.dimension == 2 and not frame.angles.any()
    stays &= all(run.is_steady for run in non_periodic if run.direction > 0.0)
    if is_plane and stays and only_sources and not any(o.attracts(1.0) for o in orbits):
        notes.append(MUST_BE)
    return assemble_cycles(problem, frame, found, non_periodic, 2 * len(starts), notes, about)


def _search_map(
    problem: Problem,
    frame: Frame,
    starts: np.ndarray,
    key: Any,
    max_period: int | None,
    about: About,
) -> Cycles:
    only_visited = max_period is None and is_dear(problem)
    longest = None if only_visited else max_period or MAX_PERIOD
    orbits, non_periodic, ended = search_map(problem, frame, starts / frame.widths, key, longest)
    found = [from_points(problem, frame, orbit) for orbit in orbits]
    notes = [ONLY_VISITED] if longest is None else [UP_TO.format(longest)]
    if not orbits:
        tried = counted(len(starts), "orbit")
        notes.append(how_they_ended(tried, *ended, last="did not settle"))
    return assemble_cycles(problem, frame, found, non_periodic, len(starts), notes, about)
