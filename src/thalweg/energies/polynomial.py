"""The energy that is a polynomial of the coordinates."""

import itertools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.checks import check_count
from thalweg.core.errors import InputError
from thalweg.core.tables import RAISED, counted
from thalweg.core.trees import as_parameter, cast_like, has_tracer
from thalweg.energies.base import Energy


class Polynomial(Energy):
    r"""A sum of monomials.

        E(x) = Σ_k c_k Π_i x_i^{e_ki}

    It is linear in its coefficients, so that score matching has one answer.

    Arguments:
        coefficients: c, shape `(k,)`.
        orders: e, the powers of each monomial, k tuples of d whole numbers from 0.

    Raises:
        InputError: the two do not fit one another, a power is negative, or a monomial is there
            twice.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> energy = tw.energies.Polynomial([0.5, -2.0], [(2, 0), (1, 1)])  # ½x² − 2xy
        >>> float(energy(jnp.array([2.0, 1.0])))
        -2.0
    """

    coefficients: Any
    orders: tuple[tuple[int, ...], ...] = eqx.field(static=True)

    def __init__(self, coefficients: Any, orders: Any):
        self.coefficients = as_parameter(coefficients)
        powers = np.asarray(orders)
        if powers.ndim != 2 or powers.dtype.kind not in "iu" or powers.size == 0:
            raise InputError(
                f"Polynomial: orders must be the powers of each monomial, whole numbers of the "
                f"shape (k, d), got {powers.dtype} of shape {powers.shape}."
            )
        if np.any(powers < 0):
            raise InputError(f"Polynomial: powers must not be negative, got {powers.min()}.")
        if len(np.unique(powers, axis=0)) < len(powers):
            raise InputError("Polynomial: a monomial is there twice; add up its coefficients.")
        if jnp.shape(self.coefficients) != (len(powers),):
            raise InputError(
                f"Polynomial: coefficients must have the shape ({len(powers)},), one a monomial, "
                f"got {jnp.shape(self.coefficients)}."
            )
        self.orders = tuple(tuple(map(int, row)) for row in powers)

    @classmethod
    def full(cls, size: int, degree: int, coefficients: Any = None) -> "Polynomial":
        """All monomials of degree 1 to `degree`, the lowest degrees first.

        Arguments:
            size: d, the number of coordinates.
            degree: the highest.
            coefficients: c; None means ½|x|², to begin learning with.
        """
        check_count("Polynomial: size", size)
        check_count("Polynomial: degree", degree)
        powers = itertools.product(range(degree + 1), repeat=size)
        orders = sorted((p for p in powers if 1 <= sum(p) <= degree), key=_place)
        if coefficients is None:
            coefficients = [0.5 * (max(p) == sum(p) == 2) for p in orders]
        return cls(coefficients, orders)

    def __call__(self, state: Any) -> jax.Array:
        """Σ_k c_k Π_i x_i^{e_ki}."""
        x = jnp.asarray(state)
        orders = np.asarray(self.orders)
        if x.shape != orders.shape[1:]:
            raise InputError(
                f"Polynomial: monomials of {counted(orders.shape[1], 'coordinate')} do not fit a "
                f"state of the shape {x.shape}."
            )
        powers = [jnp.ones_like(x)]
        for _ in range(int(orders.max())):
            powers.append(powers[-1] * x)
        table = jnp.stack(powers)
        monomials = jnp.prod(table[orders, np.arange(orders.shape[1])], axis=1)
        return jnp.dot(cast_like(self.coefficients, x), monomials)

    @property
    def degree(self) -> int:
        """The highest degree of a monomial."""
        return max(map(sum, self.orders))

    def terms(self) -> dict[str, float]:
        """The coefficient of each monomial by its name, `"x1² x2"` say."""
        if has_tracer(self.coefficients):
            raise InputError("Polynomial: terms are for numbers, not inside a trace.")
        values = np.asarray(self.coefficients, np.float64)
        return dict(zip(map(_name, self.orders), map(float, values), strict=True))


def _place(powers: tuple[int, ...]) -> tuple[Any, ...]:
    """Lower degrees first, then higher powers of the first coordinates."""
    return sum(powers), tuple(-p for p in powers)


def _name(powers: tuple[int, ...]) -> str:
    few = len(powers) == 1
    parts = [
        ("x" if few else f"x{i + 1}") + ("" if p == 1 else str(p).translate(RAISED))
        for i, p in enumerate(powers)
        if p
    ]
    return " ".join(parts) or "1"
