"""Positive definite matrices in linear spaces, and directions of widest margin."""

import numpy as np
import pytest

from thalweg.recovery.candidates.common_direction import widest_margin
from thalweg.recovery.forms.definite import positive_element


def space(*matrices):
    flat = np.stack([np.asarray(m, dtype=float).ravel() for m in matrices])
    size = len(np.asarray(matrices[0]))
    return np.linalg.qr(flat.T)[0].T.reshape(-1, size, size)


def test_the_centre_of_the_diagonal_matrices_is_the_identity():
    basis = space(np.diag([1, 0, 0]), np.diag([0, 1, 0]), np.diag([0, 0, 1]))
    found = positive_element(basis)
    assert found is not None
    np.testing.assert_allclose(found, np.eye(3), atol=1e-9)


def test_a_space_with_no_positive_matrix_is_refused():
    assert positive_element(space([[1, 0], [0, -2]])) is None
    assert positive_element(space([[0, 1], [1, 0]])) is None
    assert positive_element(space([[1, 0], [0, 0]], [[0, 1], [1, 0]])) is None


@pytest.mark.parametrize("seed", range(5))
def test_a_hidden_positive_matrix_is_found(seed):
    """One positive matrix of condition 100 among random indefinite ones."""
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    hidden = basis @ np.diag([1.0, 5.0, 20.0, 100.0]) @ basis.T
    others = [m + m.T for m in rng.normal(size=(3, 4, 4))]
    found = positive_element(space(hidden, *others))
    assert found is not None
    assert np.linalg.eigvalsh(found)[0] > 0.0
    assert np.linalg.cond(found) < 200.0


def test_the_widest_margin_of_two_vectors_is_their_bisector():
    direction, margin = widest_margin(np.array([[1.0, 0.0], [0.0, 1.0]]))
    assert direction is not None
    np.testing.assert_allclose(direction, np.sqrt([0.5, 0.5]), atol=1e-12)
    assert margin == pytest.approx(np.sqrt(0.5))


def test_vectors_round_the_origin_have_no_common_side():
    angles = 2.0 * np.pi * np.arange(3) / 3.0
    direction, margin = widest_margin(np.stack([np.cos(angles), np.sin(angles)], axis=1))
    assert direction is None
    assert margin == 0.0
