"""Energies that are series in few coordinates, by tables of coefficients: quick to compute."""

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.charts import Chart
from thalweg.energies import Energy
from thalweg.recovery.candidates.polynomials import Basis, SeriesEnergy, tables
from thalweg.recovery.candidates.random_units import UnitBasis
from thalweg.recovery.forms.one_forms import LineIntegral
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
        units = np.eye(points.shape[1], dtype=int)
        found = _derivatives(self, points, [tuple(unit) for unit in units])
        return found.T / np.asarray(self.chart.widths)

    def hessians(self, points: np.ndarray) -> np.ndarray:
        """The Hessians of E at coordinates `(n, d)`, on the host, `(n, d, d)`."""
        units, (i, j) = np.eye(points.shape[1], dtype=int), np.triu_indices(points.shape[1])
        found = np.zeros((len(points), len(units), len(units)))
        entries = _derivatives(self, points, [tuple(both) for both in units[i] + units[j]]).T
        found[:, i, j] = found[:, j, i] = entries
        widths = np.asarray(self.chart.widths)
        return found / np.outer(widths, widths)


def _derivatives(
    energy: TensorEnergy, points: np.ndarray, wanted: list[tuple[int, ...]]
) -> np.ndarray:
    """Derivatives in units of the box at points `(n, d)`, one a row.

    Arguments:
        energy: the series.
        points: coordinates.
        wanted: how often each derivative is taken along each coordinate.
    """
    lower, widths = np.asarray(energy.chart.bounds[0]), np.asarray(energy.chart.widths)
    coefficients, most = np.asarray(energy.coefficients), max(max(orders) for orders in wanted)
    parts = []
    for some in _in_cache(points):
        unit = (some - lower) / widths
        found: dict[tuple[int, ...], np.ndarray] = {(): coefficients}
        for i, is_angle in reversed(list(enumerate(energy.angles))):
            tables = tabulated(unit[:, i], coefficients.shape[i] - 1, is_angle, most)
            ends = {orders[i:] for orders in wanted}
            found = {end: _summed(found[end[1:]], tables[end[0]].T, i) for end in ends}
        parts.append(np.stack([found[orders] for orders in wanted]))
    return np.concatenate(parts, axis=1)


def _summed(found: np.ndarray, table: np.ndarray, axis: int) -> np.ndarray:
    """The sum over the last axis of coefficients, or the last but one where points follow it."""
    return found @ table if found.ndim == axis + 1 else np.einsum("...kn,kn->...n", found, table)


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
    if isinstance(energy, LineIntegral):
        return eqx.tree_at(lambda e: e.geometry, energy, _together(energy.geometry))
    return energy


def _together(metric: Any) -> Any:
    """A metric whose series compute all their functions together."""

    def is_series(part: Any) -> bool:
        return isinstance(part, eqx.Module) and getattr(part, "together", None) is False

    def written(part: Any) -> Any:
        return dataclasses.replace(part, together=True) if is_series(part) else part

    return jax.tree.map(written, metric, is_leaf=is_series)


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
