"""Flows: rules in continuous time, dx/dt = f(t, x)."""

from abc import abstractmethod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.trees import dot, smooth_norm
from thalweg.dynamics.rules import Deterministic, Function


class Flow(Deterministic):
    """A vector field, dx/dt = f(t, x) (abstract).

    To write one, subclass and implement `velocity`; annotate parameters as fields:

    Example:
        >>> import thalweg as tw
        >>> class Decay(tw.Flow):
        ...     rate: float = 0.5
        ...     def velocity(self, t, state):
        ...         return -self.rate * state
        >>> float(Decay().velocity(0.0, 2.0))
        -1.0
    """

    @abstractmethod
    def velocity(self, t: Any, state: Any) -> Any:
        """dx/dt at time `t`, of the same structure, shapes and dtypes as `state`."""

    @property
    def rule_kind(self) -> str:
        """`"flow"`."""
        return "flow"

    @property
    def has_continuous_time(self) -> bool:
        """True."""
        return True

    def trial(self, t: Any, state: Any) -> Any:
        """The velocity."""
        return self.velocity(t, state)

    def displacement(self, t: Any, state: Any) -> Any:
        """The velocity f(t, x)."""
        return self.velocity(t, state)

    def growth(self, eigenvalues: Any) -> Any:
        """Re λ."""
        return eigenvalues.real

    def growth_error(self, eigenvalues: Any, error: Any) -> Any:
        """The error itself."""
        return error

    def own_jacobian(self, jacobian: Any) -> Any:
        """The Jacobian of f, unchanged."""
        return jacobian

    def rise(self, energy: Function, t: Any, state: Any) -> tuple[jax.Array, jax.Array]:
        """∇E·f, and |∇E||f|; where the energy is not finite, the rise is not either."""
        value, gradient = jax.value_and_grad(energy)(state)
        velocity = self.velocity(t, state)
        rise = jnp.where(jnp.isfinite(value), dot(gradient, velocity), value)
        return rise, jnp.sqrt(dot(gradient, gradient) * dot(velocity, velocity))

    def factors_of_rise(
        self, function: Function, y: Any, displacement: Any
    ) -> tuple[jax.Array, jax.Array]:
        """∇F and d, whose product is the rate of the rise."""
        return jax.grad(function)(y), displacement

    def fall(self, function: Function, y: Any, displacement: Any, widths: Any) -> jax.Array:
        """−∇F·d / (|∇F| |d|)."""
        gradient = jax.grad(function)(y)
        lengths = smooth_norm(gradient * widths) * smooth_norm(displacement / widths)
        return -jnp.dot(gradient, displacement) / (lengths + 1e-300)

    def own_product(self, product: Any, vector: Any) -> Any:
        """The product of the displacement's Jacobian."""
        return product

    def quadratic_rise(self, hessian: Any, jacobian: Any) -> Any:
        """HJ + JᵀH, twice the symmetric part of HJ."""
        return hessian @ jacobian + np.swapaxes(jacobian, -1, -2) @ hessian

    def pairing(self, one: Any, other: Any) -> Any:
        """λ + μ."""
        return one + other

    def flip_sign(self, eigenvalues: Any) -> Any:
        """1: a flow does not flip."""
        return np.ones(np.shape(eigenvalues)[:-1])

    def turning_rate(self, eigenvalue: Any) -> Any:
        """|Im λ|."""
        return np.abs(np.imag(eigenvalue))

    @property
    def probe_times(self) -> np.ndarray:
        """Four times."""
        return np.array([0.3719, 1.6180, 17.31, 123.4])
