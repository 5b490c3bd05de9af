"""Spaces that come with a metric: the probability simplex and the sphere."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.shares import check_shares
from thalweg.geometry.base import Geometry, pairing


class Simplex(Geometry):
    r"""The Fisher (Shahshahani) metric of the probability simplex, M(x) = diag(1/x).

    A state is a probability vector, or several: every row along the last axis of every leaf is one
    (`x ≥ 0`, `Σx = 1`), with tangent vectors of sum zero. Raising an index projects on them,

        sharp(x, p)ᵢ = xᵢ (pᵢ − Σⱼ xⱼ pⱼ / Σⱼ xⱼ)        inner(x, u, v) = Σᵢ uᵢ vᵢ / xᵢ

    so the steepest descent of E is the replicator equation of the fitness −∂E/∂xᵢ. The division by
    Σx (one, on the simplex) makes the components of the result add up to zero at every x, so that
    rounding does not make a run drift off. Faces (xᵢ = 0) are invariant; there `sharp` is the
    continuous extension, and `flat` is not finite.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> tw.Simplex().sharp(jnp.array([0.5, 0.5]), jnp.array([1.0, 3.0])).tolist()
        [-0.5, 0.5]

    References:
        Shahshahani, *A New Mathematical Framework for the Study of Linkage and Selection*, Memoirs
        of the AMS 211 (1979). Amari, *Information Geometry and Its Applications* (2016), chapter 2.
        Hofbauer & Sigmund, *Evolutionary Games and Population Dynamics* (1998).
    """

    def check_state(self, state: Any, name: str = "state") -> None:
        """Refuse what is not on the simplex.

        Raises:
            InputError: a share is negative, or a row has another sum than one, beyond rounding.
        """
        check_shares("Simplex", state, name)

    def sharp(self, x: Any, covector: Any) -> Any:
        """x (p − ⟨p⟩), where ⟨p⟩ is the mean of p under x."""

        def raise_index(x: Any, p: Any) -> jax.Array:
            if jnp.ndim(x) == 0:
                raise InputError("Simplex: a state is a vector of probabilities, got a number.")
            mean = jnp.sum(x * p, axis=-1, keepdims=True) / jnp.sum(x, axis=-1, keepdims=True)
            return x * (p - mean)

        return jax.tree.map(raise_index, x, covector)

    def flat(self, x: Any, vector: Any) -> Any:
        """v / x."""
        return jax.tree.map(lambda x, v: v / x, x, vector)


class Sphere(Geometry):
    r"""The sphere around the origin on which the state lies, with the metric of its surroundings.

    Tangent vectors at x are those with x·v = 0 (over all leaves of a pytree state), with the
    Euclidean inner product. Raising an index projects on them,

        sharp(x, p) = p − x (x·p) / (x·x)

    so a descent keeps |x| constant, whatever the radius. At the origin the result is NaN.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> tw.Sphere().sharp(jnp.array([2.0, 0.0]), jnp.array([1.0, 3.0])).tolist()
        [0.0, 3.0]

    References:
        Absil, Mahony & Sepulchre, *Optimization Algorithms on Matrix Manifolds* (2008), § 3.6.
    """

    def check_state(self, state: Any, name: str = "state") -> None:
        """Refuse the origin, which is on no sphere.

        Raises:
            InputError: every coordinate is zero.
        """
        if not any(np.any(np.asarray(leaf)) for leaf in jax.tree.leaves(state)):
            raise InputError(
                f"Sphere: {name} must be on a sphere round the origin, got the origin itself."
            )

    def sharp(self, x: Any, covector: Any) -> Any:
        """The part of p that is orthogonal to x."""
        along = pairing(covector, x) / pairing(x, x)
        return jax.tree.map(lambda x, p: p - along.astype(jnp.result_type(x)) * x, x, covector)

    def flat(self, x: Any, vector: Any) -> Any:
        """The tangent vector itself."""
        return vector
