r"""Angles that come to rest on their way round: their drift can be weighed away.

Where every coordinate moves by itself, f_i = f_i(x_i), each is a gradient but for its angles: round
an angle ∮ m f dx must vanish for some m > 0, which is possible exactly if f takes both signs (or
none). Of the many m this one is taken:

    m(x) = exp(−λ tanh(f(x) / s)),        ∮ m f dx = 0,

with s the size of f where it has the sign that it has less of. The work falls strictly with λ, from
+∞ to −∞, so that there is one λ.
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
from thalweg.recovery.forms.exactness import CONSISTENT
from thalweg.recovery.kinds import Kind
from thalweg.recovery.level import Cost, Level
from thalweg.recovery.metrics.confirmed import confirmed
from thalweg.recovery.metrics.in_states import diagonal_in_states
from thalweg.recovery.question import METRIC_SIZE, Question, evaluate

_TOLERANCE = 1e-7
_NUM_NODES = 4096
# How far one coordinate acts on another, relative to the Jacobian, and still counts as not at all.
_APART = 1e-12
# Beyond e^±40 the weights of a metric say nothing in double precision.
_MOST_RATE = 20.0


class CircleWeights(eqx.Module):
    """The weights exp(−λ_i tanh(f_i / s_i)).

    Attributes:
        problem: the rule in the coordinates.
        rates: the λ_i, shape `(d,)`.
        sizes: the s_i, likewise.
    """

    problem: Problem
    rates: Any
    sizes: Any

    def __call__(self, y: Any) -> jax.Array:
        """The weights at y, shape `(d,)`."""
        rates, sizes = jnp.asarray(self.rates, y.dtype), jnp.asarray(self.sizes, y.dtype)
        return jnp.exp(-rates * jnp.tanh(self.problem.displacement(y) / sizes))


@dataclass(frozen=True)
class CircleMetricLevel(Level):
    """Steepest descent of angles that drift, each by itself, and come to rest."""

    name: ClassVar[str] = "circle-metric"
    cost: ClassVar[Cost] = Cost.CHEAP

    def applies(self, question: Question, so_far: Findings) -> bool:
        """Where only the way round an angle hinders the rule from being a gradient."""
        euclidean = question.euclidean
        is_closed = euclidean.is_symmetric and euclidean.winding > CONSISTENT
        known = so_far.is_gradient or so_far.excludes_metric
        return is_closed and not known and question.size <= METRIC_SIZE

    def ask(self, question: Question) -> Finding:
        """Weigh each angle so that its way round takes no work, and check the metric."""
        return confirmed(question, _circle_metric(question))


def _circle_metric(question: Question) -> Finding:
    jacobians = question.sampled.jacobians
    off = jacobians * (1.0 - np.eye(question.size))
    if np.max(np.abs(off)) > _APART * np.max(np.abs(jacobians), initial=1e-300):
        return Finding("open", None, "Not tried: the coordinates act on each other.")
    rates, sizes = np.zeros(question.size), np.ones(question.size)
    for i in np.flatnonzero(question.chart.angles):
        found = _weighed(_round(question, int(i)))
        if found is None:
            note = "An angle is driven one way all round, or so nearly that no metric is resolved."
            return Finding("open", None, note)
        rates[i], sizes[i] = found
    metric = diagonal_in_states(question, CircleWeights(question.problem, rates, sizes))
    exactness = question.examine(metric, _TOLERANCE)
    if not exactness.is_exact:
        note = "The angles can be weighed, but the weights are too sharp to be integrated here."
        return Finding("open", exactness.residual, note)
    note = (
        f"Each coordinate moves by itself, and with the weights exp(−λ tanh(f/s)) no angle takes "
        f"work to go round; −∇E = M f at {len(exactness.sites.fresh)} points."
    )
    return Finding(
        "yes",
        exactness.residual,
        note,
        Kind.DIAGONAL_METRIC,
        exactness.energy(question.rule, question.chart, metric),
        metric,
        f"diag(exp(−λ_i tanh(f_i/s_i))), λ = {', '.join(f'{v:.4g}' for v in rates)}",
    )


def _round(question: Question, i: int) -> np.ndarray:
    """f_i at equal steps round the i-th coordinate."""
    points = np.tile(question.region.base, (_NUM_NODES, 1))
    lower, width = np.asarray(question.chart.bounds[0])[i], np.asarray(question.chart.widths)[i]
    points[:, i] = lower + width * np.arange(_NUM_NODES) / _NUM_NODES
    return in_batches(lambda some: evaluate(question.problem, some), points)[0][:, i]


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
