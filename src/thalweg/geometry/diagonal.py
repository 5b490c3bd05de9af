"""Metrics that stretch each coordinate by itself."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from thalweg.core.errors import InputError
from thalweg.core.trees import Layout, cast_like
from thalweg.geometry.base import Geometry


class DiagonalMetric(Geometry):
    r"""A diagonal metric, M(x) = diag(m(x)): each coordinate has its own, state-dependent, unit.

    Arguments:
        fn: `state → m(x)`, positive, structured and shaped like the state. Make it an
            `equinox.Module` with `__call__` if it has parameters.

    A Cohen–Grossberg network is a descent in such a metric, with mᵢ a function of xᵢ alone. `sharp`
    is NaN in the coordinates where m is not positive.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> metric = tw.DiagonalMetric(lambda x: 1.0 + x**2)
        >>> metric.sharp(jnp.array([0.0, 1.0]), jnp.ones(2)).tolist()
        [1.0, 0.5]

    References:
        Cohen & Grossberg, "Absolute stability of global pattern formation and parallel memory
        storage by competitive neural networks", IEEE Trans. SMC 13, 815–826 (1983).
    """

    fn: Callable[[Any], Any]

    def sharp(self, x: Any, covector: Any) -> Any:
        """p / m(x), NaN where m is not positive."""
        return jax.tree.map(
            lambda p, m: jnp.where(m > 0, p / m, jnp.nan), covector, self._diagonal(x)
        )

    def flat(self, x: Any, vector: Any) -> Any:
        """m(x) v."""
        return jax.tree.map(lambda v, m: m * v, vector, self._diagonal(x))

    def _diagonal(self, x: Any) -> Any:
        diagonal = self.fn(x)
        if Layout.of(diagonal) != Layout.of(x):
            raise InputError(
                f"DiagonalMetric: fn must return the structure and shapes of the state, "
                f"{jax.tree.map(jnp.shape, x)}, got {jax.tree.map(jnp.shape, diagonal)}."
            )
        return jax.tree.map(cast_like, diagonal, x)
