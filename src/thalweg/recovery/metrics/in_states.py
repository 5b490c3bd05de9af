"""A metric in the coordinates of a domain, as a metric of the states."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import numpy as np

from thalweg.core.charts import Chart
from thalweg.core.trees import Layout
from thalweg.geometry import DiagonalMetric, Geometry
from thalweg.recovery.question import Question


class ChartMetric(Geometry):
    r"""A metric on the coordinates y of a chart, for tangent vectors of its domain.

    With x = embed(y), P its differential and Q the chart's push (so Q P = 1):

        sharp(x, p) = P M(y)⁻¹ Pᵀ p        flat(x, v) = Qᵀ M(y) Q v
    """

    chart: Chart
    inner_metric: Geometry

    def sharp(self, x: Any, covector: Any) -> Any:
        """P M(y)⁻¹ Pᵀ p."""
        y = self.chart.coordinates(x)
        pulled = jax.vjp(self.chart.embed, y)[1](covector)[0]
        raised = self.inner_metric.sharp(y, pulled)
        return jax.jvp(self.chart.embed, (y,), (raised,))[1]

    def flat(self, x: Any, vector: Any) -> Any:
        """Qᵀ M(y) Q v."""
        pushed, pull = jax.vjp(self.chart.push, vector)
        return pull(self.inner_metric.flat(self.chart.coordinates(x), pushed))[0]


def in_states(question: Question, metric: Geometry) -> Geometry:
    """A metric on coordinates as one on states; itself, where the state is the coordinates."""
    layout = question.chart.layout
    is_vector = layout == Layout.of(np.zeros(layout.size))
    return metric if question.chart.is_whole and is_vector else ChartMetric(question.chart, metric)


class _OnStates(eqx.Module):
    """Weights of coordinates, structured like the state."""

    weights: Callable[[Any], Any]
    layout: Layout = eqx.field(static=True)

    def __call__(self, state: object) -> object:
        return self.layout.unflatten(self.weights(self.layout.flatten(state)))


def diagonal_in_states(question: Question, weights: Callable[[Any], Any]) -> Geometry:
    """The metric diag(weights(y)) of the coordinates y, as one on states."""
    if question.chart.is_whole:
        return DiagonalMetric(_OnStates(weights, question.chart.layout))
    return in_states(question, DiagonalMetric(weights))
