"""Energies against closed forms, published numbers and SciPy."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize

import thalweg as tw
from thalweg.core.trees import as_arrays
from thalweg.energies import DoubleWell, FourWells, MuellerBrown, Quadratic, Restriction, Scaled

A = np.array([[2.0, 1.0], [0.0, 3.0]])
B = np.array([1.0, -2.0])


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


@eqx.filter_jit
def derivatives(energy, x):
    return jax.grad(energy)(x), jax.hessian(energy)(x)


def gradient(energy, x):
    return np.asarray(derivatives(as_arrays(energy), np.asarray(x))[0])


def hessian(energy, x):
    return np.asarray(derivatives(as_arrays(energy), np.asarray(x))[1])


def test_quadratic_closed_form_of_an_asymmetric_matrix():
    energy, x = Quadratic(A, B), np.array([0.7, -0.3])
    assert float(energy(x)) == pytest.approx(0.5 * x @ A @ x - B @ x, rel=1e-15)
    symmetric = (A + A.T) / 2
    np.testing.assert_allclose(gradient(energy, x), symmetric @ x - B, rtol=1e-14)
    np.testing.assert_allclose(hessian(energy, x), symmetric, rtol=1e-15)
    assert float(Quadratic(A, 2.0)(x)) == pytest.approx(0.5 * x @ A @ x - 2 * x.sum(), rel=1e-15)


def test_quadratic_of_a_tree_is_that_of_the_raveled_state():
    x = np.array([0.7, -0.3])
    tree = {"u": x[:1].reshape(1, 1), "v": x[1]}
    assert float(Quadratic(A, B)(tree)) == pytest.approx(float(Quadratic(A, B)(x)), rel=1e-15)
    assert float(Quadratic([[2]], [1])(3.0)) == 6.0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Quadratic(np.ones((2, 3))), r"matrix must be square, got the shape \(2, 3\)"),
        (lambda: Quadratic(A, np.ones(3)), r"bias has the shape \(3,\), expected \(2,\)"),
        (lambda: Quadratic(A)(np.ones(3)), r"shape \(2, 2\) does not fit a state of 3"),
        (lambda: Quadratic("A"), "must hold numbers, got 'A'"),
        (lambda: MuellerBrown(a=np.ones(3)), r"vectors of one length.*\(3,\), \(4,\)"),
        (lambda: MuellerBrown(*[1.0] * 6), "vectors of one length"),
        (lambda: Restriction(FourWells(), [0.0, 0.0], []), "distinct indices"),
        (lambda: Restriction(FourWells(), [0.0, 0.0], [1, 1]), "distinct indices"),
        (lambda: Restriction(FourWells(), [0.0, 0.0], [2]), "indices from 0 to 1, got 2"),
        (lambda: Restriction(FourWells(), [0.0, 0.0], [-1]), "indices from 0 to 1, got -1"),
        (
            lambda: Restriction(FourWells(), [0.0, 0.0], [1])(np.ones(2)),
            r"expected a state of shape \(1,\), got \(2,\)",
        ),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(tw.InputError, match=message):
        make()


def test_double_well_depth_height_and_curvature():
    energy = DoubleWell(barrier=3.0, width=2.0)
    for well, ridge in itertools.product((-2.0, 2.0), (0.0,)):
        assert float(energy(np.array([well, ridge]))) == 3.0
        np.testing.assert_allclose(hessian(energy, [well, ridge]), np.diag([6.0, -3.0]), rtol=1e-15)
    assert float(energy({"a": np.zeros((2, 2)), "b": 2.0})) == 12.0
    assert energy.domain.to_dict() == {"lower": [-4.0], "upper": [4.0]}


def test_double_well_keeps_both_wells_up_to_the_stated_tilt():
    """Real roots of E' = 4h/w (u³ − u) + c, counted by NumPy on either side of 8h / (3√3 w)."""
    h, w = 1.5, 0.5
    critical = 8 * h / (3 * np.sqrt(3) * w)
    for tilt, count in ((0.999 * critical, 3), (1.001 * critical, 1)):
        roots = np.roots([4 * h / w, 0.0, -4 * h / w, tilt])
        real = roots[np.abs(roots.imag) < 1e-9].real
        assert len(real) == count
        for u in real:
            force = gradient(DoubleWell(h, w, tilt), [w * u])
            np.testing.assert_allclose(force, 0.0, atol=1e-9)


def test_four_wells_values_at_its_nine_stationary_points():
    energy, p, q = FourWells(), np.sqrt(1.1), 1.0
    for x, y in itertools.product((-p, 0.0, p), (-q, 0.0, q)):
        expected = -(2.2**2 / 16) * (x != 0) - (2.0**2 / 16) * (y != 0)
        assert float(energy(np.array([x, y]))) == pytest.approx(expected, abs=1e-15)
        np.testing.assert_allclose(gradient(energy, [x, y]), 0.0, atol=1e-15)


def by_hand(v):
    """The Müller–Brown surface and its gradient, written out in NumPy."""
    amplitude = (-200.0, -100.0, -170.0, 15.0)
    a, b, c = (-1.0, -1.0, -6.5, 0.7), (0.0, 0.0, 11.0, 0.6), (-10.0, -10.0, -6.5, 0.7)
    x0, y0 = (1.0, 0.0, -0.5, -1.0), (0.0, 0.5, 1.5, 1.0)
    value, slope = 0.0, np.zeros(2)
    for k in range(4):
        dx, dy = v[0] - x0[k], v[1] - y0[k]
        term = amplitude[k] * np.exp(a[k] * dx * dx + b[k] * dx * dy + c[k] * dy * dy)
        value += term
        slope += term * np.array([2 * a[k] * dx + b[k] * dy, b[k] * dx + 2 * c[k] * dy])
    return value, slope


PUBLISHED = [
    ((-0.5582236346, 1.4417258418), -146.6995172100, "minimum"),
    ((0.6234994049, 0.0280377585), -108.1667241169, "minimum"),
    ((-0.0500108230, 0.4666941049), -80.7678181297, "minimum"),
    ((-0.8220015587, 0.6243128028), -40.6648435087, "saddle"),
    ((0.2124865820, 0.2929883251), -72.2489401123, "saddle"),
]


@pytest.mark.parametrize(("start", "value", "kind"), PUBLISHED)
def test_mueller_brown_stationary_points(start, value, kind):
    """SciPy finds the point on the NumPy surface; ours must agree there to 1e-9."""
    point = optimize.root(lambda v: by_hand(v)[1], start, tol=1e-14).x
    energy = MuellerBrown()
    np.testing.assert_allclose(point, start, atol=1e-8)
    assert float(energy(point)) == pytest.approx(value, abs=1e-9)
    assert float(energy(point)) == pytest.approx(by_hand(point)[0], abs=1e-12)
    np.testing.assert_allclose(gradient(energy, point), 0.0, atol=1e-9)
    negative = np.sum(np.linalg.eigvalsh(hessian(energy, point)) < 0)
    assert negative == {"minimum": 0, "saddle": 1}[kind]
    assert bool(energy.domain.chart().inside(point))


def test_mueller_brown_agrees_with_numpy_everywhere():
    energy = jax.jit(jax.vmap(jax.value_and_grad(MuellerBrown())))
    points = np.random.default_rng(0).uniform([-1.5, -0.5], [1.2, 2.0], (50, 2))
    values, slopes = energy(points)
    for point, value, slope in zip(points, values, slopes, strict=True):
        expected, expected_slope = by_hand(point)
        np.testing.assert_allclose(value, expected, rtol=1e-13)
        np.testing.assert_allclose(slope, expected_slope, rtol=1e-11, atol=1e-11)


def test_restriction_clamps_and_its_gradient_is_the_free_part():
    energy = MuellerBrown()
    slice_ = Restriction(energy, held=[0.3, 0.0], free=(1,))
    assert float(slice_(np.array([0.8]))) == float(energy(np.array([0.3, 0.8])))
    np.testing.assert_allclose(gradient(slice_, [0.8]), gradient(energy, [0.3, 0.8])[1:])
    assert slice_.state_names == ("y",)
    assert slice_.domain is not None
    assert slice_.domain.to_dict() == {"lower": [-0.5], "upper": [2.0]}


class Tilted(tw.Energy):
    """−cos φ + h²/2, of an angle and a height."""

    domain = tw.Box([-np.pi, -1.0], [np.pi, 1.0], [True, False])

    def __call__(self, state):
        return -jnp.cos(state[0]) + 0.5 * state[1] ** 2


def test_a_restriction_keeps_angles_angles():
    for free, periodic in (([0], [True]), ([1, 0], [False, True]), ([1], [False])):
        domain = Restriction(Tilted(), [0.0, 0.0], free).domain
        assert domain is not None
        np.testing.assert_array_equal(domain.periodic, periodic)


def test_restriction_keeps_the_order_of_free_and_accepts_trees():
    energy = Quadratic(np.diag([1.0, 10.0, 100.0]))
    swapped = Restriction(energy, held={"u": np.zeros(2), "v": 3.0}, free=[1, 0])
    assert float(swapped(np.array([1.0, 2.0]))) == 0.5 * (4.0 + 10.0 + 900.0)
    assert swapped.state_names == ("u[1]", "u[0]")
    assert swapped.domain is None


@pytest.mark.long
def test_arithmetic():
    x = np.array([0.3, -0.4])
    one, two = FourWells(), Quadratic(A)
    e1, e2 = float(one(x)), float(two(x))
    cases = {
        "sum": (one + two, e1 + e2),
        "with a function": (one + (lambda x: x[0]), e1 + 0.3),
        "function first": ((lambda x: x[0]) + one, e1 + 0.3),
        "difference": (one - two, e1 - e2),
        "left": (2 * one, 2 * e1),
        "right": (one * np.float64(0.5), 0.5 * e1),
        "numpy left": (np.float64(0.5) * one, 0.5 * e1),
        "negative": (-one, -e1),
        "nested": (2.0 * (one + 3.0 * two) - one, e1 + 6 * e2),
    }
    for name, (energy, expected) in cases.items():
        assert float(energy(x)) == pytest.approx(expected, rel=1e-14), name
        assert isinstance(energy, tw.Energy)


@pytest.mark.long
def test_what_is_no_energy_cannot_be_added_or_multiplied():
    operations = [lambda e: e + 1.0, lambda e: 1.0 + e, lambda e: e - 1.0, lambda e: e * e]
    for operation in operations:
        with pytest.raises(TypeError, match="unsupported operand"):
            operation(FourWells())


@pytest.mark.long
def test_arithmetic_passes_domain_and_names_on():
    base = FourWells()
    for energy in (2.0 * base, (lambda x: 0.0 * x[0]) + base, base - Quadratic(A)):
        assert energy.domain is base.domain
        assert energy.state_names == ("x", "y")
    assert Scaled(lambda x: x, 2.0).domain is None
    assert (Quadratic(A) + Quadratic(A)).state_names is None


@pytest.mark.long
def test_a_norm_is_right_where_its_squares_leave_the_range_of_floats():
    energy = tw.energies.NeuralEnergy(lambda x: x, "norm")
    for size in (5e-200, 5.0, 5e200):
        x = size * np.array([0.6, 0.0, -0.8])
        assert float(energy(x)) == pytest.approx(size, rel=1e-15)
        np.testing.assert_allclose(gradient(energy, x), [0.6, 0.0, -0.8], rtol=1e-15)
        unit = np.array([0.6, 0.0, -0.8])
        across = np.eye(3) - np.outer(unit, unit)
        np.testing.assert_allclose(size * hessian(energy, x), across, atol=1e-14)
    np.testing.assert_array_equal(gradient(energy, np.zeros(3)), np.zeros(3))
    assert np.isnan(float(energy(np.array([np.nan, 1.0, 0.0]))))
