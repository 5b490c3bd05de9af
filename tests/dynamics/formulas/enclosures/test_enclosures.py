"""Bounds of programs over boxes hold every value, and shrink as the square of the box."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from thalweg.core.errors import InputError
from thalweg.dynamics.formulas.enclosures.enclose import Enclosure
from thalweg.dynamics.formulas.enclosures.primal import primal

_MATRIX = np.array([[0.3, -1.2], [0.7, 0.4], [-0.5, 0.9]])


def _smooth(y):
    """Elementary functions of one or two coordinates, each smooth on [−1, 1]²."""
    x, z = y
    inner = jnp.asarray(_MATRIX) @ y
    fold = jax.lax.scan(lambda c, w: (c * x + w, c), jnp.zeros(()), jnp.asarray([1.0, -2.0, 0.5]))
    return jnp.stack([
        x * z - x**3 + 1.0 / (3.0 + x),
        jnp.exp(x - z),
        jnp.log(2.5 + x * z),
        jnp.sqrt(2.0 + z),
        (2.0 + x) ** 1.3,
        jnp.sum(jnp.tanh(inner)),
        jnp.sin(3.0 * x) * jnp.cos(z),
        jax.nn.sigmoid(4.0 * x) + jnp.sinh(z) + jnp.cosh(x),
        jnp.arctan(2.0 * x) - jnp.arcsinh(z) + jnp.expm1(x) + jnp.log1p(0.5 * z),
        jnp.sum(jnp.logaddexp(inner, -inner)),
        jax.nn.logsumexp(2.0 * inner),
        jnp.prod(inner) + jnp.cumsum(inner)[1],
        jnp.tan(0.7 * x) + 2.0**z + jax.lax.rsqrt(3.0 + x),
        jnp.concatenate([inner[::-1], y])[2] * jnp.pad(y, (1, 0))[1] * inner[jnp.array([2, 0])][0],
        fold[0] + fold[1][2],
        jnp.sum((2.0 + y)[:, None] ** jnp.arange(3)[None]),
        jnp.arctan2(z, 3.0 + x) + jnp.arctanh(0.5 * z) * jnp.arcsin(0.7 * x),
        jnp.cumprod(inner)[2] + jax.lax.cumlogsumexp(inner, reverse=True)[0],
        jax.nn.gelu(x, approximate=False) + jnp.cbrt(2.0 + z),
    ])  # fmt: skip


def _by_both(y, z):
    """Conditions on arrays of which only one is mapped over: the other has an axis of length 1."""
    one, other = y > 0.1, z > 0.2
    return jnp.where(one & other, y, z) + jnp.where(one | other, z, 1.0) + (one ^ other)


def _bent(y):
    """Functions with kinks and jumps."""
    x, z = y
    return jnp.stack([
        jnp.maximum(x, z) - jnp.minimum(x, 0.2) + jnp.abs(z),
        jnp.where(x > 0.1, x, 2.0 * z),
        jnp.clip(x + z, -0.3, 0.4) + jnp.sign(z) + jnp.floor(3.0 * x),
        jnp.max(jnp.stack([x, z, x * z])) + jnp.where((x > 0.0) & ~(z >= 0.5), 1.0, 0.0),
        x * jnp.sum(y > 0.3) + (z > 0.0).astype(jnp.int64).astype(jnp.int32),
        jnp.fmod(4.0 * x, 1.5) + jnp.mod(5.0 * z, 2.0 + x),
        jnp.sort(jnp.stack([x, z, -x, x * z]))[1] + jnp.arctan2(z, x),
        jax.lax.cond(x > z, lambda t: t * x, lambda t: t - z, x) + jax.lax.cummax(y)[1],
        jnp.where(jnp.any(y > 0.6) ^ (x > 0.1), x, z) + jnp.where(jnp.all(y < 0.4), x, z),
        jnp.sum(jax.vmap(lambda w: _by_both(y * w, y[::-1]))(jnp.asarray([1.0, -2.0, 0.5]))),
    ])  # fmt: skip


def _boxes(radius: float, count: int = 40):
    middle = np.random.default_rng(0).uniform(-1.0 + radius, 1.0 - radius, (count, 2))
    return middle - radius, middle + radius


def _values(fn, lower, upper):
    """Values at 60 points of every box, and its corners: `(B, 64, m)`."""
    unit = np.random.default_rng(1).uniform(size=(len(lower), 60, 2))
    corners = np.broadcast_to([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], (len(lower), 4, 2))
    unit = np.concatenate([unit, corners], axis=1)
    points = lower[:, None] + unit * (upper - lower)[:, None]
    with jax.enable_x64(True):
        values = jax.jit(jax.vmap(fn))(points.reshape(-1, 2))
    return np.asarray(values).reshape(len(lower), 64, -1)


@pytest.fixture(scope="module")
def enclosed():
    with jax.enable_x64(True):
        return {fn: Enclosure(primal(fn), 2) for fn in (_smooth, _bent)}


@pytest.mark.parametrize("fn", [_smooth, _bent])
@pytest.mark.parametrize("radius", [0.4, 1e-2, 1e-7])
def test_bounds_hold_every_value(enclosed, fn, radius):
    lower, upper = _boxes(radius)
    (form,), _ = enclosed[fn](lower, upper)
    low, high = (bound.T[:, None] for bound in form.bounds)
    values = _values(fn, lower, upper)
    # What may leave its domain in a wide box has no bounds.
    assert np.all(np.isnan(low) | ((values >= low) & (values <= high)))
    assert radius > 0.1 or not np.any(np.isnan(low))


def test_bounds_of_smooth_functions_are_off_by_the_square_of_the_box(enclosed):
    excess = []
    for radius in (1e-2, 1e-3):
        lower, upper = _boxes(radius)
        (form,), _ = enclosed[_smooth](lower, upper)
        excess.append(np.median(form.error, axis=1))
    assert np.all(excess[1] < 0.015 * excess[0] + 1e-14)
    assert np.all(excess[0] > 1e-7)  # they are not points


def test_what_has_no_bounds_is_said_plainly():
    for fn, words in (
        (lambda y: y[0] * y[1].astype(jnp.int32), r"is cut to a whole one \(int32\)"),
        (lambda y: y[0] * y[1].astype(jnp.float32), r"is rounded \(float32\)"),
    ):
        with jax.enable_x64(True), pytest.raises(InputError, match=words):
            Enclosure(fn, 2)(*_boxes(0.1))


def test_rounding_is_in_the_bounds():
    # In exact arithmetic (10⁸ + x) − 10⁸ is x; in floating point it is not.
    with jax.enable_x64(True):
        enclosure = Enclosure(lambda y: (1e8 + y[0]) - 1e8, 1)
    point = np.array([[0.1]])
    (form,), _ = enclosure(point, point)
    low, high = (float(bound[0, 0]) for bound in form.bounds)
    assert low <= 0.1 <= high
    assert (1e8 + 0.1) - 1e8 != 0.1
    assert 1e-9 < high - low < 1e-5


def test_derivatives_are_those_of_the_values_whatever_is_said_of_them():
    def said(x):
        return jnp.sum(x**2) + jax.lax.stop_gradient(3.0 * x[0])

    @jax.custom_jvp
    def lies(x):
        return jnp.sum(x**2)

    lies.defjvp(lambda x, t: (lies(x[0]), jnp.zeros(())))
    point = np.array([[0.5, -0.25]])
    with jax.enable_x64(True):
        for fn, gradient in ((said, [4.0, -0.5]), (lies, [1.0, -0.5])):
            (form,), _ = Enclosure(jax.grad(primal(fn)), 2)(point, point)
            np.testing.assert_allclose(form.linear[0, :, 0], gradient, rtol=1e-14)


def test_the_derivative_of_a_maximum_is_decided_where_the_maximum_is():
    def widest(y):
        return jnp.max(jnp.stack([y[0], 2.0 * y[1], -y[0]])) + jnp.maximum(y[0], y[1])

    with jax.enable_x64(True):
        enclosure = Enclosure(jax.grad(primal(widest)), 2)
    lower = np.array([[0.5, 0.1], [0.2, 0.4], [-0.01, -0.5]])
    (form,), is_open = enclosure(lower, lower + 0.02)
    np.testing.assert_allclose(form.linear[0, :, :2].T, [[2.0, 0.0], [0.0, 3.0]])
    assert list(is_open) == [False, False, True]
    assert 1.0 <= form.radius[0, 2] < 4.0


def test_choices_that_a_box_leaves_open_are_told():
    with jax.enable_x64(True):
        steps = Enclosure(lambda y: jnp.where(y[0] > 0.3, 1.0, 0.0) + jnp.floor(y[1]), 2)
        smooth = Enclosure(lambda y: jnp.abs(y[0]), 2)
    lower = np.array([[0.0, 0.1], [0.29, 0.1], [0.5, 0.999]])
    _, is_open = steps(lower, lower + 0.02)
    assert list(is_open) == [False, True, True]
    assert steps.may_jump
    assert not smooth.may_jump


@pytest.mark.parametrize(
    "fn",
    [
        lambda y: jnp.sum(y[:0]) + y[0],
        lambda y: jnp.dot(y[:0], y[:0]) + y[0],
        lambda y: jnp.sum(jnp.zeros((0, 2)) @ y) + y[0],
        lambda y: jnp.prod(y[:0]) * y[0],
        lambda y: jnp.where(jnp.any(y[:0] > 0.0), 2.0, y[0]),
    ],
)
def test_what_is_made_of_no_entries_is_known(fn):
    point = np.array([[0.5, 2.0]])
    with jax.enable_x64(True):
        (value,), _ = Enclosure(primal(fn), 2)(point, point)
        (slope,), _ = Enclosure(jax.grad(primal(fn)), 2)(point, point)
    np.testing.assert_allclose(value.linear[0, :, 0], [0.5])
    np.testing.assert_allclose(slope.linear[0, :, 0], [1.0, 0.0])


def test_derivatives_of_a_sorted_array_and_of_a_branch_are_decided_where_they_are():
    def fn(y):
        turned = jax.lax.cond(y[0] > 0.5, lambda t: t**2, lambda t: -t, y[0])
        return jnp.sort(y)[0] * 3.0 + jnp.mod(y[1], 0.5) + turned

    with jax.enable_x64(True):
        enclosure = Enclosure(jax.grad(primal(fn)), 2)
    lower = np.array([[0.1, 0.2], [0.7, 0.2], [0.1, 0.495]])
    (form,), _ = enclosure(lower, lower + 0.02)
    np.testing.assert_allclose(form.linear[0, :, :2].T, [[2.0, 1.0], [1.42, 4.0]])
    with jax.enable_x64(True):
        assert list(Enclosure(primal(fn), 2)(lower, lower + 0.02)[1]) == [False, False, True]


def test_a_choice_by_a_parameter_is_never_open():
    def chosen(number, y):
        return jnp.where(number > 0.0, y[0], jnp.floor(number) * y[1])

    with jax.enable_x64(True):
        enclosure = Enclosure(chosen, 2, np.array(1.5))
    assert not enclosure.may_jump
    (form,), is_open = enclosure(np.array([[0.0, -3.0]]), np.array([[1.0, 3.0]]))
    assert not is_open[0]
    np.testing.assert_allclose(form.linear[:, 0, 0], [0.5, 0.5, 0.0])


def test_what_has_no_bounds_is_refused_by_name():
    with jax.enable_x64(True), pytest.raises(InputError, match="sort"):
        Enclosure(lambda y: jnp.sort(y), 2)
    with jax.enable_x64(True), pytest.raises(InputError, match="while"):
        Enclosure(lambda y: jax.lax.while_loop(lambda x: x[0] < 1.0, lambda x: 2.0 * x, y), 2)


def test_an_undefined_value_has_no_bounds():
    with jax.enable_x64(True):
        enclosure = Enclosure(lambda y: jnp.tanh(jnp.log(y[0])) + 1.0 / y[1], 2)
    lower = np.array([[0.5, 0.5], [-0.1, 0.5], [0.5, -0.1]])
    (form,), _ = enclosure(lower, lower + 0.2)
    assert list(np.isnan(form.bounds[1][0])) == [False, True, True]


def test_a_soft_maximum_is_smooth_where_two_arguments_tie():
    with jax.enable_x64(True):
        gradient = Enclosure(jax.grad(primal(lambda y: jax.nn.logsumexp(3.0 * y))), 2)
    lower = np.array([[-1e-3, -1e-3]])
    (form,), _ = gradient(lower, -lower)
    np.testing.assert_allclose(form.linear[0, :, 0], [1.5, 1.5], atol=1e-4)
    # JAX 0.12 writes the derivative of a maximum otherwise. Where it had a corner this were 1.5.
    assert np.all(form.radius < (0.02 if jax.__version_info__ < (0, 12) else 0.021))


def _bowl(weights, y):
    return jnp.sum((2.0 * weights @ y) ** 2) + y[0] ** weights[0, 0]


def test_a_program_is_read_once_for_all_parameters(monkeypatch):
    weights, lower = np.array([[2.0, 1.0], [0.5, -1.0]]), np.array([[0.25, -0.5]])
    with jax.enable_x64(True):
        Enclosure(_bowl, 2, weights)
        monkeypatch.setattr(jax, "make_jaxpr", None)  # nothing more can be traced
        others = weights + 0.1
        (form,), _ = Enclosure(_bowl, 2, others)(lower, lower)
        monkeypatch.undo()
        value = float(_bowl(others, jnp.asarray(lower[0])))
    assert abs(form.linear[0, 0, 0] - value) <= form.radius[0, 0] < 1e-12


def test_whole_numbers_among_parameters_belong_to_the_program():
    def picked(parts, y):
        return y[parts[0]] * parts[1]

    lower, found = np.array([[0.25, -0.5]]), []
    with jax.enable_x64(True):
        for i in (0, 1):
            (form,), _ = Enclosure(picked, 2, (np.array(i), np.array(2.0)))(lower, lower)
            found.append(form.linear[0, 0, 0])
    np.testing.assert_allclose(found, [0.5, -1.0])
