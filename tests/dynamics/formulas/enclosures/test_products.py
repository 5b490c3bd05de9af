"""Bounds of products of affine forms: they hold, and are those of the quadratic."""

from fractions import Fraction

import numpy as np
import pytest

from thalweg.dynamics.formulas.enclosures.forms import Form
from thalweg.dynamics.formulas.enclosures.products import bounds_of_product, bounds_of_value

BOXES = 60


def random_form(rng, entries, dimension, error):
    linear = rng.normal(size=(1 + dimension, entries, BOXES)) * rng.uniform(0.01, 3.0, BOXES)
    return Form(linear, error * np.abs(rng.normal(size=(entries, BOXES))), (entries,))


def values(form, places, signs):
    """Values of a form at places `(m, d)` of its box, `(n, B, m)`, with errors of these signs."""
    affine = form.linear[0][..., None] + np.einsum("inb,mi->nbm", form.linear[1:], places)
    return affine + form.error[..., None] * signs


@pytest.mark.parametrize("dimension", [1, 2, 3, 4])
@pytest.mark.parametrize("error", [0.0, 1e-3, 0.3])
def test_no_value_is_outside(dimension, error):
    rng = np.random.default_rng(dimension)
    for entries in (1, 2, 4):
        u, v = (random_form(rng, entries, dimension, error) for _ in range(2))
        found = bounds_of_product([u, v])
        places = rng.uniform(-1.0, 1.0, (400, dimension))
        places[:200] = np.sign(places[:200])
        for _ in range(10):
            signs = rng.choice([-1.0, 1.0], (2, entries, BOXES, len(places)))
            products = np.sum(values(u, places, signs[0]) * values(v, places, signs[1]), axis=0)
            assert np.all(products <= found.largest[:, None])
            assert np.all(products >= found.least[:, None])


@pytest.mark.parametrize("dimension", [1, 2, 3, 4])
def test_a_gradient_has_the_bound_of_its_quadratic(dimension):
    """Of −|v|² it is −min |v|², found by walking over each box; and it is negative off zeros."""
    rng = np.random.default_rng(10 + dimension)
    v = random_form(rng, dimension, dimension, 0.0)
    found = bounds_of_product([Form(-v.linear, v.error, v.shape), v])
    at = np.zeros((dimension, BOXES))
    slopes = v.linear[1:]
    lengths = np.sum(slopes**2, axis=(0, 1))
    for _ in range(20_000):
        gap = v.linear[0] + np.einsum("inb,ib->nb", slopes, at)
        at = np.clip(at - np.einsum("inb,nb->ib", slopes, gap) / lengths, -1.0, 1.0)
    least = np.sum((v.linear[0] + np.einsum("inb,ib->nb", slopes, at)) ** 2, axis=0)
    size = np.sum(v.size**2, axis=0)
    assert np.all(found.largest >= -least)
    assert np.median((found.largest + least) / size) < 1e-11
    assert np.quantile((found.largest + least) / size, 0.9) < 1e-5
    assert np.mean(found.largest < 0.0) > 0.3


def test_a_valley_is_decided_in_one_box():
    """−|v|² for v = (1, 1000 ε₁): v changes by far more than its length, and never is 0."""
    v = Form(np.zeros((3, 2, 1)), np.full((2, 1), 1e-4), (2,))
    v.linear[0, 0], v.linear[2, 1] = 1.0, 1000.0
    u = Form(-v.linear, v.error, v.shape)
    found = bounds_of_product([u, v])
    # Both errors count where v is small, and not 1000 times as much as where it is large.
    assert -1.0 < found.largest[0] < -0.98
    affine = np.sum(v.radius**2)
    assert affine > 1e6


def test_what_is_not_finite_decides_nothing():
    v = Form(np.ones((2, 2, 3)), np.zeros((2, 3)), (2,))
    v.linear[0, 0, 0], v.error[1, 1] = np.nan, np.inf
    found = bounds_of_product([v, v])
    assert list(found.largest < np.inf) == [False, False, True]
    assert list(found.least > -np.inf) == [False, False, True]


def test_zero_times_anything():
    zero = Form(np.zeros((3, 2, 1)), np.zeros((2, 1)), (2,))
    found = bounds_of_product([zero, Form(np.ones((3, 2, 1)), np.ones((2, 1)), (2,))])
    assert 0.0 <= found.largest[0] < 1e-290
    assert -1e-290 < found.least[0] <= 0.0


def test_bounds_of_one_value_are_its_own():
    x = random_form(np.random.default_rng(5), 1, 2, 0.1)
    found = bounds_of_value([x])
    assert np.all(found.least == x.bounds[0][0])
    assert np.all(found.largest == x.bounds[1][0])
    assert found.slopes.shape == (BOXES, 2)


def exactly(form, signs):
    """A form's values at a corner of its box and at ends of its errors, as fractions."""
    return [
        sum((Fraction(float(v)) for v in form.linear[:, n, 0]), Fraction(0))
        + signs[n] * Fraction(float(form.error[n, 0]))
        for n in range(len(form.error))
    ]


def test_no_scale_is_too_small_or_too_large():
    """In fractions: what underflows, and what would overflow, is in the bounds."""
    rng = np.random.default_rng(3)
    scales = np.array([0.0, 5e-324, 1e-310, 1e-300, 1e-160, 1.0, 1e30, 1e150])
    for _ in range(3000):
        entries, dimension = int(rng.integers(1, 3)), int(rng.integers(1, 4))
        u, v = (
            Form(
                rng.normal(size=(1 + dimension, entries, 1)) * rng.choice(scales, (1, entries, 1)),
                np.abs(rng.normal(size=(entries, 1))) * rng.choice(scales, (entries, 1)),
                (entries,),
            )
            for _ in range(2)
        )
        found = bounds_of_product([u, v])
        for s in (-1, 1):
            signs = [Fraction(s)] * entries
            left, right = exactly(u, signs), exactly(v, signs)
            product = sum((a * b for a, b in zip(left, right, strict=True)), Fraction(0))
            if np.isfinite(found.largest[0]):
                assert product <= Fraction(float(found.largest[0]))
            if np.isfinite(found.least[0]):
                assert product >= Fraction(float(found.least[0]))


def test_flat_products_end_without_an_error():
    """Half of their entries underflow: e^{−x²} far away."""
    for scale in (1e-300, 1e-312, 5e-324):
        v = Form(scale * np.ones((3, 2, 4)), np.zeros((2, 4)), (2,))
        found = bounds_of_product([v, v])
        assert np.all(found.largest > 0.0)
