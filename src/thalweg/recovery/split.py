"""The Helmholtz–Hodge split of a flow on a box, f = −∇E + remainder, with the least remainder."""

from dataclasses import dataclass
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.batches import in_batches
from thalweg.core.charts import Chart
from thalweg.dynamics import Problem
from thalweg.energies import Energy
from thalweg.recovery.candidates.polynomials import along
from thalweg.recovery.findings import Finding, Findings
from thalweg.recovery.forms.one_forms import gauss_legendre
from thalweg.recovery.level import Cost, Level
from thalweg.recovery.question import Question

_BATCH = 1024
_TERMS = {2: (12, 24, 40), 3: (6, 10, 14)}
_SETTLED = 1e-6
_SHOWN = 5e-4


@dataclass(frozen=True)
class Split:
    r"""A rule as a gradient and a remainder, f = −∇E + remainder, orthogonal in L² of the box.

    Of all E the one that makes ∫|remainder|² least; so the remainder is free of divergence and does
    not cross the walls, and a gradient has none. This is the orthogonal projection on gradients;
    other boundary conditions give other splits.

    Attributes:
        energy: E, up to a constant. **It need not fall along the rule.**
        share: ∫|remainder|² / ∫|f|², from 0 (a gradient) to 1.
        change: how much the share changed with the last refinement.
    """

    energy: Any
    share: float
    change: float


class TensorEnergy(Energy):
    """An energy as a tensor of coefficients of products of polynomials, or waves along angles."""

    chart: Chart
    coefficients: Any
    angles: tuple[bool, ...] = eqx.field(static=True)

    def __call__(self, state: Any) -> jax.Array:
        """Σ c_ab… b_a(y_1) b_b(y_2) ⋯."""
        y = jnp.asarray(self.chart.coordinates(state))
        u = (y - jnp.asarray(self.chart.bounds[0], y.dtype)) / jnp.asarray(
            self.chart.widths, y.dtype
        )
        total = jnp.asarray(self.coefficients, y.dtype)
        for i, is_angle in reversed(list(enumerate(self.angles))):
            total = total @ along(u[i], total.shape[-1] - 1, is_angle)
        return total


@dataclass(frozen=True)
class SplitLevel(Level):
    """A rule as −∇E and as little remainder as possible."""

    name: ClassVar[str] = "split"
    cost: ClassVar[Cost] = Cost.THOROUGH

    def applies(self, question: Question, so_far: Findings) -> bool:
        """Of flows that have no energy."""
        return question.rule.has_continuous_time and not so_far.has_energy

    def ask(self, question: Question) -> Finding:
        """Project a flow on gradients, where its region is a box of two or three coordinates."""
        chart = question.chart
        if not chart.is_product or question.size not in _TERMS:
            return Finding("open", None, "Only for boxes of two or three coordinates.")
        found = project(question.problem, chart)
        if found is None:
            return Finding("open", None, "The rule is not finite everywhere in the region.")
        ends = "" if found.change < _SHOWN else f" (not settled: ± {100 * found.change:.1g} %)"
        note = (
            f"f = −∇E + remainder by orthogonal projection on gradients (the remainder has no "
            f"divergence and does not cross the walls): the remainder holds "
            f"{100 * found.share:.4g} %{ends} of ∫|f|². This E need not fall along the rule."
        )
        return Finding("yes", found.share, note, split=found)


def project(problem: Problem, chart: Chart) -> Split | None:
    """The split of a flow on a box, to more and more terms; None where it is not finite."""
    share, change, energy = float("nan"), float("inf"), None
    for terms in _TERMS[chart.dimension]:
        solved = _project(problem, chart, terms)
        if solved is None:
            return None
        change, share, energy = abs(solved[1] - share), solved[1], solved[0]
        if change < _SETTLED:
            break
    return Split(energy, share, change)


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
    stiffness, turn = np.linalg.eigh(slopes.T @ (weights[:, None] * slopes))
    return _Axis(
        lower + width * u,
        weights,
        values @ turn,
        slopes @ turn / width,
        np.maximum(stiffness, 0.0) / width**2,
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
    values, slopes = [np.ones_like(u)], [np.zeros_like(u)]
    for n in range(1, (terms + 1) // 2 + 1):
        turn = 2.0 * np.pi * n
        values += [np.sqrt(2.0) * np.cos(turn * u), np.sqrt(2.0) * np.sin(turn * u)]
        slopes += [-turn * values[-1], turn * values[-2]]
    sizes = np.diag([1.0, *[np.sqrt(2.0)] * (len(values) - 1)])
    return np.stack(values, axis=1), np.stack(slopes, axis=1), sizes


def _project(problem: Problem, chart: Chart, terms: int) -> tuple[TensorEnergy, float] | None:
    """Solve ∫∇E·∇φ = −∫f·∇φ for all φ of the tensor basis; E and the share of the remainder."""
    angles = tuple(bool(a) for a in chart.angles)
    axes = [
        _axis(float(chart.bounds[0][i]), float(chart.widths[i]), angles[i], terms)
        for i in range(len(angles))
    ]
    shape = tuple(len(axis.nodes) for axis in axes)
    grid = np.stack(np.meshgrid(*(axis.nodes for axis in axes), indexing="ij"), axis=-1)
    velocity = _velocities(problem, grid.reshape(-1, len(angles))).reshape(*shape, -1)
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
    is_free = stiffness > 1e-12 * np.max(stiffness)
    solved = np.where(is_free, load, 0.0) / np.where(is_free, stiffness, 1.0)
    remainder = velocity + np.stack(
        [_contract(solved, _tables(axes, i), transpose=False) for i in range(len(axes))], axis=-1
    )
    total = np.sum(weights[..., None] * velocity**2)
    share = float(np.sum(weights[..., None] * remainder**2) / max(total, np.finfo(float).tiny))
    series = _contract(solved, [axis.to_series for axis in axes], transpose=False)
    return TensorEnergy(chart, series, angles), share


def _tables(axes: list[_Axis], derived: int) -> list[np.ndarray]:
    """The functions of every axis at its nodes; the slopes, of the axis `derived`."""
    return [axis.slopes if k == derived else axis.values for k, axis in enumerate(axes)]


def _contract(tensor: np.ndarray, tables: list[np.ndarray], transpose: bool) -> np.ndarray:
    """Apply one matrix along each axis of a tensor."""
    for table in tables:
        matrix = table if transpose else table.T
        tensor = np.tensordot(tensor, matrix, axes=(0, 0))
    return tensor


def _velocities(problem: Problem, points: np.ndarray) -> np.ndarray:
    return in_batches(lambda some: (_displacements(problem, some),), points, _BATCH)[0]


@eqx.filter_jit
def _displacements(problem: Problem, points: Any) -> jax.Array:
    return jax.vmap(problem.displacement)(points)
