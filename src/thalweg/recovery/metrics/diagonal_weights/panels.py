"""Functions of one coordinate each on panels that are as small as their sharpest parts ask for.

What a series over the whole box cannot resolve, such as a pole that a wall of the box almost
touches, the ratios themselves give along lines: with all other coordinates held,
log m_i(x_i) = log(J_ji / J_ij) + const for any coordinate j that i is coupled with.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.charts import Chart
from thalweg.recovery.forms.series import chebyshev
from thalweg.recovery.metrics.diagonal_weights.ratios import Ratios

# Of Chebyshev series on a panel: sixteen nodes resolve what one halving more would not.
_DEGREE = 15
_GOOD = 1e-11  # of the last three coefficients: the series has reached the noise of the ratios
_SMALLEST = 2.0**-26  # of the width: a weight that still changes there has a singularity
_MOST = 96  # panels a coordinate: halving towards both ends takes half of them


class PanelWeights(eqx.Module):
    r"""Positive weights m_i(y_i), with log m_i a Chebyshev series on each of some panels.

    Outside the box the outermost series go on, and mean nothing.

    Attributes:
        lower: of the box, shape `(d,)`.
        widths: of the box, shape `(d,)`.
        starts: where the panels start in units of the box, shape `(d, p)`; those that pad a short
            row start at 2.
        sizes: of the panels, shape `(d, p)`.
        series: shape `(d, p, k)`.
    """

    lower: Any
    widths: Any
    starts: Any
    sizes: Any
    series: Any

    def __call__(self, y: Any) -> jax.Array:
        """m(y), shape `(d,)`."""
        lower, widths, starts, sizes, series = (
            jnp.asarray(a, y.dtype)
            for a in (self.lower, self.widths, self.starts, self.sizes, self.series)
        )
        u = (y - lower) / widths
        rows = np.arange(len(self.starts))
        panel = jnp.maximum(jnp.sum(starts <= u[:, None], axis=1) - 1, 0)
        within = (u - starts[rows, panel]) / sizes[rows, panel]
        return jnp.exp(chebyshev(2.0 * within - 1.0, series[rows, panel]))


def panel_weights(
    chart: Chart,
    base: np.ndarray,
    jacobians_at: Callable[[np.ndarray], np.ndarray],
    ratios: Ratios,
    edges: np.ndarray,
) -> PanelWeights | None:
    """Weights from the ratios along one line for each coordinate, on panels halved as needed.

    Arguments:
        chart: the box.
        base: the point through which the lines go, in units of the box, shape `(d,)`.
        jacobians_at: Jacobians `(n, d, d)` at points in units of the box, `(n, d)`.
        ratios: which pairs are coupled, and how well (as at random points).
        edges: the pairs to go by, a forest that reaches every coupled coordinate.

    Returns:
        The weights, or None where a coupling that is needed vanishes on a line.
    """
    size = chart.dimension
    partners = _partners(ratios, edges, size)
    scale = _log_scales(base, jacobians_at, ratios.pairs[edges], size)
    if scale is None:
        return None
    lines: list[list[tuple[float, float, np.ndarray]]] = [[] for _ in range(size)]
    waiting = [(i, 0.0, 1.0) for i in range(size)]
    while waiting:
        found = _series_on(waiting, base, jacobians_at, partners)
        if found is None:
            return None
        halves, count = [], np.bincount([i for i, *_ in waiting], minlength=size)
        for (i, start, width), series in zip(waiting, found, strict=True):
            rough = np.max(np.abs(series[-3:])) > _GOOD * max(1.0, float(np.max(np.abs(series))))
            if rough and width > _SMALLEST and len(lines[i]) + count[i] < _MOST:
                halves += [(i, start, width / 2), (i, start + width / 2, width / 2)]
            else:
                lines[i].append((start, width, series))
        waiting = halves
    return _assembled(chart, lines, base, scale)


def _partners(ratios: Ratios, edges: np.ndarray, size: int) -> np.ndarray:
    """Partner of each coordinate, whose coupling with it is strongest; itself, if it has none."""
    strength = np.sum(ratios.weights, axis=0)
    partners, best = np.arange(size), np.zeros(size)
    for p in edges:
        i, j = (int(v) for v in ratios.pairs[p])
        for a, b in ((i, j), (j, i)):
            if strength[p] > best[a]:
                partners[a], best[a] = b, strength[p]
    return partners


def _log_scales(
    base: np.ndarray,
    jacobians_at: Callable[[np.ndarray], np.ndarray],
    edges: np.ndarray,
    size: int,
) -> np.ndarray | None:
    """log m_i at the base, from one edge of the forest after the other; 0 on average in a block."""
    jacobian = jacobians_at(base[None])[0]
    logs, label = np.zeros(size), np.arange(size)
    for i, j in edges:
        if label[i] == label[j]:
            continue
        ratio = jacobian[i, j] / jacobian[j, i] if jacobian[j, i] else 0.0
        if not np.isfinite(ratio) or ratio <= 0.0:
            return None
        moved = label == label[j]
        logs[moved] += logs[i] + np.log(ratio) - logs[j]
        label[moved] = label[i]
    for block in np.unique(label):
        logs[label == block] -= np.mean(logs[label == block])
    return logs


def _series_on(
    panels: list[tuple[int, float, float]],
    base: np.ndarray,
    jacobians_at: Callable[[np.ndarray], np.ndarray],
    partners: np.ndarray,
) -> list[np.ndarray] | None:
    """The Chebyshev coefficients of log m_i on some panels, each up to a constant of its line."""
    angles = np.pi * (np.arange(_DEGREE + 1) + 0.5) / (_DEGREE + 1)
    nodes = (1.0 - np.cos(angles)) / 2.0
    points = np.repeat(base[None], len(panels) * len(nodes), axis=0)
    rows = np.arange(len(points)).reshape(len(panels), len(nodes))
    for row, (i, start, width) in zip(rows, panels, strict=True):
        points[row, i] = start + width * nodes
    jacobians = jacobians_at(points)
    to_series = np.linalg.inv(np.polynomial.chebyshev.chebvander(2.0 * nodes - 1.0, _DEGREE))
    found = []
    for row, (i, _, _) in zip(rows, panels, strict=True):
        j = partners[i]
        forward, backward = jacobians[row, i, j], jacobians[row, j, i]
        if i == j:
            found.append(np.zeros(_DEGREE + 1))
        elif not np.all(forward * backward > 0.0):
            return None
        else:
            found.append(to_series @ np.log(backward / forward))
    return found


def _assembled(
    chart: Chart,
    lines: list[list[tuple[float, float, np.ndarray]]],
    base: np.ndarray,
    scale: np.ndarray,
) -> PanelWeights:
    """The panels of all coordinates as arrays, with log m_i(base) as `scale` has it."""
    size, longest = len(lines), max(len(line) for line in lines)
    starts, sizes = np.full((size, longest), 2.0), np.ones((size, longest))
    series = np.zeros((size, longest, _DEGREE + 1))
    for i, line in enumerate(lines):
        for p, (start, width, found) in enumerate(sorted(line, key=lambda panel: panel[0])):
            starts[i, p], sizes[i, p], series[i, p] = start, width, found
        p = int(np.sum(starts[i] <= base[i])) - 1
        within = 2.0 * (base[i] - starts[i, p]) / sizes[i, p] - 1.0
        series[i, :, 0] += scale[i] - np.polynomial.chebyshev.chebval(within, series[i, p])
    return PanelWeights(chart.bounds[0], chart.widths, starts, sizes, series)
