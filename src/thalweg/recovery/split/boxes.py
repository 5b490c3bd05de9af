"""The Helmholtz–Hodge split of a flow on a box, f = −∇E + remainder, with the least remainder.

Along an angle E is a sum of waves, so that it returns; what drifts round for ever is left over.
"""

from dataclasses import dataclass

import numpy as np

from thalweg.core.charts import Chart
from thalweg.dynamics import Problem
from thalweg.recovery.candidates.tensors import TensorEnergy
from thalweg.recovery.forms.one_forms import gauss_legendre
from thalweg.recovery.forms.series import tabulated
from thalweg.recovery.split.refined import Part, refined, velocities

# Functions along each coordinate, by the number of coordinates: refined until the share settles.
TERMS = {1: (16, 48, 144), 2: (12, 24, 40), 3: (6, 10, 14)}


def project_in_box(problem: Problem) -> Part | None:
    """The gradient part of a flow on a box, to more and more terms; None where not finite."""
    terms = TERMS[problem.chart.dimension]
    return refined(lambda count: _project(problem, problem.chart, count), terms)


@dataclass(frozen=True)
class _Axis:
    """One coordinate: nodes, weights, orthonormal functions with diagonal stiffness, slopes."""

    nodes: np.ndarray
    weights: np.ndarray
    values: np.ndarray
    slopes: np.ndarray
    stiffness: np.ndarray
    to_series: np.ndarray


def _axis(lower: float, width: float, is_angle: bool, terms: int) -> _Axis:
    """Functions on [0, 1] rotated so that mass and stiffness are both diagonal."""
    count = terms + terms // 2 + 4
    if is_angle:
        u, weights = np.arange(2 * count) / (2 * count), np.full(2 * count, 0.5 / count)
        values, slopes, to_series = _waves(u, terms)
    else:
        u, weights = gauss_legendre(count)
        values, slopes, to_series = _polynomials(u, terms)
    # The first function is the constant, of no stiffness, and is kept apart: beside the stiffness
    # of a narrow coordinate the rounding of its own would hide all that varies along a wide one.
    stiffness, turn = np.zeros(slopes.shape[1]), np.eye(slopes.shape[1])
    inner = slopes[:, 1:]
    stiffness[1:], turn[1:, 1:] = np.linalg.eigh(inner.T @ (weights[:, None] * inner))
    return _Axis(
        lower + width * u,
        weights,
        values @ turn,
        slopes @ turn / width,
        stiffness / width**2,
        to_series @ turn,
    )


def _polynomials(u: np.ndarray, terms: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Orthonormal Legendre polynomials, their slopes, and their Chebyshev coefficients."""
    t = 2.0 * u - 1.0
    sizes = np.sqrt(2.0 * np.arange(terms) + 1.0)
    values = np.polynomial.legendre.legvander(t, terms - 1) * sizes
    rates = np.polynomial.legendre.legder(np.diag(sizes), axis=0)
    slopes = 2.0 * np.polynomial.legendre.legval(t, rates).T
    places = np.cos(np.pi * (np.arange(terms) + 0.5) / terms)
    there = np.polynomial.legendre.legvander(places, terms - 1) * sizes
    to_series = np.linalg.solve(np.polynomial.chebyshev.chebvander(places, terms - 1), there)
    return values, slopes, to_series


def _waves(u: np.ndarray, terms: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Orthonormal cosines and sines, their slopes, and their coefficients in the series."""
    order = 2 * ((terms + 1) // 2)
    values, slopes, _ = tabulated(u, order, is_angle=True)
    sizes = np.array([1.0, *[np.sqrt(2.0)] * order])
    return values * sizes, slopes * sizes, np.diag(sizes)


def _project(problem: Problem, chart: Chart, terms: int) -> tuple[TensorEnergy, float] | None:
    """Solve ∫∇E·∇φ = −∫f·∇φ for all φ of the tensor basis; E and the share of the remainder."""
    angles = tuple(bool(a) for a in chart.angles)
    axes = [
        _axis(float(chart.bounds[0][i]), float(chart.widths[i]), angles[i], terms)
        for i in range(len(angles))
    ]
    shape = tuple(len(axis.nodes) for axis in axes)
    grid = np.stack(np.meshgrid(*(axis.nodes for axis in axes), indexing="ij"), axis=-1)
    velocity, unit = velocities(problem, grid.reshape(-1, len(angles)))
    velocity = velocity.reshape(*shape, -1)
    if not np.all(np.isfinite(velocity)):
        return None
    weights = np.ones(shape)
    for i, axis in enumerate(axes):
        weights = weights * axis.weights.reshape([-1 if k == i else 1 for k in range(len(axes))])
    load, stiffness = 0.0, 0.0
    for i, axis in enumerate(axes):
        load = load - _contract(weights * velocity[..., i], _tables(axes, i), transpose=True)
        stiffness = stiffness + axis.stiffness.reshape(
            [-1 if k == i else 1 for k in range(len(axes))]
        )
    is_free = np.ones(np.shape(stiffness), dtype=bool)
    is_free.flat[0] = False  # a constant, of which no rule tells
    solved = np.where(is_free, load, 0.0) / np.where(is_free, stiffness, 1.0)
    remainder = velocity + np.stack(
        [_contract(solved, _tables(axes, i), transpose=False) for i in range(len(axes))], axis=-1
    )
    total = np.sum(weights[..., None] * velocity**2)
    share = float(np.sum(weights[..., None] * remainder**2) / max(total, np.finfo(float).tiny))
    series = _contract(solved, [axis.to_series for axis in axes], transpose=False)
    return TensorEnergy(chart, unit * series, angles), share


def _tables(axes: list[_Axis], derived: int) -> list[np.ndarray]:
    """The functions of every axis at its nodes; the slopes, of the axis `derived`."""
    return [axis.slopes if k == derived else axis.values for k, axis in enumerate(axes)]


def _contract(tensor: np.ndarray, tables: list[np.ndarray], transpose: bool) -> np.ndarray:
    """Apply one matrix along each axis of a tensor."""
    for table in tables:
        matrix = table if transpose else table.T
        tensor = np.tensordot(tensor, matrix, axes=(0, 0))
    return tensor
