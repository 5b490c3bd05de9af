r"""Gradients whose speed was changed from place to place, f = −φ(x) ∇V with φ > 0.

The metric is then m = 1/φ times the identity. Closedness of m f is linear in σ = log m, and linear
and homogeneous in p = 1/m, for every pair of coordinates:

    ∂_j f_i − ∂_i f_j + f_i ∂_jσ − f_j ∂_iσ = 0,      (∂_j f_i − ∂_i f_j) p = f_i ∂_jp − f_j ∂_ip

So a polynomial p > 0 is sought in a null space, which is exact where φ is a polynomial, and then a
series for σ is fitted by least squares. Where f rests, J must be symmetric as it stands; in three
coordinates and more f must be free of torsion, f ∧ df = 0 (Frobenius): both exclude in a moment.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.batches import in_batches
from thalweg.recovery.candidates.common_direction import widest_margin
from thalweg.recovery.candidates.polynomials import Basis, make_basis
from thalweg.recovery.findings import Finding, Findings
from thalweg.recovery.kinds import Kind
from thalweg.recovery.level import Cost, Level
from thalweg.recovery.metrics.confirmed import confirmed, is_metric_open
from thalweg.recovery.metrics.in_states import diagonal_in_states
from thalweg.recovery.question import Question, evaluate

_TOLERANCE = 1e-7  # of exactness with fitted weights, whose series leave more than rounding
# The asymmetry of J that calls for a metric, well above what the check would let pass.
_LEAST = 1e-6
# Degrees of 1/m in so many coordinates, and of log m: up to some 150 terms. The lowest that will do
# makes the simplest energy: of the factors of one rule each is another times a function of E.
_DEGREES = {2: (2, 4, 8), 3: (2, 4), 4: (2, 3), 5: (2,), 6: (2,)}
_LOG_DEGREES = {2: (8, 16), 3: (6,), 4: (4,), 5: (3,), 6: (3,)}  # of series, which want more
# Singular values of the null space beside the largest.
_NULL = 1e-11
# Of what rounding and the search for equilibria leave of an exact symmetry.
_CLEARLY = 1e-5
# How many equations there are for each coefficient, and how many points check the fit.
_OVER, _NUM_CHECKED = 3, 256
# Where f changes by less over the region, as where it saturates, it is measured by its size.
_STEADY = 1e-2
# A least-squares fit holds back what the equations hardly see: such parts would grow without bound.
_HELD = 1e-11
_MOST_RANGE = 40.0  # of log m: e^40 of contrast is a fit of noise, not a change of speed
# How far 1/m stays above zero, relative to its largest value, in a descent to its least ones.
_CLEAR, _NUM_LOWEST, _NUM_DESCENTS = 1e-5, 8, 20


class ConformalWeights(eqx.Module):
    """The weight exp(c_0 + Σ_k c_k φ_k(y)) of every coordinate, or one over that sum.

    Attributes:
        basis: the φ_k.
        coefficients: the c_k, the constant first.
        is_log: whether the sum is log m, rather than 1/m.
    """

    basis: Basis
    coefficients: Any
    is_log: bool = eqx.field(static=True)

    def __call__(self, y: Any) -> jax.Array:
        """The weight, once a coordinate: shape `(d,)`."""
        coefficients = jnp.asarray(self.coefficients, y.dtype)
        total = coefficients[0] + self.basis(y) @ coefficients[1:]
        return jnp.full(y.shape, jnp.exp(total) if self.is_log else 1.0 / total)


@dataclass(frozen=True)
class ConformalMetricLevel(Level):
    """Steepest descent whose speed is a function of the place."""

    name: ClassVar[str] = "conformal-metric"
    cost: ClassVar[Cost] = Cost.CHEAP

    def applies(self, question: Question, so_far: Findings) -> bool:
        """While a metric may exist and none was found."""
        return is_metric_open(question, so_far)

    def ask(self, question: Question) -> Finding:
        """Exclude such a change of speed, or fit it, and check the metric elsewhere."""
        return confirmed(question, _conformal_metric(question))


def _conformal_metric(question: Question) -> Finding:
    if not question.chart.is_product or question.size not in _DEGREES:
        return Finding("open", None, "Not tried: only on boxes of two to six coordinates.")
    if question.euclidean.asymmetry < _LEAST:
        return Finding("open", None, "Not tried: J is too nearly symmetric to tell what turns it.")
    torsion = _torsion(question)
    if torsion > _CLEARLY:
        note = "Excluded: f ∧ df is not zero, so f is no multiple of a gradient."
        return Finding("no", torsion, note)
    turned = _asymmetry_at_rest(question)
    if turned > _CLEARLY:
        note = "Excluded: J is not symmetric where the rule rests, and no factor makes it so."
        return Finding("no", turned, note)
    misfit = np.inf
    for degrees, fit, is_log in (
        (_DEGREES, _inverse, False),
        (_LOG_DEGREES, _logarithm, True),
    ):
        for degree in degrees[question.size]:
            basis = make_basis(question.chart, degree)
            points = _points(question, _OVER * (1 + len(basis.orders)))
            coefficients, misfit = fit(question, basis, points)
            if coefficients is not None and misfit <= 0.1 * _TOLERANCE:
                return _check(question, ConformalWeights(basis, coefficients, is_log))
    note = "No series for the change of speed makes m f closed; another function may."
    return Finding("open", misfit, note)


def _inverse(
    question: Question, basis: Basis, points: np.ndarray
) -> tuple[np.ndarray | None, float]:
    """The coefficients of p > 0, from the null space of its equations, and the misfit."""
    rows = _homogeneous(question, basis, points)
    _, sizes, right = np.linalg.svd(rows, full_matrices=False)
    null = right[sizes <= _NULL * sizes[0]]
    if not len(null):
        return None, float(sizes[-1] / sizes[0])
    values = _sums(basis, points) @ null.T
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    shares, _ = widest_margin(values / np.maximum(lengths, np.finfo(float).tiny))
    if shares is None:
        return None, float(sizes[-1] / sizes[0])
    coefficients = shares @ null
    if not _is_positive(question, basis, coefficients):
        return None, float(sizes[-1] / sizes[0])
    fresh = question.region.draw(_NUM_CHECKED)
    sums = _sums(basis, fresh) @ coefficients
    left = _homogeneous(question, basis, fresh) @ coefficients
    pairs = len(left) // len(sums)
    return coefficients, float(np.max(np.abs(left) / np.tile(sums, pairs)))


def _is_positive(question: Question, basis: Basis, coefficients: np.ndarray) -> bool:
    """True if p stays clear of zero, as far as a random descent from its least values shows."""
    chart, rng = question.chart, np.random.default_rng(1)
    points = np.concatenate([question.special_points, question.region.draw(_NUM_CHECKED)])
    sums = _sums(basis, points) @ coefficients
    most, least = np.max(np.abs(sums)), np.min(sums)
    lowest = points[np.argsort(sums)[:_NUM_LOWEST]]
    for radius in np.geomspace(0.1, 1e-5, _NUM_DESCENTS):
        steps = rng.uniform(-radius, radius, (_NUM_CHECKED, question.size))
        tries = np.resize(lowest, steps.shape) + steps * np.asarray(chart.widths)
        tries = np.asarray(chart.clip(tries))
        sums = _sums(basis, tries) @ coefficients
        if np.min(sums) < least:
            least, lowest = np.min(sums), tries[np.argsort(sums)[:_NUM_LOWEST]]
    return bool(least > _CLEAR * most)


def _logarithm(
    question: Question, basis: Basis, points: np.ndarray
) -> tuple[np.ndarray | None, float]:
    """The coefficients of log m by least squares, and the misfit at other points."""
    rows, target = _equations(question, basis, points)
    scale = _HELD * np.linalg.norm(rows)
    held = np.concatenate([rows, scale * np.eye(rows.shape[1])])
    found = np.linalg.lstsq(held, np.append(target, np.zeros(rows.shape[1])), rcond=None)[0]
    rows, target = _equations(question, basis, question.region.draw(_NUM_CHECKED))
    misfit = float(np.max(np.abs(rows @ found - target), initial=0.0))
    return np.append(0.0, found), misfit


def _homogeneous(question: Question, basis: Basis, points: np.ndarray) -> np.ndarray:
    """The equations for the coefficients of p, the constant first."""
    turns, targets = _equations(question, basis, points)
    sums = _sums(basis, points)
    pairs = len(targets) // len(points)
    return np.tile(sums, (pairs, 1)) * targets[:, None] + np.pad(turns, ((0, 0), (1, 0)))


def _points(question: Question, count: int) -> np.ndarray:
    """Points at which f is finite, dense at the walls as the fit of a series needs."""
    chart, rng = question.chart, np.random.default_rng(0)
    unit = 0.5 - 0.5 * np.cos(np.pi * rng.random((count, question.size)))
    points = np.asarray(chart.bounds[0]) + unit * np.asarray(chart.widths)
    return points[question.region.sees(points)]


def _measured(question: Question, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """f and J at points, both over the norm of J there, or of what f would have it be."""
    velocity, jacobians = in_batches(lambda some: evaluate(question.problem, some), points)
    usual = np.linalg.norm(velocity, axis=1) * np.linalg.norm(
        1.0 / np.asarray(question.chart.widths)
    )
    size = np.maximum(np.linalg.norm(jacobians, axis=(1, 2)), _STEADY * usual)
    size += np.finfo(float).tiny
    good = np.isfinite(size) & np.all(np.isfinite(velocity), axis=1)
    size = np.where(good, size, np.inf)[:, None]
    # A point at which f is not finite asks for nothing.
    velocity, jacobians = np.nan_to_num(velocity), np.nan_to_num(jacobians)
    return velocity / size, jacobians / size[:, :, None]


def _torsion(question: Question) -> float:
    """The largest f_i A_jk + f_j A_ki + f_k A_ij at the samples, A = J − Jᵀ, beside |f|."""
    if question.size == 2:
        return 0.0
    velocity, jacobians = _measured(question, question.sampled.points)
    skew = jacobians - np.swapaxes(jacobians, 1, 2)
    first = np.einsum("ni,njk->nijk", velocity, skew)
    total = first + np.einsum("nijk->njki", first) + np.einsum("nijk->nkij", first)
    size = np.linalg.norm(velocity, axis=1) + np.finfo(float).tiny
    return float(np.max(np.max(np.abs(total), axis=(1, 2, 3)) / size))


def _asymmetry_at_rest(question: Question) -> float:
    """The largest |J − Jᵀ| / |J| at the equilibria, as far as these are known to be accurate."""
    worst = 0.0
    for equilibrium in question.equilibria:
        if equilibrium.kind == "non-hyperbolic":
            continue
        own = np.asarray(equilibrium.jacobian)
        worst = max(worst, float(np.linalg.norm(own - own.T) / np.linalg.norm(own)))
    return worst


def _equations(
    question: Question, basis: Basis, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The linear equations for the coefficients of σ, one for each point and pair."""
    velocity, jacobians = _measured(question, points)
    gradients = np.moveaxis(basis.gradients(points), -1, 0)
    rows, targets = [], []
    for i in range(question.size):
        for j in range(i + 1, question.size):
            turn = velocity[:, i, None] * gradients[j] - velocity[:, j, None] * gradients[i]
            rows.append(turn)
            targets.append(jacobians[:, j, i] - jacobians[:, i, j])
    return np.concatenate(rows), np.concatenate(targets)


def _sums(basis: Basis, points: np.ndarray) -> np.ndarray:
    """1 and the φ_k at points, on the host, shape `(n, 1 + k)`."""
    return np.pad(basis.values(points), ((0, 0), (1, 0)), constant_values=1.0)


def _check(question: Question, weights: ConformalWeights) -> Finding:
    metric = diagonal_in_states(question, weights)
    exactness = question.examine(metric, _TOLERANCE)
    logs = np.log(np.asarray(_values(weights, question.sampled.points))[:, 0])
    if not exactness.is_exact or np.ptp(logs) > _MOST_RANGE:
        note = "A change of speed was fitted, but what it makes of f is not exact to rounding."
        return Finding("open", exactness.residual, exactness.obstacle or note)
    note = (
        f"m(x) f is closed at {exactness.num_points} points, and −∇E = m f at "
        f"{len(exactness.sites.fresh)} others; {'log m' if weights.is_log else '1/m'} is a "
        f"polynomial of degree {int(np.max(weights.basis.degrees))}, and m is positive."
    )
    return Finding(
        "yes",
        exactness.residual,
        note,
        Kind.DIAGONAL_METRIC,
        exactness.energy(question.rule, question.chart, metric),
        metric,
        f"m(x) times the identity, m from {np.exp(np.min(logs)):.3g} to "
        f"{np.exp(np.max(logs)):.3g} where sampled",
    )


@eqx.filter_jit
def _values(weights: ConformalWeights, points: Any) -> jax.Array:
    return jax.vmap(weights)(points)
