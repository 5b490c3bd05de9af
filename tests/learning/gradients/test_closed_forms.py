"""Every strategy's gradient on a quadratic energy has a closed form.

E = ½xᵀAx − bᵀx, L = ½|x − y|², g = x − y at the end; the gradient is that in b.
"""

import jax
import numpy as np
import pytest
from tests.learning.layers import INPUT, START, STEP, TARGET, A, bowl, half_square

from thalweg.learning import EquilibriumPropagation, Implicit, OneStep, Truncated, Unrolled

REST = np.linalg.solve(A, INPUT)
INVERSE = np.linalg.inv(A)
STEPS, NUDGE = 20, 0.2


def power(count):
    return np.linalg.matrix_power(np.eye(4) - STEP * A, count)


def unrolled(count, at):
    return INVERSE @ (np.eye(4) - power(count)) @ (at - TARGET)


def propagated(points):
    bias = np.linalg.matrix_power(-NUDGE * INVERSE, points)
    return INVERSE @ np.linalg.solve(np.eye(4) - bias, REST - TARGET)


CASES = [
    (Implicit(), {}, INVERSE @ (REST - TARGET)),
    (Unrolled(), {"max_steps": STEPS}, unrolled(STEPS, REST + power(STEPS) @ (START - REST))),
    (Truncated(7), {}, unrolled(7, REST)),
    (OneStep(), {}, STEP * (REST - TARGET)),
    *[(EquilibriumPropagation(NUDGE, n), {}, propagated(n)) for n in (1, 2, 4)],
]


@pytest.mark.parametrize(("gradient", "settings", "expected"), CASES)
def test_the_gradient_is_its_closed_form(gradient, settings, expected):
    with jax.enable_x64(True):
        found = bowl(gradient, **settings).value_and_grad(half_square, START, INPUT, TARGET)
        np.testing.assert_allclose(found.input, expected, rtol=0, atol=1e-12)
        assert bool(found.solve.is_solved)
        if isinstance(gradient, Unrolled):
            slope = power(STEPS) @ (REST + power(STEPS) @ (START - REST) - TARGET)
            np.testing.assert_allclose(found.start, slope, atol=1e-12)
        else:
            assert not np.any(found.start)
            assert bool(found.end.is_settled)


@pytest.mark.long
@pytest.mark.parametrize("gradient", [Implicit(), Truncated(7), EquilibriumPropagation(0.4)])
def test_plain_grad_knows_the_cotangent_alone(gradient):
    """On a quadratic energy a linear nudge is exact, however large it is."""
    with jax.enable_x64(True):
        layer = bowl(gradient)
        found = jax.grad(lambda b: half_square(layer(START, b), TARGET))(INPUT)
        truth = unrolled(7, REST) if gradient == Truncated(7) else INVERSE @ (REST - TARGET)
        np.testing.assert_allclose(found, truth, atol=1e-12)


@pytest.mark.long
def test_derivatives_of_the_matrix_are_those_of_rest():
    """d/dA of L(A⁻¹b) is −(A⁻¹g) x*ᵀ, of which the energy sees the symmetric part."""
    with jax.enable_x64(True):
        found = bowl(Implicit()).value_and_grad(half_square, START, INPUT, TARGET)
        outer = -np.outer(INVERSE @ (REST - TARGET), REST)
        np.testing.assert_allclose(
            found.layer.rule.energy.matrix, 0.5 * (outer + outer.T), atol=1e-12
        )
        assert found.layer.rule.step_size is None
