"""Functions of several coordinates as series: polynomials, and waves along angles."""

import itertools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.charts import Chart
from thalweg.energies import Energy
from thalweg.recovery.candidates.random_units import UnitBasis, frame_of


class Basis(eqx.Module):
    r"""Products φ_k(y) = Π_i b(e_ki, y_i) of total degree at most D, the constant left out.

    Along a coordinate b(n, ·) is the Chebyshev polynomial T_n of the scaled coordinate; along an
    angle b(2n − 1, ·) and b(2n, ·) are its n-th cosine and sine, both of degree n.

    Attributes:
        lower: where each coordinate starts, shape `(d,)`.
        widths: how far it extends, shape `(d,)`.
        angles: which coordinates are angles.
        orders: the e_ki, one tuple a function.
    """

    lower: Any
    widths: Any
    angles: tuple[bool, ...] = eqx.field(static=True)
    orders: tuple[tuple[int, ...], ...] = eqx.field(static=True)

    def __call__(self, y: jax.Array) -> jax.Array:
        """All φ_k(y), shape `(k,)`."""
        lower, widths = jnp.asarray(self.lower, y.dtype), jnp.asarray(self.widths, y.dtype)
        u = (y - lower) / widths
        orders = np.asarray(self.orders)
        factors = [
            along(u[i], int(orders[:, i].max()), is_angle)[orders[:, i]]
            for i, is_angle in enumerate(self.angles)
        ]
        return jnp.prod(jnp.stack(factors), axis=0)

    @property
    def degrees(self) -> np.ndarray:
        """The total degree of each function, shape `(k,)`."""
        orders = np.asarray(self.orders)
        waves = (orders + 1) // 2
        return np.sum(np.where(np.asarray(self.angles), waves, orders), axis=1)


def along(u: jax.Array, order: int, is_angle: bool) -> jax.Array:
    """b(0, u), …, b(order, u) for u in [0, 1]."""
    if is_angle:
        waves = [jnp.ones_like(u)]
        for n in range(1, (order + 1) // 2 + 1):
            waves += [jnp.cos(2.0 * jnp.pi * n * u), jnp.sin(2.0 * jnp.pi * n * u)]
        return jnp.stack(waves[: order + 1])
    t = 2.0 * u - 1.0
    terms = [jnp.ones_like(t), t]
    for _ in range(order - 1):
        terms.append(2.0 * t * terms[-1] - terms[-2])
    return jnp.stack(terms[: order + 1])


def make_basis(chart: Chart, degree: int) -> Basis:
    """All products of total degree 1 to `degree` on the box that holds a chart's coordinates."""
    lower, angles = frame_of(chart)
    counts = [range(2 * degree + 1) if angle else range(degree + 1) for angle in angles]
    orders = []
    for order in itertools.product(*counts):
        total = sum((n + 1) // 2 if angle else n for n, angle in zip(order, angles, strict=True))
        if 1 <= total <= degree:
            orders.append(order)
    return Basis(lower, np.asarray(chart.widths), angles, tuple(orders))


class SeriesEnergy(Energy):
    """An energy Σ_k c_k φ_k in the coordinates of a chart."""

    chart: Chart
    basis: Basis | UnitBasis
    coefficients: Any

    def __call__(self, state: Any) -> jax.Array:
        """Σ_k c_k φ_k(y)."""
        y = jnp.asarray(self.chart.coordinates(state))
        return jnp.dot(jnp.asarray(self.coefficients, y.dtype), self.basis(y))
