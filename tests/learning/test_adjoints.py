"""Gradients through a run against closed forms, in three ways."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.results import keeps_the_protocol, read_back

import thalweg as tw
from thalweg.learning import compare_adjoints, run_gradient


class Decay(tw.Flow):
    rate: float = 0.7

    def velocity(self, t, state):
        return -self.rate * state


class Driven(tw.Flow):
    """z' = −λz + t, whose velocity depends on time."""

    rate: float = 0.7

    def velocity(self, t, state):
        return -self.rate * state + t


def identity(z):
    return z


@pytest.mark.long
@pytest.mark.parametrize("method", ["continuous", "checkpointed", "layered"])
def test_exponential_decay_has_its_known_gradient(method):
    """L = z(2) for z' = −0.7 z from 1.3: dL/dλ = −2·1.3·e^{−1.4}, dL/dz₀ = e^{−1.4}."""
    with jax.enable_x64(True):
        found = run_gradient(Decay(), identity, jnp.array(1.3), (0.0, 2.0), method, layers=40)
    if method == "layered":
        factor = 1 - 0.7 * 0.05
        assert float(found.start) == pytest.approx(factor**40, rel=1e-12)
        assert float(found.flow.rate) == pytest.approx(-0.6479, abs=5e-5)
        assert float(found.flow.rate) == pytest.approx(-2.0 * 1.3 * factor**39, rel=1e-12)
    else:
        assert float(found.flow.rate) == pytest.approx(-0.64115211, abs=2e-8)
        assert float(found.start) == pytest.approx(0.24659696, abs=2e-8)
        assert float(found.loss) == pytest.approx(1.3 * np.exp(-1.4), rel=1e-7)
        assert float(found.times[1]) == pytest.approx(-0.7 * 1.3 * np.exp(-1.4), rel=1e-7)
        assert float(found.times[0]) == pytest.approx(0.7 * 1.3 * np.exp(-1.4), rel=1e-7)


def test_the_recursion_is_reverse_mode_through_the_layers_and_converges_to_the_flow():
    with jax.enable_x64(True):
        start = jnp.array([1.0, -0.5])

        def square(z):
            return jnp.sum(z**2)

        layered = run_gradient(Driven(), square, start, (0.5, 2.0), "layered", layers=8)

        def through(rate, start, t0, t1):
            z, epsilon = start, (t1 - t0) / 8
            for i in range(8):
                z = z + epsilon * Driven(rate).velocity(t0 + i * epsilon, z)
            return square(z)

        plain = jax.jit(jax.grad(through, argnums=(0, 1, 2, 3)))(np.float64(0.7), start, 0.5, 2.0)
        many = [
            run_gradient(Driven(), square, start, (0.5, 2.0), "layered", layers=n)
            for n in (100, 200)
        ]
    np.testing.assert_allclose(layered.flow.rate, plain[0], rtol=1e-12)
    np.testing.assert_allclose(layered.start, plain[1], rtol=1e-12)
    np.testing.assert_allclose(layered.times, plain[2:], rtol=1e-12)

    def closed(rate, t0, t1):
        decaying = (np.array([1.0, -0.5]) - t0 / rate + rate**-2) * np.exp(-rate * (t1 - t0))
        return np.sum((decaying + t1 / rate - rate**-2) ** 2)

    h, at = 1e-6, np.array([0.7, 0.5, 2.0])
    exact = [(closed(*(at + h * e)) - closed(*(at - h * e))) / (2 * h) for e in np.eye(3)]
    found = np.array([[float(run.flow.rate), *map(float, run.times)] for run in many])
    # Errors are in proportion to the length of a layer.
    np.testing.assert_allclose((found[0] - exact) / (found[1] - exact), 2.0, rtol=0.1)


@pytest.mark.long
def test_the_comparison_measures_each_against_finite_differences():
    found = compare_adjoints(Decay(), identity, 1.3, (0.0, 2.0), layers=50, runs=2)
    errors = dict(zip(found.methods, found.errors, strict=True))
    assert errors["continuous"] < 1e-6
    assert errors["checkpointed"] < 1e-6
    assert 1e-3 < errors["layered"] < 0.1
    assert all(t > 0 for t in found.seconds)
    assert all(m > 0 for m in found.memory)
    assert found.title == "Gradients of a run of Decay"
    assert len(found.table()[1]) == 3
    keeps_the_protocol(found)
    with pytest.raises(tw.InputError, match="does not keep the gradients"):
        read_back(found).gradients()


@pytest.mark.long
@pytest.mark.parametrize("method", ["continuous", "checkpointed", "layered"])
def test_a_start_of_integers_is_one_of_floats(method):
    """z' = −λz, so the last z is z₀ e^{−λt}, and so on its derivative by z₀."""
    whole = run_gradient(Decay(), jnp.sum, np.array([1, 2]), (0.0, 2.0), method)
    plain = run_gradient(Decay(), jnp.sum, np.array([1.0, 2.0]), (0.0, 2.0), method)
    np.testing.assert_allclose(whole.start, plain.start, rtol=1e-6)
    np.testing.assert_allclose(whole.start, np.exp(-1.4), rtol=2e-2)


@pytest.mark.long
def test_a_gradient_that_is_not_finite_is_no_result():
    """|z − z| has the loss 1 and no derivative."""
    for method in ("checkpointed", "layered"):
        with pytest.raises(tw.DivergenceError, match="loss at t = 1 is 1, and its gradient is not"):
            run_gradient(Decay(), _norm_at_zero, jnp.ones(2), (0.0, 1.0), method)


def _norm_at_zero(z):
    return 1.0 + jnp.sqrt(jnp.sum((z - z) ** 2))


def test_bad_input_is_named():
    with pytest.raises(tw.InputError, match="method must be one of 'continuous'"):
        run_gradient(Decay(), identity, jnp.array(1.0), (0.0, 1.0), "magic")  # type: ignore[arg-type]
    with pytest.raises(tw.InputError, match="layers must be a positive integer, got 0"):
        run_gradient(Decay(), identity, jnp.array(1.0), (0.0, 1.0), "layered", layers=0)
    with pytest.raises(tw.DivergenceError, match="the loss at t = 1 is nan"):
        run_gradient(Decay(), lambda z: z * jnp.nan, jnp.array(1.0), (0.0, 1.0), "layered")
