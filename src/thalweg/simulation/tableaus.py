"""Stages of explicit Runge–Kutta steps, by the tableaus that Diffrax has or its notation writes."""

from collections.abc import Callable
from typing import Any

import jax

from thalweg.core.batches import for_rows


def stages(
    tableau: Any, rate: Callable[[Any, Any], Any], state: Any, first: Any, step: Any
) -> tuple[list[Any], Any]:
    """The rates k_i = f(c_i, x + dt Σ_j a_ij k_j) of all stages, and the state of the last one.

    Arguments:
        tableau: a `diffrax.ButcherTableau`, explicit.
        rate: from the share c of the step and a state to its rate of change, of one structure.
        state: where the step begins.
        first: the rate there.
        step: dt, a number or one for each entry of the last axes of every leaf.
    """
    rates, there = [first], state
    for share, row in zip(tableau.c, tableau.a_lower, strict=True):
        there = moved(state, step, combined(row, rates))
        rates.append(rate(float(share), there))
    return rates, there


def moved(state: Any, step: Any, change: Any) -> Any:
    """x + dt k, of pytrees."""
    return jax.tree.map(lambda x, k: x + for_rows(step, x) * k, state, change)


def combined(row: Any, rates: list[Any]) -> Any:
    """Σ_i row_i k_i of pytrees."""
    kept = [(float(a), k) for a, k in zip(row, rates, strict=False) if a != 0.0]

    def add(*parts: jax.Array) -> jax.Array:
        terms = [a * part for (a, _), part in zip(kept, parts, strict=True)]
        return sum(terms[1:], terms[0])

    return jax.tree.map(add, *(k for _, k in kept))
