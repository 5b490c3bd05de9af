"""Systems that the test files share: few classes, whose coefficients are arrays.

A class, or a function wrapped as a rule, is compiled anew for every verb that is asked of it
(seconds); other coefficients of a class that was compiled before cost next to nothing. So a test
takes a member of a family here where it can.
"""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
import sympy

import thalweg as tw

# The highest power of each coordinate, for 1, 2 and 3 of them: what the tests ask for.
_DEGREES = {1: 5, 2: 5, 3: 3}


def _combine(coefficients: Any, state: Any) -> Any:
    """The polynomials at a state, from their coefficients on x₁^i x₂^j …, of shape `(n, i, j, …)`.

    In few and long operations, which is what compiles fast.
    """
    powers = [jnp.ones_like(state)]
    for _ in range(coefficients.shape[1] - 1):
        powers.append(powers[-1] * state)
    table = jnp.stack(powers)
    for k in reversed(range(state.shape[0])):
        coefficients = coefficients @ table[:, k]
    return coefficients


class PolynomialFlow(tw.Flow):
    """x' = Σ C_ij… x₁^i x₂^j …, in 1, 2 or 3 coordinates."""

    coefficients: Any

    def velocity(self, t, state):
        return _combine(self.coefficients, state)


class Linear(tw.Flow):
    """x' = A x."""

    matrix: Any

    def velocity(self, t, state):
        return self.matrix @ state


class LinearMap(tw.Map):
    """x⁺ = A x."""

    matrix: Any

    def step(self, t, state):
        return self.matrix @ state


class PolynomialMap(tw.Map):
    """x⁺ = Σ C_ij… x₁^i x₂^j …, in 1, 2 or 3 coordinates."""

    coefficients: Any

    def step(self, t, state):
        return _combine(self.coefficients, state)


class Sines(tw.Flow):
    """x' = w + A x + B sin x: a pendulum, with friction or torque, or a drift on a torus."""

    drift: Any
    linear: Any
    sines: Any

    def velocity(self, t, state):
        return self.drift + self.linear @ state + self.sines @ jnp.sin(state)


def pendulum(friction: float, torque: float = 0.0) -> Sines:
    """θ'' = torque − friction θ' − sin θ."""
    linear = np.array([[0.0, 1.0], [0.0, -friction]])
    return Sines(np.array([0.0, torque]), linear, np.array([[0.0, 0.0], [-1.0, 0.0]]))


def coefficients_of(fn: Callable[[Any], Any], size: int) -> np.ndarray:
    """The coefficients of a polynomial function of an array of n numbers.

    The function is called once, on symbols: it may add, multiply, take whole powers, and use
    NumPy's `sum`, `stack` and `@`.
    """
    symbols = sympy.symbols(f"x:{size}")
    table = np.zeros((size, *[_DEGREES[size] + 1] * size))
    for side, row in zip(fn(np.array(symbols)), table, strict=True):
        for powers, coefficient in sympy.Poly(side, *symbols).terms():
            row[powers] = float(coefficient)
    return table


def polynomial_flow(fn: Callable[[Any], Any], size: int = 2) -> PolynomialFlow:
    """The flow of a polynomial function, e.g. `lambda x: x * (1 - np.sum(x**2))`."""
    return PolynomialFlow(coefficients_of(fn, size))


def square(half_width: float, size: int = 2) -> tw.Box:
    """The box [−h, h]ⁿ."""
    return tw.Box([-half_width] * size, [half_width] * size)


def polynomial_map(fn: Callable[[Any], Any], size: int = 2) -> PolynomialMap:
    """The map with steps `fn`, a polynomial function of an array of `size` numbers."""
    return PolynomialMap(coefficients_of(fn, size))
