"""Constant, diagonal and given metrics: the known answers, and no false yes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.recovery.recovery_systems import (
    LotkaVolterra,
    Normalization,
    NormalizationWeights,
    Replicator,
    Spotted,
    TanhNetwork,
    cube,
    proportional_gap,
    tanh_energy,
)
from tests.zoo import Linear

import thalweg as tw

QUICK = {"equilibria": (), "cycles": (), "thorough": False}


def random(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


def symmetric(seed, size):
    matrix = random(seed, size, size) / np.sqrt(size)
    return matrix + matrix.T


def lowered_ones(verdict, point):
    """M(x) 1 at a point: the diagonal of a diagonal metric."""
    assert verdict.metric is not None
    with jax.enable_x64(True):
        lowered = jax.jit(lambda x, v: verdict.metric.flat(x, v))(point, np.ones(len(point)))
    return np.asarray(lowered)


def constant_matrix(verdict):
    """M of a constant metric."""
    assert isinstance(verdict.metric, tw.ConstantMetric)
    return np.asarray(verdict.metric.matrix)


def level(verdict, name):
    return next(found for found in verdict.levels if found.name == name)


@pytest.mark.parametrize("size", [5, *(pytest.param(n, marks=pytest.mark.long) for n in (2, 20))])
def test_symmetric_tanh_networks_descend_in_a_diagonal_metric(size):
    weights = symmetric(0, size)
    box = cube(-3.0, 3.0, size)
    verdict = tw.recover_energy(TanhNetwork(jnp.asarray(weights)), box, **QUICK)
    assert verdict.kind == "diagonal-metric"
    points = np.random.default_rng(1).uniform(-3.0, 3.0, (20, size))
    gap, scale = proportional_gap(verdict.energy, tanh_energy(weights), points)
    assert scale > 0.0
    assert gap < 1e-6
    lowered = np.asarray([lowered_ones(verdict, u) for u in points[:3]])
    np.testing.assert_allclose(lowered * np.cosh(points[:3]) ** 2, scale, rtol=1e-6)


@pytest.mark.long
def test_a_scaled_symmetric_network_descends_too_and_a_generic_one_does_not():
    weights = symmetric(2, 5)
    scaled = np.diag([0.5, 1.0, 1.7, 2.0, 0.9]) @ weights
    box = cube(-3.0, 3.0, 5)
    assert tw.recover_energy(TanhNetwork(jnp.asarray(scaled)), box, **QUICK).kind == (
        "diagonal-metric"
    )
    generic = tw.recover_energy(TanhNetwork(jnp.asarray(random(3, 5, 5))), box, **QUICK)
    assert generic.kind == "undecided"
    assert level(generic, "diagonal-metric").outcome == "no"


@pytest.mark.long
@given(st.integers(0, 10_000))
def test_two_neurons_descend_exactly_if_their_couplings_have_one_sign(seed):
    """A diagonal metric iff W₁₂W₂₁ > 0; if not, the constant one diag(d) W⁻¹ iff det W < 0."""
    weights = random(seed, 2, 2)
    verdict = tw.recover_energy(TanhNetwork(jnp.asarray(weights)), cube(-2.0, 2.0, 2), **QUICK)
    if weights[0, 1] * weights[1, 0] > 0.0:
        assert verdict.kind in ("diagonal-metric", "constant-metric")
    else:
        assert verdict.kind == ("constant-metric" if np.linalg.det(weights) < 0.0 else "undecided")


@pytest.mark.long
@given(st.integers(0, 10_000), st.sampled_from([1e-5, 1e-4, 1e-3, 1e-2]))
def test_no_false_yes_once_the_perturbation_is_above_the_tolerance(seed, size):
    """A cyclic part that no diagonal metric absorbs; the residual follows its size."""
    weights = np.abs(symmetric(seed, 3)) + 0.3
    turned = weights.copy()
    turned[0, 1] *= 1.0 + size
    verdict = tw.recover_energy(TanhNetwork(jnp.asarray(turned)), cube(-2.0, 2.0, 3), **QUICK)
    assert verdict.kind not in ("diagonal-metric", "euclidean")
    assert 0.1 * size < level(verdict, "diagonal-metric").residual < 2.0 * size
    verdict = tw.recover_energy(TanhNetwork(jnp.asarray(weights)), cube(-2.0, 2.0, 3), **QUICK)
    assert verdict.kind in ("diagonal-metric", "constant-metric")


@pytest.mark.long
def test_sparse_couplings_and_separate_blocks():
    weights = np.zeros((5, 5))
    weights[0, 1], weights[1, 0], weights[1, 2], weights[2, 1] = 0.8, 0.4, -0.5, -1.0
    weights[3, 3] = 0.7
    rule, box = TanhNetwork(jnp.asarray(weights)), cube(-3.0, 3.0, 5)
    assert tw.recover_energy(rule, box, **QUICK).kind == "diagonal-metric"


@pytest.mark.long
def test_competing_species_descend_in_the_open_orthant():
    interaction = np.array([[1.0, 0.5, 0.25], [0.5, 1.0, 0.125], [0.25, 0.125, 1.0]])
    rule = LotkaVolterra(jnp.ones(3), jnp.asarray(interaction))
    verdict = tw.recover_energy(rule, cube(0.0, 2.0, 3), **QUICK)
    assert verdict.kind == "diagonal-metric"

    def known(x):
        return -jnp.sum(x) + 0.5 * x @ interaction @ x

    points = np.random.default_rng(1).uniform(0.0, 2.0, (20, 3))
    gap, scale = proportional_gap(verdict.energy, known, points)
    assert gap < 1e-8
    lowered = lowered_ones(verdict, points[0])
    np.testing.assert_allclose(lowered * points[0], scale, rtol=1e-8)


@pytest.mark.parametrize("size", [4, *(pytest.param(n, marks=pytest.mark.long) for n in (2, 16))])
def test_the_reduced_normalization_network(size):
    rng = np.random.default_rng(size)
    drive, target = rng.uniform(0.5, 2.0, (2, size))
    rule = Normalization(jnp.asarray(drive), jnp.asarray(target))
    verdict = tw.recover_energy(rule, cube(0.1, 2.0, size), **QUICK)
    assert verdict.kind == "diagonal-metric"
    points = rng.uniform(0.1, 2.0, (20, size))
    gap, scale = proportional_gap(verdict.energy, rule.known_energy, points)
    assert gap < 1e-6
    assert scale > 0.0
    lowered = lowered_ones(verdict, points[0])
    np.testing.assert_allclose(lowered, scale * rule.outputs(points[0]), rtol=1e-6)


@pytest.mark.long
def test_a_pole_that_the_region_all_but_touches():
    """Down to u = −0.999 σ², where R is a thousand times what it is at the other end."""
    rng = np.random.default_rng(3)
    drive, target = rng.uniform(0.5, 2.0, (2, 3))
    rule = Normalization(jnp.asarray(drive), jnp.asarray(target), 0.01, -0.05, 1.0)
    box = cube(-0.999, 8.0, 3)
    verdict = tw.recover_energy(rule, box, **QUICK)
    assert verdict.kind == "diagonal-metric"
    points = rng.uniform(-0.999, 8.0, (20, 3))
    gap, scale = proportional_gap(verdict.energy, rule.known_energy, points)
    assert gap < 1e-6
    for u in (points[0], np.full(3, -0.998)):
        lowered = lowered_ones(verdict, u)
        np.testing.assert_allclose(lowered * (1.0 + u) / np.asarray(rule.drive), scale, rtol=1e-9)


def test_what_is_too_sharp_is_left_open():
    """Where tanh(100 x) is flat to the last digit its slope says nothing of the metric."""
    weights = jnp.asarray([[0.3, 0.5, 0.0], [0.25, 0.1, 0.8], [0.0, 0.4, -0.2]])
    rule = tw.as_flow(lambda x: -x + weights @ jnp.tanh(100.0 * (x - 0.3)))
    verdict = tw.recover_energy(rule, cube(-1.0, 1.0, 3), **QUICK)
    found = level(verdict, "diagonal-metric")
    assert found.outcome == "open"
    assert "smaller region" in found.note


@pytest.mark.parametrize(
    "size", [*(pytest.param(s, marks=pytest.mark.long) for s in (1e-6, 1e-4)), 1e-2]
)
def test_a_metric_that_does_not_split_is_no_diagonal_one(size):
    """m_0 / m_1 = exp(size · sin(x_0 x_1)): symmetric couplings, ratios that do not split."""

    def form(x, args):
        bend = jnp.exp(args * jnp.stack([jnp.sin(x[0] * x[1]), 0.0]))
        return -bend * jnp.stack([jnp.sinh(x[0]) + x[1], jnp.sinh(x[1]) + x[0]])

    rule = tw.as_flow(lambda t, x, args: form(x, args), jnp.asarray(size))
    verdict = tw.recover_energy(rule, cube(0.5, 2.0, 2), **QUICK)
    found = level(verdict, "diagonal-metric")
    assert found.outcome == "no"
    assert 0.1 * size < found.residual < 10.0 * size


@pytest.mark.long
def test_its_unreduced_weights_are_not_euclidean():
    drive = np.array([1.0, 0.7])
    rule = NormalizationWeights(jnp.asarray(drive), jnp.asarray(np.outer(drive, drive)))
    box = tw.Box(np.full((2, 2), 0.1), np.full((2, 2), 2.0))
    verdict = tw.recover_energy(rule, box, **QUICK)
    assert level(verdict, "euclidean").outcome == "no"


@pytest.mark.long
def test_linear_rules_descend_in_a_constant_metric_exactly_if_they_may():
    def verdict(rows):
        return tw.recover_energy(Linear(jnp.asarray(rows)), cube(-1.0, 1.0, 2), **QUICK)

    allowed = verdict([[-1.0, 2.0], [0.1, -2.0]])
    assert allowed.kind == "constant-metric"
    matrix = constant_matrix(allowed) @ np.array([[-1.0, 2.0], [0.1, -2.0]])
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-12)
    assert verdict([[-1.0, 2.0], [-2.0, -1.0]]).kind == "undecided"
    assert verdict([[-1.0, 1.0], [0.0, -1.0]]).kind == "undecided"


@pytest.mark.long
def test_a_nonlinear_rule_in_a_constant_metric():
    metric = random(1, 3, 3) @ random(1, 3, 3).T + np.eye(3)
    matrix = symmetric(2, 3)

    def known(x):
        return jnp.sum(x**4) / 4 + 0.5 * x @ matrix @ x

    rule = tw.as_flow(lambda x: -jnp.linalg.solve(metric, jax.grad(known)(x)))
    verdict = tw.recover_energy(rule, cube(-1.0, 1.0, 3), **QUICK)
    assert verdict.kind == "constant-metric"
    found = constant_matrix(verdict)
    np.testing.assert_allclose(found / found[0, 0], metric / metric[0, 0], rtol=1e-8)
    points = np.random.default_rng(1).uniform(-1.0, 1.0, (20, 3))
    assert proportional_gap(verdict.energy, known, points)[0] < 1e-9


def test_a_metric_that_only_a_small_place_tells():
    """−x + s P x in a spot, −x elsewhere: at random points each M would do, and P⁻¹ alone does."""
    inverse = np.array([[1.5, 0.4], [0.4, 1.0]])
    rule = Spotted(0.5, np.zeros(2), 0.01, inverse)
    verdict = tw.recover_energy(rule, cube(-1.0, 1.0, 2), **QUICK)
    assert verdict.kind == "constant-metric"
    product = constant_matrix(verdict) @ inverse
    np.testing.assert_allclose(product / product[0, 0], np.eye(2), atol=1e-6)


@pytest.mark.long
def test_what_turns_in_a_small_place_is_told_as_such():
    """At all random points f = −x: what fails there is no integral, and no ratio splits."""
    centre, names = np.array([0.31, -0.42, 0.53]), ("constant-metric", "diagonal-metric")

    def velocity(x):
        away = x - centre
        spot = jax.nn.relu(1.0 - away @ away / 0.15**2) ** 3
        return -x + 2.0 * spot * jnp.stack([away[1], -away[0], 0.0 * away[2]])

    levels = [x for x in tw.recovery.LEVELS if x.name in (*names, "euclidean")]
    verdict = tw.recover_energy(tw.as_flow(velocity), cube(-1.0, 1.0, 3), levels=levels, **QUICK)
    assert verdict.kind == "undecided"
    assert level(verdict, "euclidean").outcome == "no"
    assert "condition number" in level(verdict, "constant-metric").note
    assert level(verdict, "diagonal-metric").outcome == "no"


@pytest.mark.long
def test_replicators_descend_in_the_metric_of_the_simplex():
    payoff = np.array([[1.0, 2.0, 0.0], [2.0, 0.0, 1.0], [0.0, 1.0, 3.0]])
    simplex = tw.ProbabilitySimplex(3)
    verdict = tw.recover_energy(Replicator(jnp.asarray(payoff)), simplex, **QUICK)
    assert verdict.kind == "given-metric"
    points = np.random.default_rng(1).dirichlet(np.ones(3), 20)
    gap, scale = proportional_gap(verdict.energy, lambda x: -0.5 * x @ payoff @ x, points)
    assert gap < 1e-10
    assert scale == pytest.approx(1.0)
    payoff[0, 1] += 1e-4
    verdict = tw.recover_energy(Replicator(jnp.asarray(payoff)), simplex, **QUICK)
    assert verdict.kind == "undecided"


@pytest.mark.long
def test_a_metric_that_the_caller_names():
    geometry = tw.DiagonalMetric(lambda x: jnp.exp(x[::-1]))
    rule = tw.SteepestDescent(lambda x: x[0] ** 2 + 2.0 * x[1] ** 2 + x[0] * x[1], geometry)
    box = cube(-1.0, 1.0, 2)
    # (With x₁² + x₂² + x₁x₂, which a mirror leaves as it is, there is a conformal metric besides.)
    assert tw.recover_energy(rule, box, **QUICK).kind == "undecided"
    verdict = tw.recover_energy(rule, box, geometries=[geometry], **QUICK)
    assert verdict.kind == "given-metric"
    assert verdict.metric is geometry


@pytest.mark.long
def test_what_rounding_makes_of_a_power_is_no_zero_at_a_wall():
    """−x + W tanh(2x) + b: M = diag(sech²(2x_i)), which is positive at the walls, too."""
    weights = jnp.array([[0.0, 1.2], [1.2, 0.3]])
    rule = tw.as_flow(lambda x: -x + weights @ jnp.tanh(2.0 * x) + jnp.array([0.1, -0.1]))
    verdict = tw.recover_energy(rule, tw.Box([-2.0, -2.0], [2.0, 2.0]))
    assert verdict.kind == "diagonal-metric"
    assert "at a wall" not in str(verdict)
    center = lowered_ones(verdict, np.zeros(2))
    for corner in ([2.0, 2.0], [-2.0, 2.0], [-2.0, -2.0], [1.0, -1.99]):
        there = lowered_ones(verdict, np.array(corner)) / center
        np.testing.assert_allclose(there, 1.0 / np.cosh(2.0 * np.array(corner)) ** 2, rtol=1e-5)


@pytest.mark.long
def test_a_metric_that_vanishes_at_a_wall_is_told_with_the_fall():
    """Of a toggle m₁ is a multiple of y/(1 + y²)²: on the wall y = 0 its energy stands still."""

    def toggle(x):
        return jnp.stack([1.5 / (1.0 + x[1] ** 2) - x[0], 1.5 / (1.0 + x[0] ** 2) - x[1]])

    verdict = tw.recover_energy(tw.as_flow(toggle), tw.Box([0.0, 0.0], [2.0, 2.0]))
    assert verdict.kind == "diagonal-metric"
    assert str(verdict.metric_name).endswith("zero or infinite at a wall")
    assert any(
        "wherever the rule moves inside the region is checked" in s for s in verdict.sentences()
    )
    energy_slope = jax.grad(verdict.energy)(jnp.array([1.5, 1e-9]))
    assert abs(float(energy_slope @ toggle(jnp.array([1.5, 1e-9])))) < 1e-6
