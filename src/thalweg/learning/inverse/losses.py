"""Losses of one datum: how far an energy is from explaining it."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

Energy = Callable[[Any], Any]


def step_loss(predicted: Any, change: Any, floor: Any) -> jax.Array:
    """The square of a step's error, relative: |Δx' − Δx|² / (|Δx|² + ε²).

    Weighted so, slow places count as much as fast ones: minima lie where everything is slow.
    """
    return jnp.sum((predicted - change) ** 2) / (jnp.sum(change**2) + floor**2)


def direction_loss(gradient: jax.Array, change: jax.Array, floor: Any) -> jax.Array:
    """One less the cosine of the angle between a change and steepest descent, from 0 to 2.

    Changes much smaller than ε count less.
    """
    size, length = _size(gradient), _size(change)
    cosine = -jnp.sum(gradient * change) / (size * length)
    return (1.0 - cosine) * length**2 / (length**2 + floor**2)


def _size(vector: jax.Array) -> jax.Array:
    """A norm with a slope at zero."""
    return jnp.sqrt(jnp.sum(vector**2) + jnp.finfo(vector.dtype).tiny)


def score_loss(energy: Energy, x: jax.Array) -> jax.Array:
    """Score matching at temperature 1: ½|∇E(x)|² − ΔE(x) (Hyvärinen 2005).

    Its mean over samples of e^{−E}/Z is least at E, whatever Z is. The Laplacian is exact: d + 1
    gradients.
    """
    gradient, along = jax.linearize(jax.grad(energy), x)
    curvatures = jax.vmap(along)(jnp.eye(x.size, dtype=x.dtype))
    return 0.5 * jnp.sum(gradient**2) - jnp.trace(curvatures)


def transition_loss(
    energy: Energy, x: jax.Array, y: jax.Array, duration: Any, temperature: Any
) -> jax.Array:
    """The negative log-likelihood of a Langevin transition, of the energy's quadratic at x.

    dX = −∇E dt + √(2T) dW, with E replaced by its second order at x over the duration Δt (local
    linearization: Ozaki 1992): exact where E is quadratic. With H the Hessian, the mean moves by
    −(1 − e^{−HΔt}) H⁻¹ ∇E, and the covariance is T (1 − e^{−2HΔt}) H⁻¹.
    """
    gradient, hessian = jax.grad(energy)(x), jax.hessian(energy)(x)
    once, twice = _relaxed(hessian, duration), _relaxed(hessian, 2.0 * duration)
    gap = y - x + once @ gradient
    factor = jnp.linalg.cholesky(temperature * twice)
    white = jax.scipy.linalg.solve_triangular(factor, gap, lower=True)
    return (
        0.5 * jnp.sum(white**2)
        + jnp.sum(jnp.log(jnp.diagonal(factor)))
        + 0.5 * x.size * jnp.log(2.0 * jnp.pi)
    )


def euler_loss(
    energy: Energy, x: jax.Array, y: jax.Array, duration: Any, temperature: Any
) -> jax.Array:
    """The same of one Euler step, whose estimates are biased by the order of the duration.

    On E = ½λx² it fits (1 − e^{−λΔt})/Δt for λ.
    """
    gap = y - x + duration * jax.grad(energy)(x)
    variance = 2.0 * temperature * duration
    return 0.5 * jnp.sum(gap**2) / variance + 0.5 * x.size * jnp.log(2.0 * jnp.pi * variance)


def _relaxed(hessian: jax.Array, duration: Any) -> jax.Array:
    """∫₀^t e^{−Hs} ds, of any symmetric H: a corner of the exponential of a block matrix."""
    size = len(hessian)
    zero, one = jnp.zeros_like(hessian), jnp.eye(size, dtype=hessian.dtype)
    block = jnp.block([[-hessian, one], [zero, zero]])
    return jax.scipy.linalg.expm(duration * block)[:size, size:]
