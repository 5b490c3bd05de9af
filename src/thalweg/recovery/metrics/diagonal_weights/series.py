"""Functions of one coordinate each, as series that can be evaluated anywhere in a box."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np


class SeparableWeights(eqx.Module):
    r"""Positive weights m_i(y_i), one function of one coordinate for each coordinate.

        log m_i = Σ_k c_ik φ_k(y_i) + a_i log u_i + b_i log(1 − u_i)

    with u_i = (y_i − lower_i) / width_i. The φ_k are Chebyshev polynomials T_k(2u − 1), or for an
    angle 1, cos, sin, cos 2, sin 2, … of 2πu. The last two terms let a weight vanish or grow at a
    wall of the box as a power of the distance, as 1/x does.
    Outside the box the series means nothing.

    Attributes:
        lower: shape `(d,)`.
        widths: shape `(d,)`.
        series: the c_ik, shape `(d, k)`.
        powers: the a_i and b_i, shape `(d, 2)`.
        angles: which coordinates are angles.
    """

    lower: Any
    widths: Any
    series: Any
    powers: Any
    angles: tuple[bool, ...] = eqx.field(static=True)

    def __call__(self, y: Any) -> jax.Array:
        """m(y), shape `(d,)`."""
        lower, widths, series, powers = (
            jnp.asarray(a, y.dtype) for a in (self.lower, self.widths, self.series, self.powers)
        )
        u = (y - lower) / widths
        total = chebyshev(2.0 * u - 1.0, series)
        if any(self.angles):
            total = jnp.where(np.asarray(self.angles), _fourier(2.0 * jnp.pi * u, series), total)
        for distance, power in ((u, powers[:, 0]), (1.0 - u, powers[:, 1])):
            # A power of zero must not turn the logarithm at the wall into 0 · ∞.
            used = power != 0.0
            total = total + jnp.where(used, power * jnp.log(jnp.where(used, distance, 1.0)), 0.0)
        return jnp.exp(total)


def chebyshev(t: jax.Array, series: jax.Array) -> jax.Array:
    """Σ_k c_k T_k(t) by Clenshaw's recurrence, `series` of shape `(d, k)`."""

    def fold(carry: tuple, c: jax.Array) -> tuple[tuple, None]:
        first, second = carry
        return (2.0 * t * first - second + c, first), None

    zero = jnp.zeros_like(t)
    (first, second), _ = jax.lax.scan(fold, (zero, zero), series.T[:0:-1])
    return t * first - second + series[:, 0]


def _fourier(angle: jax.Array, series: jax.Array) -> jax.Array:
    """c_0 + Σ_k c_{2k−1} cos(k·) + c_{2k} sin(k·)."""
    orders = jnp.arange(1, (series.shape[1] - 1) // 2 + 1)
    phases = angle[:, None] * orders
    cosines, sines = series[:, 1:-1:2], series[:, 2::2]
    if series.shape[1] % 2 == 0:
        cosines, sines = series[:, 1:-2:2], series[:, 2:-1:2]
    return series[:, 0] + jnp.sum(cosines * jnp.cos(phases) + sines * jnp.sin(phases), axis=1)


def design(u: np.ndarray, degree: int, is_angle: bool, with_powers: bool) -> np.ndarray:
    """The basis functions at `u` in [0, 1], `(n, degree + 3)`: the series, then two powers."""
    columns = np.zeros((len(u), degree + 3))
    if is_angle:
        columns[:, 0] = 1.0
        for k in range(1, degree // 2 + 1):
            columns[:, 2 * k - 1] = np.cos(2.0 * np.pi * k * u)
            columns[:, 2 * k] = np.sin(2.0 * np.pi * k * u)
        return columns
    columns[:, : degree + 1] = np.polynomial.chebyshev.chebvander(2.0 * u - 1.0, degree)
    if with_powers:
        columns[:, -2] = np.log(np.maximum(u, np.finfo(float).tiny))
        columns[:, -1] = np.log(np.maximum(1.0 - u, np.finfo(float).tiny))
    return columns
