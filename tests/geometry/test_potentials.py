"""Mirror coordinates against gradients of their potentials, and closed forms of their steps."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from thalweg.geometry import Entropy, LogBarrier, PNorm

SHARES, STEP = np.array([0.2, 0.5, 0.3]), np.array([0.4, -1.5, 0.7])
VALUES = {
    "entropy": (Entropy(), lambda x: jnp.sum(x * jnp.log(x) - x)),
    "barrier": (LogBarrier(), lambda x: -jnp.sum(jnp.log(x))),
    "1.2-norm": (PNorm(1.2), lambda x: jnp.sum(jnp.abs(x) ** 1.2) ** (2 / 1.2) / 2),
    "2-norm": (PNorm(), lambda x: jnp.sum(x**2) / 2),
    "3.5-norm": (PNorm(3.5), lambda x: jnp.sum(jnp.abs(x) ** 3.5) ** (2 / 3.5) / 2),
}


@pytest.fixture(autouse=True)
def float64():
    with jax.enable_x64(True):
        yield


@pytest.mark.parametrize("name", VALUES)
def test_the_dual_is_the_gradient(name):
    potential, value = VALUES[name]
    np.testing.assert_allclose(potential.dual(SHARES), jax.grad(value)(SHARES), rtol=1e-13)


@pytest.mark.parametrize("name", VALUES)
def test_a_shift_is_one_in_the_dual(name):
    potential, _ = VALUES[name]
    np.testing.assert_allclose(potential.shift(SHARES, 0 * STEP), SHARES, rtol=1e-14)
    ahead = np.asarray(potential.dual(potential.shift(SHARES, STEP)))
    gap = ahead - (np.asarray(potential.dual(SHARES)) - STEP)
    if name == "entropy":
        gap = gap - gap[0]  # probabilities fix the dual up to a constant
    np.testing.assert_allclose(gap, 0.0, atol=1e-14)


def test_nothing_overflows_and_zeros_stay():
    far = Entropy().shift(np.array([0.5, 0.5, 0.0]), np.array([2e3, 1e3, 0.0]))
    np.testing.assert_array_equal(far, [0.0, 1.0, 0.0])
    tiny = PNorm(3.0).dual(np.array([3e-200, -4e-200]))
    np.testing.assert_allclose(tiny, 1e-200 * np.array([9.0, -16.0]) / 91.0 ** (1 / 3), rtol=1e-14)
    np.testing.assert_array_equal(PNorm(1.5).dual(np.zeros(2)), [0.0, 0.0])


def test_where_there_is_no_such_state_it_is_nan():
    assert np.isnan(LogBarrier().shift(np.array([2.0]), np.array([-0.6]))).all()
    assert np.isnan(LogBarrier().shift(np.array([-1.0]), np.array([0.1]))).all()
    assert np.isnan(Entropy().shift(np.array([1.5, -0.5]), np.zeros(2))).all()
    rows = np.asarray(Entropy().shift(np.array([[2.0, 2.0], [0.5, 0.5]]), np.zeros((2, 2))))
    np.testing.assert_array_equal(rows, [[np.nan, np.nan], [0.5, 0.5]])


@pytest.mark.parametrize(
    ("potential", "inside", "outside"),
    [
        (Entropy(), SHARES, SHARES + 0.01),
        (Entropy(), np.array([[1.0, 0.0], [0.4, 0.6]]), np.array([1.5, -0.5])),
        (LogBarrier(), SHARES, np.array([1.0, 0.0])),
        (PNorm(), SHARES, np.array([np.inf])),
    ],
)
def test_where_a_potential_is_defined(potential, inside, outside):
    assert potential.contains(inside)
    assert not potential.contains(outside)


@pytest.mark.long
@pytest.mark.parametrize("power", [1.0, 0.5, np.nan, np.inf])
def test_a_power_that_makes_no_norm_is_refused(power):
    with pytest.raises(tw.InputError, match=r"power must be (larger than 1|finite)"):
        PNorm(power)
