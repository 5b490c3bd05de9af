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
from thalweg.recovery.forms.series import along, tabulated


class Basis(eqx.Module):
    r"""Products φ_k(y) = Π_i b(e_ki, y_i) of total degree at most D, the constant left out.

    The functions b(n, ·) of one coordinate are those of `recovery.forms.series`.

    Attributes:
        lower: where each coordinate starts, shape `(d,)`.
        widths: how far it extends, shape `(d,)`.
        angles: which coordinates are angles.
        orders: the e_ki, one tuple a function.
        together: true where the b of all coordinates are computed together, as bounds want it.
    """

    lower: Any
    widths: Any
    angles: tuple[bool, ...] = eqx.field(static=True)
    orders: tuple[tuple[int, ...], ...] = eqx.field(static=True)
    together: bool = eqx.field(static=True, default=False)

    def __call__(self, y: jax.Array) -> jax.Array:
        """All φ_k(y), shape `(k,)`."""
        lower, widths = jnp.asarray(self.lower, y.dtype), jnp.asarray(self.widths, y.dtype)
        u = (y - lower) / widths
        orders = np.asarray(self.orders).T
        product = jnp.ones((), y.dtype)
        found = tables(u, orders.max(axis=1), self.angles, self.together)
        for table, picked in zip(found, orders, strict=True):
            # A product with zeros and ones is many times faster than picking, and its gradient.
            product = product * (np.eye(len(table), dtype=y.dtype)[picked] @ table)
        return product

    def values(self, points: np.ndarray) -> np.ndarray:
        """The φ_k at points `(n, d)`, on the host, shape `(n, k)`."""
        orders, tables = np.asarray(self.orders), self._tables(points)
        return np.prod([table[0][:, orders[:, k]] for k, table in enumerate(tables)], axis=0)

    def gradients(self, points: np.ndarray) -> np.ndarray:
        """The ∂_iφ_k at points `(n, d)`, on the host, shape `(n, k, d)`."""
        orders, tables = np.asarray(self.orders), self._tables(points)
        found = []
        for i, width in enumerate(np.asarray(self.widths)):
            factors = [table[int(i == k)][:, orders[:, k]] for k, table in enumerate(tables)]
            found.append(np.prod(factors, axis=0) / width)
        return np.stack(found, axis=-1)

    @property
    def degrees(self) -> np.ndarray:
        """The total degree of each function, shape `(k,)`."""
        orders = np.asarray(self.orders)
        waves = (orders + 1) // 2
        return np.sum(np.where(np.asarray(self.angles), waves, orders), axis=1)

    def _tables(self, points: np.ndarray) -> list[tuple[np.ndarray, ...]]:
        """Along each coordinate what `tabulated` says at points `(n, d)`."""
        unit = (points - np.asarray(self.lower)) / np.asarray(self.widths)
        largest = np.max(np.asarray(self.orders), axis=0)
        return [tabulated(unit[:, i], int(largest[i]), a) for i, a in enumerate(self.angles)]


def tables(
    u: jax.Array, orders: np.ndarray, angles: tuple[bool, ...], together: bool
) -> list[jax.Array]:
    """b(0, u_i), …, b(order_i, u_i) for each coordinate of u in [0, 1]^d, a list of d arrays.

    Taken together, the coordinates of one kind make a program as short as that of one, which bounds
    follow sooner; compiled programs are quicker where each is a number of its own.
    """
    if not together:
        return [along(u[i], int(orders[i]), is_angle) for i, is_angle in enumerate(angles)]
    found: dict[int, jax.Array] = {}
    for is_angle in set(angles):
        own = [i for i, a in enumerate(angles) if a == is_angle]
        rows = along(u[np.asarray(own)], int(max(orders[own])), is_angle, together)
        found |= {i: rows[: orders[i] + 1, at] for at, i in enumerate(own)}
    return [found[i] for i in range(len(angles))]


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
