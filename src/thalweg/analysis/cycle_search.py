"""The verb: find every cycle that trajectories lead to, and say what else recurs."""

from typing import Any

import jax
import numpy as np

from thalweg.analysis.classify import eigenvalues_with_error
from thalweg.analysis.cycles import Cycle, Cycles, Recurrent
from thalweg.analysis.equilibria import Equilibria
from thalweg.analysis.find import given_points, look_at
from thalweg.analysis.flow_cycles import Orbit, search_flow
from thalweg.analysis.map_cycles import PeriodicOrbit, search_map
from thalweg.analysis.problem import Problem, make_problem
from thalweg.analysis.recurrence import Frame
from thalweg.analysis.shooting import Return
from thalweg.analysis.wandering import Wanderer, group
from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.dynamics import Rule, declared_names

MOST_STARTS = 32
_MULTIPLIER_ERROR = 1e-9
_NEARBY = 0.01
_MERGING = 100.0


def find_cycles(
    rule: Rule,
    domain: Domain | None = None,
    *,
    starts: int | Any = 32,
    key: jax.Array | None = None,
    equilibria: Equilibria | None = None,
    max_period: int = 8,
    gradient: bool = False,
) -> Cycles:
    """Find the closed orbits of a flow, or the n-cycles of a map, that pass through a domain.

    *Flows.* Trajectories run from every start forwards and backwards in time until each has come to
    rest, left, or keeps returning to a section across it; Newton's method on the whole orbit
    (multiple shooting) then closes it, and the variational equation gives its multipliers. Stable
    cycles are found from any start in their basin, unstable ones where time run backwards leads to
    them, which in the plane it always does; in three dimensions or more, saddle cycles may be
    missed.

    *Maps.* Long orbits find stable cycles of any period up to 64; a batched search for the roots of
    gⁿ − id, started anew until it finds nothing new, finds the others for n up to `max_period`. The
    multipliers are those of the n-step map.

    Families of cycles that are not isolated (the orbits around a center) count once. Recurrence
    that is neither at rest nor closed is reported as undecided, with its largest Lyapunov exponent.

    Arguments:
        rule: a `Flow` or a `Map` that does not depend on time.
        domain: where to start; None means the domain that the rule declares. Cycles that only
            pass through it count.
        starts: the number of random starts, or the starts themselves: states stacked along a first
            axis.
        key: a `jax.random` key; None means a fixed one. The same key gives the same result.
        equilibria: what `find_equilibria` found there. More trajectories then start next to them,
            where small cycles are, and families of closed orbits in the plane that surround
            different equilibria are told apart (without it they count as one).
        max_period: of a map, the longest cycles to search for as roots.
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
        >>> [(round(float(c.period), 6), c.stable) for c in tw.find_cycles(flow)]
        [(6.663287, True)]

    References:
        Kuznetsov, *Elements of Applied Bifurcation Theory*, chapter 10 (shooting); Benettin et al.
        (1980) for the exponent.
    """
    is_count = isinstance(starts, int | np.integer) and not isinstance(starts, bool)
    if is_count and starts < 1:
        raise InputError(f"starts must be at least 1, got {starts}.")
    if (
        isinstance(max_period, bool)
        or not isinstance(max_period, int | np.integer)
        or max_period < 1
    ):
        raise InputError(f"max_period must be a whole number of at least 1, got {max_period!r}.")
    with jax.enable_x64(True):
        problem, _ = make_problem(rule, domain)
        frame = Frame.of(problem.chart)
        if gradient and rule.rule_kind == "flow" and not frame.angles.any():
            return _assemble(problem, frame, [], [], 0, ["a gradient flow has no closed orbits."])
        points = None if is_count else given_points(problem, starts)
        centers = _centers(problem, equilibria)
        points = _starts(problem, points, int(starts) if is_count else 0, centers, key)
        search = _search_flow if rule.rule_kind == "flow" else _search_map
        return search(
            problem, frame, points / frame.widths, centers / frame.widths, key, max_period
        )


def _centers(problem: Problem, equilibria: Equilibria | None) -> np.ndarray:
    """The coordinates of known equilibria, shape `(k, d)`."""
    if equilibria is None or not len(equilibria):
        return np.zeros((0, problem.chart.dimension))
    if not isinstance(equilibria, Equilibria):
        raise InputError(
            f"equilibria must be what find_equilibria returned, got {type(equilibria).__name__}."
        )
    return problem.chart.coordinates(equilibria.states)


def _starts(
    problem: Problem, given: np.ndarray | None, count: int, centers: np.ndarray, key: Any
) -> np.ndarray:
    """Random points, or the given ones; up to half of the random ones next to equilibria."""
    look = look_at(problem, key, given)
    if given is not None:
        return given
    points = np.resize(look.starts, (count, look.starts.shape[1]))
    few = centers[: count // 2]
    turned = np.random.default_rng(0).normal(size=few.shape)
    turned /= np.linalg.norm(turned, axis=1, keepdims=True)
    points[: len(few)] = few + _NEARBY * turned * np.asarray(problem.chart.widths)
    return points


def _search_flow(
    problem: Problem, frame: Frame, starts: np.ndarray, centers: np.ndarray, key: Any, longest: int
) -> Cycles:
    orbits: list[Orbit] = []
    wanderers: list[Wanderer] = []
    for first in range(0, len(starts), MOST_STARTS):
        part = starts[first : first + MOST_STARTS]
        orbits, survey = search_flow(problem, frame, part, centers, orbits)
        wanderers += survey.wanderers()
    found = [_closed_orbit(problem, frame, orbit) for orbit in orbits]
    notes = []
    if problem.chart.dimension > 2:
        notes.append("unstable cycles of saddle type are found only by chance.")
    return _assemble(problem, frame, found, wanderers, 2 * len(starts), notes)


def _search_map(
    problem: Problem, frame: Frame, starts: np.ndarray, centers: np.ndarray, key: Any, longest: int
) -> Cycles:
    orbits, wanderers = search_map(problem, frame, starts, key, longest)
    found = [_map_cycle(problem, frame, orbit) for orbit in orbits]
    return _assemble(problem, frame, found, wanderers, len(starts), [])


def _closed_orbit(problem: Problem, frame: Frame, orbit: Orbit) -> Cycle:
    points = frame.wrap(orbit.path.z[:, 0])
    first = int(np.argmax(points[:, 0]))
    points = np.roll(points, -first, axis=0)
    times = np.roll(orbit.path.t[:, 0], -first) - orbit.path.t[first, 0]
    times = np.where(times < 0.0, times + orbit.period, times)
    return _cycle(
        problem, frame, np.concatenate([points, points[:1]]), np.append(times, orbit.period),
        orbit.returned, orbit.residual, orbit.continuum, orbit.period, orbit.correction,
    )  # fmt: skip


def _map_cycle(problem: Problem, frame: Frame, orbit: PeriodicOrbit) -> Cycle:
    period = len(orbit.points)
    points = np.roll(orbit.points, -int(np.argmax(orbit.points[:, 0])), axis=0)
    times = np.arange(float(period))
    return _cycle(
        problem, frame, points, times, orbit.returned, orbit.residual, orbit.continuum,
        float(period), 0.0,
    )  # fmt: skip


def _cycle(
    problem: Problem, frame: Frame, points: np.ndarray, times: np.ndarray, returned: Return,
    residual: float, continuum: int, period: float, correction: float,
) -> Cycle:  # fmt: skip
    norm = float(np.linalg.norm(returned.jacobian, 2)) if returned.jacobian.size else 0.0
    values, error = eigenvalues_with_error(returned.jacobian, _MULTIPLIER_ERROR * norm)
    size = np.abs(values)
    # Where two cycles merge, one that closes to within δ may be √δ away, and its multiplier off so.
    error = np.where(np.abs(values - 1.0) < _MERGING * np.sqrt(residual), np.inf, error)
    falls, rises = size < 1.0 - error, size > 1.0 + error
    kind = "neutral"
    if continuum == 0 and np.all(falls | rises):
        kind = "attracting" if np.all(falls) else "repelling" if np.all(rises) else "saddle"
    known = np.append(values, [] if returned.trivial is None else returned.trivial)
    known = known.astype(np.complex128)
    order = np.lexsort((-known.imag, -known.real, -np.round(np.abs(known), 12)))
    trivial = None if returned.trivial is None else int(np.argmax(order == len(known) - 1))
    states = problem.chart.embed(points * frame.widths)
    return Cycle(
        period=period,
        point=jax.tree.map(lambda leaf: leaf[0], states),
        multipliers=known[order],
        trivial=trivial,
        stable=kind == "attracting",
        kind=kind,
        states=states,
        times=times,
        residual=residual * float(np.max(frame.widths)),
        accuracy=correction * period,
        continuum=continuum,
    )


def _assemble(
    problem: Problem,
    frame: Frame,
    found: list[Cycle],
    wanderers: list[Wanderer],
    trajectories: int,
    notes: list[str],
) -> Cycles:
    chart = problem.chart
    inside = [bool(np.any(chart.inside(chart.coordinates(c.states), 1e-9))) for c in found]
    outside = len(found) - sum(inside)
    if outside:
        notes.append(f"{outside} more lie wholly outside the domain.")
    unsettled = sum(not wanderer.is_steady for wanderer in wanderers)
    if unsettled:
        notes.append(
            f"{unsettled} of {trajectories} trajectories had not settled when the budget of steps "
            f"was spent."
        )
    recurrent = [
        Recurrent(
            trajectories=g.lanes,
            exponent=g.exponent,
            error=g.error,
            is_chaotic=g.is_chaotic,
            backwards=g.direction < 0.0,
            lower=chart.embed(g.lower * frame.widths),
            upper=chart.embed(g.upper * frame.widths),
        )
        for g in group(wanderers)
    ]
    members = [cycle for cycle, is_in in zip(found, inside, strict=True) if is_in]
    members.sort(key=lambda c: (round(c.period, 9), *(-chart.coordinates(c.point)).tolist()))
    return Cycles(
        members=tuple(members),
        recurrent=tuple(recurrent),
        notes=tuple(notes),
        trajectories=trajectories,
        system=type(problem.rule).__name__,
        rule_kind=problem.rule.rule_kind,
        names=tuple(declared_names(problem.rule, chart.layout)),
    )
