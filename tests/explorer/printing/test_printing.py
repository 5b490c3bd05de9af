"""Programs as JavaScript: the same numbers as JAX gives, and refusals by name."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.special import erf, erfc
from tests.browsers import needs_browser
from tests.explorer.pages import EVALUATE, number_rows

from thalweg.explorer.bundle import module_text
from thalweg.explorer.printing.blocks import NoFormulasError
from thalweg.explorer.printing.printer import print_function

PARAMETERS = np.array([0.7, -1.3, 2.5])
POINTS = np.array([[0.3, -0.4], [-1.7, 2.2], [2.6, 0.9], [0.5, -3.5]])


def steps(p, t, y):
    def turn(carry, k):
        return carry + p[0] * jnp.sin(carry) / (1.0 + k), carry[0]

    last, kept = jax.lax.scan(turn, y, jnp.arange(5.0))
    return jnp.append(last, kept[3])


def counted(p, t, y):
    """Turns that are numbered from three on, and from minus two on in halves."""

    def turn(carry, given):
        k, n, half = given
        return carry * jnp.cos(p[0] * k) + y / n + half, None

    given = (jnp.arange(3.0, 8.0), jnp.arange(3, 8), jnp.arange(-2.0, 3.0) / 2.0)
    return jax.lax.scan(turn, y, given)[0]


def still_loops(p, t, y):
    """The result of a loop over parameters, used as it is and as the rows of a loop over states."""

    def grow(carry, k):
        return carry * p[1] + k, jnp.sin(carry)

    last, rows = jax.lax.scan(grow, p[0], jnp.arange(3.0))

    def turn(carry, given):
        k, row = given
        inner = jax.lax.scan(lambda c, n: (c + jnp.cos(k * n) * row, None), carry, jnp.arange(2.0))
        return inner[0] * row + jnp.cos(p[2] * k), None

    return jnp.append(jax.lax.scan(turn, y, (jnp.arange(3.0), rows))[0], last)


def whole(y):
    return y.astype(int)


FUNCTIONS = {
    "arithmetic": lambda p, t, y: jnp.stack(
        [y[0] - (y[1] - p[0]) - p[2], (y[0] / (y[1] / p[1])) ** 3, -(y[0] ** -2) + 2.0 ** y[1]]
    ),
    "special": lambda p, t, y: jnp.concatenate(
        [erf(y), erfc(y), jax.nn.sigmoid(y), jnp.round(y), jnp.expm1(y), jnp.cbrt(y)]
    ),
    "choices": lambda p, t, y: jnp.where((y > 0.0) & (y < p[2]), jnp.maximum(y, 0.5), -y % 0.7),
    "matrices": lambda p, t, y: jnp.outer(y, p[:2]) @ jnp.roll(y, 1) + jnp.cumsum(y)[::-1],
    "places": lambda p, t, y: jnp.zeros(4).at[np.array([1, 3])].set(y).at[2].add(jnp.prod(y)),
    "steps": steps,
    "gradient": lambda p, t, y: jax.grad(lambda z: steps(p, t, z)[0])(y),
    "branches": lambda p, t, y: jax.lax.cond(
        y[0] * y[1] > 0.0, lambda z: z * p[1], lambda z: jnp.tanh(z), y
    ),
    "whole": lambda p, t, y: jnp.concatenate(
        [
            whole(3 * y) // 2,
            jax.lax.div(whole(3 * y), jnp.full(2, 2)),
            whole(3 * y) % 3,
            p[0] / whole(y / 5),
            jnp.sum(y > 0) // 2 * y,
            jnp.sum(y > 0) / 2 * y,
            jnp.arange(2) @ jnp.arange(1, 3) // 3 * whole(3 * y) // 2,
            whole(y * y) ** 0 / 2,
        ]
    ),
    # Of a divisor of zero XLA says −1, and that the dividend is left.
    "by_nothing": lambda p, t, y: jnp.concatenate(
        [
            jax.lax.div(whole(3 * y), whole(y / 5)) / 2,
            jax.lax.rem(whole(3 * y), whole(y / 5)) / 2,
            whole(3 * y) // whole(y / 2),
            whole(3 * y) % whole(y / 2),
            whole(3 * y) // 0 + jnp.full(2, 5) // whole(y / 5),
            jax.lax.rem(whole(3 * y), jnp.zeros(2, int)),
        ]
    ),
    "counted": counted,
    "still_loops": still_loops,
    "undefined": lambda p, t, y: jnp.concatenate(
        [
            jnp.diag(jnp.array([1.0, 2.0])) @ jnp.sqrt(y),
            jnp.array([1.0, 0.0]) * jnp.log(y),
            jnp.take(y, np.array([0, 7])),
            jnp.array([1.0, 0.0]) * jnp.exp(400.0 * y),
            jnp.take(y, np.array([0, 7]), mode="fill", fill_value=1),
            0.0 * p[:2] / jnp.round(y),
            jnp.take(whole(y), np.array([1, 7]), mode="fill", fill_value=2) // 2,
        ]
    ),
    "empty": lambda p, t, y: jnp.concatenate(
        [
            jnp.sum(y[:0]) + y,
            jnp.prod(y[:0]) * y,
            jnp.max(y[:0], initial=-jnp.inf) - y,
            jax.lax.scan(lambda c, x: (c * x, c), y, y[:0])[0],
            y[:0],
        ]
    ),
    "clipped": lambda p, t, y: jnp.clip(y, -0.5, 0.75) + jnp.max(y) - jnp.min(y),
}


def printed(fn):
    with jax.enable_x64(True):
        return print_function("it", fn, [PARAMETERS], [np.arange(3)], 2)


@pytest.mark.long
@needs_browser
def test_a_program_gives_the_same_numbers_as_jax(browser):
    """All functions in one page of nothing but the helpers: to two units in the last place."""
    helpers = module_text("functions").replace("export ", "")
    parts = "".join(printed(fn).text().replace("it:", f"{name}:") for name, fn in FUNCTIONS.items())
    view = browser.new_page()
    view.evaluate(f"{{ {helpers} globalThis.thalwegFunctions = {{ {parts} }}; }}")
    with jax.enable_x64(True):
        expected = jax.jit(
            lambda points: {
                name: jax.vmap(lambda y: jnp.ravel(fn(PARAMETERS, 0.0, y)))(points)  # noqa: B023
                for name, fn in FUNCTIONS.items()
            }
        )(POINTS)
    for name, value in expected.items():
        sets = [number_rows(PARAMETERS)]
        (found,) = view.evaluate(EVALUATE, [name, sets, number_rows(POINTS)])
        np.testing.assert_allclose(found, value, rtol=1e-14, atol=1e-15, err_msg=name)
    view.close()


def test_what_no_state_changes_is_computed_once_and_order_is_kept():
    found = printed(lambda p, t, y: jnp.stack([y[0] * (p[0] / p[1] + p[2]), y[1] - (y[0] - p[0])]))
    assert found.still == ("const a2 = p[0] / p[1] + p[2];", "c[0] = a2;")
    assert found.moving == ("out[0] = u * c[0];", "out[1] = v - (u - p[0]);")
    assert (found.constants, found.outputs, found.uses_time) == (1, 2, False)


def test_what_only_the_number_of_a_turn_changes_is_a_table():
    def forced(p, t, y):
        def turn(x, k):
            return x + p[0] * jnp.cos(p[1] * k) - jnp.sin(x), None

        return jax.lax.scan(turn, y, jnp.arange(5.0))[0]

    found = printed(forced)
    assert found.constants == 5
    assert not any("cos" in line for line in found.moving)
    assert sum("Math.cos" in line for line in found.still) == 1


def test_a_loop_stays_a_loop_and_time_is_noticed():
    assert sum("for (let" in line for line in printed(steps).moving) == 1
    assert printed(lambda p, t, y: y * jnp.cos(t)).uses_time
    assert not printed(lambda p, t, y: y + 0.0 * t).uses_time


@pytest.mark.parametrize(
    ("fn", "word"),
    [
        (lambda p, t, y: jnp.sort(y), "sort"),
        (lambda p, t, y: jax.lax.while_loop(lambda z: z[0] < 1.0, lambda z: z + 1.0, y), "while"),
        (lambda p, t, y: jax.scipy.special.gammaln(y), "lgamma"),
        (lambda p, t, y: y.astype(jnp.float32).astype(float), "float32"),
        (lambda p, t, y: p[jnp.int32(y[0])] * y, "index that depends on the state"),
    ],
)
def test_what_has_no_javascript_is_refused_by_name(fn, word):
    with pytest.raises(NoFormulasError, match=word):
        printed(fn)


@pytest.mark.long
def test_a_program_that_fills_the_page_is_refused():
    def long(p, t, y):
        a = jnp.outer(jnp.arange(120.0), y).ravel()
        return jnp.sin(jnp.outer(a, a)).sum(axis=0)[:2]

    with pytest.raises(NoFormulasError, match="too long"):
        printed(long)
