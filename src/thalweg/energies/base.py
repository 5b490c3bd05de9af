"""Energies, and those that arithmetic makes of them: sums and scalings."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from thalweg.core.arguments import Frozen
from thalweg.core.charts import Chart
from thalweg.core.checks import check_made
from thalweg.core.declared import declared_domain, declared_labels, domain_of, names_of
from thalweg.core.domains import Domain
from thalweg.core.errors import InputError
from thalweg.core.shown import as_code, as_html
from thalweg.core.trees import non_finite_leaves


class Energy(Frozen):
    """A scalar function of the state with parameters; lower is better (abstract).

    Wherever the library asks for an energy, any callable `state → scalar` will do; subclass this
    for one with parameters, and to write `2.0 * energy + other` (where `other` may be any callable
    too). As with rules, `domain` and `state_names` may be declared on the class, without
    annotation; a scaled energy and a sum (its first term that does) pass them on.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> class Bowl(tw.Energy):
        ...     stiffness: float = 2.0
        ...     def __call__(self, state):
        ...         return 0.5 * self.stiffness * jnp.sum(state**2)
        >>> float((Bowl() + Bowl(4.0))(jnp.ones(2)))
        6.0
    """

    def __check_init__(self):
        """Refuse parameters that are not finite (those that are being traced excepted)."""
        # The period of a coordinate that is no angle is infinite.
        numbers = eqx.filter(self, lambda x: not _is_chart(x), is_leaf=_is_chart)
        broken = non_finite_leaves(numbers)
        if broken:
            raise InputError(
                f"{type(self).__name__} has a parameter that is not finite: {', '.join(broken)}."
            )

    def __repr__(self) -> str:
        """The class with all its parameters, also those that are the default."""
        return as_code(self)

    def _repr_html_(self) -> str:
        return as_html(self, "energy")

    def __hash__(self) -> int:
        """Hash of its values where all have one, else of its identity: `jax.jit` takes it."""
        try:
            return hash(tuple(jax.tree.leaves(self)))
        except TypeError:  # it holds arrays
            return object.__hash__(self)

    @abstractmethod
    def __call__(self, state: Any) -> jax.Array:
        """The energy of a state, a scalar of the state's dtype."""

    def __add__(self, other: Any) -> "Sum":
        """The sum of two energies."""
        return Sum((self, other)) if _is_energy(other) else NotImplemented

    def __radd__(self, other: Any) -> "Sum":
        """The sum of two energies."""
        return Sum((other, self)) if _is_energy(other) else NotImplemented

    def __sub__(self, other: Any) -> "Sum":
        """The difference of two energies."""
        return Sum((self, Scaled(other, -1.0))) if _is_energy(other) else NotImplemented

    def __mul__(self, factor: Any) -> "Scaled":
        """The energy times a number."""
        return Scaled(self, factor) if eqx.is_array_like(factor) else NotImplemented

    def __rmul__(self, factor: Any) -> "Scaled":
        """The energy times a number."""
        return self * factor

    def __neg__(self) -> "Scaled":
        """The energy upside down."""
        return -1.0 * self


def _is_energy(other: Any) -> bool:
    """True of what can be called.

    Raises:
        InputError: it is the class of an energy.
    """
    check_made("an energy of a sum", other)
    return callable(other)


def _is_chart(value: Any) -> bool:
    return isinstance(value, Chart)


class Sum(Energy):
    """The sum of energies, any callables `state → scalar`."""

    terms: tuple[Callable[[Any], Any], ...]

    def __call__(self, state: Any) -> jax.Array:
        """Σ_k E_k(x)."""
        total = self.terms[0](state)
        for term in self.terms[1:]:
            total = total + term(state)
        return total

    @property
    def domain(self) -> Domain | None:
        """The domain of the first term that declares one."""
        return next((d for d in map(declared_domain, self.terms) if d is not None), None)

    @property
    def state_names(self) -> tuple[str, ...] | None:
        """The names of the first term that declares them."""
        return next((n for n in map(declared_labels, self.terms) if n is not None), None)


class Scaled(Energy):
    """An energy times a number."""

    energy: Callable[[Any], Any]
    factor: Any

    def __call__(self, state: Any) -> jax.Array:
        """c·E(x)."""
        value = self.energy(state)
        return jnp.asarray(self.factor, value.dtype) * value

    domain = domain_of("energy")
    state_names = names_of("energy")
