"""A check of an energy apart from the search that accepted it: what would refute it, afresh."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.batches import BATCH, in_batches
from thalweg.dynamics import Problem
from thalweg.recovery.candidates.fall import HUNTS, NEAREST, falls_on_runs
from thalweg.recovery.candidates.hunts import hunt_rises, is_near
from thalweg.recovery.question import Question, evaluate

_NUM_STARTS = 4096
_NEWTON_STEPS = 30
# Above so many coordinates each Hessian is dear, and fewer roots of ∇E are sought.
_FEW_SIZE, _NUM_FEW = 8, 64
# |∇E| at a root beside what it is elsewhere, and the change of |f| that shows a state at rest.
_ROOT, _AT_REST = 1e-8, 1e-9


@dataclass(frozen=True)
class Acceptance:
    """What a check of an energy met.

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
        """Whether nothing was met that speaks against the energy."""
        return not len(self.where)

    def __str__(self) -> str:
        roots = f"{self.num_roots} roots of ∇E are states of rest" if self.num_roots else ""
        roots = "the one root of ∇E is a state of rest" if self.num_roots == 1 else roots
        return (
            f"{roots}{', and ' if roots else ''}{self.num_hunts} hunts for a rise, from faces and "
            f"corners too, and {self.num_runs} trajectories"
        )


def check_accepted(
    question: Question,
    energy: Any,
    gradients: Callable[[np.ndarray], np.ndarray],
    centres: np.ndarray,
    least: float,
) -> Acceptance:
    """Look for a place where an energy falls too little: at critical points, by hunts, on runs.

    Arguments:
        question: the rule and its region.
        energy: the one to check.
        gradients: ∇E at points `(n, d)`, in coordinates.
        centres: the equilibria in coordinates, shape `(m, d)`.
        least: the fall that is enough.

    Returns:
        What was met. Its points are drawn apart from those of the search.
    """
    rng = question.region.rng.spawn(1)[0]
    starts = _starts(question, centres, rng)
    num_hunts = HUNTS * -(-len(starts) // HUNTS)
    batches = np.resize(starts, (num_hunts // HUNTS, HUNTS, question.size))
    parts = [hunt_rises(question, energy, centres, some) for some in batches]
    runs = starts[rng.integers(len(starts), size=HUNTS)]
    found = falls_on_runs(question.problem, energy, _padded(centres), runs)
    lowest, falls = (np.asarray(a) for a in found)
    seen = np.isfinite(falls) & question.region.sees(lowest)
    parts.append((lowest[seen], falls[seen]))
    points, falls = (np.concatenate(part) for part in zip(*parts, strict=True))
    num_roots, moving = 0, points[:0]
    if question.rule.has_continuous_time:
        # The least falls surround critical points at which the rule moves.
        likely = np.concatenate([points[np.argsort(falls)], starts])[: BATCH // 2]
        spread = starts[:: len(starts) // len(likely)][: len(likely)]
        tried = np.stack([likely, spread], axis=1).reshape(-1, question.size)
        num_roots, moving = _roots(question, energy, gradients, centres, tried)
        points = np.concatenate([moving, points])
        falls = np.concatenate([np.full(len(moving), -1.0), falls])
    order = np.argsort(falls, kind="stable")
    bad = order[falls[order] < least]
    worst = float(np.min(falls, initial=1.0))
    return Acceptance(worst, points[bad], num_roots, num_hunts, len(runs), len(moving))


def _starts(question: Question, centres: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """At least 4,096 points: anywhere, on faces, in corners, and around equilibria."""
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


def _padded(centres: np.ndarray) -> np.ndarray:
    """The equilibria, at least one row, as many as a power of two: few shapes, few programs."""
    if not len(centres):
        return np.full((1, centres.shape[1]), np.inf)
    number = 1 << (len(centres) - 1).bit_length()
    return np.concatenate([centres, np.repeat(centres[:1], number - len(centres), axis=0)])


def _roots(
    question: Question,
    energy: Any,
    gradients: Callable[[np.ndarray], np.ndarray],
    centres: np.ndarray,
    starts: np.ndarray,
) -> tuple[int, np.ndarray]:
    """How many roots of ∇E were found in the region, and those at which the rule moves."""
    chart, widths = question.chart, np.asarray(question.chart.widths)
    number = BATCH if question.size <= _FEW_SIZE else _NUM_FEW
    first = np.resize(starts, (number, question.size))
    typical = float(np.median(np.linalg.norm(gradients(first) * widths, axis=1)))
    roots = np.asarray(_critical(question.problem, energy, first))
    roots = roots[np.all(np.isfinite(roots), axis=1)]
    roots = roots[np.asarray(chart.inside(roots))]
    roots = roots[question.region.sees(roots)] if len(roots) else roots
    if not len(roots):
        return 0, roots
    steepness = np.linalg.norm(gradients(roots) * widths, axis=1)
    roots = roots[steepness <= _ROOT * typical]
    _, chosen = np.unique(np.round(roots / widths, 5), axis=0, return_index=True)
    roots = roots[np.sort(chosen)]
    unknown = roots[~is_near(question, roots, centres)]
    return len(roots), unknown[~_is_rest(question, unknown)] if len(unknown) else unknown


def _is_rest(question: Question, points: np.ndarray) -> np.ndarray:
    """Whether Newton's method leads from each point to a state of rest close by."""
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


@eqx.filter_jit
def _critical(problem: Problem, energy: Any, starts: Any) -> jax.Array:
    """Where damped Newton steps for ∇E = 0 lead from `(n, d)` points."""
    widths = jnp.asarray(problem.chart.widths)
    origin = jnp.asarray(problem.chart.bounds[0])

    def level(u: jax.Array) -> jax.Array:
        return energy(problem.chart.embed(origin + widths * u))

    def step(u: jax.Array, damping: jax.Array) -> tuple[jax.Array, None]:
        gradient, hessian = jax.grad(level)(u), jax.hessian(level)(u)
        normal = hessian @ hessian
        size = jnp.trace(normal) / len(u) + jnp.finfo(u.dtype).tiny
        move = -jnp.linalg.solve(normal + damping * size * jnp.eye(len(u)), hessian @ gradient)
        length = jnp.sqrt(jnp.sum(move**2)) + jnp.finfo(u.dtype).tiny
        return u + move * jnp.minimum(1.0, 0.2 / length), None

    def lane(start: jax.Array) -> jax.Array:
        damping = jnp.maximum(10.0 ** -jnp.arange(float(_NEWTON_STEPS)), 1e-14)
        return jax.lax.scan(step, (start - origin) / widths, damping)[0]

    return problem.chart.wrap(origin + widths * jax.vmap(lane)(jnp.asarray(starts)))
