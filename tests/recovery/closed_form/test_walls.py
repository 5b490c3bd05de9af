"""Walls on which a metric ends, and the place where an angle begins, which is inside its circle."""

import numpy as np
import pytest
import sympy as sp

import thalweg as tw

X, Y, A, B = sp.symbols("x y a b")
UNIT = tw.Box([0.0, 0.0], [1.0, 1.0])
RING = tw.Box([0.0], [1.0], periodic=True)
TUBE = tw.Box([0.0, -1.0], [1.0, 1.0], periodic=[True, False])
MIDDLE = tw.Box([0.5], [1.5], periodic=True)


def weighted(speed):
    """Descent of (x + y)²/2 in the metric diag(1/speed, 1)."""
    return {X: -speed * (X + Y), Y: -X - Y}


@pytest.mark.parametrize(
    ("speed", "wall"),
    [
        (X**A, "it may be zero or not finite where x = 0"),
        (X**-A, "it may be zero or not finite where x = 0"),
        ((1 - X) ** (A - B), "it may be zero or not finite where x = 1"),
        (X**2 * (1 - X) ** A, "it is zero or not finite where x = 0, and may be where x = 1"),
        (1 / (X + A**2), "it may be zero or not finite where x = 0"),
        (X ** sp.Symbol("a", positive=True), "it is zero or not finite where x = 0"),
        (sp.sqrt(X), "it is zero or not finite where x = 0"),
        (1 / (X + A), None),
        (sp.exp(A * X), None),
        (1 + X**2, None),
    ],
)
def test_a_wall_is_listed_unless_the_weight_is_proved_positive_there(speed, wall):
    found = tw.recover_symbolic(weighted(speed), UNIT)
    assert found.kind == "diagonal-metric"
    (fact,) = [fact for fact in found.proved if fact.startswith("M is positive")]
    inside = f"M is positive inside the region; {wall}"
    assert fact == (inside if wall else "M is positive all over the region")


def test_no_condition_is_made_of_what_always_holds():
    assert tw.recover_symbolic(weighted(sp.exp(A * X)), UNIT).conditions == ()
    assert tw.recover_symbolic(weighted(sp.exp(A)), UNIT).conditions == ()
    assert tw.recover_symbolic(weighted(1 / (X + A)), UNIT).conditions == (A > 0,)


def test_the_place_where_an_angle_begins_is_inside_the_circle():
    """A pole of E at it, or of M, is as bad as anywhere."""
    pole = {X: -sp.cos(sp.pi * X) / sp.sin(sp.pi * X) ** 3}
    for place in (RING, MIDDLE):
        assert tw.recover_symbolic(pole, place).kind == "undecided"
    turn = 2 * sp.pi * X
    slow = {
        X: -(sp.sin(turn / 2) ** 2) * sp.cos(turn) * Y,
        Y: -sp.sin(turn) / (2 * sp.pi) - Y,
    }
    assert tw.recover_symbolic(slow, TUBE).kind == "undecided"
    fine = {
        X: -(1 + sp.sin(turn / 2) ** 2) * sp.cos(turn) * Y,
        Y: -sp.sin(turn) / (2 * sp.pi) - Y,
    }
    assert tw.recover_symbolic(fine, TUBE).kind == "diagonal-metric"


def test_a_period_is_the_difference_of_the_decimals_of_its_ends():
    rule = {X: -sp.sin(2 * sp.pi * X / sp.Rational(7, 10))}
    assert tw.recover_symbolic(rule, tw.Box([0.1], [0.8], periodic=True)).kind == "euclidean"
    assert tw.recover_symbolic(rule, tw.Box([0.1], [0.9], periodic=True)).kind == "undecided"


def test_floats_are_the_decimals_that_they_are_written_as():
    """1 − 10⁻¹³ is not 1, and what SymPy makes of 0.1 times 3 is 3/10."""
    square = tw.Box([-1.0, -1.0], [1.0, 1.0])
    near = tw.recover_symbolic({X: -X + Y, Y: 0.9999999999999 * X - Y}, square)
    assert near.kind == "constant-metric"
    assert near.metric[0, 0] == near.metric[1, 1] * (1 - sp.Rational(1, 10**13))
    energy = 0.1 * X**2 * Y**3 + 0.7 * X * Y
    found = tw.recover_symbolic({s: -sp.diff(energy, s) for s in (X, Y)}, square)
    assert found.kind == "euclidean"
    assert sp.expand(found.energy - sp.nsimplify(energy)) == 0
    turned = tw.recover_symbolic({X: -X + sp.pi * Y, Y: float(np.pi) * X - Y}, square)
    assert turned.kind == "euclidean"


@pytest.mark.parametrize(
    ("rule", "place", "energy"),
    [
        ({X: -Y * X ** (Y - 1), Y: -(X**Y) * sp.log(X)}, tw.Box([-0.5, -1.0], [2.0, 1.0]), None),
        ({X: sp.exp(sp.cos(X)) * sp.sin(2 * X)}, None, 2 * (sp.cos(X) - 1) * sp.exp(sp.cos(X))),
        ({X: -1 / (X**5 + X + 3)}, tw.Box([-1.0], [1.0]), sp.Integral),
    ],
    ids=["powers of fractions", "guesses", "sum over roots"],
)
def test_no_formula_takes_for_ever(rule, place, energy):
    """SymPy made numbers without end of fractions in exponents, and guessed integrals for hours."""
    found = tw.recover_symbolic(rule, place)
    if energy is None:
        assert found.kind == "undecided"
        return
    assert found.kind == "euclidean"
    assert found.energy.has(energy) if energy is sp.Integral else not found.energy.has(sp.Integral)
    if energy is not sp.Integral:
        assert sp.simplify(sp.diff(found.energy - energy, X)) == 0
