"""Methods for real coordinates (abstract): starts of chains, and refusals they share."""

from typing import Any

import jax
import jax.numpy as jnp

from thalweg.core.declared import declared_domain
from thalweg.core.domains import Box
from thalweg.core.errors import InputError
from thalweg.sampling.methods.base import Energy, Method, PlainMethod, scattered


class ContinuousMethod(Method):
    """A method for states of real numbers (abstract): its chains start a standard normal away."""

    def disperse(self, energy: Energy, start: Any, key: jax.Array) -> Any:
        """The start and independent standard normal numbers, nearer where E is not finite."""
        refuse_discrete(type(self).__name__, start)
        return scattered(energy, start, key)

    def refuse(self, energy: Energy, states: Any) -> None:
        """Refuse what is not of floating numbers."""
        refuse_discrete(type(self).__name__, states)


class PlainContinuousMethod(PlainMethod):
    """A method for states of real numbers that tunes nothing (abstract)."""

    def disperse(self, energy: Energy, start: Any, key: jax.Array) -> Any:
        """The start and independent standard normal numbers, nearer where E is not finite."""
        refuse_discrete(type(self).__name__, start)
        return scattered(energy, start, key)

    def refuse(self, energy: Energy, states: Any) -> None:
        """Refuse what is not of floating numbers."""
        refuse_discrete(type(self).__name__, states)


def refuse_discrete(name: str, state: Any) -> None:
    """Refuse a state that is not of floating numbers.

    Raises:
        InputError: of a method called `name`.
    """
    for leaf in jax.tree.leaves(state):
        if not jnp.issubdtype(jnp.result_type(leaf), jnp.floating):
            raise InputError(
                f"{name}: states must be real numbers, got {jnp.result_type(leaf)}; for spins take "
                f"BlockGibbs or Glauber."
            )


def refuse_constrained(name: str, energy: Energy) -> None:
    """Refuse an energy whose declared states are no box: steps would leave them.

    Raises:
        InputError: of a method called `name`.
    """
    domain = declared_domain(energy)
    if domain is not None and not isinstance(domain, Box):
        raise InputError(
            f"{name}: the states of {type(energy).__name__} are {domain.words}, which steps in "
            f"all directions leave. Sample in free coordinates: a function y → E(embed(y)) + the "
            f"logarithm of the volume that embed shrinks."
        )
