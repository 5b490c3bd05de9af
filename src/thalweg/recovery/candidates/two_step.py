r"""Maps that cycle yet descend an energy of two steps, as synchronous networks do.

Let S be a constant symmetric matrix, of any signature, with S g = ∇P and P convex. Then

    E(x) = g(x)ᵀ S x − P(x) − P(g(x))

never rises along x⁺ = g(x): with z = g(g(x)) it changes by −[P(z) − P(x) − ∇P(x)·(z − x)], which
convexity makes ≤ 0, and 0 on every 2-cycle. For g(x) = φ(W x), W symmetric and φ increasing, S = W
serves. Where φ is the sign, E is −x⁺⁺ᵀ W x⁺ but for thresholds.

References:
    Goles, Fogelman-Soulié & Pellegrin, Discrete Applied Mathematics 12 (1985) 261–277.
    Marcus & Westervelt, Physical Review A 40 (1989) 501–504.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.batches import BATCH, in_batches
from thalweg.core.charts import Chart
from thalweg.dynamics import Deterministic, Problem
from thalweg.energies import Energy
from thalweg.recovery.candidates.fall import HUNTS, hunt
from thalweg.recovery.findings import Finding, Findings
from thalweg.recovery.forms.definite import positive_element
from thalweg.recovery.forms.one_forms import gauss_legendre, integrate_along
from thalweg.recovery.forms.symmetrizers import matrix_text, symmetrizers
from thalweg.recovery.level import Cost, Level
from thalweg.recovery.question import METRIC_SIZE, Question, evaluate
from thalweg.recovery.region.suspects import has_suspects, origins, suspects_at

_EXACT = 1e-9  # relative to the largest: what rounding leaves of products that should vanish
_NUM_NODES = 64  # of a line integral of a smooth gradient: exact to rounding, checked afterwards
# Samples that the convex matrix is fitted to; it is then checked at all of them.
_NUM_JACOBIANS = 16
# A rise of less, relative to the terms of E, is rounding of its line integrals.
_ROUNDING = 1e-8


class TwoStepEnergy(Energy):
    """g(x)ᵀ S x − P(x) − P(g(x)) with ∇P = S g, by a line integral from a base point."""

    rule: Deterministic
    chart: Chart
    couplings: Any
    base: Any
    nodes: Any
    weights: Any

    def __call__(self, state: Any) -> jax.Array:
        """E(x)."""
        x = jnp.asarray(self.chart.coordinates(state))
        matrix, base, nodes, weights = (
            jnp.asarray(a, x.dtype) for a in (self.couplings, self.base, self.nodes, self.weights)
        )
        problem = Problem(self.rule, self.chart)

        def potential(end: jax.Array) -> jax.Array:
            return integrate_along(lambda y: matrix @ problem.step(y), base, end, nodes, weights)

        after = problem.step(x)
        return after @ matrix @ x - potential(x) - potential(after)


class ThresholdEnergy(Energy):
    """−x⁺⁺ᵀ S x⁺ − c·(x⁺ + x⁺⁺), for units that switch where S x + c changes sign."""

    rule: Deterministic
    chart: Chart
    couplings: Any
    shift: Any

    def __call__(self, state: Any) -> jax.Array:
        """E(x)."""
        x = jnp.asarray(self.chart.coordinates(state))
        matrix, shift = jnp.asarray(self.couplings, x.dtype), jnp.asarray(self.shift, x.dtype)
        problem = Problem(self.rule, self.chart)
        first = problem.step(x)
        second = problem.step(first)
        return -second @ matrix @ first - shift @ (first + second)


@dataclass(frozen=True)
class TwoStepLevel(Level):
    """Descent of an energy of two successive states of a map."""

    name: ClassVar[str] = "two-step"
    cost: ClassVar[Cost] = Cost.THOROUGH

    def applies(self, question: Question, so_far: Findings) -> bool:
        """True of maps that have no other energy, in not too many coordinates."""
        is_map = not question.rule.has_continuous_time
        return is_map and question.size <= METRIC_SIZE and not so_far.has_energy

    def ask(self, question: Question) -> Finding:
        """Look for a symmetric matrix that makes one, of threshold units or of smooth ones."""
        for make in (_of_thresholds, _of_smooth_units):
            energy = make(question)
            if energy is not None and _never_rises(question, energy):
                note = (
                    f"Two successive states have an energy, −x⁺ᵀSx and terms of one unit each "
                    f"(here after a step), that never rises and stands still on 2-cycles; "
                    f"S ∝ {matrix_text(energy.couplings)}. Checked, not proved."
                )
                aside = "Yet two successive states have an energy that never rises where checked."
                return Finding("yes", None, note, energy=energy, aside=aside)
        note = "No constant symmetric S makes S g(x) the gradient of a convex function."
        return Finding("no", None, note)


def _of_smooth_units(question: Question) -> TwoStepEnergy | None:
    sampled = question.sampled.jacobians + np.eye(question.size)
    jacobians = sampled[:_NUM_JACOBIANS]
    if len(jacobians) == 0 or np.max(np.abs(jacobians)) < _EXACT:
        return None
    basis, _ = symmetrizers(sampled)
    matrix = _convex(basis, jacobians)
    if matrix is None or not _is_convex_at(question, matrix):
        return None
    nodes, weights = gauss_legendre(_NUM_NODES)
    base = np.asarray(question.region.base)
    return TwoStepEnergy(question.rule, question.chart, matrix, base, nodes, weights)


def _is_convex_at(question: Question, matrix: np.ndarray) -> bool:
    """True if S Dg is symmetric and positive semidefinite at all samples, walls and corners."""
    points = np.concatenate([question.sampled.points, question.special_points])
    jacobians = in_batches(lambda some: evaluate(question.problem, some), points)[1]
    products = matrix @ (jacobians + np.eye(question.size))
    products = products[np.isfinite(products).all(axis=(1, 2))]
    turned = np.swapaxes(products, 1, 2)
    room = _EXACT * np.max(np.abs(products))
    least = np.min(np.linalg.eigvalsh((products + turned) / 2.0))
    return bool(least >= -room and np.max(np.abs(products - turned)) <= room)


def _convex(basis: np.ndarray, jacobians: np.ndarray) -> np.ndarray | None:
    """A matrix S of a linear space with S J positive semidefinite for all J, scaled; or None."""
    if not len(basis):
        return None
    products = np.einsum("mij,kjl->mkil", basis, jacobians)
    products = (products + np.swapaxes(products, 2, 3)) / 2.0
    if len(basis) == 1:
        least = np.linalg.eigvalsh(products[0])
        room = _EXACT * np.max(np.abs(least))
        sign = 1.0 if np.min(least) >= -room else -1.0
        if np.min(np.linalg.eigvalsh(sign * products[0])) < -room:
            return None
        return sign * basis[0] / np.max(np.abs(basis[0]))
    count, size = products.shape[1:3]
    blocks = np.zeros((len(basis), count * size, count * size))
    for k in range(count):
        blocks[:, k * size : (k + 1) * size, k * size : (k + 1) * size] = products[:, k]
    flat = blocks.reshape(len(basis), -1)
    _, sizes, right = np.linalg.svd(flat, full_matrices=False)
    rank = int(np.sum(sizes > 1e-9 * max(sizes[0], 1e-300)))
    found = positive_element(right[:rank].reshape(rank, *blocks.shape[1:]))
    if found is None:
        return None
    shares, *_ = np.linalg.lstsq(flat.T, found.ravel(), rcond=None)
    matrix = np.einsum("m,mij->ij", shares, basis)
    return matrix / np.max(np.abs(matrix))


def _of_thresholds(question: Question) -> ThresholdEnergy | None:
    """The energy of units that switch between two values where an affine drive changes sign."""
    problem, points = question.problem, question.sites.points
    if not has_suspects(problem):
        return None
    seen, origin = suspects_at(problem, points), origins(problem)
    after = points + seen.velocity
    for number in np.unique(origin):
        drive = seen.values[:, origin == number]
        if drive.shape == after.shape and _switches(drive, after):
            design = np.concatenate([points, np.ones((len(points), 1))], axis=1)
            found, *_ = np.linalg.lstsq(design, drive, rcond=None)
            if np.max(np.abs(design @ found - drive)) < 1e-9 * np.max(np.abs(drive)):
                scale = _symmetrizing_scale(found[:-1].T)
                if scale is not None:
                    matrix, shift = scale[:, None] * found[:-1].T, scale * found[-1]
                    return ThresholdEnergy(question.rule, question.chart, matrix, shift)
    return None


def _switches(drive: np.ndarray, after: np.ndarray) -> bool:
    """True if every unit has one value where its drive is positive, a smaller one elsewhere."""
    for q, y in zip(drive.T, after.T, strict=True):
        high, low = y[q > 0.0], y[q < 0.0]
        if not len(high) or not len(low) or np.ptp(high) > _EXACT or np.ptp(low) > _EXACT:
            return False
        if high[0] <= low[0]:
            return False
    return True


def _symmetrizing_scale(matrix: np.ndarray) -> np.ndarray | None:
    """Positive d with d_i W_ij = d_j W_ji, or None; ones where W is symmetric already."""
    size, room = len(matrix), _EXACT * np.max(np.abs(matrix))
    if np.max(np.abs(matrix - matrix.T)) <= room:
        return np.ones(size)
    rows = []
    for i in range(size):
        for j in range(i + 1, size):
            row = np.zeros(size)
            row[i], row[j] = matrix[i, j], -matrix[j, i]
            rows.append(row)
    scale = np.linalg.svd(np.asarray(rows))[2][-1]
    scale = scale / scale[int(np.argmax(np.abs(scale)))]
    fits = np.max(np.abs(scale[:, None] * matrix - (scale[:, None] * matrix).T)) <= room
    return scale if fits and np.min(scale) > 0.0 else None


def _never_rises(question: Question, energy: Any) -> bool:
    """True if the energy rises over no step: from random points, walls, and where hunts end."""
    fresh = question.region.draw(BATCH)
    points = np.concatenate([fresh, question.special_points])
    if not _holds_at(question, energy, points):
        return False
    starts = np.resize(points[::-1], (HUNTS * -(-len(points) // HUNTS), question.size))
    (ends,) = in_batches(lambda some: (hunt(question.problem, energy, some)[0],), starts, HUNTS)
    return _holds_at(question, energy, ends)


def _holds_at(question: Question, energy: Any, points: np.ndarray) -> bool:
    """True if the energy does not rise over a step from points, beyond rounding of its terms."""
    before, after, moved = in_batches(
        lambda some: _over_a_step(question.problem, energy, some), points
    )
    terms = np.abs(np.einsum("ni,ij,nj->n", moved, energy.couplings, points))
    sizes = np.concatenate([np.abs(before), terms])
    room = _ROUNDING * max(float(np.max(sizes)), float(np.finfo(float).tiny))
    return bool(np.all(np.isfinite(after)) and np.all(after <= before + room))


@eqx.filter_jit
def _over_a_step(problem: Problem, energy: Any, points: Any) -> tuple[jax.Array, ...]:
    """E(x), E(x⁺) and x⁺ at points."""

    def at(y: jax.Array) -> tuple[jax.Array, ...]:
        moved = problem.step(y)
        return energy(problem.chart.embed(y)), energy(problem.chart.embed(moved)), moved

    return jax.vmap(at)(points)
