"""Kernels: rules with chance, which draw the next state."""

from abc import abstractmethod
from typing import Any

import equinox as eqx
import jax


class Kernel(eqx.Module):
    """A Markov transition, x⁺ ~ K(· | t, x) (abstract).

    To write one, subclass and implement `draw`; annotate parameters as fields. It must be pure: the
    same key, the same result.
    """

    @abstractmethod
    def draw(self, key: jax.Array, t: Any, state: Any) -> Any:
        """The next state, of the same structure, shapes and dtypes as `state`."""
