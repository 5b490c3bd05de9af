"""Ball arithmetic over JAX programs: every value at a point of a box is in the ball of the box."""

import re
import sys

import flint
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import thalweg as tw
from thalweg.core.extras import not_installed
from thalweg.dynamics.formulas.balls import Balls
from thalweg.dynamics.formulas.enclosures.primal import primal

MATRIX = np.array([[1.0, -0.5, 2.0], [0.25, 3.0, -1.0]])
POINT = np.array([0.3, 0.65, 1.2])

FUNCTIONS = {
    "products": lambda x: MATRIX @ x + jnp.dot(x, x),
    "elementary": lambda x: jnp.exp(-x) + jnp.log(x) * jnp.sqrt(x) + jnp.log1p(x) ** 2 - x**-2,
    "powers": lambda x: x**3 + (x - 0.6) ** 4 + x**1.7 + jnp.cbrt(x - 0.6) + 2.0**x,
    "hyperbolic": lambda x: jnp.tanh(9.0 * x) + jnp.cosh(x - 0.6) / jnp.sinh(x) + jax.nn.sigmoid(x),
    "angles": lambda x: jnp.sin(9.0 * x) * jnp.cos(x) + jnp.arctan2(x, 1.0 + x[::-1]) + jnp.tan(x),
    "inverse": lambda x: jnp.arcsinh(x) + jnp.arctan(x) + jnp.arcsin(x / 2) - jnp.arccos(x / 2),
    "moves": lambda x: jnp.concatenate([jnp.roll(x, 1), x[1:], x[:1] * x[jnp.array([2])]]),
    "updates": lambda x: jnp.zeros(4).at[1].set(x[0] ** 3).at[jnp.array([0, 2])].set(x[1:]),
    "choices": lambda x: jnp.where(x > 0.6, x, -x) + jnp.maximum(x, 0.7) + jnp.clip(x, 0.2, 0.6),
    "steps": lambda x: (
        jnp.sign(x - 0.6) + jnp.floor(3.0 * x) - jnp.ceil(x) + (x > 0.6) + jnp.round(2.0 * x)
    ),
    "reductions": lambda x: jnp.array([jnp.prod(x), jnp.max(x), jnp.min(x), jnp.mean(x)]),
    "sums": lambda x: jnp.cumsum(x) + jnp.einsum("i,j->i", x, x),
    "softmax": jax.nn.softmax,
    "gradient": jax.grad(lambda x: jnp.sum(jnp.logaddexp(x, -x)) + jnp.linalg.norm(x)),
}


def box_about(point, half: float) -> list[flint.arb]:
    return [flint.arb(x - half).union(flint.arb(x + half)) for x in point]


@pytest.mark.long
@pytest.mark.parametrize("half", [0.0, 0.07])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_ball_of_a_box_holds_the_values_in_it(name, half):
    fn = FUNCTIONS[name]
    with jax.enable_x64(True):
        balls = Balls(primal(fn), 3)
        places = POINT + half * np.random.default_rng(0).uniform(-1.0, 1.0, (40, 3))
        expected = np.asarray(jax.jit(jax.vmap(fn))(places)).reshape(len(places), -1)
    found = balls(box_about(POINT, half))
    assert len(found) == expected.shape[1]
    low, high = (np.array([float(end(ball)) for ball in found]) for end in (min_of, max_of))
    rounding = 1e-13 * (1.0 + np.abs(expected))
    assert np.all((expected >= low - rounding) & (expected <= high + rounding))
    # At a point the ball is a rounding wide; over a box x⁻² is the steepest.
    assert np.all(high - low <= 1e-13 * (1.0 + np.abs(high)) + 300.0 * half)


def min_of(ball: flint.arb) -> flint.arb:
    return ball.lower()


def max_of(ball: flint.arb) -> flint.arb:
    return ball.upper()


def test_what_is_monotone_is_as_wide_as_its_values():
    with jax.enable_x64(True):
        balls = Balls(lambda x: jnp.stack([jnp.tanh(x[0]), x[0] ** 2, x[0] * x[0]]), 1)
    rising, square, product = balls([flint.arb(0, 5)])
    assert float(rising.rad()) == pytest.approx(np.tanh(5.0), rel=1e-6)
    for ball in (square, product):
        assert float(ball.lower()) == pytest.approx(0.0, abs=1e-6)
        assert float(ball.upper()) == pytest.approx(25.0, rel=1e-6)


def test_a_choice_that_a_box_leaves_open_is_told():
    with jax.enable_x64(True):
        balls = Balls(lambda x: jnp.where(x > 0.5, x, 2.0), 1)
    (ball,) = balls([flint.arb(1.0, 0.1)])
    assert not balls.is_open
    assert float(ball.rad()) == pytest.approx(0.1, rel=1e-6)
    (ball,) = balls([flint.arb(0.5, 0.1)])
    assert balls.is_open
    assert ball.contains(2)
    assert ball.contains(0.5)


def test_constants_that_differ_in_the_last_digit_are_two():
    with jax.enable_x64(True):
        balls = Balls(lambda x: jnp.stack([x[0] + 0.1, x[0] + np.nextafter(0.1, 1.0)]), 1)
    first, second = balls([flint.arb(0)])
    assert float(first) == 0.1
    assert float(second) == np.nextafter(0.1, 1.0)


def test_where_a_function_is_not_defined_no_ball_is_finite():
    with jax.enable_x64(True):
        balls = Balls(lambda x: jnp.stack([jnp.log(x[0]), 1.0 / x[0], jnp.sqrt(x[0])]), 1)
    assert not any(ball.is_finite() for ball in balls([flint.arb(0, 1)]))


def test_what_has_no_balls_is_refused_by_name():
    def loop(x):
        return jax.lax.while_loop(lambda y: jnp.sum(y) > 1.0, lambda y: y / 2.0, x)

    with jax.enable_x64(True):
        with pytest.raises(tw.InputError, match=r"'while'.*no ball arithmetic"):
            Balls(loop, 2)
        with pytest.raises(tw.InputError, match="float32"):
            Balls(lambda x: x.astype(np.float32), 2)


@pytest.mark.long
def test_without_python_flint_the_cure_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "flint", None)
    with pytest.raises(
        tw.InputError, match=re.escape(not_installed("certify", "python-flint", "certified"))
    ):
        tw.find_equilibria(tw.models.FitzHughNagumo(), certify=True)
