"""Proofs that an expression is the zero function."""

import pytest
import sympy as sp

from thalweg.dynamics.formulas.jax_to_sympy import exact_number
from thalweg.dynamics.formulas.normal_forms import is_zero

X, Y, A, B = sp.symbols("x y a b", real=True)
S = sp.Symbol("s", positive=True)


@pytest.mark.parametrize(
    "expression",
    [
        sp.sin(X) ** 2 + sp.cos(X) ** 2 - 1,
        sp.tanh(X) - (sp.exp(2 * X) - 1) / (sp.exp(2 * X) + 1),
        sp.sin(X + Y) - sp.sin(X) * sp.cos(Y) - sp.cos(X) * sp.sin(Y),
        sp.cos(3 * X) - 4 * sp.cos(X) ** 3 + 3 * sp.cos(X),
        sp.sin(X + sp.pi / 3) - sp.sin(X) / 2 - sp.sqrt(3) / 2 * sp.cos(X),
        sp.tan(X) * sp.cos(X) - sp.sin(X),
        S**A * S ** (B - A) - S**B,
        sp.exp(A * sp.log(S) + X) - S**A * sp.exp(X),
        sp.E * sp.exp(X) - sp.exp(X + 1),
        1 / (1 + sp.exp(-X)) - (1 + sp.tanh(X / 2)) / 2,
        sp.atan((X - Y) ** 2) - sp.atan(X**2 - 2 * X * Y + Y**2),
        (1 + sp.sqrt(1 + X**2)) ** 2 - (2 + X**2 + 2 * sp.sqrt(1 + X**2)),
        (X - Y) / (sp.sqrt(S) + 1) * (S - 1) - (X - Y) * (sp.sqrt(S) - 1),
        sp.log(S * sp.exp(X)) - sp.log(S) - X,
    ],
)
def test_zero_is_recognised(expression):
    assert expression != 0
    assert is_zero(expression)
    assert not is_zero(expression + sp.exp(-1000 * (X - 3) ** 2))


@pytest.mark.parametrize(
    "expression",
    [
        sp.exp(-1000 * (X - sp.Rational(9, 10)) ** 2),
        1 + sp.tanh(500 * X - 450),
        sp.sqrt(Y**2 - 2 * Y + 1) + Y - 1,  # zero for y < 1 alone
        sp.sqrt(X**2 + 1) - X,
        sp.pi - sp.Rational(22, 7),
        sp.sqrt(2) - sp.Rational(99, 70),
    ],
)
def test_what_is_not_zero_is_not(expression):
    assert not is_zero(expression)


def test_multiples_of_pi_are_read_as_such():
    assert exact_number(6.283185307179586) == 2 * sp.pi
    assert exact_number(-0.7853981633974483) == -sp.pi / 4
    assert exact_number(3.1415) == sp.Rational("3.1415")
