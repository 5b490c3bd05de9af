"""A rule near a state: its Jacobian and eigenvalues."""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.about import About
from thalweg.core.checks import check_finite
from thalweg.core.declared import declared_labels
from thalweg.core.errors import InputError
from thalweg.core.given import refuse_result, told
from thalweg.core.plain import array, pairs
from thalweg.core.reports import Table, TableReport, about_in
from thalweg.core.shapes import Number, State
from thalweg.core.tables import format_eigenvalues, format_number
from thalweg.core.trees import Layout, as_arrays, has_tracer, in_float64
from thalweg.dynamics import Deterministic
from thalweg.dynamics.declared import check_fit
from thalweg.dynamics.misuse import no_rule
from thalweg.dynamics.words import WORDS

_LARGEST_SHOWN = 6  # a wider Jacobian does not fit 80 columns


class Linearization(TableReport, eqx.Module):
    """A rule to first order at a state.

    Attributes:
        displacement: the displacement at the state (0 at an equilibrium), shape `(n,)`, raveled.
        jacobian: the rule's own Jacobian (Df of a flow, Dg of a map), shape `(n, n)`.
        about: the rule.
    """

    displacement: Any
    jacobian: Any
    about: About = eqx.field(static=True, default=About())

    @property
    def eigenvalues(self) -> Any:
        """The eigenvalues of the Jacobian (multipliers of a map), complex, shape `(n,)`."""
        if isinstance(self.jacobian, np.ndarray):
            values = np.linalg.eigvals(self.jacobian).astype(np.complex128)
            return values[np.lexsort((-values.imag, -values.real))]
        return jnp.linalg.eigvals(self.jacobian)

    def data(self) -> dict[str, Any]:
        """`displacement`, `jacobian` and `eigenvalues`."""
        return {
            "displacement": np.asarray(self.displacement).tolist(),
            "jacobian": np.asarray(self.jacobian).tolist(),
            "eigenvalues": pairs(self.eigenvalues),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], about: About | None = None) -> "Linearization":
        """The linearization that `to_dict` wrote."""
        about = about_in(data, about)
        return cls(array(data["displacement"]), array(data["jacobian"]), about)

    @property
    def title(self) -> str:
        """The rule."""
        return f"Linearization of {self.about.words}"

    def table(self) -> Table | None:
        """The Jacobian, a row a coordinate; None where it is large, traced or batched."""
        size = np.shape(self.jacobian)[-1]
        if not self._is_shown or size > _LARGEST_SHOWN:
            return None
        names = self.about.names or tuple(f"x[{i}]" for i in range(size))
        rows = [
            [name, *map(format_number, row)] for name, row in zip(names, self.jacobian, strict=True)
        ]
        return ["Jacobian", *names], rows

    def remarks(self) -> list[str]:
        """The eigenvalues, and whether the state is one of rest."""
        if not self._is_shown:
            return ["traced, or a batch of several."]
        values = WORDS[self.about.rule_kind].eigenvalues.capitalize()
        return [
            f"{values} {format_eigenvalues(self.eigenvalues)}.",
            f"The displacement there has the norm {np.linalg.norm(self.displacement):.3g}.",
        ]

    @property
    def _is_shown(self) -> bool:
        return isinstance(self.jacobian, np.ndarray) and self.jacobian.ndim == 2


def linearize(rule: Deterministic, state: State, t: Number = 0.0) -> Linearization:
    """The rule to first order at a state, x ↦ f(x₀) + J(x₀)(x − x₀).

    Called on numbers it computes in float64 and returns NumPy; inside `jit`, `vmap` or `grad` it
    follows the dtype of the state and stays traced.

    Arguments:
        rule: a `Flow` or a `Map`.
        state: where, a pytree of arrays of n numbers in all.
        t: the time, for rules that depend on it.

    Returns:
        The linearization, its rows and columns in the order of the raveled state.

    Raises:
        InputError: the rule is none, the state or the time is not finite, or the state does not fit
            the rule.
    """
    if not isinstance(rule, Deterministic):
        raise no_rule("linearize: rule", rule, "a Flow or a Map")
    if has_tracer(rule, state, t):
        return _linearize(as_arrays(rule), state, t)
    with jax.enable_x64(True):
        state = _numbers(state)
        for leaf in jax.tree.leaves((state, t)):
            check_finite("linearize: state and t", leaf)
        try:
            found = _compiled(in_float64(rule), state, t)
        except (TypeError, ValueError, IndexError):
            check_fit(rule, Layout.of(state))  # says what does not fit, where that is the reason
            raise
        return jax.tree.map(np.asarray, found)


def _numbers(state: Any) -> Any:
    """The leaves as float64 arrays."""
    refuse_result("linearize: state", state)
    try:
        return jax.tree.map(lambda leaf: np.asarray(leaf, dtype=np.float64), state)
    except (TypeError, ValueError) as error:
        raise InputError(f"linearize: state must hold numbers, got {told(state)}.") from error


def _linearize(rule: Deterministic, state: Any, t: Any) -> Linearization:
    layout = Layout.of(state)

    def displacement(flat: jax.Array) -> tuple[jax.Array, jax.Array]:
        value = layout.flatten(rule.displacement(t, layout.unflatten(flat)))
        return value, value

    jacobian, value = jax.jacfwd(displacement, has_aux=True)(jnp.asarray(layout.flatten(state)))
    about = About(type(rule).__name__, rule.rule_kind, declared_labels(rule) or ())
    return Linearization(value, rule.own_jacobian(jacobian), about)


_compiled = eqx.filter_jit(_linearize)
