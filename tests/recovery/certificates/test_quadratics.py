"""The quadratic form of a rate near states of rest: what it bounds, in one and more coordinates."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.zoo import polynomial_flow, square

import thalweg as tw
from thalweg.dynamics import make_problem
from thalweg.recovery.certificates.quadratics import NearRests
from thalweg.recovery.certificates.rates import posed


def near(rule, domain, energy, rest=(0.0, 0.0), widths=(1.0, 1.0)):
    with jax.enable_x64(True):
        problem, _ = make_problem(rule, domain)
        return NearRests(posed(problem, energy), np.array([rest]), np.array(widths))


def strength(rate, radius):
    """λ over a cube round the only rest, at 0."""
    corner = np.full((1, 2), radius)
    return rate.bounds(np.array([0]), -corner, corner)[1][0]


def test_a_linear_flow_in_a_bowl_has_the_eigenvalue_of_its_symmetric_part():
    """E = ½|x|², f = A x: φ = xᵀA x, so λ is minus the largest eigenvalue of A + Aᵀ."""
    matrix = np.array([[-2.0, 3.0], [-1.0, -1.0]])
    flow = polynomial_flow(lambda x: np.stack([-2.0 * x[0] + 3.0 * x[1], -x[0] - x[1]]))
    rate = near(flow, square(1.0), lambda x: jnp.sum(x**2) / 2.0)
    wanted = -np.linalg.eigvalsh(matrix + matrix.T)[-1]
    lengths, found = rate.bounds(np.array([0]), -np.ones((1, 2)), np.ones((1, 2)))
    np.testing.assert_allclose(found, wanted, rtol=1e-10)
    assert rate.rise[0] < 1e-290
    assert lengths[0] < 1e-290
    # At a point c that is none, φ = cᵀA c and ∇φ = (A + Aᵀ) c.
    point = np.array([[0.25, 1.0]])
    rate = near(flow, square(1.0), lambda x: jnp.sum(x**2) / 2.0, rest=(0.25, 1.0))
    lengths, _ = rate.bounds(np.array([0]), point - 0.1, point + 0.1)
    np.testing.assert_allclose(
        rate.rise[0], max((point @ matrix @ point.T).item(), 0.0), rtol=1e-12
    )
    exact = np.linalg.norm((matrix + matrix.T) @ point[0])
    # Uᵀv and Vᵀu are bounded apart.
    assert exact <= lengths[0] <= 5.0 * exact


@pytest.mark.parametrize("radius", [0.5, 0.1, 0.01])
def test_the_bound_holds_all_over_the_cube(radius):
    """φ ≤ −½ λ |z|² for a flow with a curl, in an energy that is not its own."""
    flow = polynomial_flow(
        lambda x: np.stack([-x[0] - x[1] - x[0] ** 3, x[0] - 2.0 * x[1] + 0.5 * x[0] * x[1]])
    )
    energy = lambda x: x[0] ** 2 / 2.0 + x[1] ** 2 / 3.0 + x[0] ** 4 / 8.0  # noqa: E731
    rate = near(flow, square(1.0), energy)
    found = strength(rate, radius)
    assert found > 0.0
    z = np.random.default_rng(0).uniform(-radius, radius, (4000, 2))
    with jax.enable_x64(True):
        gradients = np.asarray(jax.vmap(jax.grad(energy))(z))
    x, y = z.T
    velocities = np.stack([-x - y - x**3, x - 2.0 * y + 0.5 * x * y], axis=1)
    rates = np.sum(gradients * velocities, axis=1)
    assert np.all(rates <= -0.5 * found * np.sum(z**2, axis=1))


def test_a_map_has_the_hessian_of_its_rise():
    """x⁺ = x/2 in |x|²: φ = −¾|x|², so λ = 3/2, in units of the region 3/2 times its side²."""
    for width, wanted in ((1.0, 1.5), (2.0, 6.0)):
        halving = tw.as_map(lambda x: 0.5 * x)
        rate = near(halving, square(1.0), lambda x: jnp.sum(x**2), widths=(width, width))
        np.testing.assert_allclose(strength(rate, 0.5), wanted, rtol=1e-12)


def test_a_jump_leaves_nothing():
    flow = polynomial_flow(lambda x: -x)
    rate = near(flow, square(1.0), lambda x: jnp.sum(x**2) + jnp.where(x[0] > 0.2, 1.0, 0.0))
    rate.look_for_jumps(-np.ones(2), np.ones(2))
    for radius, is_known in ((0.5, False), (0.1, True)):
        assert np.isfinite(strength(rate, radius)) == is_known
