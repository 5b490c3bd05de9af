"""The rule to first order: Jacobians in float64, and inside transformations."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.analysis.systems import Henon

import thalweg as tw


def test_on_the_host_it_is_float64_numpy():
    near = tw.linearize(Henon(), jnp.array([0.5, 0.2]))
    assert isinstance(near.jacobian, np.ndarray)
    assert near.jacobian.dtype == np.float64
    np.testing.assert_allclose(near.jacobian, [[-1.4, 1.0], [0.3, 0.0]], atol=1e-15)
    expected = np.roots([1.0, 1.4, -0.3])
    np.testing.assert_allclose(np.sort(near.eigenvalues), np.sort(expected), atol=1e-14)


@pytest.mark.long
def test_it_composes_with_jit_vmap_and_grad():
    points = jnp.array([[0.5, 0.2], [1.0, -1.0]])
    stacked = jax.jit(jax.vmap(lambda x: tw.linearize(Henon(), x).jacobian))(points)
    np.testing.assert_allclose(stacked[:, 0, 0], -2.8 * points[:, 0], rtol=1e-6)
    slope = jax.grad(lambda a: tw.linearize(Henon(a=a), points[0]).jacobian[0, 0])(1.4)
    np.testing.assert_allclose(slope, -1.0, rtol=1e-6)


@pytest.mark.long
def test_pytree_states_are_raveled_in_order():
    rule = tw.as_flow(lambda s: {"a": 2.0 * s["b"], "b": 3.0 * s["a"]})
    near = tw.linearize(rule, {"a": np.zeros(1), "b": np.zeros(1)})
    np.testing.assert_allclose(near.jacobian, [[0.0, 2.0], [3.0, 0.0]])
