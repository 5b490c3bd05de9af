"""Fit functions of one coordinate each to log-ratios of Jacobian entries."""

from dataclasses import replace

import numpy as np

from thalweg.core.charts import Chart
from thalweg.core.graphs import components
from thalweg.recovery.metrics.diagonal_weights.ratios import Ratios
from thalweg.recovery.metrics.diagonal_weights.series import SeparableWeights, design

# Of series for log m_i: each doubling is tried only where the last does not fit.
_DEGREES = (6, 12, 24, 48)
_GOOD = 1e-12  # misfit at which no higher degree can do better than rounding
# Where a weight is no power of the distance from a wall, a fit makes one of rounding or of what its
# series lacks: then it is small, or hardly better than the series alone. One of the size that is
# left out changes a weight by a hundredth in the box, and makes it zero or infinite at a wall.
_BETTER, _LEAST_POWER = 10.0, 1e-3
# Pairs a coordinate beyond a spanning tree: they average noise; all pairs would be d².
_EXTRA_EDGES = 3


def fit_weights(
    chart: Chart, unit: np.ndarray, ratios: Ratios, check: tuple[np.ndarray, Ratios]
) -> tuple[SeparableWeights, float]:
    """Least squares for log m_j(x_j) − log m_i(x_i) = log(J_ij / J_ji), to more and more terms.

    Arguments:
        chart: the box.
        unit: points in units of the box, shape `(n, d)`.
        ratios: the log-ratios there.
        check: other points and their log-ratios, on which the fit is judged.

    Returns:
        The best weights, scaled so that the mean of log m over each connected block is 0, and the
        misfit: the rms of tanh(gap / 2) on the points of the check.
    """
    angles = tuple(bool(a) for a in chart.angles)
    chosen = strong_pairs(ratios, chart.dimension)
    lower = chart.bounds[0]
    flat = SeparableWeights(
        lower, chart.widths, np.zeros((len(angles), 1)), np.zeros((len(angles), 2)), angles
    )
    best, least = flat, _misfit(flat, check, 0)
    for degree in _DEGREES:
        if 4 * (degree + 3) > len(unit):
            break

        def fit(ends: np.ndarray, degree: int = degree) -> tuple[SeparableWeights, float]:
            """The weights with powers at some ends of the coordinates, and their misfit."""
            series, powers = _solve(unit, ratios, chosen, angles, degree, ends)
            fitted = SeparableWeights(lower, chart.widths, series, powers, angles)
            return fitted, _misfit(fitted, check, degree)

        ends = np.zeros((len(angles), 2), dtype=bool)
        if least > _GOOD:
            fitted, misfit = fit(ends)
            if misfit < least:
                best, least = fitted, misfit
        if least > _GOOD:
            large = np.abs(fit(~ends)[0].powers) >= _LEAST_POWER
            needed = 1.0 if np.any(best.powers) else _BETTER
            if np.any(large):
                fitted, misfit = fit(large)
                if misfit * needed < least:
                    best, least = fitted, misfit
    return best if np.any(best.powers) else replace(best, powers=None), least


def strong_pairs(ratios: Ratios, size: int) -> np.ndarray:
    """The pairs to fit: a strongest spanning forest, and for each coordinate a few strong ones."""
    strength = np.sum(ratios.weights, axis=0)
    order = np.argsort(-strength, kind="stable")
    root, degree, chosen = list(range(size)), np.zeros(size, dtype=int), []

    def find(node: int) -> int:
        while root[node] != node:
            node = root[node]
        return node

    for p in order:
        i, j = (int(v) for v in ratios.pairs[p])
        joins = find(i) != find(j)
        if strength[p] > 0.0 and (joins or min(degree[i], degree[j]) < _EXTRA_EDGES):
            chosen.append(int(p))
            root[find(i)] = find(j)
            degree[[i, j]] += 1
    return np.asarray(chosen, dtype=int)


def _solve(
    unit: np.ndarray,
    ratios: Ratios,
    chosen: np.ndarray,
    angles: tuple[bool, ...],
    degree: int,
    ends: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Weighted least squares by refined normal equations; series `(d, k)` and powers `(d, 2)`.

    Powers are looked for at the ends, booleans `(d, 2)`, alone.
    """
    size, width = len(angles), degree + 3
    parts = [design(unit[:, i], degree, angles[i], bool(np.any(ends[i]))) for i in range(size)]
    for part, used in zip(parts, ends, strict=True):
        part[:, -2:] *= used
    normal = np.zeros((size, width, size, width))
    for p in chosen:
        i, j = ratios.pairs[p]
        weighted = ratios.weights[:, p, None]
        left, right = parts[i] * weighted, parts[j] * weighted
        normal[i, :, i] += left.T @ left
        normal[j, :, j] += right.T @ right
        both = left.T @ right
        normal[i, :, j] -= both
        normal[j, :, i] -= both.T
    matrix = normal.reshape(size * width, size * width)
    # The ridge settles what the data leave free: one constant a block, and unused terms.
    matrix = matrix + 1e-13 * max(float(np.max(np.diag(matrix))), 1e-300) * np.eye(len(matrix))
    from scipy.linalg import lu_factor, lu_solve

    factors = lu_factor(matrix, check_finite=False)
    solution = np.zeros((size, width))
    for _ in range(4):
        target = np.zeros((size, width))
        for p in chosen:
            i, j = ratios.pairs[p]
            gap = ratios.logs[:, p] - (parts[j] @ solution[j] - parts[i] @ solution[i])
            gap = gap * ratios.weights[:, p] ** 2
            target[j] += parts[j].T @ gap
            target[i] -= parts[i].T @ gap
        step = lu_solve(factors, target.ravel(), check_finite=False)
        solution += step.reshape(size, width)
    return _centred(solution, ratios.pairs[chosen], parts)


def _centred(
    solution: np.ndarray, pairs: np.ndarray, parts: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Take the mean log-weight out of every block."""
    solution = solution.copy()
    means = np.asarray([np.mean(p @ s) for p, s in zip(parts, solution, strict=True)])
    label = components(pairs, len(solution))
    for block in np.unique(label):
        solution[label == block, 0] -= np.mean(means[label == block])
    return solution[:, :-2], solution[:, -2:]


def _misfit(weights: SeparableWeights, check: tuple[np.ndarray, Ratios], degree: int) -> float:
    unit, ratios = check
    if not len(ratios.pairs) or not np.any(ratios.weights):
        return 0.0
    logs = np.empty_like(unit)
    for i in range(unit.shape[1]):
        columns = design(unit[:, i], degree, weights.angles[i], bool(np.any(weights.powers[i])))
        logs[:, i] = columns @ np.concatenate([weights.series[i], weights.powers[i]])
    i, j = ratios.pairs.T
    gaps = ratios.logs - (logs[:, j] - logs[:, i])
    total = np.sum(ratios.weights)
    return float(np.sqrt(np.sum(ratios.weights * np.tanh(gaps / 2.0) ** 2) / total))
