"""Energies as tables of coefficients: values and derivatives are those of the series."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from thalweg.recovery.candidates.derivatives import derivatives_of
from thalweg.recovery.candidates.polynomials import SeriesEnergy, make_basis
from thalweg.recovery.candidates.tensors import TensorEnergy, series_energy

BOXES = {
    "an angle and a line": tw.Box([0.0, -1.0], [2.0, 3.0], periodic=[True, False]),
    "three lines": tw.Box([-1.0, 0.0, 1.0], [1.0, 0.5, 4.0]),
}


@pytest.mark.long
@pytest.mark.parametrize("name", BOXES)
def test_a_table_is_the_series_and_has_its_derivatives(name):
    chart = BOXES[name].chart()
    basis = make_basis(chart, 4)
    rng = np.random.default_rng(0)
    coefficients = rng.normal(size=len(basis.orders))
    points = chart.draw(rng, 7)
    quick = series_energy(chart, basis, coefficients)
    assert isinstance(quick, TensorEnergy)
    with jax.enable_x64(True):
        plain = derivatives_of(chart, SeriesEnergy(chart, basis, coefficients))
        values = jax.vmap(SeriesEnergy(chart, basis, coefficients))(points)
        np.testing.assert_allclose(jax.vmap(quick)(points), values, rtol=1e-12)
        np.testing.assert_allclose(quick.gradients(points), plain.gradients(points), atol=1e-10)
        np.testing.assert_allclose(quick.hessians(points), plain.hessians(points), atol=1e-9)
        at = jnp.asarray(points)
        np.testing.assert_allclose(basis.values(points), jax.vmap(basis)(at), atol=1e-12)
        slopes = jax.vmap(jax.jacfwd(basis))(at)
        np.testing.assert_allclose(basis.gradients(points), slopes, atol=1e-10)


@pytest.mark.long
def test_in_many_coordinates_a_series_stays_a_list_of_terms():
    chart = tw.Box([-1.0] * 4, [1.0] * 4).chart()
    basis = make_basis(chart, 2)
    assert isinstance(series_energy(chart, basis, np.ones(len(basis.orders))), SeriesEnergy)
