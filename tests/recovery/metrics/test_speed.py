"""Gradient flows whose speed was changed: V comes back, and nothing else passes for one."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.recovery.recovery_systems import Replicator, cube, proportional_gap, values
from tests.zoo import polynomial_flow

import thalweg as tw

BOX = cube(-2.0, 2.0, 2)
WELLS = tw.energies.FourWells()
KNOWN: dict[str, Any] = {"cycles": (), "thorough": False}


def valley(x):
    return jnp.sum(jnp.log(jnp.cosh(x + 0.5 * jnp.roll(x, 1)))) + 0.25 * jnp.sum(x**4)


def hurried(energy, factor):
    """−ψ(|∇V|²) ∇V."""

    def velocity(x):
        slope = jax.grad(energy)(x)
        return -factor(jnp.sum(slope**2)) * slope

    return tw.as_flow(velocity)


def last_level(verdict):
    return next(found for found in verdict.levels if found.name == "speed-metric")


@pytest.mark.long
def test_the_fastest_states_may_lie_on_a_wall_away_from_corners():
    """|f| = tanh |∇V| is nearly constant there, and V steep: little of φ is seen elsewhere."""

    def bowl(x):
        return jnp.sum(jnp.cosh(x)) + 0.5 * jnp.sin(2.0 * x[0] + x[1])

    box, rng = cube(-1.5, 1.5, 2), np.random.default_rng(5)
    tanh = hurried(bowl, lambda s: jnp.tanh(jnp.sqrt(s + 1e-300)) / jnp.sqrt(s + 1e-300))
    verdict = tw.recover_energy(tanh, box, **KNOWN)
    assert verdict.kind == "diagonal-metric"
    points = rng.uniform(-1.5, 1.5, (2000, 2))
    points[:1000, 1] = -1.5
    assert proportional_gap(verdict.energy, bowl, points)[0] < 1e-9


@pytest.mark.parametrize(
    "factor",
    [
        lambda s: 1.0 / jnp.sqrt(0.1 + s),  # saturates: φ is singular at |f| = 1
        # The c₁ and c₃ terms of `CovariantDescent`.
        lambda s: 1.0 + s,
    ],
)
@pytest.mark.long
def test_the_energy_of_a_hurried_gradient_flow(factor):
    equilibria = tw.find_equilibria(tw.SteepestDescent(WELLS), BOX)
    verdict = tw.recover_energy(hurried(WELLS, factor), BOX, equilibria=equilibria, **KNOWN)
    assert verdict.kind == "diagonal-metric"
    assert last_level(verdict).outcome == "yes"
    corners = np.array([[-2.0, -2.0], [-2.0, 2.0], [2.0, -2.0], [2.0, 2.0]])
    points = np.random.default_rng(1).uniform(-2.0, 2.0, (20, 2))
    points[4:8, 0] = 2.0
    points[:4] = corners  # where the rule is fastest
    gap, scale = proportional_gap(verdict.energy, WELLS, points)
    assert gap < 1e-9
    assert scale > 0.0
    slopes, known = (values(jax.grad(e), points) for e in (verdict.energy, WELLS))
    np.testing.assert_allclose(slopes, scale * known, rtol=1e-9, atol=1e-9)
    metric = verdict.metric
    assert metric is not None
    weights = values(lambda x: metric.flat(x, jnp.ones(2)), points)
    expected = 1.0 / values(lambda x: factor(jnp.sum(jax.grad(WELLS)(x) ** 2)), points)[:, None]
    np.testing.assert_allclose(
        weights / weights[0], np.broadcast_to(expected / expected[0], (20, 2)), rtol=1e-8
    )


@pytest.mark.long
def test_a_speed_that_depends_on_the_place_is_no_function_of_the_speed():
    lame = tw.as_flow(lambda x: -jax.grad(WELLS)(x) * (1.0 + x[0] ** 2))
    verdict = tw.recover_energy(lame, BOX, equilibria=(), **KNOWN)
    assert verdict.kind == "diagonal-metric"  # of the place
    assert last_level(verdict).outcome == "no"
    assert "not a function of the speed alone" in last_level(verdict).note


@pytest.mark.long
@pytest.mark.parametrize("corner", [-0.15, -0.02])
@pytest.mark.parametrize("pull", [0.0, 1.0])
def test_turning_round_a_state_of_rest_is_no_descent(corner, pull):
    """f = r²(turn − pull x): φ f ∝ dθ is closed, and has an energy only where θ has a value."""

    rule = polynomial_flow(lambda x: np.sum(x**2) * (np.stack([-x[1], x[0]]) - pull * x))
    box = tw.Box([corner, corner], [2.0, 2.0])
    for known in (None, ()):
        verdict = tw.recover_energy(rule, box, equilibria=known, **KNOWN)
        assert verdict.kind in ("undecided", "refuted")


@pytest.mark.long
def test_a_constant_speed_says_nothing():
    def velocity(x):
        slope = jax.grad(WELLS)(x)
        return -slope / jnp.sqrt(jnp.sum(slope**2))

    corner = tw.Box([0.1, 0.1], [0.8, 0.7])
    verdict = tw.recover_energy(tw.as_flow(velocity), corner, equilibria=(), **KNOWN)
    assert last_level(verdict).outcome == "open"
    assert "constant" in last_level(verdict).note


@pytest.mark.long
def test_the_defect_grows_with_what_is_no_gradient():
    """In three dimensions no change of speed can make up for a turn, and its size shows."""
    box = cube(-1.0, 1.0, 3)
    slow = hurried(valley, lambda s: 1.0 / jnp.sqrt(0.1 + s))
    rest = tw.find_equilibria(slow, box)

    def turned(t, x, size):
        return slow.displacement(t, x) + size * jnp.stack([x[1] ** 2, -x[0], x[1]])

    def defect(size):
        rule = tw.as_flow(turned, np.asarray(size))
        found = last_level(tw.recover_energy(rule, box, equilibria=rest, **KNOWN))
        assert found.residual is not None
        return found.outcome, found.residual

    outcome, small = defect(1e-5)
    assert outcome == "no"
    assert defect(1e-3)[1] == pytest.approx(100.0 * small, rel=0.1)
    assert defect(0.0)[0] == "yes"


def saturated_spiral(t, x, stiffness):
    plain = jnp.stack([-stiffness * x[0], -x[1] + x[2], -x[1] - x[2]])
    return plain / jnp.sqrt(1.0 + jnp.sum(plain**2))


@pytest.mark.long
@pytest.mark.parametrize("stiffness", [1e4, 1e7, 1e10])
def test_a_small_turn_beside_a_stiff_coordinate_is_seen(stiffness):
    """A spiral sink of (x₁, x₂), whatever the speed: its eigenvalues exclude every metric."""

    rule, box = tw.as_flow(saturated_spiral, np.asarray(stiffness)), cube(-1.0, 1.0, 3)
    for known in (tw.find_equilibria(rule, box), ()):
        verdict = tw.recover_energy(rule, box, equilibria=known, **KNOWN)
        assert verdict.kind in ("undecided", "refuted")


@pytest.mark.long
def test_a_rule_on_the_simplex_reaches_this_level():
    """A replicator of a random payoff is a gradient in no metric that is tried."""
    payoff = jnp.asarray(np.random.default_rng(0).normal(size=(3, 3)))
    verdict = tw.recover_energy(
        Replicator(payoff), tw.ProbabilitySimplex(3), equilibria=(), cycles=(), thorough=False
    )
    assert verdict.kind == "undecided"
    assert last_level(verdict).outcome == "no"
