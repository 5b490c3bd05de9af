"""Signs of determinants of many small systems, against NumPy's."""

import jax
import numpy as np
import pytest

from thalweg.analysis.equilibria.linear_solves import sign_of_determinant


@pytest.mark.parametrize("size", [2, 3, 4])
def test_signs_of_determinants_are_those_of_a_factorization(size):
    rng = np.random.default_rng(size)
    matrices = rng.normal(size=(200, size, size))
    matrices[0] = np.eye(size)[::-1]
    matrices[1, -1] = 0.0
    with jax.enable_x64(True):
        signs = np.asarray(jax.jit(jax.vmap(sign_of_determinant))(matrices))
    np.testing.assert_array_equal(signs[2:], np.linalg.slogdet(matrices[2:])[0])
    assert signs[0] == (-1.0) ** (size // 2)
    assert signs[1] == 0.0
    assert set(signs[2:]) == {-1.0, 1.0}
