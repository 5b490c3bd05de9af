"""Equations 5 to 7 at random points of networks of every shape, without integrating."""

import equinox as eqx
import jax
import numpy as np
import pytest

from thalweg.models import deep_linear as dl


@pytest.mark.parametrize("widths", [(4, 5, 3), (3, 4, 5), (3, 2, 3), (1, 3, 4)])
def test_the_velocities_of_equations_3_5_and_6_7_are_one(widths):
    rng = np.random.default_rng(widths)
    task = dl.Covariances(rng.standard_normal((widths[2], widths[0])))
    modes, weights = dl.Modes.of(task), dl.small_gaussian(widths, 1.0)
    with jax.enable_x64(True):
        velocity = eqx.filter_jit(dl.DeepLinearNetwork(task, widths).velocity)(0.0, weights)
        turned = modes.to_modes(weights)
        network = dl.DeepLinearNetwork(modes.covariances(task), widths)
        rotated = eqx.filter_jit(network.velocity)(0.0, turned)
        vectors = eqx.filter_jit(dl.ModeFlow(modes.strengths).velocity)(
            0.0, dl.mode_vectors(turned)
        )
        velocity, rotated = jax.tree.map(np.asarray, (velocity, rotated))
    for ours, theirs in zip(modes.to_modes(velocity), rotated, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)
    for ours, theirs in zip(dl.mode_vectors(rotated), vectors, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)
