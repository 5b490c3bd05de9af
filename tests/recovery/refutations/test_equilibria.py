"""Refutation by an equilibrium, and the bound behind it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.recovery.recovery_systems import cube
from tests.zoo import Linear, polynomial_flow

import thalweg as tw
from thalweg.recovery import LEVELS
from thalweg.recovery.forms.conditioning import balancing, bound_metric, least_metric_condition

SQUARE = tw.Box([-2.0, -2.0], [2.0, 2.0])


def test_a_center_is_refuted_with_its_witness():
    turn = Linear(np.array([[0.0, -1.0], [1.0, 0.0]]))
    verdict = tw.recover_energy(turn, SQUARE, thorough=False)
    assert verdict.kind == "refuted"
    data = verdict.to_dict()
    assert {"kind", "metric", "residual", "witness", "levels"} <= set(data)
    assert data["certified"] is False
    np.testing.assert_allclose(data["witness"]["state"], [0.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(data["witness"]["eigenvalues"], [[0, 1], [0, -1]], atol=1e-12)
    assert max(map(len, str(verdict).splitlines())) <= 80
    assert "±" in str(verdict)


def test_a_continuum_of_equilibria_is_not_said_to_be_seen_whole():
    """S' = −2SI, I' = 2SI − I rests where I = 0, and at S = ½ alone it is not diagonalizable."""
    rule = polynomial_flow(lambda x: 2.0 * x[0] * x[1] * np.array([-1.0, 1.0]) - [0.0, 1.0] * x)
    levels = [level for level in LEVELS if level.name == "equilibria exclude a metric"]
    found = tw.recover_energy(rule, cube(0.0, 1.0, 2), thorough=False, levels=levels).levels[0]
    assert found.outcome == "open"
    assert "not all of a continuum" in found.note


@pytest.mark.parametrize("seed", range(4))
def test_the_bound_holds_for_a_matrix_that_has_a_metric(seed):
    """J = M⁻¹S: no bound may exceed the condition number of M."""
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    stretch = np.logspace(0.0, 4.0 * rng.random(), 4)
    symmetric = rng.normal(size=(4, 4))
    jacobian = (basis / stretch) @ basis.T @ (symmetric + symmetric.T)
    bound = least_metric_condition(jacobian, 0.0)
    assert 1.0 <= bound <= stretch[-1] / stretch[0] * 1.001


def test_the_bound_is_nearly_attained_by_two_close_eigenvectors():
    """[[0, 1], [a, 0]] is symmetric in diag(a, 1) and in no better conditioned metric."""
    for a in (1e-2, 1e-5):
        bound = least_metric_condition(np.array([[0.0, 1.0], [a, 0.0]]), 0.0)
        assert 0.2 / a < bound <= 1.001 / a


def test_the_bound_knows_what_rounding_allows():
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    assert least_metric_condition(turn, 1e-3) < 1.1e6
    assert least_metric_condition(turn, 1e-14) > 1e26
    block = np.array([[-1.0, 1.0], [0.0, -1.0]])
    assert 1e12 < least_metric_condition(block, 1e-15) < 1e16
    assert least_metric_condition(np.diag([-1.0, -1.0]), 0.0) == pytest.approx(1.0)


@pytest.mark.long
@pytest.mark.parametrize(
    ("rows", "metric"),
    [
        ([[-1.0, 1e5], [1e-5, -2.0]], [1e-10, 1.0]),
        ([[-1.0, 1.0], [1e-9, -1.0]], [1e-9, 1.0]),
        ([[-2.0, 3e4, 0.0], [3e-4, -2.0, 2e5], [0.0, 2e-5, -3.0]], [1e-18, 1e-10, 1.0]),
    ],
)
def test_a_metric_that_is_ill_conditioned_only_in_these_units_is_found(rows, metric):
    """Real eigenvalues, and M J symmetric for M = diag(metric)."""
    verdict = tw.recover_energy(
        Linear(jnp.asarray(rows)), cube(-1.0, 1.0, len(rows)), thorough=False
    )
    assert verdict.kind == "constant-metric"
    assert isinstance(verdict.metric, tw.ConstantMetric)
    found = np.asarray(verdict.metric.matrix)
    np.testing.assert_allclose(np.diag(found) / found[-1, -1], metric, rtol=1e-6)


@pytest.mark.long
def test_a_slow_spiral_beside_a_fast_coordinate_is_refuted():
    rows = [[-1e14, 0.0, 0.0], [0.0, -1.0, 0.5], [0.0, -0.5, -1.0]]
    verdict = tw.recover_energy(Linear(jnp.asarray(rows)), cube(-1.0, 1.0, 3), thorough=False)
    assert verdict.kind == "refuted"
    assert verdict.levels[0].outcome == "no"
    assert verdict.witness is not None
    assert verdict.witness.to_dict()["reason"] == "non-real eigenvalue"
    assert "-1 ± 0.5i" in str(verdict.witness)
    slow = [[-1e14, 0.0, 0.0], [0.0, -1.0, 0.5], [0.0, 0.5, -1.0]]
    verdict = tw.recover_energy(Linear(jnp.asarray(slow)), cube(-1.0, 1.0, 3), thorough=False)
    assert verdict.kind == "euclidean"


def test_a_turn_at_the_edge_of_rounding_is_no_gradient():
    rows = [[-1.0, 1e-12], [-1e-12, -1.0]]
    verdict = tw.recover_energy(Linear(jnp.asarray(rows)), cube(-1.0, 1.0, 2), thorough=False)
    assert verdict.kind == "undecided"
    by_name = {found.name: found.outcome for found in verdict.levels}
    assert by_name["euclidean"] == by_name["diagonal-metric"] == "no"


def test_coordinates_that_do_not_act_on_each_other_are_no_crash():
    """No pair has a ratio: x' = −10⁻¹⁵(y, −x) − x is told from −x by nothing."""
    rows = [[-1.0, 1e-15], [-1e-15, -1.0]]
    levels = [level for level in LEVELS if level.name in ("diagonal-metric", "speed-metric")]
    verdict = tw.recover_energy(Linear(jnp.asarray(rows)), cube(-1.0, 1.0, 2), levels=levels)
    assert verdict.kind in ("diagonal-metric", "undecided")


@pytest.mark.parametrize("seed", range(4))
def test_a_rotated_metric_of_any_condition_is_not_excluded(seed):
    """No scaling of coordinates helps here: the bound is large, true, and excludes nothing."""
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    stretch = np.array([1.0, 1e5, 1e10])
    symmetric = np.diag([-1.0, -2.0, -3.0]) + 0.3
    root = np.sqrt(stretch)
    jacobian = (turn / root) @ symmetric @ (turn * root).T
    bound = bound_metric(jacobian, 1e-15 * np.abs(jacobian).max() * np.ones((3, 3)))
    assert bound.balanced < 1e8
    assert 1e2 < bound.condition <= 1.001 * stretch[-1]


@pytest.mark.long
def test_balancing_undoes_a_scaling():
    rng = np.random.default_rng(0)
    matrix, scale = rng.normal(size=(5, 5)), np.logspace(-6.0, 6.0, 5)
    scale = scale / np.exp(np.mean(np.log(scale)))
    own = balancing(matrix)
    scaled = matrix * scale[:, None] / scale
    np.testing.assert_allclose(balancing(scaled) * scale, own, rtol=0.1)
    np.testing.assert_allclose(balancing(np.triu(matrix, 3)), 1.0)  # nothing is acted on in return


class Kinked(tw.Flow):
    """State x, y: −A(x, y) where x + y > 0, −B(x, y) where x + y < 0; on the line row by row.

    On the line the first row is B's and the second is A's, so that automatic differentiation finds
    a Jacobian there that is neither.
    """

    above: jax.Array
    below: jax.Array

    def velocity(self, t, state):
        up, down, side = self.above @ state, self.below @ state, jnp.sum(state)
        return -jnp.stack(
            [jnp.where(side > 0.0, up[0], down[0]), jnp.where(side < 0.0, down[1], up[1])]
        )


@pytest.mark.long
@pytest.mark.parametrize("are_given", [False, True])
def test_a_jacobian_of_no_branch_refutes_nothing(are_given):
    """f = −∇½(2x² + y² + relu(x + y)²); at the rest, on the kink, J = [[−2, 0], [−1, −2]]."""
    rule = Kinked(jnp.array([[3.0, 1.0], [1.0, 2.0]]), jnp.array([[2.0, 0.0], [0.0, 1.0]]))
    box = tw.Box([-1.0, -1.3], [1.2, 1.0])
    found = tw.find_equilibria(rule, box)
    np.testing.assert_allclose(found[0].jacobian, [[-2.0, 0.0], [-1.0, -2.0]])
    np.testing.assert_allclose(found[0].eigenvalues, [-2.0, -2.0], atol=1e-6)
    verdict = tw.recover_energy(rule, box, thorough=False, equilibria=found if are_given else None)
    assert verdict.kind != "refuted"
    level = next(level for level in verdict.levels if level.name == "equilibria exclude a metric")
    assert level.outcome == "open"
    assert "no continuous Jacobian" in level.note


@pytest.mark.long
def test_a_kink_whose_branch_turns_is_refuted():
    """J at the rest is that of the branch above the line, whose eigenvalues are not real."""
    turn = jnp.array([[1.0, -1.0], [1.0, 1.0]])
    rule = Kinked(turn.at[1].set(jnp.array([2.0, 2.0])), turn.at[1].set(jnp.array([1.0, 1.0])))
    box = tw.Box([-1.0, -1.3], [1.2, 1.0])
    verdict = tw.recover_energy(rule, box, thorough=False)
    assert verdict.kind == "refuted"
    assert verdict.witness is not None
    assert verdict.witness.to_dict()["reason"] == "non-real eigenvalue"
