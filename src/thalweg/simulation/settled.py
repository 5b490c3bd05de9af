"""Rest of a run: the condition under which it stops early."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from thalweg.core.checks import check_finite
from thalweg.core.errors import InputError


class Settled(eqx.Module):
    r"""Stop a run when it has come to rest.

    With the root mean square |·| over all coordinates of the state x, a flow is at rest when

        |f(t, x)| ≤ atol + rtol·|x|

    and a map when |g(t, x) − x|, the length of its last step, is as small.

    Arguments:
        rtol: the relative tolerance. For an adaptive method ten times the solver's own unless
            given, because the solver's errors keep a state near rest from being more at rest than
            that; else 1e-9, or what the dtype can resolve.
        atol: the absolute tolerance, a thousandth of `rtol` unless given.

    Slow is not at rest: a slow passage (near a saddle, past a vanished pair of equilibria) stops
    the run if it is slower than the tolerance. Tighten it, or ask `find_equilibria`.

    Raises:
        InputError: a tolerance is negative.
    """

    rtol: Any = None
    atol: Any = None

    def __check_init__(self) -> None:
        for name, value in (("rtol", self.rtol), ("atol", self.atol)):
            if value is not None:
                check_finite(f"Settled: {name}", value)
            if value is not None and not isinstance(value, Tracer) and not value >= 0:
                raise InputError(f"Settled: {name} must not be negative, got {value}.")

    def is_at_rest(self, change: Any, state: Any) -> jax.Array:
        """Truth: a velocity (or the last step of a map) is as small as the tolerances ask.

        A state so large that its square overflows is on its way out, not at rest.
        """
        small = self.atol + self.rtol * rms(state)
        return (rms(change) <= small) & jnp.isfinite(small)


def with_defaults(until: Settled, rtol: Any, dtype: Any) -> Settled:
    """The tolerances filled in, as arrays of the state's dtype; `rtol` is the default."""
    rtol = rtol if until.rtol is None else until.rtol
    atol = 1e-3 * rtol if until.atol is None else until.atol
    return Settled(as_scalar(rtol, dtype), as_scalar(atol, dtype))


def as_scalar(value: Any, dtype: Any) -> Any:
    """A number as a 0-d array of `dtype`: on the host without compiling anything."""
    if isinstance(value, jax.Array):
        return value.astype(dtype)
    return np.asarray(value, dtype)


def rms(tree: Any) -> jax.Array:
    """The root mean square of all numbers of a pytree, of the moduli of complex ones."""
    leaves = jax.tree.leaves(tree)
    total = sum(jnp.sum(jnp.square(jnp.abs(leaf))) for leaf in leaves)
    return jnp.sqrt(total / max(sum(leaf.size for leaf in leaves), 1))


def all_finite(tree: Any) -> jax.Array:
    """Truth: every number of a pytree is finite."""
    return jnp.all(jnp.stack([jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(tree)]))
