"""Kinds and forms from Jacobians alone: units, rounding, eigenvalues that cannot be told apart."""

import numpy as np
import pytest

import thalweg as tw
from thalweg.analysis.equilibria.classify import classify, spectrum

FLOW, MAP = tw.as_flow(lambda x: x), tw.as_map(lambda x: x)
ROTATION = np.linalg.qr(np.random.default_rng(0).normal(size=(4, 4)))[0]
SHEAR = np.random.default_rng(5).normal(size=(4, 4))


def rotated(matrix):
    return ROTATION @ matrix @ ROTATION.T


@pytest.mark.parametrize(
    "multipliers", [(0.5, -0.3, 0.0, 0.0), (0.9, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0)]
)
@pytest.mark.parametrize("basis", [ROTATION, SHEAR], ids=["rotated", "sheared"])
def test_multipliers_at_rounding_level_decay(multipliers, basis):
    jacobian = basis @ np.diag(multipliers) @ np.linalg.inv(basis)
    found = classify(MAP, jacobian)
    assert (found.kind, found.form, found.stable) == ("sink", "node", True)
    expected = np.sort(multipliers)[::-1]
    np.testing.assert_allclose(np.sort(np.real(found.spectrum.values))[::-1], expected, atol=1e-13)
    assert not np.imag(found.spectrum.values).any()


def test_multipliers_near_one_are_neither_decay_nor_growth():
    for multiplier, kind in [(1 - 1e-15, "non-hyperbolic"), (-1.0, "non-hyperbolic"), (1.1, None)]:
        found = classify(MAP, rotated(np.diag([multiplier, 0.0, 0.0, 0.0])))
        assert found.kind == (kind or "saddle")


def test_a_rotated_nilpotent_map_is_a_sink_and_no_focus():
    found = classify(MAP, rotated(np.eye(4, k=1)))
    assert (found.kind, found.form) == ("sink", None)
    np.testing.assert_array_equal(found.spectrum.values, np.zeros(4))
    np.testing.assert_array_equal(found.spectrum.together, [4, 4, 4, 4])


@pytest.mark.parametrize("size", [2, 3, 4])
def test_a_rotated_jordan_block_is_no_focus_and_its_mean_is_known(size):
    block = np.diag([-1.0] * size + [-7.0] * (4 - size))
    block[:size, :size] += np.eye(size, k=1)
    found = classify(FLOW, rotated(block))
    assert (found.kind, found.form) == ("sink", None)
    np.testing.assert_allclose(
        found.spectrum.values, [-1.0] * size + [-7.0] * (4 - size), atol=1e-12
    )
    np.testing.assert_array_equal(found.spectrum.together, [size] * size + [1] * (4 - size))
    largest = np.max(np.abs(np.linalg.eigvals(rotated(block))[:, None] - [[-1.0, -7.0]]).min(1))
    assert found.spectrum.error[0] >= largest


def test_two_jordan_blocks_of_a_turning_pair_turn():
    turn = np.array([[-1.0, 3.0], [-3.0, -1.0]])
    found = classify(FLOW, rotated(np.kron(np.eye(2), turn) + np.kron(np.eye(2, k=1), np.eye(2))))
    assert (found.kind, found.form) == ("sink", "focus")
    np.testing.assert_allclose(np.imag(found.spectrum.values), [3, 3, -3, -3], atol=1e-6)


@pytest.mark.parametrize("unit", [1.0, 1e4, 1e8])
def test_a_focus_is_one_in_any_units(unit):
    found = classify(FLOW, np.array([[-0.1, unit], [-1.0 / unit, -0.1]]))
    assert (found.kind, found.form) == ("sink", "focus")
    np.testing.assert_allclose(found.spectrum.values, [-0.1 + 1j, -0.1 - 1j], atol=1e-12)


def test_what_is_uncertain_in_one_unit_counts_in_that_unit():
    focus = np.array([[-0.1, 1e8], [-1e-8, -0.1]])
    assert classify(FLOW, focus, np.array([[0.0, 1.0], [0.0, 0.0]])).kind == "sink"
    assert classify(FLOW, focus, np.array([[0.0, 0.0], [1e-8, 0.0]])).stable is None


def test_equal_eigenvalues_that_are_not_defective_are_known_to_rounding():
    for basis in (ROTATION, SHEAR):
        found = spectrum(basis @ np.diag([-1.0, -1.0, -1.0, -2.0]) @ np.linalg.inv(basis))
        np.testing.assert_array_equal(found.together, 1)
        assert np.max(found.error) < 1e-11


def test_a_mean_that_is_known_badly_is_no_zero():
    """An uncertainty beyond the size of the matrix widens the error and leaves the value."""
    found = spectrum(np.array([[-2.0, 0.0], [-1.0, -2.0]]), 8.0)
    np.testing.assert_allclose(found.values, [-2.0, -2.0], atol=1e-6)
    assert np.all(found.error >= 2.0)


def test_a_double_zero_is_two_eigenvalues_that_are_not_told_apart():
    """The squares of its left vectors overflow: one of the computed vectors is 1e-292 off."""
    found = spectrum(np.array([[0.0, 1.0], [0.0, 0.0]]))
    np.testing.assert_array_equal(found.values, 0.0)
    np.testing.assert_array_equal(found.together, 2)
