"""The host's check of a metric names the point where it fails."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from thalweg.geometry import check_metric


def test_good_metrics_pass():
    states = np.asarray(tw.ProbabilitySimplex(3).chart().sample(jax.random.key(0), 5))
    states = tw.ProbabilitySimplex(3).chart().embed(states)
    for geometry in (
        tw.Euclidean(),
        tw.ConstantMetric(np.diag([1.0, 2.0, 3.0])),
        tw.DiagonalMetric(lambda x: 1.0 + x**2),
        tw.MetricField(lambda x: jnp.diag(1.0 + x) + jnp.outer(x, x)),
        tw.Simplex(),
        tw.Sphere(),
    ):
        check_metric(geometry, states)


@pytest.mark.parametrize(
    ("geometry", "message"),
    [
        (
            tw.DiagonalMetric(lambda x: x),
            r"DiagonalMetric is not positive definite at state 1, x = \[2.0, -3.0\]: "
            r"its smallest eigenvalue is -3\.",
        ),
        (
            tw.MetricField(lambda x: jnp.outer(x, x)),
            r"MetricField is not positive definite at state 0, x = \[1.0, 2.0\]",
        ),
        (
            tw.MetricField(lambda x: jnp.array([[5.0, 1.0], [0.0, 5.0]])),
            r"MetricField is not symmetric at state 0.*entry \[0, 1\] is 1, entry \[1, 0\] is 0",
        ),
        (
            tw.MetricField(lambda x: jnp.array([[1.0, 0.5], [0.504, 1.0]])),
            r"MetricField is not symmetric at state 0.*is 0.5, entry \[1, 0\] is 0.504",
        ),
        (
            tw.DiagonalMetric(lambda x: 1.0 / (x + 3.0)),
            r"DiagonalMetric is not finite at state 1.*an entry is (inf|nan)",
        ),
        (tw.Simplex(), r"Simplex is not positive definite at state 1, x = \[2.0, -3.0\]"),
    ],
)
def test_the_point_of_failure_is_named(geometry, message):
    with pytest.raises(tw.InputError, match=message):
        check_metric(geometry, np.array([[1.0, 2.0], [2.0, -3.0]]))


def test_trees_are_batches_of_trees_and_long_states_are_cut():
    metric = tw.DiagonalMetric(lambda s: {"a": s["a"] * s["b"], "b": jnp.ones_like(s["b"])})
    states = {"a": np.ones((2, 20)), "b": np.array([[1.0], [-1.0]])}
    with pytest.raises(tw.InputError, match=r"at state 1, x = \[(1.0, ){8}…\]"):
        check_metric(metric, states)
