"""Rules: what changes a state.

Analysis and recovery ask every rule the same two things and never which kind it is:
`displacement`, zero where the rule is at rest, and `growth`, the sign of which decides stability.
"""

from abc import abstractmethod
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np


class Rule(eqx.Module):
    """What changes a state (abstract): subclass `Flow` or `Map`, not this.

    A rule is an immutable pytree whose fields are its parameters. Three things may be declared on
    the class, without annotation and therefore not as fields: `domain` (the default region),
    `state_names` (labels of the coordinates) and a method `energy(state)`.
    """

    @abstractmethod
    def displacement(self, t: Any, state: Any) -> Any:
        """How the state changes: f of a flow, g − x of a map. Zero exactly at equilibria."""

    @abstractmethod
    def growth(self, eigenvalues: Any) -> Any:
        """The rate at which a mode grows: negative decays, positive grows."""

    @abstractmethod
    def own_jacobian(self, jacobian: Any) -> Any:
        """The Jacobian of the rule itself, from that of its displacement (`(…, d, d)`)."""

    @property
    @abstractmethod
    def rule_kind(self) -> str:
        """`"flow"` or `"map"`."""


class Flow(Rule):
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

    def displacement(self, t: Any, state: Any) -> Any:
        """The velocity f(t, x)."""
        return self.velocity(t, state)

    def growth(self, eigenvalues: Any) -> Any:
        """Re λ."""
        return eigenvalues.real

    def own_jacobian(self, jacobian: Any) -> Any:
        """The Jacobian of f, unchanged."""
        return jacobian

    @property
    def rule_kind(self) -> str:
        """`"flow"`."""
        return "flow"


class Map(Rule):
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

    def displacement(self, t: Any, state: Any) -> Any:
        """g(t, x) − x."""
        return _minus(self.step(t, state), state)

    def growth(self, eigenvalues: Any) -> Any:
        """log|λ| (−∞ at λ = 0)."""
        if isinstance(eigenvalues, np.ndarray):
            with np.errstate(divide="ignore"):
                return np.log(np.abs(eigenvalues))
        return jnp.log(jnp.abs(eigenvalues))

    def own_jacobian(self, jacobian: Any) -> Any:
        """Dg = D(g − x) + I."""
        return jacobian + np.eye(jacobian.shape[-1])

    @property
    def rule_kind(self) -> str:
        """`"map"`."""
        return "map"


def _minus(a: Any, b: Any) -> Any:
    return jax.tree.map(lambda x, y: x - y, a, b)
