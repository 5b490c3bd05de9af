r"""Refutation without a cycle: a compact region that nothing leaves has an invariant measure.

Let no trajectory leave a compact region. If an energy E fell wherever the rule moves, then for each
finite invariant measure μ the mean of E∘φ_t − E would vanish, and be negative unless μ lies on
states of rest. So nothing falls where

- the rule has no divergence and does not cross the walls, and moves somewhere: volume is invariant;
- the rule has no state of rest at all: some measure is invariant (Krylov & Bogolyubov), and no
  state of rest carries it (so it is where two angles lock and go round together);
- an angle by itself is driven one way but for states of rest: E would return having only fallen.

References:
    Krylov & Bogolyubov, Annals of Mathematics 38 (1937) 65–113.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from thalweg.core.batches import BATCH, in_batches
from thalweg.core.tables import capitalized
from thalweg.recovery.findings import Finding, Findings
from thalweg.recovery.forms.special_points import special_points
from thalweg.recovery.kinds import Kind
from thalweg.recovery.level import Cost, Level
from thalweg.recovery.question import METRIC_SIZE, Question, evaluate
from thalweg.recovery.witnesses import MeasureWitness

# What rounding leaves of a zero, relative to the terms that cancel.
_ZERO = 1e-13
# How clearly a coordinate must be driven one way, relative to its size.
_DRIVEN = 1e-6
# Below this share of the largest speed a point is at rest: .6 % of the circle for (1 − cos x)³.
_AT_REST, _ARC = 1e-12, 0.02
# Of the region, and of each pair of faces: a coordinate driven both ways shows it, and so does a
# gap of a thousandth of a wall.
_NUM_POINTS, _NUM_FACES = 4096, 2048
# Of random descent: lowest points, and radii from .05 by .4 to 1e-9 widths.
_NUM_NEAREST, _NUM_SHRINKS = 8, 20
# A least speed that random points tell from rest, and in how many coordinates they do.
_MOVING, _FEW_SIZE = 1e-2, 3


@dataclass(frozen=True)
class InvariantMeasureLevel(Level):
    """An invariant measure excludes an energy, where no trajectory leaves the region."""

    name: ClassVar[str] = "a measure excludes an energy"
    cost: ClassVar[Cost] = Cost.CHEAP

    def applies(self, question: Question, so_far: Findings) -> bool:
        """True of flows that have an angle or keep volume, and no metric so far."""
        is_small = question.size <= METRIC_SIZE and question.chart.is_product
        if not (question.rule.has_continuous_time and is_small) or so_far.has_metric:
            return False
        return bool(np.any(question.chart.angles)) or _divergence(question) <= _ZERO

    def ask(self, question: Question) -> Finding:
        """Look whether trajectories stay, then for a measure that does not lie on rests."""
        if question.region.troubles.found:
            return Finding("open", None, "Not tried: the rule is not C¹ all over the region.")
        across = _across_walls(question)
        if across is None:
            return Finding("no", None, "Trajectories leave the region, or it tears at an angle.")
        if across <= _ZERO and _divergence(question) <= _ZERO:
            points = _everywhere(question)
            divergence = _divergence_at(question, points)
            if divergence <= _ZERO:
                reason = (
                    f"volume is invariant: the rule's divergence is {divergence:.0e} of its "
                    f"Jacobian at {len(points)} points and no trajectory crosses a wall"
                )
                return _refuted(question, reason, "volume")
        for i in np.flatnonzero(question.chart.angles):
            least = _least_drive(question, int(i))
            if least > _DRIVEN:
                reason = (
                    f"no trajectory leaves the region and none rests, since coordinate {i} is "
                    f"driven one way everywhere, so that some measure is invariant"
                )
                return _refuted(question, reason, "drift")
            if question.size == 1 and least >= -_ZERO and not _rests_on_an_arc(question):
                reason = "the angle is driven one way all round, but for states of rest"
                return _refuted(question, reason, "one way round")
        slowest = _least_speed(question)
        if slowest > _MOVING:
            reason = (
                f"no trajectory leaves the region and none rests: no speed below {slowest:.1g} of "
                f"the largest was met, so that some measure is invariant"
            )
            return _refuted(question, reason, "drift")
        return Finding("no", None, "No invariant measure off the states of rest was recognised.")


def _refuted(question: Question, reason: str, name: str) -> Finding:
    points = question.sites.points
    speeds = np.linalg.norm(evaluate(question.problem, points)[0], axis=1)
    fastest = int(np.argmax(speeds))
    state = question.chart.layout.flatten(question.chart.embed(points[fastest]))
    witness = MeasureWitness(np.asarray(state), float(speeds[fastest]), name, reason)
    note = f"{capitalized(reason)}: nothing falls wherever the rule moves."
    return Finding("yes", None, note, Kind.REFUTED, witness=witness)


def _divergence(question: Question) -> float:
    """The largest |tr J| / |J| at the samples."""
    return _share_of_trace(question.sampled.jacobians)


def _divergence_at(question: Question, points: np.ndarray) -> float:
    """The same at points; infinite where the rule has no finite Jacobian at one of them."""
    jacobians = in_batches(lambda some: evaluate(question.problem, some), points)[1]
    return _share_of_trace(jacobians) if np.all(np.isfinite(jacobians)) else np.inf


def _everywhere(question: Question) -> np.ndarray:
    """Random points, walls, both sides of switches, and what lies around states of rest.

    What the rule does in a small place only, few random points see; where it stops there, it rests
    beside, and where it begins by a switch, the switch was found.
    """
    drawn = question.chart.draw(np.random.default_rng(0), _NUM_POINTS)
    places = [question.chart.coordinates(e.state) for e in question.equilibria]
    centres = np.asarray(places, dtype=np.float64).reshape(-1, question.size)
    return np.concatenate([drawn, special_points(question.region, centres)])


def _share_of_trace(jacobians: np.ndarray) -> float:
    traces = np.abs(np.trace(jacobians, axis1=1, axis2=2))
    sizes = np.linalg.norm(jacobians, axis=(1, 2))
    typical = np.finfo(float).tiny + 1e-6 * np.max(sizes, initial=0.0)
    return float(np.max(traces / np.maximum(sizes, typical), initial=0.0))


def _across_walls(question: Question) -> float | None:
    """The largest flow in through a wall, relative to f_i; None where any goes out or f tears."""
    chart = question.chart
    lower, upper = (np.asarray(b) for b in chart.bounds)
    most = 0.0
    for i in range(question.size):
        points = chart.draw(np.random.default_rng(i), 2 * _NUM_FACES)
        points[:_NUM_FACES, i], points[_NUM_FACES:, i] = lower[i], upper[i]
        points[_NUM_FACES:] = np.where(np.arange(question.size) == i, upper, points[:_NUM_FACES])
        velocity = in_batches(lambda some: evaluate(question.problem, some), points)[0]
        typical = evaluate(question.problem, question.sites.points)[0]
        if not (np.all(np.isfinite(velocity)) and np.all(np.isfinite(typical))):
            return None
        size = np.max(np.abs(typical), axis=0) + np.finfo(float).tiny
        low, high = velocity[:_NUM_FACES], velocity[_NUM_FACES:]
        if chart.angles[i]:
            if np.max(np.abs(low - high) / size) > 1e-9:
                return None
            continue
        inward = np.concatenate([low[:, i], -high[:, i]]) / size[i]
        if np.min(inward) < -_ZERO:
            return None
        most = max(most, float(np.max(inward)))
    return most


def _least_drive(question: Question, i: int) -> float:
    """The least ±f_i in the region over the largest |f_i|, with the sign that f_i has most."""
    points = _everywhere(question)
    values = _component(question, points, i)
    sign = 1.0 if np.sum(values) >= 0.0 else -1.0
    size = float(np.max(np.abs(values))) + np.finfo(float).tiny
    if not np.all(np.isfinite(values)) or np.min(sign * values) < -_DRIVEN * size:
        return -1.0
    return _least(question, lambda some: sign * _component(question, some, i), points) / size


def _least_speed(question: Question) -> float:
    """The least speed over the largest, each in widths; 0 where the rule rests, or may unseen."""
    if question.size > _FEW_SIZE or len(question.equilibria):
        return 0.0
    widths = np.asarray(question.chart.widths)

    def speed(some: np.ndarray) -> np.ndarray:
        velocity = in_batches(lambda few: evaluate(question.problem, few), some)[0]
        return np.linalg.norm(velocity / widths, axis=1)

    points = question.chart.draw(np.random.default_rng(question.size), _NUM_POINTS)
    speeds = speed(points)
    if not np.all(np.isfinite(speeds)):
        return 0.0
    return _least(question, speed, points) / max(float(np.max(speeds)), np.finfo(float).tiny)


def _least(
    question: Question, quantity: Callable[[np.ndarray], np.ndarray], points: np.ndarray
) -> float:
    """The least value of a quantity at points, and at random ones ever closer to the least."""
    chart, rng = question.chart, np.random.default_rng(0)
    values = quantity(points)
    best = points[np.argsort(values)[:_NUM_NEAREST]]
    least, radius = float(np.min(values)), 0.05
    for _ in range(_NUM_SHRINKS):
        steps = rng.uniform(-radius, radius, (BATCH, question.size)) * np.asarray(chart.widths)
        tries = np.asarray(chart.clip(np.resize(best, steps.shape) + steps))
        found = quantity(tries)
        order = np.argsort(found)[:_NUM_NEAREST]
        if found[order[0]] < least:
            best, least = tries[order], float(found[order[0]])
        radius *= 0.4
    return least


def _rests_on_an_arc(question: Question) -> bool:
    """True if a rule on a circle rests on an interval, where an energy may rise again."""
    points = question.chart.draw(np.random.default_rng(0), _NUM_POINTS)
    speeds = np.abs(_component(question, points, 0))
    return float(np.mean(speeds <= _AT_REST * np.max(speeds))) > _ARC


def _component(question: Question, points: np.ndarray, i: int) -> np.ndarray:
    return in_batches(lambda some: evaluate(question.problem, some), points)[0][:, i]
