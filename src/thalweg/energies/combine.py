"""Energies made from energies: sums and scalings."""

from collections.abc import Callable
from typing import Any

import jax

from thalweg.energies.base import Energy


class Sum(Energy):
    """The sum of energies, any callables `state → scalar`."""

    terms: tuple[Callable[[Any], Any], ...]

    def __call__(self, state: Any) -> jax.Array:
        """Σ_k E_k(x)."""
        total = self.terms[0](state)
        for term in self.terms[1:]:
            total = total + term(state)
        return total


class Scaled(Energy):
    """An energy times a number."""

    energy: Callable[[Any], Any]
    factor: Any

    def __call__(self, state: Any) -> jax.Array:
        """c·E(x)."""
        return self.factor * self.energy(state)
