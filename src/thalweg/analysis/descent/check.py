"""Check that a rule goes down an energy: at points, along trajectories, and at the worst place.

Sampling alone misses a small region where the energy rises. So faces, corners and both sides of
switches are looked at, and the worst point is hunted by ascent on the rate itself and on the rate
relative to the sizes that cancel in it.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from thalweg.analysis.descent.places import (
    OFFSETS,
    Switches,
    border_points,
    find_switches,
    peaks,
    smallest_met,
)
from thalweg.analysis.descent.rates import Rates, climb, rates_at, runs_from, slopes_along
from thalweg.analysis.descent.result import DescentCheck
from thalweg.core.about import About
from thalweg.core.checks import check_made
from thalweg.core.domains import Box, Domain
from thalweg.core.errors import InputError
from thalweg.core.randomness import host_generator
from thalweg.core.tables import counted
from thalweg.core.tracing import DRAWN, refuse_frozen_chance
from thalweg.core.trees import in_float64
from thalweg.dynamics import Rule, declared_energy
from thalweg.dynamics.autonomy import time_change
from thalweg.dynamics.cures import cure_of
from thalweg.dynamics.misuse import no_rule
from thalweg.dynamics.problem import Problem, make_problem
from thalweg.simulation import Trajectory

_SAMPLES = 4096  # a rise on more than .07 % of the volume is met with 95 %
_HUNTERS_EACH = 64  # of each of three rankings: ascent from them joins in few peaks
# Trajectories along which the energy must fall, too; each costs some hundred evaluations.
_RUNS = 32
# What rounding may add to dE/dt, relative to |∇E||f|, and to E(x⁺) − E(x), relative to |E|.
_ROUNDING = {True: 1e-9, False: 1e-13}
_STRICT = 1e-6  # of |∇E||f|: a fall below it cannot be told from none by gradients of this accuracy
_MOVED = 1e-3  # of the widths: a run that goes further does not rest
# A step of E by so much of its range, within 1e-9 of the width of the domain, is a jump.
_JUMP = 1e-6
# Of |∇E||f|: a rise along a switch below it is what the distance to the switch makes, 1e-9 of the
# widths, where E and f curve within a thousandth of them.
_SLIDES = 1e-6


def check_descent(
    rule: Rule,
    energy: Callable[[Any], Any] | None = None,
    where: Domain | Trajectory | None = None,
    *,
    key: jax.Array | None = None,
) -> DescentCheck:
    """Check that an energy never rises along a rule.

    Of a flow the rate is dE/dt = ∇E·f, of a map the finite step E(g(x)) − E(x).

    Arguments:
        rule: a `Flow` or a `Map` that does not depend on time.
        energy: any callable `state → scalar`; None means the energy that the rule declares.
        where: a domain, in which points are drawn, its border and both sides of every switch of
            the rule and of the energy looked at, trajectories run and the worst point hunted; or a
            trajectory, whose states alone are looked at; None means the declared domain.
        key: a `jax.random` key; None means a fixed one.

    Returns:
        The check: true as a truth value when the energy never rises.

    Raises:
        InputError: no energy is given or declared, it is not scalar, or the rule does not fit or
            depends on time.

    Example:
        >>> import thalweg as tw
        >>> energy = tw.energies.Quadratic([[2.0]])
        >>> line = tw.Box([-1.0], [1.0])
        >>> [tw.check_descent(tw.GradientStep(energy, h), energy, line).holds for h in (0.9, 1.1)]
        [True, False]
    """
    if not isinstance(rule, Rule):
        raise no_rule("rule", rule, "a Flow or a Map")
    energy = declared_energy(rule) if energy is None else energy
    check_made("energy", energy)
    if not callable(energy):
        raise InputError(
            f"energy must be a callable state → scalar, got {energy!r}; {type(rule).__name__} "
            f"declares none. Pass one, or define `energy(self, state)` on the rule."
        )
    with jax.enable_x64(True):
        domain = _box_of(where) if isinstance(where, Trajectory) else where
        problem, domain = make_problem(rule, domain)
        name = getattr(energy, "__qualname__", type(energy).__name__)
        about, energy = About.of(rule, domain), in_float64(energy)
        _check_scalar(problem, energy)
        if isinstance(where, Trajectory):
            found = _along(problem, energy, where)
        else:
            found = _everywhere(problem, energy, host_generator(key))
    return replace(found, energy=name, about=about)


def _check_scalar(problem: Problem, energy: Callable[[Any], Any]) -> None:
    start = jnp.zeros(problem.chart.dimension)
    try:
        shape = jax.eval_shape(lambda y: energy(problem.chart.embed(y)), start)
        if getattr(shape, "shape", None) == ():
            jax.eval_shape(jax.grad(lambda y: energy(problem.chart.embed(y))), start)
    except Exception as error:
        reason = (str(error).strip().splitlines() or [""])[0]
        raise InputError(
            f"energy fails for a state of {counted(problem.chart.dimension, 'coordinate')} "
            f"({type(error).__name__}: {reason}).{cure_of(error, owner=energy)}"
        ) from error
    if not hasattr(shape, "shape") or shape.shape != ():
        raise InputError(
            f"energy must return one number for a state, got "
            f"{getattr(shape, 'shape', type(shape).__name__)}. Sum over the state."
        )
    refuse_frozen_chance("energy", DRAWN, energy, energy, problem.chart.embed(start))


def _box_of(trajectory: Trajectory) -> Box:
    """A box around the states of a trajectory: only its coordinates matter."""
    states = jax.tree.map(lambda leaf: np.asarray(leaf, dtype=np.float64), trajectory.states)
    low = jax.tree.map(lambda leaf: np.min(leaf, axis=0) - 1.0, states)
    return Box(low, jax.tree.map(lambda leaf: np.max(leaf, axis=0) + 1.0, states))


def _everywhere(
    problem: Problem, energy: Callable[[Any], Any], rng: np.random.Generator
) -> DescentCheck:
    chart = problem.chart
    drawn = np.asarray(chart.draw(rng, _SAMPLES))
    _refuse_time(problem, drawn)
    points = np.concatenate([drawn, border_points(chart, rng, drawn)])
    switches = find_switches(problem, energy, points)
    sides = switches.sides(chart)
    begin = len(points)
    points = np.concatenate([points, sides.reshape(-1, chart.dimension), switches.between])
    rates = rates_at(problem, energy, points)
    jump, jumps_at = _jump(problem, switches, rates, begin)
    ends = _hunted(problem, energy, points, rates)
    crossed = np.max(np.abs(rates.displacement[:_SAMPLES]) / np.asarray(chart.widths), axis=1)
    runs, between = runs_from(problem, drawn[:_RUNS], crossed)
    more = np.concatenate([ends, runs.reshape(-1, chart.dimension)])
    rates = _joined(rates, rates_at(problem, energy, more))
    found = _report(problem, np.concatenate([points, more]), rates, runs, between)
    if found.holds is not None and jump > 0.0:
        where = chart.embed(jumps_at)
        found = replace(found, holds=False, strict=False, worst=jump, where=where, jump=jump)
    slide, slides_at = _slide(problem, energy, switches, rates, begin)
    if found.holds and slide > 0.0:
        where = chart.embed(slides_at)
        found = replace(found, holds=False, strict=False, worst=slide, where=where)
    share, radius = smallest_met(chart, _SAMPLES)
    return replace(
        found, switches=switches.num_followed, smallest_share=float(share), smallest_radius=radius
    )


def _along(problem: Problem, energy: Callable[[Any], Any], run: Trajectory) -> DescentCheck:
    """The check at the states of a trajectory, which alone are looked at."""
    states = jax.tree.map(lambda leaf: np.asarray(leaf, dtype=np.float64), run.states)
    points = np.asarray(problem.chart.coordinates(states))
    _refuse_time(problem, points)
    between = np.maximum(np.diff(np.asarray(run.times, dtype=np.float64)), 1e-300)
    return _report(problem, points, rates_at(problem, energy, points), points[None], between)


def _refuse_time(problem: Problem, points: np.ndarray) -> None:
    why = "an energy of the state alone may fall now and rise later"
    time_change(problem, points).refuse(problem.rule, why, "check")


def _joined(one: Rates, other: Rates) -> Rates:
    return Rates(*(np.concatenate(pair) for pair in zip(one, other, strict=True)))


def _hunted(
    problem: Problem, energy: Callable[[Any], Any], points: np.ndarray, rates: Rates
) -> np.ndarray:
    """Ends `(m, d)` of ascent from peaks and from the largest rates, relative and absolute."""
    floor = 1e-12 * np.nanmedian(rates.size) + 1e-300
    relative, rate = (
        np.nan_to_num(height, nan=-np.inf)
        for height in (rates.rate / (rates.size + floor), rates.rate)
    )
    drawn, raised = points[:_SAMPLES] / problem.chart.widths, rate[:_SAMPLES]
    peaked = np.where(peaks(drawn, raised), raised, -np.inf)
    chosen = [np.argsort(-height)[:_HUNTERS_EACH] for height in (relative, rate, peaked)]
    is_relative = np.repeat([True, False, False], _HUNTERS_EACH)
    return np.asarray(climb(problem, energy, points[np.concatenate(chosen)], floor, is_relative))


def _jump(problem: Problem, switches: Switches, rates: Rates, begin: int) -> tuple[float, Any]:
    """The highest upward jump of the energy itself along a flow, and where; 0 if there is none.

    Arguments:
        problem: the flow and its chart.
        switches: where to look.
        rates: at many points, from number `begin` on at `switches.sides`.
        begin: see there.
    """
    count = len(switches.points)
    if not count or not problem.rule.has_continuous_time:
        return 0.0, None
    shape = (2, len(OFFSETS), count)
    values = rates.value[begin : begin + 2 * len(OFFSETS) * count].reshape(shape)
    moved = rates.displacement[begin : begin + 2 * len(OFFSETS) * count].reshape(*shape, -1)
    steps = values[0, :2] - values[1, :2]  # across the switch, within 1e-9 and 1e-8 of it
    spread = np.nanmax(rates.value[:_SAMPLES]) - np.nanmin(rates.value[:_SAMPLES])
    is_jump = (np.abs(steps[0]) > _JUMP * spread) & (np.abs(steps[0]) > 0.5 * np.abs(steps[1]))
    across = np.sum(moved[:, 0] / problem.chart.widths * switches.normals, axis=-1)
    direction = np.where(np.all(across > 0.0, axis=0), 1.0, 0.0)
    direction -= np.all(across < 0.0, axis=0)
    rises = np.where(is_jump & np.isfinite(steps[0]), steps[0] * direction, 0.0)
    best = int(np.argmax(rises))
    return (float(rises[best]), switches.points[best]) if rises[best] > 0.0 else (0.0, None)


def _slide(
    problem: Problem, energy: Callable[[Any], Any], switches: Switches, rates: Rates, begin: int
) -> tuple[float, Any]:
    """The steepest rise along a switch that both sides of a flow lead to, and where; 0 if none.

    What both lead to is never left: the flow slides along it, by the mean of both that is tangent
    (Filippov). Of an energy with a kink there, each side may fall and the sliding rise.

    The arguments are those of `_jump`, and the energy.
    """
    count = len(switches.points)
    if not count or not problem.rule.has_continuous_time:
        return 0.0, None
    each = len(OFFSETS) * count
    near = [slice(begin + side * each, begin + side * each + count) for side in (0, 1)]
    far, here = (rates.displacement[part] for part in near)
    widths = np.asarray(problem.chart.widths)
    leaves, enters = (np.sum(f / widths * switches.normals, axis=1) for f in (far, here))
    slides = (leaves < 0.0) & (enters > 0.0)
    if not np.any(slides):
        return 0.0, None
    share = np.where(slides, enters / np.where(slides, enters - leaves, 1.0), 0.0)[:, None]
    along = share * far + (1.0 - share) * here
    sides = switches.sides(problem.chart)[:, 0]
    slopes = [np.asarray(slopes_along(problem, energy, side, along)) for side in sides]
    sizes = [rates.size[part] for part in near]
    rises = np.where(slides, np.minimum(*slopes), 0.0)
    rises = np.where(rises > _SLIDES * np.maximum(*sizes), rises, 0.0)
    best = int(np.argmax(rises))
    return float(rises[best]), switches.points[best]


def _report(
    problem: Problem, points: np.ndarray, rates: Rates, runs: np.ndarray, between: Any
) -> DescentCheck:
    """The check of what was looked at; the states of the runs are the last of the points."""
    chart = problem.chart
    # A run may leave the domain, by rounding too, and what happens there was not asked.
    reached = np.all(np.isfinite(points), axis=1) & chart.inside(points)
    fine = reached & np.isfinite(rates.rate)
    lost = np.flatnonzero(reached & ~fine)
    points = np.asarray(chart.wrap(points))  # angles as the domain has them
    undefined = chart.embed(points[lost[0]]) if len(lost) else None
    if not fine.any():
        return DescentCheck(None, False, np.nan, None, np.nan, 0, undefined=undefined)
    along = rates.value[len(points) - runs[..., 0].size :].reshape(runs.shape[:-1])
    along = np.where(chart.inside(runs, 1e-9), along, np.nan)
    rise, allowed, steepest, begins = _rise_along(problem, along, runs, between)
    rate, size, speed, points = (a[fine] for a in (rates.rate, rates.size, rates.speed, points))
    floor = 1e-13 * np.median(size)
    tolerance = _ROUNDING[problem.rule.has_continuous_time] * size + floor
    falls, never_along = bool(np.all(rate <= tolerance)), bool(rise <= allowed)
    holds = falls and never_along
    at = int(np.argmax(rate if falls else np.where(rate > tolerance, rate, -np.inf)))
    worst, where = float(rate[at]), chart.embed(points[at])
    if falls and not never_along:
        worst, where = steepest, chart.embed(chart.wrap(begins))
    moves = speed > 1e-3 * np.median(speed)
    strict = holds and bool(np.all(rate[moves] < -_STRICT * size[moves] - floor))
    strict = strict and not _is_flat_along(problem, along, runs)
    return DescentCheck(holds, strict, worst, where, rise, len(points), undefined=undefined)


def _rise_along(
    problem: Problem, values: np.ndarray, runs: np.ndarray, between: Any
) -> tuple[float, float, float, Any]:
    """The largest rise of the energy between successive points of the runs.

    Returns:
        The rise, what the solver may cause, the rise over the time it took, and where it began.
    """
    if values.shape[1] < 2 or not np.isfinite(np.diff(values, axis=1)).any():
        return 0.0, np.inf, 0.0, None
    rises = np.diff(values, axis=1)
    rises = np.where(np.isfinite(rises), rises, -np.inf)
    spread = np.nanmax(values) - np.nanmin(values)
    solver = 1e-4 if problem.rule.has_continuous_time else 1e-12
    scale = spread + 1e-9 * np.nanmax(np.abs(values)) + 1e-300
    run, step = np.unravel_index(int(np.argmax(rises)), rises.shape)
    steepest = rises[run, step] / np.broadcast_to(between, rises.shape[1:])[step]
    return float(rises[run, step]), solver * scale, float(steepest), runs[run, step]


def _is_flat_along(problem: Problem, values: np.ndarray, runs: np.ndarray) -> bool:
    """True if the energy does not fall along a run that moves, whatever its derivative says.

    A derivative may be set by hand, or be stopped: then it is not that of the values.
    """
    gone = np.abs(problem.chart.difference(runs[:, 1:], runs[:, :-1])) / problem.chart.widths
    steps = np.where(np.isfinite(np.diff(values, axis=1)), np.max(gone, axis=-1), 0.0)
    moves = np.sum(steps, axis=1) > _MOVED
    lowest = np.nanmin(values[moves], axis=1, initial=np.inf)
    return bool(np.any(lowest >= np.nanmax(values[moves], axis=1, initial=-np.inf)))
