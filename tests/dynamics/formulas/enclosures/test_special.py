"""Bounds of inverse and special functions hold their values, as 30 digits say them."""

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from jax.scipy import special

from thalweg.dynamics.formulas.enclosures.enclose import Enclosure
from thalweg.dynamics.formulas.enclosures.primal import primal

# A function, what says its values, and where it is defined.
_ROWS = {
    "asin": (jnp.arcsin, mp.asin, (-1.0, 1.0)),
    "acos": (jnp.arccos, mp.acos, (-1.0, 1.0)),
    "atanh": (jnp.arctanh, mp.atanh, (-1.0, 1.0)),
    "acosh": (jnp.arccosh, mp.acosh, (1.0, 30.0)),
    "asinh": (jnp.arcsinh, mp.asinh, (-30.0, 30.0)),
    "cbrt": (jnp.cbrt, lambda x: mp.sign(x) * mp.cbrt(abs(x)), (-4.0, 4.0)),
    "erf": (special.erf, mp.erf, (-7.0, 7.0)),
    "erfc": (special.erfc, mp.erfc, (-7.0, 26.0)),
    "erf_inv": (special.erfinv, mp.erfinv, (-1.0, 1.0)),
    "lgamma": (special.gammaln, mp.loggamma, (0.0, 12.0)),
    "digamma": (special.digamma, lambda x: mp.psi(0, x), (0.0, 12.0)),
    "polygamma": (lambda x: special.polygamma(1, x), lambda x: mp.psi(1, x), (0.0, 12.0)),
}
_OPEN = ("asin", "acos", "atanh", "acosh", "erf_inv", "lgamma", "digamma", "polygamma")


def _boxes(low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Boxes of many widths inside an interval, some of them at its ends."""
    rng = np.random.default_rng(0)
    width = (high - low) * 10.0 ** rng.uniform(-12.0, -0.1, 120)
    first = low + rng.uniform(size=120) * (high - low - width)
    near = 10.0 ** rng.uniform(-14.0, -1.0, 30)
    first[:30], width[:30] = low + near, near
    first[30:60], width[30:60] = high - 2.0 * near, near
    return first[:, None], (first + width)[:, None]


def _enclosed(fn, low, high):
    with jax.enable_x64(True):
        return Enclosure(primal(lambda y: fn(y[0])), 1)(low, high)


@pytest.mark.parametrize("name", _ROWS)
def test_bounds_hold_the_exact_values(name):
    fn, exact, (low, high) = _ROWS[name]
    lower, upper = _boxes(low, high)
    (form,), _ = _enclosed(fn, lower, upper)
    least, largest = (bound[0] for bound in form.bounds)
    assert np.mean(np.isnan(least)) < 0.1
    with mp.workdps(30):
        for i in np.flatnonzero(~np.isnan(least)):
            a, b = mp.mpf(float(lower[i, 0])), mp.mpf(float(upper[i, 0]))
            values = [exact(a + (b - a) * part / 16) for part in range(17)]
            assert mp.mpf(float(least[i])) <= min(values), (a, b)
            assert max(values) <= mp.mpf(float(largest[i])), (a, b)


@pytest.mark.parametrize("name", _ROWS)
def test_bounds_are_off_by_the_square_of_the_box(name):
    fn, _, (low, high) = _ROWS[name]
    places = np.linspace(low, high, 8)[1:-1, None]
    errors = [_enclosed(fn, places - r, places + r)[0][0].error[0] for r in (1e-3, 1e-5)]
    assert np.all(errors[1] < 1.1e-4 * errors[0] + 2e-12)


@pytest.mark.parametrize("name", _OPEN)
def test_beyond_its_domain_a_function_has_no_bounds(name):
    fn, _, ends = _ROWS[name]
    for i, end in enumerate(ends[: 2 if ends[1] == 1.0 else 1]):
        out = -1.0 if i == 0 else 1.0
        places = np.array([[end - 1e-3], [end + out * 0.5], [end - 1e-9]])
        (form,), _ = _enclosed(fn, places, places + 2e-3 * (1.0 - abs(places - end)))
        assert np.all(np.isnan(form.error)), (name, form.error)


def test_an_angle_is_bounded_all_round_but_where_it_jumps():
    turns = np.linspace(-np.pi, np.pi, 25)[:-1] + 0.05
    middle = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    with jax.enable_x64(True):
        enclosure = Enclosure(primal(lambda y: jnp.arctan2(y[1], y[0])), 2)
    for radius in (1e-2, 1e-5):
        (form,), is_open = enclosure(middle - radius, middle + radius)
        low, high = (bound[0] for bound in form.bounds)
        assert np.all((low <= turns - 0.7 * radius) & (turns + 0.7 * radius <= high))
        assert np.all(form.radius[0] < 2.0 * radius)
        assert not np.any(is_open)
    (form,), is_open = enclosure(
        np.array([[-1.0, -0.1], [-0.1, -0.1]]), np.array([[-0.9, 0.1]] * 2)
    )
    assert np.all(is_open)
    assert np.all(form.bounds[0] < -3.14)
    assert np.all(form.bounds[1] > 3.14)
    with jax.enable_x64(True):
        (form,), is_open = Enclosure(lambda y: jnp.arctan2(0.0, y[0]), 1)(
            np.array([[-1.0]]), np.array([[1.0]])
        )
    assert is_open[0]
