"""Equations 5 to 7 at random points of networks of every shape, without integrating."""

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
        velocity = dl.DeepLinearNetwork(task, widths).velocity(0.0, weights)
        turned = modes.to_modes(weights)
        rotated = dl.DeepLinearNetwork(modes.covariances(task), widths).velocity(0.0, turned)
        flow = dl.ModeFlow(modes.strengths)
        vectors = flow.velocity(0.0, jax.tree.map(jax.numpy.asarray, dl.mode_vectors(turned)))
        velocity, rotated = jax.tree.map(np.asarray, (velocity, rotated))
    for ours, theirs in zip(modes.to_modes(velocity), rotated, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)
    for ours, theirs in zip(dl.mode_vectors(rotated), vectors, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)
