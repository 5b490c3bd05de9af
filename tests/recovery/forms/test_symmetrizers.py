"""Symmetric M that make several M J symmetric: all entries unknown, or few in many coordinates."""

import numpy as np
import pytest

from thalweg.recovery.forms.definite import positive_element
from thalweg.recovery.forms.symmetrizers import symmetrizers


def positive(size, condition, number):
    turn = np.linalg.qr(np.random.default_rng(number).normal(size=(size, size)))[0]
    return (turn * np.geomspace(1.0, condition, size)) @ turn.T


@pytest.mark.long
@pytest.mark.parametrize("size", [8, 26, 64])
def test_the_one_metric_of_several_jacobians(size):
    metric, rng = positive(size, 100.0, 1), np.random.default_rng(0)
    form = positive(size, 5.0, 2)
    curved = [form + np.diag(rng.uniform(0.0, 2.0, size)) for _ in range(16)]
    jacobians = np.stack([-np.linalg.solve(metric, each) for each in curved])
    basis, misfit = symmetrizers(jacobians)
    assert len(basis) == 1
    assert misfit < 1e-14
    found = positive_element(basis)
    assert found is not None
    np.testing.assert_allclose(found / np.trace(found), metric / np.trace(metric), atol=1e-12)


@pytest.mark.parametrize("size", [8, 26])
def test_as_many_as_coordinates_serve_one_jacobian_and_none_serves_turns(size):
    jacobian = -np.linalg.solve(positive(size, 30.0, 1), positive(size, 5.0, 2))
    basis, _ = symmetrizers(np.repeat(jacobian[None], 16, axis=0))
    assert len(basis) == size
    np.testing.assert_allclose(basis @ jacobian, jacobian.T @ basis, atol=1e-12)
    turning = np.random.default_rng(0).normal(size=(16, size, size))
    none, misfit = symmetrizers(turning)
    assert not len(none)
    assert misfit > 0.01
