"""Tables and sums of functions of one coordinate, against NumPy's polynomials and plain waves."""

import equinox as eqx
import jax
import numpy as np
import pytest

from thalweg.dynamics.formulas.enclosures.enclose import Enclosure
from thalweg.recovery.forms.series import along, chebyshev, polynomials, tabulated, waves

# Nine numbers are enough to tell five functions apart.
PLACES = np.linspace(0.05, 0.95, 9)
ORDER = 4


def functions(is_angle: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The five functions, their slopes and bends at `PLACES`, `(9, 5)` each."""
    if is_angle:
        rates = 2.0 * np.pi * np.array([0.0, 1.0, 1.0, 2.0, 2.0])
        shifts = np.array([0.0, 0.0, 0.5, 0.0, 0.5]) * np.pi
        phases = PLACES[:, None] * rates - shifts
        return np.cos(phases), -rates * np.sin(phases), -(rates**2) * np.cos(phases)
    t, one = 2.0 * PLACES - 1.0, np.eye(ORDER + 1)
    series = np.polynomial.chebyshev
    found = [series.chebval(t, series.chebder(one, k, scl=2.0)).T for k in range(3)]
    return found[0], found[1], found[2]


@eqx.filter_jit
def summed(u, series):
    def sums(u):
        t = 2.0 * u - 1.0
        return chebyshev(t, series), waves(2.0 * np.pi * u, series), chebyshev(t, series, True)

    plain, wavy, together = (
        along(u[:, 0], ORDER, *how) for how in ((False,), (True,), (False, True))
    )
    return plain, wavy, together, jax.vmap(sums)(u)


@pytest.mark.parametrize("is_angle", [False, True])
def test_tables_are_the_functions_with_their_slopes_and_bends(is_angle):
    found = tabulated(PLACES, ORDER, is_angle)
    for table, wanted in zip(found, functions(is_angle), strict=True):
        np.testing.assert_allclose(table, wanted, rtol=0.0, atol=1e-11)


def test_compiled_tables_and_sums_are_those_of_the_host():
    series = np.random.default_rng(0).normal(size=(2, ORDER + 1))
    with jax.enable_x64(True):
        plain, wavy, together, sums = summed(np.stack([PLACES, PLACES[::-1]], axis=1), series)
    found = ((plain, sums[0], False), (wavy, sums[1], True), (together, sums[2], False))
    for table, total, is_angle in found:
        values = functions(is_angle)[0]
        np.testing.assert_allclose(np.asarray(table).T, values, rtol=0.0, atol=1e-13)
        wanted = np.stack([values @ series[0], values[::-1] @ series[1]], axis=1)
        np.testing.assert_allclose(total, wanted, rtol=0.0, atol=1e-13)


def test_bounds_of_polynomials_of_high_degree_are_as_good_as_their_curvature_allows():
    """Of T_n on a box of half-width h, to first order: no more than a few times n⁴ h² / 2."""
    half, degree = 1e-5, 64
    with jax.enable_x64(True):
        enclosure = Enclosure(lambda y: polynomials(y, degree)[-1, 0], 1)
    for middle in (-0.93, 0.3, 0.61):
        (values,), _ = enclosure(np.array([[middle - half]]), np.array([[middle + half]]))
        assert np.cos(degree * np.arccos(middle)) == pytest.approx(values.linear[0, 0, 0], abs=1e-5)
        assert values.error[0, 0] < 3.0 * degree**4 * half**2 / 2.0
