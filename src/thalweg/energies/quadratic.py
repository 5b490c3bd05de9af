"""The quadratic energy."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from thalweg.core.errors import InputError
from thalweg.core.tables import counted
from thalweg.core.trees import Layout, as_parameter, cast_like
from thalweg.energies.base import Energy


class Quadratic(Energy):
    r"""A quadratic form with a linear term.

        E(x) = ½ xᵀA x − bᵀx        ∇E(x) = ½ (A + Aᵀ) x − b        E'' = ½ (A + Aᵀ)

    It is bounded below iff the symmetric part of A is positive semidefinite and b lies in its
    range; its steepest descent then rests where ½ (A + Aᵀ) x = b.

    Arguments:
        matrix: A, shape `(d, d)`, where d is the number of coordinates of the state; a pytree state
            is raveled, leaf after leaf.
        bias: b, shape `(d,)`, or one number for all coordinates.

    Raises:
        InputError: the matrix is not square, the bias does not fit it, or neither fits the state.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> energy = tw.energies.Quadratic([[2.0, 0.0], [0.0, 4.0]], bias=[1.0, 0.0])
        >>> float(energy(jnp.array([1.0, 1.0])))
        2.0
    """

    matrix: Any = eqx.field(converter=as_parameter)
    bias: Any = eqx.field(converter=as_parameter, default=0.0)

    def __check_init__(self):
        """Refuse shapes that do not fit one another."""
        shape, bias_shape = jnp.shape(self.matrix), jnp.shape(self.bias)
        if len(shape) != 2 or shape[0] != shape[1]:
            raise InputError(f"Quadratic: matrix must be square, got the shape {shape}.")
        if bias_shape not in ((), shape[:1]):
            raise InputError(
                f"Quadratic: bias has the shape {bias_shape}, expected {shape[:1]} or one number."
            )

    def __call__(self, state: Any) -> jax.Array:
        """½ xᵀA x − bᵀx."""
        x = cast_like(Layout.of(state).flatten(state), state)
        if x.shape != jnp.shape(self.matrix)[:1]:
            raise InputError(
                f"Quadratic: a matrix of shape {jnp.shape(self.matrix)} does not fit a state of "
                f"{counted(x.size, 'coordinate')}."
            )
        matrix, bias = cast_like(self.matrix, x), cast_like(self.bias, x)
        return jnp.sum(x * (0.5 * (matrix @ x) - bias))
