"""Energies made of networks, the layer that descends them, and the classifier around it."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from thalweg.core.trees import replace
from thalweg.energies import NeuralEnergy
from thalweg.learning import OneStep, Unrolled
from thalweg.models.hopfield import EnergyClassifier, EnergyODELayer, NetworkFlow, ReluNetwork

KEY = jax.random.key(0)
NETWORK = ReluNetwork.random((5, 16, 4), KEY)
X = np.random.default_rng(0).standard_normal(5).astype(np.float32)


def by_hand(x):
    hidden = np.maximum(np.asarray(NETWORK.weights[0]) @ x, 0.0)
    return np.asarray(NETWORK.weights[1]) @ hidden


@pytest.mark.parametrize(
    ("form", "value"),
    [
        ("norm", lambda f: 3.0 * np.sqrt(f @ f)),
        ("square", lambda f: 3.0 * f @ f),
        ("squared-sum", lambda f: 3.0 * np.sum(f) ** 2),
        ("half-square", lambda f: 1.5 * f @ f),
    ],
)
def test_each_form_is_the_size_of_the_output_and_has_its_degree(form, value):
    energy = NeuralEnergy(NETWORK, form, 3.0)
    assert float(energy(X)) == pytest.approx(float(value(by_hand(X))), rel=1e-5)
    degree = 1 if form == "norm" else 2
    slope = jax.jit(jax.grad(energy))
    np.testing.assert_allclose(slope(7.0 * X), 7.0 ** (degree - 1) * slope(X), rtol=1e-4)


def test_the_norm_has_a_subgradient_where_it_is_zero():
    energy = NeuralEnergy(NETWORK, "norm", 5.0)
    np.testing.assert_array_equal(jax.jit(jax.grad(energy))(np.zeros(5, np.float32)), 0.0)
    assert float(energy(jnp.zeros(5))) == 0.0


def test_unknown_forms_are_refused():
    with pytest.raises(tw.InputError, match=r"form must be one of 'norm'.*got 'cube'"):
        NeuralEnergy(NETWORK, "cube")  # type: ignore[arg-type]
    with pytest.raises(tw.InputError, match="network must be callable, got 3"):
        NeuralEnergy(3)  # type: ignore[arg-type]


@pytest.mark.long
def test_the_layer_is_runge_kutta_and_so_is_its_gradient():
    """Against `simulate` with the same steps, and against plain reverse mode through it."""
    flow = tw.SteepestDescent(NeuralEnergy(ReluNetwork.random((5, 16, 5), KEY), "norm", 5.0))
    layer = EnergyODELayer(flow, 0.1, 0.5)

    def plain(flow, x):
        return tw.simulate(flow, x, duration=0.5, method=tw.simulation.RungeKutta4(0.1)).final

    np.testing.assert_allclose(layer(X), plain(flow, X), rtol=1e-5)
    np.testing.assert_allclose(layer.path(X)[-1], layer(X), rtol=1e-6)
    np.testing.assert_allclose(layer(X, 1.0), layer(layer(X)), rtol=1e-5)

    @eqx.filter_jit
    def slopes(run):
        return eqx.filter_grad(lambda flow: jnp.sum(run(flow) ** 2))(flow)

    ours = slopes(lambda f: EnergyODELayer(f, 0.1, 0.5)(X))
    theirs = slopes(lambda f: plain(f, X))
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-3, atol=1e-4)


def test_x_prime_minus_x_decays_as_runge_kutta_says():
    layer = EnergyODELayer(tw.as_flow(lambda x: -x), 0.1, 1.0)
    factor = 1 - 0.1 + 0.1**2 / 2 - 0.1**3 / 6 + 0.1**4 / 24
    np.testing.assert_allclose(layer(jnp.ones(2)), factor**10, rtol=1e-6)


class Decay(tw.Flow):
    """x' = −λ x."""

    rate: Any

    def velocity(self, t, state):
        return -self.rate * state


def test_the_gradient_of_the_layer_is_a_choice():
    """Of ten equal steps of a linear flow the last has a tenth of the derivative in λ."""

    @eqx.filter_jit
    def slope(rate, gradient):
        layer = EnergyODELayer(Decay(rate), 0.1, 1.0, gradient)
        return jax.grad(lambda rate: jnp.sum(replace(layer, flow=Decay(rate))(jnp.ones(1))))(rate)

    factor = 1 - 0.1 + 0.1**2 / 2 - 0.1**3 / 6 + 0.1**4 / 24
    last = factor**9 * (-0.1 + 0.1**2 - 0.1**3 / 2 + 0.1**4 / 6)
    rate = np.float32(1.0)
    for gradient, share in (
        (Unrolled(), 10.0),
        (Unrolled(checkpoint=True), 10.0),
        (OneStep(), 1.0),
    ):
        np.testing.assert_allclose(slope(rate, gradient), share * last, rtol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dt": 0.3}, "duration 1.0 is no whole number of steps of 0.3"),
        ({"dt": 0.0}, "dt and duration must be positive, got dt=0.0"),
        ({"duration": -1.0}, "must be positive"),
    ],
)
def test_steps_that_do_not_fit_are_refused(options, message):
    with pytest.raises(tw.InputError, match=message):
        EnergyODELayer(tw.as_flow(lambda x: -x), **options)


@pytest.mark.long
def test_the_classifier_is_code_layer_and_readout():
    options: dict[str, Any] = {"num_inputs": 6, "width": 4, "hidden": 8, "num_classes": 3}
    image = np.linspace(-1.0, 1.0, 6).astype(np.float32)
    plain = EnergyClassifier.random("none", KEY, **options)
    np.testing.assert_allclose(plain(image), plain.readout @ (plain.code @ image), rtol=1e-5)
    for kind in ("network", "norm"):
        model = EnergyClassifier.random(kind, KEY, scale=0.1, **options)
        assert model.layer is not None
        assert isinstance(model.layer.flow, NetworkFlow) == (kind == "network")
        inner = model.layer(model.code @ image)
        np.testing.assert_allclose(model(image), model.readout @ inner, rtol=1e-5)
        assert not np.allclose(model(image, 3.0), model(image))
