"""Maps: rules in steps, x⁺ = g(t, x)."""

from abc import abstractmethod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.trees import smooth_norm
from thalweg.dynamics.rules import Deterministic, Function

_ROUNDING = 1e-9  # of a function's values: 1e7 roundings, since energies are sums of many terms


class Map(Deterministic):
    """A map of the state to itself, x⁺ = g(t, x) with an integer step count `t` (abstract).

    Example:
        >>> import thalweg as tw
        >>> class Logistic(tw.Map):
        ...     r: float = 3.2
        ...     domain = tw.Box(0.0, 1.0)
        ...     def step(self, t, state):
        ...         return self.r * state * (1.0 - state)
        >>> round(float(Logistic().step(0, 0.5)), 12)
        0.8
    """

    @abstractmethod
    def step(self, t: Any, state: Any) -> Any:
        """The next state, of the same structure, shapes and dtypes as `state`."""

    @property
    def rule_kind(self) -> str:
        """`"map"`."""
        return "map"

    @property
    def has_continuous_time(self) -> bool:
        """False."""
        return False

    def trial(self, t: Any, state: Any) -> Any:
        """The next state."""
        return self.step(t, state)

    def displacement(self, t: Any, state: Any) -> Any:
        """g(t, x) − x."""
        return _minus(self.step(t, state), state)

    def growth(self, eigenvalues: Any) -> Any:
        """log|λ| (−∞ at λ = 0)."""
        if isinstance(eigenvalues, np.ndarray):
            with np.errstate(divide="ignore"):
                return np.log(np.abs(eigenvalues))
        return jnp.log(jnp.abs(eigenvalues))

    def growth_error(self, eigenvalues: Any, error: Any) -> Any:
        """The error over |λ|."""
        return error / np.maximum(np.abs(eigenvalues), np.finfo(np.float64).eps)

    def own_jacobian(self, jacobian: Any) -> Any:
        """Dg = D(g − x) + I."""
        return jacobian + np.eye(jacobian.shape[-1])

    def rise(self, energy: Function, t: Any, state: Any) -> tuple[jax.Array, jax.Array]:
        """E(x⁺) − E(x), and |E(x⁺)| + |E(x)|."""
        before, after = energy(state), energy(self.step(t, state))
        return after - before, jnp.abs(after) + jnp.abs(before)

    def factors_of_rise(
        self, function: Function, y: Any, displacement: Any
    ) -> tuple[jax.Array, jax.Array]:
        """F(y + d) − F(y) and 1, each in an array of one."""
        return (function(y + displacement) - function(y))[None], jnp.ones(1)

    def fall(self, function: Function, y: Any, displacement: Any, widths: Any) -> jax.Array:
        """The drop over the step, relative to |∇F| |d| at both ends and to rounding."""
        before, gradient = jax.value_and_grad(function)(y)
        after, next_gradient = jax.value_and_grad(function)(y + displacement)
        steepness = smooth_norm(gradient * widths) + smooth_norm(next_gradient * widths)
        # A drop that rounding could have made is none.
        noise = _ROUNDING * (jnp.abs(before) + jnp.abs(after))
        return (before - after) / (steepness * smooth_norm(displacement / widths) + noise + 1e-300)

    def own_product(self, product: Any, vector: Any) -> Any:
        """Dg v = D(g − x) v + v."""
        return product + vector

    def quadratic_rise(self, hessian: Any, jacobian: Any) -> Any:
        """JᵀHJ − H, twice the rise."""
        return np.swapaxes(jacobian, -1, -2) @ hessian @ jacobian - hessian

    def pairing(self, one: Any, other: Any) -> Any:
        """λμ − 1."""
        return one * other - 1.0

    def flip_sign(self, eigenvalues: Any) -> Any:
        """The sign of Π(1 + λ); conjugate pairs give a positive factor."""
        is_real = np.imag(eigenvalues) == 0.0
        return np.prod(np.where(is_real, np.sign(1.0 + np.real(eigenvalues)), 1.0), axis=-1)

    def turning_rate(self, eigenvalue: Any) -> Any:
        """|arg λ|."""
        return np.abs(np.angle(eigenvalue))

    @property
    def probe_times(self) -> np.ndarray:
        """Four step counts."""
        return np.array([1, 2, 3, 17])


def _minus(a: Any, b: Any) -> Any:
    return jax.tree.map(lambda x, y: x - y, a, b)
