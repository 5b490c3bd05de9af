"""Functions of one coordinate: Chebyshev polynomials, and along an angle waves; tables and sums.

b(n, u) is the Chebyshev polynomial T_n(2u − 1) of a coordinate u in [0, 1]; along an angle
b(0, ·) is 1, b(2n − 1, ·) and b(2n, ·) are the n-th cosine and sine of 2πu, both of degree n.
"""

import jax
import jax.numpy as jnp
import numpy as np


def along(u: jax.Array, order: int, is_angle: bool) -> jax.Array:
    """b(0, u), …, b(order, u) for numbers u in [0, 1], shape `(order + 1, …)`."""
    if is_angle:
        # Behind a barrier they are computed once, not once for each wave.
        turn = 2.0 * jnp.pi * u
        cosine, sine = jax.lax.optimization_barrier((jnp.cos(turn), jnp.sin(turn)))
        waves = [jnp.ones_like(u), cosine, sine]
        for _ in range(order // 2):
            c, s = waves[-2:]
            waves += [c * cosine - s * sine, s * cosine + c * sine]
        return jnp.stack(waves[: order + 1])
    t = 2.0 * u - 1.0
    terms = [jnp.ones_like(t), t]
    for _ in range(order - 1):
        terms.append(2.0 * t * terms[-1] - terms[-2])
    return jnp.stack(terms[: order + 1])


def tabulated(unit: np.ndarray, order: int, is_angle: bool) -> tuple[np.ndarray, ...]:
    """b(0, u), …, b(order, u) for u in [0, 1], and their first and second derivatives in u.

    Each has shape `(n, order + 1)`.
    """
    values, slopes, bends = (np.zeros((len(unit), order + 3)) for _ in range(3))
    values[:, 0] = 1.0
    if is_angle:
        for n in range(1, (order + 1) // 2 + 1):
            rate = 2.0 * np.pi * n
            cosine, sine = np.cos(rate * unit), np.sin(rate * unit)
            values[:, 2 * n - 1], values[:, 2 * n] = cosine, sine
            slopes[:, 2 * n - 1], slopes[:, 2 * n] = -rate * sine, rate * cosine
            bends[:, 2 * n - 1], bends[:, 2 * n] = -(rate**2) * cosine, -(rate**2) * sine
        return tuple(table[:, : order + 1] for table in (values, slopes, bends))
    t = 2.0 * unit - 1.0
    values[:, 1], slopes[:, 1] = t, 1.0
    for n in range(2, order + 1):
        values[:, n] = 2.0 * t * values[:, n - 1] - values[:, n - 2]
        slopes[:, n] = 2.0 * values[:, n - 1] + 2.0 * t * slopes[:, n - 1] - slopes[:, n - 2]
        bends[:, n] = 4.0 * slopes[:, n - 1] + 2.0 * t * bends[:, n - 1] - bends[:, n - 2]
    return tuple(
        table[:, : order + 1] * factor
        for table, factor in ((values, 1.0), (slopes, 2.0), (bends, 4.0))
    )


def chebyshev(t: jax.Array, series: jax.Array) -> jax.Array:
    """Σ_k c_k T_k(t) by Clenshaw's recurrence, `series` of shape `(d, k)`."""

    def fold(carry: tuple, c: jax.Array) -> tuple[tuple, None]:
        first, second = carry
        return (2.0 * t * first - second + c, first), None

    zero = jnp.zeros_like(t)
    (first, second), _ = jax.lax.scan(fold, (zero, zero), series.T[:0:-1])
    return t * first - second + series[:, 0]


def waves(angle: jax.Array, series: jax.Array) -> jax.Array:
    """c_0 + Σ_k c_{2k−1} cos(k·) + c_{2k} sin(k·)."""
    orders = jnp.arange(1, (series.shape[1] - 1) // 2 + 1)
    phases = angle[:, None] * orders[None]
    cosines, sines = series[:, 1:-1:2], series[:, 2::2]
    if series.shape[1] % 2 == 0:
        cosines, sines = series[:, 1:-2:2], series[:, 2:-1:2]
    return series[:, 0] + jnp.sum(cosines * jnp.cos(phases) + sines * jnp.sin(phases), axis=1)
