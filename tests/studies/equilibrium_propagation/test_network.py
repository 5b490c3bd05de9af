"""Centred equilibrium propagation: its closed form, its limit, and digits in small."""

import jax
import numpy as np
import pytest

import thalweg as tw
from thalweg.studies.equilibrium_propagation import page
from thalweg.studies.equilibrium_propagation.network import (
    LayeredNetwork,
    Rests,
    alignment,
    propagation_loss,
)

RNG = np.random.default_rng(0)
X = RNG.random((7, 6)).astype(np.float32)
Y = np.eye(3, dtype=np.float32)[RNG.integers(3, size=7)]
NETWORK = LayeredNetwork.random((6, 8, 5, 3), jax.random.key(1))


def test_one_linear_layer_has_a_closed_form():
    """o± = (p ± βy)/(1 ± β), so that the gradient in b is the mean of (p − y)/(1 − β²)."""
    network = LayeredNetwork.random((6, 3), jax.random.key(0))
    slope = jax.jit(jax.grad(lambda net: propagation_loss(net, X, Y, Rests(nudge=0.2))[0]))(network)
    gap = X @ network.weights[0].T - Y
    np.testing.assert_allclose(slope.biases[0], np.mean(gap, axis=0) / 0.96, rtol=1e-4, atol=1e-6)
    expected = gap.T @ X / len(X) / 0.96
    np.testing.assert_allclose(slope.weights[0], expected, rtol=1e-4, atol=1e-6)


def test_sweeps_go_down_the_energy():
    @jax.jit
    def energies(count):
        drive = NETWORK.drive(X)
        states = [NETWORK.settle(drive, NETWORK.start(X), n) for n in range(4)]
        return [NETWORK.energy(s, X) for s in states]

    levels = np.array(energies(0))
    assert np.all(np.diff(levels, axis=0) <= 1e-6)
    assert np.all(levels[1] < levels[0])


@pytest.mark.long
def test_the_gradient_is_nearly_that_through_the_run():
    good = alignment(NETWORK, X, Y, Rests(free=40, nudged=20, nudge=0.05), 60)
    assert float(good) > 0.9999
    # A run that is not nudged to rest errs more.
    hasty = alignment(NETWORK, X, Y, Rests(free=40, nudged=1, nudge=0.05), 60)
    assert float(hasty) < float(good)


@pytest.mark.long
def test_digits_are_learned():
    found = page.study(digits=True, epochs=8)
    (accuracy,) = found.values["accuracy"]
    assert accuracy > 0.9
    assert found.values["alignment"][0][-1] > 0.9
    assert found.values["test"][0][-1] == accuracy


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "give their folder with --data"),
        ({"digits": True, "nudge": 1.0}, "nudge must be below 1"),
        ({"digits": True, "free": 0}, "free must be"),
    ],
)
def test_what_is_refused(settings, message):
    with pytest.raises(tw.InputError, match=message):
        page.study(**settings)
