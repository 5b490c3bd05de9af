"""Steepest descent does not depend on the coordinates: x = φ(y) carries one flow into the other.

With E and M given in x, the same things in y are E∘φ and JᵀMJ, J the Jacobian of φ; then the
velocities must satisfy J ẏ = ẋ. On the simplex and the sphere φ is a chart, with fewer coordinates.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contract.contract_examples import SPD, Bent, Stretch

import thalweg as tw
from thalweg.core.trees import as_arrays

SHEAR = np.array([[0.2, -0.9, 0.4], [0.7, 0.1, 0.3], [-0.5, 0.6, 0.2]])
WEIGHTS = np.array([1.0, -0.4, 0.7])


def energy(x):
    """Smooth, without symmetries that could hide a mistake."""
    return jnp.sum(jnp.cos(jnp.asarray(WEIGHTS) * x)) + x[0] * x[1] ** 2 - 0.3 * x[2]


def bend(y):
    return y + 0.5 * jnp.tanh(jnp.asarray(SHEAR) @ y)


def on_simplex(y):
    """Softmax coordinates, with the last logit fixed: not the chart that the library uses."""
    return jax.nn.softmax(jnp.append(y, 0.0))


def on_sphere(y):
    """Polar coordinates of the sphere of radius 2."""
    polar, azimuth = y
    ring = jnp.stack([jnp.cos(azimuth), jnp.sin(azimuth)]) * jnp.sin(polar)
    return 2.0 * jnp.append(ring, jnp.cos(polar))


def round_metric(y):
    """The metric of that sphere, known in closed form."""
    return 4.0 * jnp.stack([jnp.ones(()), jnp.sin(y[0]) ** 2])


def pulled_back(chart, geometry):
    """JᵀMJ, column by column."""

    def matrix(y):
        jacobian = jax.jacfwd(chart)(y)
        lowered = jax.vmap(lambda column: geometry.flat(chart(y), column), 1, 1)(jacobian)
        return jacobian.T @ lowered

    return tw.MetricField(matrix)


CASES = {
    "euclidean": (bend, tw.Euclidean()),
    "constant": (bend, tw.ConstantMetric(SPD)),
    "diagonal": (bend, tw.DiagonalMetric(Stretch())),
    "field": (bend, tw.MetricField(Bent())),
    "simplex": (on_simplex, tw.Simplex()),
    "sphere": (on_sphere, tw.Sphere()),
}


@eqx.filter_jit
def two_velocities(chart, geometry, metric_in_y, y):
    """The velocity computed in y and carried over, and the one computed in x."""
    in_y = tw.SteepestDescent(lambda y: energy(chart(y)), metric_in_y).velocity(0.0, y)
    in_x = tw.SteepestDescent(energy, geometry).velocity(0.0, chart(y))
    return jax.jvp(chart, (y,), (in_y,))[1], in_x


def compare(chart, geometry, metric_in_y, y):
    with jax.enable_x64(True):
        velocities = two_velocities(chart, as_arrays(geometry), metric_in_y, y)
        return [np.asarray(velocity) for velocity in velocities]


@pytest.mark.long
@pytest.mark.parametrize("name", CASES)
@given(data=st.data())
def test_velocity_is_a_vector(name, data):
    chart, geometry = CASES[name]
    size = 3 if chart is bend else 2
    # Away from the poles of the sphere, where polar coordinates fail.
    number = st.floats(0.3, 2.8, allow_subnormal=False)
    y = np.array(data.draw(st.lists(number, min_size=size, max_size=size)))
    carried, direct = compare(chart, geometry, METRICS[name], y)
    np.testing.assert_allclose(carried, direct, rtol=1e-10, atol=1e-12)


METRICS: dict[str, tw.Geometry] = {name: pulled_back(*case) for name, case in CASES.items()}
METRICS["sphere"] = tw.DiagonalMetric(round_metric)


def test_a_wrong_metric_is_seen():
    """The Euclidean metric kept in bent coordinates gives another flow."""
    flat = tw.Euclidean()
    carried, direct = compare(bend, flat, flat, np.array([0.5, 1.0, 2.0]))
    assert np.max(np.abs(carried - direct)) > 0.1
