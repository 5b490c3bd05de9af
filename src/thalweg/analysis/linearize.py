"""A rule near a state: its Jacobian and eigenvalues."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.trees import Layout, as_arrays, has_tracer, in_float64
from thalweg.dynamics import Rule


class Linearization(eqx.Module):
    """A rule to first order at a state.

    Attributes:
        displacement: the displacement at the state (0 at an equilibrium), shape `(n,)`, raveled.
        jacobian: the rule's own Jacobian (Df of a flow, Dg of a map), shape `(n, n)`.
    """

    displacement: Any
    jacobian: Any

    @property
    def eigenvalues(self) -> Any:
        """The eigenvalues of the Jacobian (multipliers of a map), complex, shape `(n,)`."""
        if isinstance(self.jacobian, np.ndarray):
            values = np.linalg.eigvals(self.jacobian).astype(np.complex128)
            return values[np.lexsort((-values.imag, -values.real))]
        return jnp.linalg.eigvals(self.jacobian)


def linearize(rule: Rule, state: Any, t: Any = 0.0) -> Linearization:
    """The rule to first order at a state, x ↦ f(x₀) + J(x₀)(x − x₀).

    Called on numbers it computes in float64 and returns NumPy; inside `jit`, `vmap` or `grad` it
    follows the dtype of the state and stays traced.

    Arguments:
        rule: a `Flow` or a `Map`.
        state: where, a pytree of arrays of n numbers in all.
        t: the time, for rules that depend on it.

    Returns:
        The linearization, its rows and columns in the order of the raveled state.
    """
    if has_tracer(rule, state, t):
        return _linearize(as_arrays(rule), state, t)
    with jax.enable_x64(True):
        state = jax.tree.map(lambda leaf: np.asarray(leaf, dtype=np.float64), state)
        found = _compiled(in_float64(rule), state, t)
        return jax.tree.map(np.asarray, found)


def _linearize(rule: Rule, state: Any, t: Any) -> Linearization:
    layout = Layout.of(state)

    def displacement(flat: jax.Array) -> tuple[jax.Array, jax.Array]:
        value = layout.flatten(rule.displacement(t, layout.unflatten(flat)))
        return value, value

    jacobian, value = jax.jacfwd(displacement, has_aux=True)(jnp.asarray(layout.flatten(state)))
    return Linearization(value, rule.own_jacobian(jacobian))


_compiled = eqx.filter_jit(_linearize)
