"""Refutation by an equilibrium, and the bound behind it."""

import numpy as np
import pytest
from tests.zoo import Linear

import thalweg as tw
from thalweg.recovery.forms.conditioning import least_metric_condition

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
