"""Energies far out on a ray: which hold their states, fall without end, or rise too slowly."""

import numpy as np
import pytest

from thalweg.core.trees import Layout
from thalweg.energies.far_out import Outlook, energies_along, outlook

RADII = 10.0 ** np.arange(31.0)


def density_of_student(r, size, freedom):
    return (freedom + size) / 2 * np.log1p(r**2 / freedom)


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "energy", "size"),
    [
        ("a wide bowl", lambda r: r**2 / 2e6, 3),
        ("a quartic on a constant", lambda r: 1e10 + r**4 - r**2, 3),
        ("Student, 3 degrees", lambda r: density_of_student(r, 1, 3.0), 1),
        ("Student, 3 degrees, on a constant", lambda r: 1e8 + density_of_student(r, 10, 3.0), 10),
        ("Student, a tenth of a degree", lambda r: density_of_student(r, 10, 0.1), 10),
        ("a wall", lambda r: np.where(r < 1e3, -r, np.inf), 2),
        ("a tiny bowl under a hill", lambda r: -(r**2) + 1e-12 * r**4, 2),
        ("a small power", lambda r: r**0.1, 1),
        ("more than the logarithm", lambda r: 2 * np.log(r) + 3 * np.log(1 + np.log(r)), 2),
    ],
)
def test_what_holds_its_states(name, energy, size):
    with np.errstate(over="ignore"):
        assert outlook(energy(RADII), RADII, float(size)) is Outlook.HOLDS, name


@pytest.mark.parametrize(
    ("energy", "size"),
    [
        (lambda r: -r, 3),
        (lambda r: 1.0 - np.log1p(r**2), 1),
        (lambda r: (r**2 - 1) ** 2 - 0.05 * r**6, 3),
        (lambda r: -np.exp(np.minimum(r, 1e3)), 1),
    ],
)
def test_what_falls_without_end(energy, size):
    with np.errstate(over="ignore"):
        assert outlook(energy(RADII), RADII, float(size)) is Outlook.FALLS


@pytest.mark.parametrize(
    ("energy", "size"),
    [
        (lambda r: 0.0 * r, 1),
        (lambda r: 7.0 + np.tanh(r), 3),
        (lambda r: np.log1p(r**2) / 2, 1),  # Cauchy needs twice that
        (lambda r: density_of_student(r, 4, 1e-12), 4),
        (lambda r: -1.0 + 1.0 / r, 2),
        (np.cos, 2),
    ],
)
def test_what_rises_too_slowly(energy, size):
    """∫ r^{d−1} e^{−E} dr is infinite where E ≤ d log r, the borderline too."""
    assert outlook(energy(RADII), RADII, float(size)) is Outlook.SLOW


@pytest.mark.parametrize(
    "energy",
    [
        lambda r: np.where(r < 1e5, r, np.nan),
        lambda r: 1e25 + np.log(r),  # below rounding
    ],
)
def test_what_cannot_be_known(energy):
    assert outlook(energy(RADII), RADII, 1.0) is Outlook.UNKNOWN


def test_energies_are_of_float64_whatever_the_state():
    states = {"a": np.zeros(2, np.float32), "b": np.float32(0)}
    rows = np.array([[1e30, 2.0, 3.0], [1.0, 2.0, 3.0]])

    def energy(state):
        return state["a"][0] ** 3 + state["a"][1] + state["b"]

    found = energies_along(energy, Layout.of(states), rows)
    assert found is not None
    np.testing.assert_allclose(found, [1e90, 6.0])


@pytest.mark.parametrize("refusal", [TypeError, ValueError, AssertionError])
def test_an_energy_that_takes_no_float64_is_left_alone(refusal):
    def energy(x):
        if x.dtype != np.float32:
            raise refusal("float32 alone")
        return x[0]

    assert energies_along(energy, Layout.of(np.zeros(1)), np.zeros((2, 1))) is None
