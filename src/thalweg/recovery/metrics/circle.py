r"""Angles that come to rest on their way round: their drift can be weighed away.

Where every coordinate moves by itself, f_i = f_i(x_i), each is a gradient but for its angles: round
an angle ∮ m f dx must vanish for some m > 0, which is possible exactly if f takes both signs (or
none). Of the many m this one is taken:

    m(x) = exp(−λ tanh(f(x) / s)),        ∮ m f dx = 0,

with s the size of f where it has the sign that it has less of. The work falls strictly with λ, from
+∞ to −∞, so that there is one λ.

Angles that act on each other may move by one combination alone, f = h(k·x) k with whole numbers k,
as two that are locked do (x' = ω + a sin(y − x), y' = −ω + a sin(x − y), k = (1, −1)). All of them
then have the weight m(k·x) of that combination.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.batches import in_batches
from thalweg.dynamics import Problem
from thalweg.recovery.findings import Finding, Findings
from thalweg.recovery.forms.conditioning import acting_blocks
from thalweg.recovery.forms.exactness import CONSISTENT
from thalweg.recovery.kinds import Kind
from thalweg.recovery.level import Cost, Level
from thalweg.recovery.metrics.confirmed import confirmed
from thalweg.recovery.metrics.in_states import diagonal_in_states
from thalweg.recovery.question import METRIC_SIZE, Question, evaluate

_TOLERANCE = 1e-7  # of exactness with fitted weights, whose series leave more than rounding
# Equal steps round a circle: spectral accuracy for rates with a thousand harmonics.
_NUM_NODES = 4096
# How far one coordinate acts on another, relative to the Jacobian, and still counts as not at all.
_APART = 1e-12
# How far f may be from one combination, relative to its size, and the largest number in one.
_PARALLEL, _LARGEST_WHOLE = 1e-10, 6
# Beyond e^±40 the weights of a metric say nothing in double precision.
_MOST_RATE = 20.0


class CircleWeights(eqx.Module):
    """The weights exp(−λ_i tanh(h_i / s_i)), h = D f.

    Attributes:
        problem: the rule in the coordinates.
        drives: D, which takes the rule to the rate of each coordinate's combination, `(d, d)`.
        rates: the λ_i, shape `(d,)`.
        sizes: the s_i, likewise.
    """

    problem: Problem
    drives: Any
    rates: Any
    sizes: Any

    def __call__(self, y: Any) -> jax.Array:
        """The weights at y, shape `(d,)`."""
        drives, rates, sizes = (
            jnp.asarray(a, y.dtype) for a in (self.drives, self.rates, self.sizes)
        )
        return jnp.exp(-rates * jnp.tanh(drives @ self.problem.displacement(y) / sizes))


@dataclass(frozen=True)
class CircleMetricLevel(Level):
    """Steepest descent of angles that drift, each by itself, and come to rest."""

    name: ClassVar[str] = "circle-metric"
    cost: ClassVar[Cost] = Cost.CHEAP

    def applies(self, question: Question, so_far: Findings) -> bool:
        """True if only the way round an angle hinders the rule from being a gradient."""
        euclidean = question.euclidean
        is_closed = euclidean.is_symmetric and euclidean.winding > CONSISTENT
        known = so_far.is_gradient or so_far.excludes_metric
        return is_closed and not known and question.size <= METRIC_SIZE

    def ask(self, question: Question) -> Finding:
        """Weigh each angle so that its way round takes no work, and check the metric."""
        return confirmed(question, _circle_metric(question))


def _circle_metric(question: Question) -> Finding:
    combinations = _combinations(question)
    if combinations is None:
        note = "Not tried: coordinates act on each other by more than one combination of angles."
        return Finding("open", None, note)
    size = question.size
    drives, rates, sizes = np.eye(size), np.zeros(size), np.ones(size)
    for k in combinations:
        moved = np.flatnonzero(k)
        if not np.any(np.asarray(question.chart.angles)[moved]):
            continue
        found = _weighed(_round(question, k))
        if found is None:
            note = "An angle is driven one way all round, or so nearly that no metric is resolved."
            return Finding("open", None, note)
        drives[moved] = k / (k @ k)
        rates[moved], sizes[moved] = found
    metric = diagonal_in_states(question, CircleWeights(question.problem, drives, rates, sizes))
    exactness = question.examine(metric, _TOLERANCE)
    if not exactness.is_exact:
        note = "The angles can be weighed, but the weights are too sharp to be integrated here."
        return Finding("open", exactness.residual, note)
    note = (
        f"Each coordinate, or one combination of some angles, moves by itself, and with the "
        f"weights exp(−λ tanh(f/s)) no angle takes work to go round; −∇E = M f at "
        f"{len(exactness.sites.fresh)} points."
    )
    return Finding(
        "yes",
        exactness.residual,
        note,
        Kind.DIAGONAL_METRIC,
        exactness.energy(question.rule, question.chart, metric),
        metric,
        f"diag(exp(−λ_i tanh(h_i/s_i))), λ = {', '.join(f'{v:.4g}' for v in rates)}",
    )


def _combinations(question: Question) -> list[np.ndarray] | None:
    """Integer combinations `(d,)` of coordinates, one for each class that acts on itself alone.

    None where a class moves by more than one, or by none with small whole numbers.
    """
    points, jacobians = question.sampled
    velocity = in_batches(lambda some: evaluate(question.problem, some), points)[0]
    largest = np.max(np.abs(jacobians), axis=0)
    size = np.max(largest, initial=1e-300)
    found = []
    for block in acting_blocks(np.where(largest > _APART * size, 1.0, 0.0)):
        k = np.zeros(question.size)
        k[block] = 1.0
        if len(block) > 1:
            whole = _whole_numbers(jacobians[:, block[:, None], block])
            periods = np.asarray(question.chart.period)[block]
            if whole is None or not np.all(np.isfinite(periods)) or np.ptp(periods) > 0.0:
                return None
            along = velocity[:, block] @ whole / (whole @ whole)
            left = velocity[:, block] - along[:, None] * whole
            if np.max(np.abs(left)) > _PARALLEL * np.max(np.abs(velocity[:, block])):
                return None  # the rest of them drifts
            k[block] = whole
        found.append(k)
    return found


def _whole_numbers(jacobians: np.ndarray) -> np.ndarray | None:
    """Small whole numbers k with J ∝ k kᵀ at all points, shape `(b,)`; None if there are none."""
    sizes = np.linalg.norm(jacobians, axis=(1, 2))
    values, vectors = np.linalg.eigh(jacobians[int(np.argmax(sizes))])
    direction = vectors[:, int(np.argmax(np.abs(values)))]
    smallest = np.min(np.abs(direction))
    if smallest < 1.0 / (2.0 * _LARGEST_WHOLE):
        return None
    for factor in range(1, _LARGEST_WHOLE + 1):
        whole = np.round(direction / smallest * factor)
        unit = whole / np.linalg.norm(whole)
        projector = np.outer(unit, unit)
        rates = np.einsum("nij,ij->n", jacobians, projector)
        left = jacobians - rates[:, None, None] * projector
        if np.max(np.abs(left)) <= _PARALLEL * np.max(sizes):
            return whole
    return None


def _round(question: Question, k: np.ndarray) -> np.ndarray:
    """The rate h of a combination k·x at equal steps once round, f = h k."""
    moved = np.flatnonzero(k)
    width = float(np.asarray(question.chart.widths)[moved[0]])
    turns = np.arange(_NUM_NODES)[:, None] / _NUM_NODES
    start = np.where(k != 0.0, np.asarray(question.chart.bounds[0]), question.region.base)
    points = np.asarray(question.chart.wrap(start + width * turns * k / (k @ k)))
    velocity = in_batches(lambda some: evaluate(question.problem, some), points)[0]
    return velocity @ k / (k @ k)


def _weighed(values: np.ndarray) -> tuple[float, float] | None:
    """λ and s for f at equal steps round an angle; None where f has one sign."""
    from scipy.optimize import root_scalar

    size = min(float(np.max(values)), -float(np.min(values)))
    if not np.any(values):
        return 0.0, 1.0
    if size <= 0.0:
        return None

    def work(rate: float) -> float:
        return float(np.mean(values * np.exp(-rate * np.tanh(values / size))))

    if work(-_MOST_RATE) <= 0.0 or work(_MOST_RATE) >= 0.0:
        return None
    found = root_scalar(work, bracket=(-_MOST_RATE, _MOST_RATE), method="brentq", xtol=1e-14)
    return float(found.root), size
