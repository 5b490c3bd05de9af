"""Metrics given by a matrix over the raveled state: constant, or a field."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import cho_solve

from thalweg.core.errors import InputError
from thalweg.core.trees import Layout, cast_like, has_tracer
from thalweg.geometry.base import Geometry

# Two halves of a symmetric matrix that was computed in floating point differ by this much at most.
_ASYMMETRY = 1e-6


class ConstantMetric(Geometry):
    r"""The same positive definite matrix M at every state.

    Arguments:
        matrix: M, symmetric positive definite, shape `(d, d)`, where d is the number of coordinates
            of the state; a pytree state is raveled, leaf after leaf.

    It is stored as its Cholesky factor L (M = L Lᵀ, computed once), so that raising an index is two
    triangular solves, and any value that a fit or a sweep gives to the factor is a metric.

    Raises:
        InputError: the matrix is not square, finite, symmetric and positive definite (not checked
            for a traced matrix, whose factor is NaN then).

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> metric = tw.ConstantMetric([[4.0, 0.0], [0.0, 16.0]])
        >>> metric.sharp(jnp.zeros(2), jnp.ones(2)).tolist()
        [0.25, 0.0625]
    """

    factor: Any

    def __init__(self, matrix: Any):
        self.factor = jnp.linalg.cholesky(matrix) if has_tracer(matrix) else _factor(matrix)

    @property
    def matrix(self) -> Any:
        """M = L Lᵀ, shape `(d, d)`."""
        lower = self.factor * np.tri(self.factor.shape[-1], dtype=self.factor.dtype)
        return lower @ lower.swapaxes(-1, -2)

    def sharp(self, x: Any, covector: Any) -> Any:
        """M⁻¹ p, by the two triangular factors."""
        return _raveled(lambda factor, p: cho_solve((factor, True), p), self.factor, x, covector)

    def flat(self, x: Any, vector: Any) -> Any:
        """M v = L (Lᵀ v)."""

        def lower_index(factor: jax.Array, v: jax.Array) -> jax.Array:
            lower = jnp.tril(factor)
            return lower @ (lower.T @ v)

        return _raveled(lower_index, self.factor, x, vector)


class MetricField(Geometry):
    r"""A matrix that depends on the state.

    Arguments:
        fn: `state → M(x)`, symmetric positive definite, shape `(d, d)` over the raveled state. Make
            it an `equinox.Module` with `__call__` if it has parameters.

    Each use factors M(x) (Cholesky, d³/3 operations). `sharp` is NaN where M(x) is not positive
    definite; use `check_metric` to be told where, and whether it is symmetric.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> metric = tw.MetricField(lambda x: jnp.diag(1.0 + 3.0 * x**2))
        >>> metric.sharp(jnp.array([0.0, 1.0]), jnp.ones(2)).tolist()
        [1.0, 0.25]
    """

    fn: Callable[[Any], Any]

    def sharp(self, x: Any, covector: Any) -> Any:
        """M(x)⁻¹ p, by Cholesky."""

        def raise_index(matrix: jax.Array, p: jax.Array) -> jax.Array:
            return cho_solve((jnp.linalg.cholesky(matrix), True), p)

        return _raveled(raise_index, self.fn(x), x, covector)

    def flat(self, x: Any, vector: Any) -> Any:
        """M(x) v."""
        return _raveled(lambda matrix, v: matrix @ v, self.fn(x), x, vector)


def _raveled(apply: Callable[..., jax.Array], matrix: Any, x: Any, vector: Any) -> Any:
    """`apply` to a matrix and a raveled vector, in the dtype of `x`; the result unraveled."""
    layout = Layout.of(x)
    if jnp.shape(matrix) != (layout.size, layout.size):
        raise InputError(
            f"metric: a matrix of shape {jnp.shape(matrix)} does not fit a state of {layout.size} "
            f"coordinates; expected {(layout.size, layout.size)}."
        )
    raveled = apply(cast_like(matrix, x), cast_like(layout.flatten(vector), x))
    return jax.tree.map(cast_like, layout.unflatten(raveled), x)


def _factor(matrix: Any) -> np.ndarray:
    """The Cholesky factor of a concrete matrix, or an error that says why there is none."""
    try:
        given = np.asarray(matrix, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"ConstantMetric: matrix must hold numbers, got {matrix!r}.") from error
    if given.ndim != 2 or given.shape[0] != given.shape[1] or given.size == 0:
        raise InputError(f"ConstantMetric: matrix must be square, got the shape {given.shape}.")
    if not np.all(np.isfinite(given)):
        raise InputError(f"ConstantMetric: matrix must be finite, got {given.tolist()}.")
    gap = np.abs(given - given.T)
    if gap.max() > _ASYMMETRY * np.abs(given).max():
        i, j = (int(k) for k in np.unravel_index(gap.argmax(), gap.shape))
        raise InputError(
            f"ConstantMetric: matrix must be symmetric, got {given[i, j]} at {[i, j]} but "
            f"{given[j, i]} at {[j, i]}. Pass its symmetric part, (M + Mᵀ) / 2."
        )
    symmetric = (given + given.T) / 2
    try:
        return np.linalg.cholesky(symmetric)
    except np.linalg.LinAlgError as error:
        smallest = np.linalg.eigvalsh(symmetric)[0]
        raise InputError(
            f"ConstantMetric: matrix must be positive definite, but its smallest eigenvalue is "
            f"{smallest:.6g}. Every direction needs a positive length."
        ) from error
