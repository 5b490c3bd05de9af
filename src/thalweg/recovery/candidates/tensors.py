"""Energies that are series in few coordinates, by tables of coefficients: quick to compute."""

import dataclasses
import itertools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.charts import Chart
from thalweg.energies import Energy
from thalweg.recovery.candidates.polynomials import Basis, SeriesEnergy, tables
from thalweg.recovery.candidates.random_units import UnitBasis
from thalweg.recovery.forms.series import tabulated

# In more coordinates a table holds far more entries than a series of bounded degree has terms.
_LARGEST = 3
# Points whose tables, some hundred numbers each, take about a megabyte.
_AT_ONCE = 2048


class TensorEnergy(Energy):
    r"""An energy Σ C_ab… b_a(y₁) b_b(y₂) … of polynomials, or waves along angles.

    The b are those of a `Basis` in the box that holds a chart's coordinates.

    Attributes:
        chart: the coordinates.
        coefficients: C, one axis a coordinate.
        angles: along which coordinates the b are waves.
        together: true where the b of all coordinates are computed together, as bounds want it.
    """

    chart: Chart
    coefficients: Any
    angles: tuple[bool, ...] = eqx.field(static=True)
    together: bool = eqx.field(static=True, default=False)

    def __call__(self, state: Any) -> jax.Array:
        """The sum at a state."""
        y = jnp.asarray(self.chart.coordinates(state))
        lower, widths, total = (
            jnp.asarray(a, y.dtype)
            for a in (self.chart.bounds[0], self.chart.widths, self.coefficients)
        )
        u = (y - lower) / widths
        for table in reversed(tables(u, np.asarray(total.shape) - 1, self.angles, self.together)):
            total = total @ table
        return total

    def gradients(self, points: np.ndarray) -> np.ndarray:
        """∇E at coordinates `(n, d)`, on the host."""
        return np.concatenate([self._gradients(some) for some in _in_cache(points)])

    def _gradients(self, points: np.ndarray) -> np.ndarray:
        tables = self._tables(points)
        columns = [self._contracted(tables, (i,)) for i in range(points.shape[1])]
        return np.stack(columns, axis=1) / np.asarray(self.chart.widths)

    def hessians(self, points: np.ndarray) -> np.ndarray:
        """The Hessians of E at coordinates `(n, d)`, on the host, `(n, d, d)`."""
        tables, size = self._tables(points), points.shape[1]
        found = np.zeros((len(points), size, size))
        for i, j in itertools.combinations_with_replacement(range(size), 2):
            found[:, i, j] = found[:, j, i] = self._contracted(tables, (i, j))
        widths = np.asarray(self.chart.widths)
        return found / np.outer(widths, widths)

    def _tables(self, points: np.ndarray) -> list[tuple[np.ndarray, ...]]:
        """The b along each coordinate, and their derivatives."""
        unit = (points - np.asarray(self.chart.bounds[0])) / np.asarray(self.chart.widths)
        sizes = np.shape(self.coefficients)
        return [tabulated(unit[:, i], sizes[i] - 1, a) for i, a in enumerate(self.angles)]

    def _contracted(self, tables: list[tuple[np.ndarray, ...]], axes: tuple[int, ...]) -> Any:
        """The derivative along some coordinates, of each once or twice, at every point."""
        found = np.asarray(self.coefficients)[None]
        for i in reversed(range(len(tables))):
            table = tables[i][axes.count(i)]
            if len(found) == 1:
                found = np.moveaxis(found[0] @ table.T, -1, 0)
            else:
                found = np.einsum("n...j,nj->n...", found, table)
        return found


def written_for_bounds(energy: Any) -> Any:
    """The same function, by the program whose bounds are had soonest: no term that is zero."""
    if isinstance(energy, TensorEnergy):
        table = np.asarray(energy.coefficients)
        ends = [int(np.max(at, initial=1)) + 1 for at in np.nonzero(table)]
        table = table[tuple(slice(end) for end in ends)]
        return dataclasses.replace(energy, coefficients=table, together=True)
    if isinstance(energy, SeriesEnergy) and isinstance(energy.basis, Basis):
        kept = np.flatnonzero(energy.coefficients)
        orders = tuple(energy.basis.orders[k] for k in kept)
        basis = dataclasses.replace(energy.basis, orders=orders, together=True)
        return SeriesEnergy(energy.chart, basis, np.asarray(energy.coefficients)[kept])
    return energy


def _in_cache(points: np.ndarray) -> list[np.ndarray]:
    """Parts of `(n, d)` points, of the size whose tables fit into a processor's cache."""
    return [points[at : at + _AT_ONCE] for at in range(0, max(len(points), 1), _AT_ONCE)]


def series_energy(
    chart: Chart, basis: Basis | UnitBasis, coefficients: np.ndarray
) -> SeriesEnergy | TensorEnergy:
    """The energy Σ c_k φ_k, in the form that is computed most quickly."""
    if not isinstance(basis, Basis) or len(basis.angles) > _LARGEST:
        return SeriesEnergy(chart, basis, coefficients)
    orders = np.asarray(basis.orders)
    tensor = np.zeros(orders.max(axis=0) + 1)
    tensor[tuple(orders.T)] = coefficients
    return TensorEnergy(chart, tensor, basis.angles)
