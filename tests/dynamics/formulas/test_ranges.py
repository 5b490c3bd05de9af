"""Signs over a box, and bounds, against dense sampling."""

import numpy as np
import pytest
import sympy as sp

from thalweg.dynamics.formulas.intervals import bounds
from thalweg.dynamics.formulas.ranges import SymbolRanges
from thalweg.dynamics.formulas.smoothness import decided, first_switch, resolved

X, Y = sp.symbols("x y", real=True)
BOX = {X: (-1.5, 2.0), Y: (0.25, 3.0)}


@pytest.mark.parametrize(
    "expression",
    [
        X**2 * Y - X / 3,
        (X - Y) ** 3 / Y,
        sp.exp(-X) * sp.tanh(Y) + sp.cosh(X),
        sp.sin(5 * X) - sp.cos(X * Y),
        sp.sqrt(Y) + Y ** sp.Rational(-1, 3) + sp.log(Y) * sp.atan(X),
        sp.Abs(X) + sp.Max(X, Y, 1) * sp.Min(X, 0),
        1 / (1 + sp.exp(-3 * X)) - sp.erf(X) * sp.asinh(Y) + sp.sinh(X) + sp.pi,
        X**-2 + Y**-2,
    ],
)
def test_bounds_hold_every_value(expression):
    low, high = bounds(expression, BOX)
    rng = np.random.default_rng(0)
    sides = np.array([BOX[X], BOX[Y]])
    points = sides[:, 0] + rng.beta(0.5, 0.5, (2000, 2)) * (sides[:, 1] - sides[:, 0])
    values = sp.lambdify((X, Y), expression, "scipy")(*points.T)
    assert low <= np.min(values)
    assert np.max(values) <= high


@pytest.mark.parametrize("ends", [(0.0, 1.0), (-3.0, -2.5), (1e10, np.nextafter(1e10, 2e10))])
def test_bounds_of_waves_over_less_than_one(ends):
    """At 1e10 neighbouring numbers are further apart than rounding is of their sines."""
    for function in (sp.sin, sp.cos):
        low, high = bounds(function(X), {X: ends})
        for end in ends:
            assert low <= float(function(sp.Float(end, 40))) <= high
        assert high - low < 2.1 * (ends[1] - ends[0]) + 1e-4


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (X**2 - 4, False),
        (Y**2 - X + 2, True),
        (X + sp.Rational(3, 2), True),  # zero on the boundary alone
        (X**2 + Y**2, True),
        (X**2, False),  # zero at x = 0
        (sp.cos(X / 2) + Y / 100, True),
        (sp.Function("g")(X), False),
        (1 / X, False),
        (Y - X, False),
    ],
)
def test_what_is_proven_positive(expression, expected):
    assert SymbolRanges(BOX).is_positive(expression) is expected


def test_without_ranges_symbols_have_what_they_are_declared_to_have():
    a = sp.Symbol("a", positive=True)
    assert SymbolRanges().is_positive(a + sp.Symbol("z") ** 2)
    assert not SymbolRanges().is_positive(a - 1)
    assert SymbolRanges().is_positive(1 + sp.exp(-X))
    assert SymbolRanges(values={a: sp.Integer(2)}).is_positive(a - 1)


def test_switches_that_the_region_decides():
    region = SymbolRanges(BOX)
    kept = sp.Max(0, X)
    assert resolved(sp.Max(0, Y) + sp.Abs(Y) * sp.sign(Y) + kept, region) == 2 * Y + kept
    assert resolved(sp.Piecewise((1, Y > 4), (X, Y > 0), (Y, True)), region) == X
    assert first_switch([X * Y, kept + 1]) == kept
    assert first_switch([sp.tan(X) / Y, sp.log(Y)]) is None
    answers = [decided(c, region) for c in (Y > 0, Y < 0, X > 0, Y <= 3, sp.true, sp.Eq(X, 0))]
    assert answers == [True, False, None, True, True, None]


@pytest.mark.parametrize(
    "small",
    [
        sp.exp(-1000),
        sp.exp(X - 1000),
        pytest.param((Y / 10**9) ** 40, marks=pytest.mark.long),
        sp.Rational(1, 10**400),
    ],
)
def test_what_is_too_small_for_a_double_is_not_zero(small):
    """Over x in [−1.5, 2], y in [.25, 3] all are between 0 and the least double."""
    assert bounds(small, BOX)[1] > 0.0
    assert bounds(-small, BOX)[0] < 0.0
    assert not SymbolRanges({X: (0.0, 1.0), Y: (1.0, 2.0)}).is_positive(X - small)
