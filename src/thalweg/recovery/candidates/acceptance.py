"""A check of an energy apart from the search that accepted it: what would refute it, afresh."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.core.batches import BATCH, in_batches
from thalweg.core.charts import Chart
from thalweg.core.tables import counted
from thalweg.recovery.candidates.derivatives import Derivatives
from thalweg.recovery.candidates.fall import HUNTS, NEAREST, fall_at_points, run_along
from thalweg.recovery.candidates.hunts import hunt_rises, is_near
from thalweg.recovery.question import Question, evaluate

_NUM_STARTS = 4096  # a violation on .07 % of the region is met with 95 %
# Newton's method: its steps, and the longest of them in widths of the region; one that rounding
# makes, and the damping from which on that is told.
_NEWTON_STEPS, _LONGEST, _STILL, _UNDAMPED = 30, 0.2, 1e-14, 1e-6
# Above so many coordinates each Hessian is dear, and fewer roots of ∇E are sought.
_FEW_SIZE, _NUM_FEW = 8, 64
# |∇E| at a root beside what it is elsewhere, and the change of |f| that shows a state at rest.
_ROOT, _AT_REST = 1e-8, 1e-9


@dataclass(frozen=True)
class Acceptance:
    """Outcome of a check of an energy.

    Attributes:
        worst: the least fall, in [−1, 1]; −1 where ∇E vanishes and the rule moves.
        where: points at which it falls too little, shape `(n, d)`; roots at which the rule moves
            come first.
        num_roots: the roots of ∇E that were found, all of them states of rest if it passed.
        num_moving: those among them at which the rule moves.
        num_hunts: how many hunts looked for a rise.
        num_runs: how many trajectories were followed.
    """

    worst: float
    where: np.ndarray
    num_roots: int
    num_hunts: int
    num_runs: int
    num_moving: int = 0

    @property
    def holds(self) -> bool:
        """True if nothing was met that speaks against the energy."""
        return not len(self.where)

    def __str__(self) -> str:
        roots = f"{self.num_roots} roots of ∇E are states of rest" if self.num_roots else ""
        roots = "the one root of ∇E is a state of rest" if self.num_roots == 1 else roots
        return (
            f"{roots}{', and ' if roots else ''}{counted(self.num_hunts, 'hunt')} for a rise, "
            f"from faces and "
            f"corners too, and {counted(self.num_runs, 'trajectory', 'trajectories')}"
        )


def check_accepted(
    question: Question,
    energy: Any,
    derivatives: Derivatives,
    centres: np.ndarray,
    least: float,
) -> Acceptance:
    """Look for a place where an energy falls too little: at critical points, by hunts, on runs.

    Arguments:
        question: the rule and its region.
        energy: the one to check.
        derivatives: its own, in coordinates.
        centres: the equilibria in coordinates, shape `(m, d)`.
        least: the fall that is enough.

    Returns:
        What was met. Its points are drawn apart from those of the search.
    """
    rng = question.region.rng.spawn(1)[0]
    starts = _starts(question, centres, rng)
    # As many as fill whole batches: none is left empty.
    starts = np.resize(starts, (HUNTS * -(-len(starts) // HUNTS), question.size))
    parts = [hunt_rises(question, energy, centres, starts)]
    runs = starts[rng.integers(len(starts), size=HUNTS)]
    parts.append(_falls_on_runs(question, energy, derivatives, centres, runs))
    points, falls = (np.concatenate(part) for part in zip(*parts, strict=True))
    num_roots, moving = 0, points[:0]
    if question.rule.has_continuous_time:
        # The least falls surround critical points at which the rule moves.
        likely = np.concatenate([points[np.argsort(falls)], starts])[: BATCH // 2]
        spread = starts[:: len(starts) // len(likely)][: len(likely)]
        tried = np.stack([likely, spread], axis=1).reshape(-1, question.size)
        num_roots, moving = _roots(question, derivatives, centres, tried)
        points = np.concatenate([moving, points])
        falls = np.concatenate([np.full(len(moving), -1.0), falls])
    order = np.argsort(falls, kind="stable")
    bad = order[falls[order] < least]
    worst = float(np.min(falls, initial=1.0))
    return Acceptance(worst, points[bad], num_roots, len(starts), len(runs), len(moving))


def _starts(question: Question, centres: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Starts, 4,096 or more: anywhere, on faces, in corners, and around equilibria."""
    chart, region = question.chart, question.region
    lower, upper = (np.asarray(b) for b in chart.bounds)
    points = chart.draw(rng, _NUM_STARTS)
    faces = points[: _NUM_STARTS // 4]
    rows, columns = np.arange(len(faces)), rng.integers(question.size, size=len(faces))
    is_low = rng.random(len(faces)) < 0.5
    faces[rows, columns] = np.where(is_low, lower[columns], upper[columns])
    around = points[:0]
    if len(centres):
        near = centres[rng.integers(len(centres), size=_NUM_STARTS // 8)]
        steps = rng.normal(size=near.shape) * np.asarray(chart.widths)
        around = near + 10.0 ** rng.uniform(-3.5, -0.5, (len(near), 1)) * steps
    points = np.asarray(chart.clip(np.concatenate([points, around, question.special_points])))
    return points[region.sees(points)]


def _falls_on_runs(
    question: Question,
    energy: Any,
    derivatives: Derivatives,
    centres: np.ndarray,
    starts: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The places of least fall on the way of each point, and the falls there."""
    points, moves = (np.asarray(a) for a in run_along(question.problem, starts))
    flat, shape = points.reshape(-1, question.size), points.shape[:2]
    if question.rule.has_continuous_time:
        widths = np.asarray(question.chart.widths)
        with np.errstate(all="ignore"):
            gradients = derivatives.gradients(flat) * widths
            moves = moves.reshape(flat.shape) / widths
            sizes = [np.sqrt(np.sum(a**2, axis=1)) for a in (gradients, moves)]
            falls = -np.sum(gradients * moves, axis=1) / (sizes[0] * sizes[1] + 1e-300)
    else:
        (falls,) = in_batches(lambda some: (fall_at_points(question.problem, energy, some),), flat)
    counts = np.isfinite(falls) & ~is_near(question, flat, centres)
    falls = np.where(counts, falls, np.inf).reshape(shape)
    first = np.argmin(falls, axis=0), np.arange(shape[1])
    lowest, falls = points[first], falls[first]
    seen = np.isfinite(falls) & question.region.sees(lowest)
    return lowest[seen], falls[seen]


def _roots(
    question: Question, derivatives: Derivatives, centres: np.ndarray, starts: np.ndarray
) -> tuple[int, np.ndarray]:
    """Number of roots of ∇E found in the region, and those at which the rule moves."""
    chart, widths = question.chart, np.asarray(question.chart.widths)
    number = BATCH if question.size <= _FEW_SIZE else _NUM_FEW
    first = np.resize(starts, (number, question.size))
    typical = float(np.median(np.linalg.norm(derivatives.gradients(first) * widths, axis=1)))
    roots = _critical(chart, derivatives, first)
    roots = roots[np.all(np.isfinite(roots), axis=1)]
    roots = roots[np.asarray(chart.inside(roots))]
    roots = roots[question.region.sees(roots)] if len(roots) else roots
    if not len(roots):
        return 0, roots
    steepness = np.linalg.norm(derivatives.gradients(roots) * widths, axis=1)
    roots = roots[steepness <= _ROOT * typical]
    _, chosen = np.unique(np.round(roots / widths, 5), axis=0, return_index=True)
    roots = roots[np.sort(chosen)]
    unknown = roots[~is_near(question, roots, centres)]
    return len(roots), unknown[~_is_rest(question, unknown)] if len(unknown) else unknown


def _is_rest(question: Question, points: np.ndarray) -> np.ndarray:
    """Truths `(n,)`: the points from which Newton's method leads to a state of rest close by."""
    chart, widths = question.chart, np.asarray(question.chart.widths)
    at = points
    for _ in range(_NEWTON_STEPS):
        velocity, jacobians = in_batches(lambda some: evaluate(question.problem, some), at)
        good = np.all(np.isfinite(jacobians), axis=(1, 2))
        good = good & np.all(np.isfinite(velocity), axis=1)
        jacobians = np.where(good[:, None, None], jacobians, 0.0)
        inverse = np.linalg.pinv(jacobians / widths[:, None] * widths, rcond=1e-10)
        step = -np.einsum("nij,nj->ni", inverse, np.where(good[:, None], velocity / widths, 0.0))
        at = at + step * widths
    velocity = in_batches(lambda some: evaluate(question.problem, some), at)[0]
    speed = np.linalg.norm(velocity / widths, axis=1)
    sampled = evaluate(question.problem, question.sites.points)[0] / widths
    typical = float(np.nanmedian(np.linalg.norm(sampled, axis=1)))
    gaps = np.linalg.norm(chart.difference(at, points) / widths, axis=1)
    return (gaps <= NEAREST) & (speed <= _AT_REST * typical)


def _critical(chart: Chart, derivatives: Derivatives, starts: np.ndarray) -> np.ndarray:
    """Ends of damped Newton steps for ∇E = 0 from `(n, d)` points."""
    widths, points, active = np.asarray(chart.widths), np.array(starts), np.arange(len(starts))
    eye = np.eye(len(widths))
    for damping in np.maximum(10.0 ** -np.arange(float(_NEWTON_STEPS)), 1e-14):
        gradients = derivatives.gradients(points[active]) * widths
        hessians = derivatives.hessians(points[active]) * np.outer(widths, widths)
        good = np.isfinite(gradients).all(axis=1) & np.isfinite(hessians).all(axis=(1, 2))
        points[active[~good]] = np.nan
        active, gradients, hessians = active[good], gradients[good], hessians[good]
        normal = hessians @ hessians
        size = np.trace(normal, axis1=1, axis2=2) / len(widths) + np.finfo(float).tiny
        damped = normal + (damping * size)[:, None, None] * eye
        moves = -np.linalg.solve(damped, hessians @ gradients[:, :, None])[:, :, 0]
        lengths = np.linalg.norm(moves, axis=1, keepdims=True) + np.finfo(float).tiny
        points[active] += widths * moves * np.minimum(1.0, _LONGEST / lengths)
        # While it is damped a step may be short far from a root.
        active = active[(lengths[:, 0] > _STILL) | (damping > _UNDAMPED)]
        if not len(active):
            break
    return np.asarray(chart.wrap(points))
