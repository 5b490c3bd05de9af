"""What an energy is, and how energies combine."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax


class Energy(eqx.Module):
    """A scalar function of the state with parameters; lower is better (abstract).

    Wherever the library asks for an energy, any callable `state → scalar` will do; subclass this
    for one with parameters, and to write `2.0 * energy + other`. As with rules, `domain` and
    `state_names` may be declared on the class, without annotation.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> class Bowl(tw.Energy):
        ...     stiffness: float = 2.0
        ...     def __call__(self, state):
        ...         return 0.5 * self.stiffness * jnp.sum(state**2)
        >>> float((Bowl() + Bowl(4.0))(jnp.ones(2)))
        6.0
    """

    @abstractmethod
    def __call__(self, state: Any) -> jax.Array:
        """The energy of a state, a scalar of the state's dtype."""

    def __add__(self, other: Callable[[Any], Any]) -> "Energy":
        """The sum of two energies."""
        from thalweg.energies.combine import Sum

        return Sum((self, other))

    def __mul__(self, factor: Any) -> "Energy":
        """The energy times a number."""
        from thalweg.energies.combine import Scaled

        return Scaled(self, factor)

    def __rmul__(self, factor: Any) -> "Energy":
        """The energy times a number."""
        from thalweg.energies.combine import Scaled

        return Scaled(self, factor)
