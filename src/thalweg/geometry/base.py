"""What every geometry answers."""

from abc import abstractmethod
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp


class Geometry(eqx.Module):
    r"""A Riemannian metric on the state space (abstract).

    The metric M(x) turns a covector (a gradient) into a vector and back:

        sharp(x, p) = M(x)⁻¹ p        flat(x, v) = M(x) v        inner(x, u, v) = uᵀ M(x) v

    Laws, checked for every geometry: `flat(x, sharp(x, p)) == p` on tangent spaces; `inner` is
    symmetric and positive definite; so an energy falls along `−sharp(x, ∇E)`, whatever the metric.
    """

    @abstractmethod
    def sharp(self, x: Any, covector: Any) -> Any:
        """Raise the index: the vector M(x)⁻¹ p, structured and shaped like the state `x`."""

    @abstractmethod
    def flat(self, x: Any, vector: Any) -> Any:
        """Lower the index: the covector M(x) v, structured and shaped like the state `x`."""

    def inner(self, x: Any, u: Any, v: Any) -> jax.Array:
        """The inner product uᵀM(x)v of two tangent vectors at `x`, a scalar."""
        lowered = self.flat(x, v)
        return sum(
            (
                jnp.sum(a * b)
                for a, b in zip(jax.tree.leaves(u), jax.tree.leaves(lowered), strict=True)
            ),
            start=jnp.asarray(0.0),
        )

    def norm(self, x: Any, v: Any) -> jax.Array:
        """The length √(vᵀM(x)v) of a tangent vector at `x`, a scalar."""
        return jnp.sqrt(self.inner(x, v, v))
