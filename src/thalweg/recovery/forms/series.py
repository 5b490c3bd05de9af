"""Functions of one coordinate: Chebyshev polynomials, and along an angle waves; tables and sums.

b(n, u) is the Chebyshev polynomial T_n(2u − 1) of a coordinate u in [0, 1]; along an angle
b(0, ·) is 1, b(2n − 1, ·) and b(2n, ·) are the n-th cosine and sine of 2πu, both of degree n.
"""

import jax
import jax.numpy as jnp
import numpy as np


def along(u: jax.Array, order: int, is_angle: bool, together: bool = False) -> jax.Array:
    """b(0, u), …, b(order, u) for numbers u in [0, 1], shape `(order + 1, …)`.

    Taken together, many polynomials at once, their bounds are good; one after the other they are
    compiled sooner.
    """
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
    if together:
        return polynomials(t, order)
    terms = [jnp.ones_like(t), t]
    for _ in range(order - 1):
        terms.append(2.0 * t * terms[-1] - terms[-2])
    return jnp.stack(terms[: order + 1])


def polynomials(t: jax.Array, order: int) -> jax.Array:
    """T_0(t), …, T_order(t), shape `(order + 1, …)`, by T_{k+j} = 2 T_k T_j − T_{k−j}.

    Each is a few products deep. Bounds of the three-term recurrence would grow exponentially.
    """
    terms = jnp.stack([jnp.ones_like(t), t])
    while len(terms) <= order:
        # With T_0, …, T_k known, those up to T_2k: j = 1, …, k.
        terms = jnp.concatenate([terms, 2.0 * terms[-1:] * terms[1:] - terms[-2::-1]])
    return terms[: order + 1]


def tabulated(
    unit: np.ndarray, order: int, is_angle: bool, derivatives: int = 2
) -> tuple[np.ndarray, ...]:
    """b(0, u), …, b(order, u) for u in [0, 1], and their derivatives in u, up to the second.

    Each has shape `(n, order + 1)`. It is laid out by columns, as it is made and read.
    """
    tables = np.zeros((1 + derivatives, order + 3, len(unit)))
    fill = _fill_waves if is_angle else _fill_polynomials
    fill(unit, order, tables)
    return tuple(table[: order + 1].T for table in tables)


def _fill_waves(unit: np.ndarray, order: int, tables: np.ndarray) -> None:
    tables[0, 0] = 1.0
    for n in range(1, (order + 1) // 2 + 1):
        rate = 2.0 * np.pi * n
        cosine, sine = np.cos(rate * unit), np.sin(rate * unit)
        turned = ((cosine, sine), (-sine, cosine), (-cosine, -sine))
        for k, table in enumerate(tables):
            table[2 * n - 1], table[2 * n] = (rate**k * wave for wave in turned[k])


def _fill_polynomials(unit: np.ndarray, order: int, tables: np.ndarray) -> None:
    t = 2.0 * unit - 1.0
    twice = 2.0 * t
    tables[0, 0], tables[0, 1] = 1.0, t
    if len(tables) > 1:
        tables[1, 1] = 1.0
    for k, table in enumerate(tables):
        for n in range(2, order + 1):
            table[n] = twice * table[n - 1] - table[n - 2]
            if k:
                table[n] += 2.0 * k * tables[k - 1, n - 1]
    for k, table in enumerate(tables):
        table *= 2.0**k


def chebyshev(t: jax.Array, series: jax.Array, together: bool = False) -> jax.Array:
    """Σ_k c_k T_k(t), `series` of shape `(d, k)`: by Clenshaw's recurrence, or by `polynomials`."""
    if together:
        return jnp.sum(series.T * polynomials(t, series.shape[1] - 1), axis=0)

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
