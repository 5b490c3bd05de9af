"""The Duffing oscillator against the linear one and against SciPy."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from scipy.integrate import solve_ivp

import thalweg as tw


@eqx.filter_jit
def _step_and_jacobian(rule, state):
    return rule.step(0, state), jax.jacfwd(lambda x: rule.step(0, x))(state)


def step(rule, state):
    with jax.enable_x64(True):
        rule = tw.core.trees.in_float64(rule)
        return [np.asarray(a) for a in _step_and_jacobian(rule, np.asarray(state, float))]


def test_without_the_cubic_term_it_is_the_forced_linear_oscillator():
    damping, stiffness, amplitude, frequency = 0.3, 2.0, 0.7, 1.2
    oscillator = tw.models.DuffingMap(damping, stiffness, 0.0, amplitude, frequency)
    response = amplitude / (stiffness - frequency**2 + 1j * damping * frequency)
    fixed = [response.real, (1j * frequency * response).real]
    value, jacobian = step(oscillator, fixed)
    np.testing.assert_allclose(value, fixed, rtol=0, atol=1e-9)
    roots = np.roots([1.0, damping, stiffness])
    multipliers = np.exp(roots * 2 * np.pi / frequency)
    np.testing.assert_allclose(
        np.sort_complex(np.linalg.eigvals(jacobian)), np.sort_complex(multipliers), atol=1e-8
    )


def test_a_period_is_what_scipy_makes_of_it():
    start, period = np.array([0.4, -0.9]), 2 * np.pi / 1.2
    value, jacobian = step(tw.models.DuffingMap(), start)

    def field(t, state):
        x, v = state
        return [v, 0.2 * np.cos(1.2 * t) - 0.3 * v + x - x**3]

    scipy = solve_ivp(field, (0.0, period), start, rtol=1e-12, atol=1e-13, method="DOP853")
    np.testing.assert_allclose(value, scipy.y[:, -1], rtol=0, atol=1e-9)
    np.testing.assert_allclose(np.linalg.det(jacobian), np.exp(-0.3 * period), rtol=1e-8)
    with jax.enable_x64(True):
        flow = np.asarray(tw.models.Duffing().velocity(0.7, jnp.asarray(start)))
    np.testing.assert_allclose(flow, field(0.7, start), rtol=1e-14)
