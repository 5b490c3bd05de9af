"""From orbits in units of the domain to the cycles that a person reads."""

from dataclasses import replace

import jax
import numpy as np

from thalweg.analysis.cycles.maps_newton import PeriodicOrbit
from thalweg.analysis.cycles.non_periodic import NonPeriodicRun, group
from thalweg.analysis.cycles.orbits import Orbit
from thalweg.analysis.cycles.polish import NEAR_ONE
from thalweg.analysis.cycles.recurrence import Frame
from thalweg.analysis.cycles.result import Cycle, Cycles, Recurrent
from thalweg.analysis.cycles.shooting import Return
from thalweg.analysis.equilibria.classify import eigenvalues_with_error
from thalweg.core.about import About
from thalweg.core.tables import counted
from thalweg.dynamics import declared_names
from thalweg.dynamics.problem import Problem

NO_ORBITS = "a gradient flow has no closed orbits; none were looked for."
BY_CHANCE = "unstable cycles of saddle type are found only by chance."
ONLY_VISITED = (
    "every step runs a loop, so unstable cycles were looked for only where orbits pass; "
    "find_cycles(…, max_period=n) looks for all of up to n steps."
)
UP_TO = "cycles of more than {} steps were looked for only where orbits settle on them."
FAILED = (
    "{} that seemed to return closed into no orbit that passes the checks of its residual, "
    "its multiplier along the orbit and two tolerances."
)
MUST_BE = (
    "trajectories enter a bounded part of the plane and stay there, and every equilibrium found is "
    "a source: by Poincaré and Bendixson a cycle must be there, though none was closed."
)
_DISAGREE = "of the cycle of period {:.10g}, two tolerances disagree on the period by {:.1g}."
# What integration at its finest leaves of a multiplier, relative to the largest.
_MULTIPLIER_ERROR = 1e-9
# Of the period: as a table prints it, such a disagreement would be seen in its digits.
_ROUGH = 1e-6
# The constant before √residual is not known: two decades keep its kind from being guessed.
_MERGING = 100.0
_COORDINATES_TOLD = 3  # of those that leave the box: a sentence has room for no more


def how_they_ended(tried: str, *counts: int, last: str = "did not finish") -> str:
    """A sentence on trajectories that closed into nothing.

    Arguments:
        tried: how many there were, in words.
        counts: how many came to rest, ran away, and neither.
        last: what the last of these did.
    """
    did = zip(counts, ("came to rest", "ran away", last), strict=True)
    parts = [f"{count} {what}" for count, what in did if count]
    said = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
    return f"of {tried}, {said}."


def from_orbit(problem: Problem, frame: Frame, orbit: Orbit) -> Cycle:
    """A closed orbit of a flow, as a person reads it."""
    points = frame.wrap(orbit.path.z[:, 0])
    first = int(np.argmax(points[:, 0]))
    points = np.roll(points, -first, axis=0)
    times = np.roll(orbit.path.t[:, 0], -first) - orbit.path.t[first, 0]
    times = np.where(times < 0.0, times + orbit.period, times)
    return _cycle(
        problem, frame, np.concatenate([points, points[:1]]), np.append(times, orbit.period),
        orbit.returned, orbit.residual, orbit.continuum, orbit.period, orbit.accuracy, orbit.doubt,
    )  # fmt: skip


def from_points(problem: Problem, frame: Frame, orbit: PeriodicOrbit) -> Cycle:
    """An n-cycle of a map, as a person reads it."""
    period = len(orbit.points)
    points = np.roll(orbit.points, -int(np.argmax(orbit.points[:, 0])), axis=0)
    times = np.arange(float(period))
    return _cycle(
        problem, frame, points, times, orbit.returned, orbit.residual, orbit.continuum,
        float(period), 0.0, 0.0,
    )  # fmt: skip


def _cycle(
    problem: Problem, frame: Frame, points: np.ndarray, times: np.ndarray, returned: Return,
    residual: float, continuum: int, period: float, accuracy: float, doubt: float,
) -> Cycle:  # fmt: skip
    norm = float(np.linalg.norm(returned.jacobian, 2)) if returned.jacobian.size else 0.0
    off = 0.0 if returned.trivial is None else abs(returned.trivial - 1.0)
    values, error = eigenvalues_with_error(returned.jacobian, max(_MULTIPLIER_ERROR, off) * norm)
    size = np.abs(values)
    # Where two cycles merge, one that closes to within δ may be √δ away, and its multiplier off so;
    # one that closes to the last digit, by as much as rounding hides.
    gap = max(residual, np.finfo(float).eps)
    error = np.where(np.abs(values - 1.0) < _MERGING * np.sqrt(gap), np.inf, error)
    error = np.where(np.abs(values - 1.0) < NEAR_ONE, np.maximum(error, doubt), error)
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
        period=float(period),
        point=jax.tree.map(lambda leaf: leaf[0], states),
        multipliers=known[order],
        trivial=trivial,
        stable=kind == "attracting",
        kind=kind,
        states=states,
        times=times,
        residual=residual,
        accuracy=accuracy * period,
        continuum=continuum,
    )


def assemble_cycles(
    problem: Problem,
    frame: Frame,
    found: list[Cycle],
    non_periodic: list[NonPeriodicRun],
    trajectories: int,
    notes: list[str],
    about: About,
) -> Cycles:
    """The cycles inside the domain in order, with what the reader should know.

    Arguments:
        problem: the rule and its chart.
        frame: points in units of the domain.
        found: all cycles found.
        non_periodic: trajectories that settled on nothing.
        trajectories: how many were followed.
        notes: sentences to begin with.
        about: the rule, and the domain searched.
    """
    chart = problem.chart
    inside = [chart.inside(chart.wrap(chart.coordinates(c.states)), 1e-9) for c in found]
    members = [
        replace(cycle, leaves=not np.all(within))
        for cycle, within in zip(found, inside, strict=True)
        if np.any(within)
    ]
    notes += [_DISAGREE.format(c.period, c.accuracy) for c in members if _is_rough(c)]
    members.sort(key=lambda c: (round(c.period, 9), *(-chart.coordinates(c.point)).tolist()))
    outside = len(found) - len(members)
    notes += _reach(problem, [cycle for cycle in members if cycle.leaves])
    if outside:
        verb = "lies" if outside == 1 else "lie"
        notes.append(f"{outside} more {verb} wholly outside the domain.")
    unsettled = sum(not run.is_steady for run in non_periodic)
    if unsettled:
        notes.append(
            f"{unsettled} of {counted(trajectories, 'trajectory', 'trajectories')} had not "
            f"settled when the budget of steps was spent."
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
        for g in group(non_periodic)
    ]
    return Cycles(
        members=tuple(members),
        recurrent=tuple(recurrent),
        notes=tuple(notes),
        trajectories=trajectories,
        about=about,
    )


def _is_rough(cycle: Cycle) -> bool:
    """True if two tolerances disagree on the period by more than `_ROUGH` of it."""
    return cycle.accuracy > _ROUGH * cycle.period


def _reach(problem: Problem, leaving: list[Cycle]) -> list[str]:
    """A sentence on the range of the cycles that leave a box, in the coordinates that do so."""
    chart = problem.chart
    if not leaving or not chart.is_product:
        return []
    y = np.concatenate([np.atleast_2d(chart.coordinates(c.states)) for c in leaving])
    low, high = y.min(axis=0), y.max(axis=0)
    least, most = (np.asarray(bound) for bound in chart.bounds)
    out = np.flatnonzero(((low < least) | (high > most)) & ~chart.angles)
    names = declared_names(problem.rule, chart.layout)
    ranges = [
        f"{names[chart.indices[i]]} runs from {low[i]:.4g} to {high[i]:.4g}"
        for i in out[:_COORDINATES_TOLD]
    ]
    where = "on the cycle that leaves" if len(leaving) == 1 else "on the cycles that leave"
    more = (
        f", and {len(out) - len(ranges)} more coordinates beyond" if len(out) > len(ranges) else ""
    )
    return [f"{where}, {' and '.join(ranges)}{more}."]
