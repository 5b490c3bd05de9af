"""Steps of Tsit5 (Tsitouras 2011) written out, by Diffrax's tableau, for loops that are our own.

Diffrax's own step compares result codes outside of the program, which costs a loop over many lanes
more than the step does.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from thalweg.core.batches import for_rows
from thalweg.simulation.tableaus import combined, stages

# The next step is at least so much of this one and at most so many times as long, and a bit shorter
# than the error asks for: the usual numbers (Hairer, Nørsett & Wanner 1993, II.4).
_SHRINK, _GROW, _SAFETY = 0.2, 5.0, 0.9
ORDER = 5  # of Tsit5, and of the implicit steps that take its place


def take_step(
    rate: Callable[[Any], Any], state: Any, first: Any, step: Any
) -> tuple[Any, Any, Any]:
    """The state after a step, its rate of change there, and the error of the step.

    Arguments:
        rate: from a state to its rate of change, pytrees of one structure.
        state: where the step begins.
        first: the rate there.
        step: how long it is: a number, or one for each entry of the last axes of every leaf.
    """
    # Only flows need Diffrax, whose import takes most of a second.
    import diffrax as dfx

    tableau = dfx.Tsit5.tableau
    rates, there = stages(tableau, lambda _, x: rate(x), state, first, step)
    error = jax.tree.map(lambda k: for_rows(step, k) * k, combined(tableau.b_error, rates))
    return there, rates[-1], error


def step_factor(size: jax.Array) -> jax.Array:
    """The ratio of the next step to this one, by the error of this one in tolerances.

    An error that is not finite makes it as short as can be.
    """
    ratio = _SAFETY * jnp.maximum(size, 1e-10) ** (-1.0 / ORDER)
    return jnp.where(jnp.isfinite(ratio), jnp.clip(ratio, _SHRINK, _GROW), _SHRINK)
