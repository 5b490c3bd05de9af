"""Gradients whose speed depends on the place, and angles that come to rest on their way round."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.recovery.recovery_systems import proportional_gap, values
from tests.results import through_json
from tests.zoo import PolynomialFlow, Sines, coefficients_of, polynomial_flow, square

import thalweg as tw
from thalweg import recovery

KNOWN: dict[str, Any] = {"cycles": (), "thorough": False}
CIRCLE = tw.Box([0.0], [2.0 * np.pi], periodic=[True])
TORUS = tw.Box([0.0, 0.0], [2.0 * np.pi] * 2, periodic=[True, True])


def level(verdict, name):
    return next(found for found in verdict.levels if found.name == name)


def valley(x):
    return 0.5 * x[0] ** 2 + 0.75 * x[1] ** 2 + 0.25 * x[0] * x[1]


def slopes(x):
    return np.stack([x[0] + 0.25 * x[1], 1.5 * x[1] + 0.25 * x[0]])


@pytest.mark.long
@pytest.mark.parametrize("bend", [2.0, 3.0])
def test_the_energy_of_a_gradient_at_a_speed_of_the_place(bend):
    rule = polynomial_flow(lambda x: -(1.0 + bend * x[0] ** 2 + x[1] ** 2) * slopes(x))
    verdict = tw.recover_energy(rule, square(1.0), **KNOWN)
    assert verdict.kind == "diagonal-metric"
    assert level(verdict, "conformal-metric").outcome == "yes"
    points = np.random.default_rng(0).uniform(-1.0, 1.0, (30, 2))
    metric = verdict.metric
    assert isinstance(metric, tw.DiagonalMetric)
    weights = values(lambda x: metric.flat(x, jnp.ones(2)), points)
    np.testing.assert_allclose(weights[:, 0], weights[:, 1])
    # ∇E = m φ ∇V, where m φ may be any function of V: the lowest degree of 1/m makes it a constant.
    speeds = 1.0 + bend * points[:, 0] ** 2 + points[:, 1] ** 2
    assert np.ptp(weights[:, 0] * speeds) < 1e-12 * np.max(weights)
    falls = values(jax.grad(verdict.energy), points) + weights * values(
        lambda x: rule.velocity(0.0, x), points
    )
    assert np.max(np.abs(falls)) < 1e-8 * np.max(weights)


@pytest.mark.long
def test_no_factor_helps_where_j_turns_at_rest_or_winds_round_it():
    shear = polynomial_flow(lambda x: np.stack([-x[0] + 0.5 * x[1], -2.0 * x[1]]))
    found = tw.recover_energy(shear, square(1.0), levels=recovery.LEVELS, **KNOWN)
    assert found.kind == "constant-metric"
    bent = polynomial_flow(lambda x: np.stack([-x[0] + 0.5 * x[1] + x[1] ** 2, -2.0 * x[1]]))
    verdict = tw.recover_energy(bent, square(1.0), **KNOWN)
    assert level(verdict, "conformal-metric").outcome == "no"
    # dθ is (−y, x) / r²: 1/m = r² vanishes where the rule rests, and E would be the angle.
    turn = polynomial_flow(lambda x: np.sum(x**2) * np.stack([-x[1], x[0]]))
    verdict = tw.recover_energy(turn, square(1.0), equilibria=(), **KNOWN)
    assert level(verdict, "conformal-metric").outcome == "open"


def circle_flow(drift, sine):
    return Sines(np.array([drift]), np.zeros((1, 1)), np.array([[sine]]))


@pytest.mark.long
@pytest.mark.parametrize("drift", [0.5, -0.9])
def test_an_angle_that_comes_to_rest_has_a_metric(drift):
    rule = circle_flow(drift, 1.0)
    verdict = tw.recover_energy(rule, CIRCLE, **KNOWN)
    assert verdict.kind == "diagonal-metric"
    angles = np.linspace(0.0, 2.0 * np.pi, 200, endpoint=False)[:, None]
    fall = values(jax.grad(verdict.energy), angles)[:, 0] * (drift + np.sin(angles[:, 0]))
    assert np.max(fall) <= 1e-12
    ends = values(verdict.energy, np.array([[1e-9], [2.0 * np.pi - 1e-9]]))
    assert abs(ends[0] - ends[1]) < 1e-7


@pytest.mark.long
def test_angles_of_a_torus_that_are_locked_one_by_one_have_a_metric():
    rule = Sines(np.array([0.5, -0.3]), np.zeros((2, 2)), np.diag([1.0, 0.8]))
    verdict = tw.recover_energy(rule, TORUS, **KNOWN)
    assert verdict.kind == "diagonal-metric"
    assert level(verdict, "circle-metric").outcome == "yes"


@pytest.mark.long
@pytest.mark.parametrize(("drift", "what"), [(1.0, "one way round"), (1.5, "drift")])
def test_an_angle_that_is_driven_round_is_refuted(drift, what):
    """At a drift of 1 it rests on its way: a loop from a state of rest to itself."""
    verdict = tw.recover_energy(circle_flow(drift, 1.0), CIRCLE, **KNOWN)
    assert verdict.kind == "refuted"
    assert verdict.witness is not None
    data = verdict.witness.to_dict()
    assert (data["type"], data["measure"]) == ("measure", what)
    assert through_json(verdict).witnesses[0].to_dict() == data


@pytest.mark.long
def test_flows_that_keep_volume_are_refuted_where_no_trajectory_leaves():
    still = np.zeros((2, 2))
    irrational = Sines(np.array([1.0, np.sqrt(2.0)]), still, still)
    verdict = tw.recover_energy(irrational, TORUS, **KNOWN)
    assert verdict.kind == "refuted"
    assert "volume is invariant" in str(verdict.witness)
    # A cell of eddies in the unit square: (∂H/∂y, −∂H/∂x) of H = x(1 − x)y(1 − y).
    cell = polynomial_flow(
        lambda x: np.stack(
            [x[0] * (1 - x[0]) * (1 - 2 * x[1]), -(1 - 2 * x[0]) * x[1] * (1 - x[1])]
        )
    )
    levels = [found for found in recovery.LEVELS if "measure" in found.name]
    unit = tw.Box([0.0, 0.0], [1.0, 1.0])
    assert tw.recover_energy(cell, unit, levels=levels).kind == "refuted"
    # Free of divergence, and a gradient: trajectories leave.
    saddle = PolynomialFlow(coefficients_of(lambda x: np.stack([x[0], -x[1]]), 2))
    assert tw.recover_energy(saddle, square(1.0), levels=levels).kind == "undecided"
    locked = Sines(np.array([0.5, -0.3]), still, np.diag([1.0, 0.8]))
    assert tw.recover_energy(locked, TORUS, levels=levels).kind == "undecided"


@pytest.mark.long
def test_a_drift_on_a_box_has_an_energy():
    verdict = tw.recover_energy(circle_flow(1.0, 0.0), tw.Box([0.0], [1.0]), **KNOWN)
    assert verdict.kind == "euclidean"
    points = np.linspace(0.0, 1.0, 5)[:, None]
    gap, scale = proportional_gap(verdict.energy, lambda x: -x[0], points)
    assert gap < 1e-12
    assert scale > 0.0


@pytest.mark.long
@pytest.mark.parametrize("size", [2, 3])
def test_where_a_rule_saturates_it_is_measured_by_its_size(size):
    """f = −clip(Ax): its Jacobian vanishes in corners, where f does not."""
    matrix = 0.5 * np.ones((size, size)) + np.diag(np.arange(1.0, size + 1.0))
    rule = tw.as_flow(lambda x: -jnp.clip(matrix @ x, -0.5, 0.5))
    verdict = tw.recover_energy(rule, square(1.0, size), **KNOWN)
    found = level(verdict, "conformal-metric")
    assert found.residual is not None
    assert np.isfinite(found.residual)
    assert verdict.kind != "refuted"
