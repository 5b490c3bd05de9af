"""Interface of every geometry."""

from abc import abstractmethod
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from thalweg.core.shapes import Num, State


class Geometry(eqx.Module):
    r"""A Riemannian metric on the state space (abstract).

    The metric M(x) turns a covector (a gradient) into a vector and back:

        sharp(x, p) = M(x)⁻¹ p        flat(x, v) = M(x) v        inner(x, u, v) = uᵀ M(x) v

    For developers: implement `sharp` and `flat`. Laws, checked for every geometry, where a tangent
    vector is any value of `sharp` (all vectors, unless the states form a curved or constrained
    space): `sharp(x, flat(x, v)) == v` for tangent v; `flat(x, sharp(x, p))` pairs with tangent
    vectors as p does; `inner` is symmetric and positive definite on tangent vectors. So an energy
    falls along `−sharp(x, ∇E)`, whatever the metric. Where M(x) is not positive definite, compiled
    code yields NaN rather than some vector; `check_metric` says where that is. A geometry whose
    space is not all of the state space has `check_state(state, name)`, too, which refuses others.
    """

    @abstractmethod
    def sharp(self, x: Any, covector: Any) -> Any:
        """Raise the index: the vector M(x)⁻¹ p, structured and shaped like the state `x`."""

    @abstractmethod
    def flat(self, x: Any, vector: Any) -> Any:
        """Lower the index: the covector M(x) v, structured and shaped like the state `x`."""

    def inner(self, x: Any, u: Any, v: Any) -> jax.Array:
        """The inner product uᵀM(x)v of two tangent vectors at `x`, a scalar."""
        return pairing(u, self.flat(x, v))

    def norm(self, x: Any, v: Any) -> jax.Array:
        """The length √(vᵀM(x)v) of a tangent vector at `x`, a scalar; no gradient at v = 0."""
        return jnp.sqrt(self.inner(x, v, v))


def pairing(covector: State, vector: State) -> Num[jax.Array, ""]:
    """⟨p, v⟩ = Σ pᵢ vᵢ over all coordinates of two pytrees of one structure, a scalar."""
    products = jax.tree.map(lambda p, v: jnp.sum(p * v), covector, vector)
    return jax.tree.reduce(lambda a, b: a + b, products)
