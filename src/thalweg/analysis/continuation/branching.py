"""The curves that meet at a branch point: their directions, and its kind."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.analysis.continuation.family import Family

# A curve is vertical (the parameter stands still) when its unit tangent has less parameter: a
# branch point is known to 1e-9, and directions to a few digits less, because second derivatives
# decide.
_VERTICAL = 1e-5
# Curves that meet at a smaller angle touch: below it the discriminant is rounding, because it is a
# square of differences known to 1e-9 or so.
_TOUCHING = 1e-6


def branch_directions(
    family: Family, z: np.ndarray, jacobian: np.ndarray
) -> tuple[np.ndarray, str]:
    """Unit tangents `(k, d + 1)` of the curves through a branch point, and its kind.

    With n₁, n₂ the null vectors of ∂F/∂z and ψ its left one, αn₁ + βn₂ is a tangent where
    Σ ψ·F_zz(nᵢ, nⱼ) αᵢαⱼ = 0. A pitchfork has a vertical one, a transcritical point none.
    """
    left, _, right = np.linalg.svd(jacobian)
    kernel, psi = right[-2:], left[:, -1]
    pairs = np.array([[kernel[0], kernel[0]], [kernel[0], kernel[1]], [kernel[1], kernel[1]]])
    a, b, c = np.asarray(_second(family, z, pairs)) @ psi
    size, discriminant = np.max(np.abs([a, b, c])), b * b - a * c
    # Not the other way round: a rule may lack second derivatives there.
    if not discriminant > (_TOUCHING * size) ** 2:
        return np.zeros((0, len(z))), "degenerate"
    root = np.sqrt(discriminant)
    # αᵢ from whichever form does not cancel.
    q = -(b + np.copysign(root, b))
    directions = np.array([[q, a], [c, q]]) if max(abs(a), abs(c)) > 0.0 else np.eye(2)
    directions = directions / np.linalg.norm(directions, axis=1, keepdims=True) @ kernel
    is_vertical = np.abs(directions[:, -1]) <= _VERTICAL
    return directions, "pitchfork" if np.any(is_vertical) else "transcritical"


@eqx.filter_jit
def _second(family: Family, z: Any, pairs: Any) -> jax.Array:
    def along(pair: jax.Array) -> jax.Array:
        def first(z: jax.Array) -> jax.Array:
            return jax.jvp(family, (z,), (pair[0],))[1]

        return jax.jvp(first, (jnp.asarray(z),), (pair[1],))[1]

    return jax.vmap(along)(pairs)
