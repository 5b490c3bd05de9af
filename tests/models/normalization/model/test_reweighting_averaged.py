"""Changing inputs: the averaged rule has zero modes, and no energy in general."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from thalweg.models.normalization import AveragedReweighting


@eqx.filter_jit
def jacobian_at_rest(drives, weights, initial):
    """Of the averaged increment at W₀ = 1, with C the average of the outputs' products there."""
    outputs = drives / (1.0 + drives @ initial.T / 4)
    target = outputs.T @ (weights[:, None] * outputs)
    rule = AveragedReweighting(
        drives=drives,
        weights=weights,
        target=target,
        initial=initial,
        alpha=1.0,
        beta=0.0,
        sigma=1.0,
        rectify=False,
    )

    def increment(flat):
        return rule.displacement(0, flat.reshape(4, 4)).ravel()

    flat = initial.ravel()
    return jax.jit(lambda x: (increment(x), jax.jacfwd(increment)(x)))(flat)


def random_ensemble(rng, count):
    drives = np.exp(rng.normal(0.0, 1.0, (count, 4)))
    return drives, np.full(count, 1.0 / count)


def test_rich_inputs_leave_the_antisymmetric_directions_at_rest():
    with jax.enable_x64(True):
        drift, jacobian = jacobian_at_rest(
            *random_ensemble(np.random.default_rng(0), 24), jnp.ones((4, 4))
        )
    np.testing.assert_allclose(drift, 0.0, atol=1e-14)
    spectrum = np.linalg.eigvals(np.asarray(jacobian))
    # W enters through W r with n = 4: the image is symmetric, so n(n − 1)/2 modes are at rest.
    assert np.sum(np.abs(spectrum) < 1e-12 * np.abs(spectrum).max()) == 6
    assert np.linalg.matrix_rank(jacobian) == 10


@pytest.mark.long
def test_some_ensembles_have_complex_eigenvalues_so_there_is_no_energy():
    rng = np.random.default_rng(1)
    complex_ones, positive = 0, 0
    with jax.enable_x64(True):
        for _ in range(200):
            ensemble = random_ensemble(rng, 3)
            spectrum = np.linalg.eigvals(np.asarray(jacobian_at_rest(*ensemble, jnp.eye(4))[1]))
            scale = np.abs(spectrum).max()
            complex_ones += bool(np.any(np.abs(spectrum.imag) > 1e-6 * scale))
            positive += bool(np.any(spectrum.real > 1e-6 * scale))
    assert 0 < complex_ones < 100
