"""Is there a constant metric in which the rule is a gradient? Linear algebra decides."""

import numpy as np

from thalweg.geometry import ConstantMetric
from thalweg.recovery.chart_metric import in_states
from thalweg.recovery.definite import positive_element
from thalweg.recovery.exactness import SYMMETRIC, examine
from thalweg.recovery.question import METRIC_SIZE, Finding, Question
from thalweg.recovery.verdict import Level

NAME = "constant-metric"
WORST_CONDITION = 1e8


def constant_metric(question: Question) -> Finding:
    r"""Look for M ≻ 0 with M J(x) symmetric at every sample, and check it elsewhere.

    The condition is linear in M. Its null space is found from the singular values of the stacked
    equations, in coordinates scaled by the region's widths; of the null space the analytic centre
    of its positive definite part is taken.
    """
    if question.size > METRIC_SIZE:
        return _finding("open", None, f"Not tried above {METRIC_SIZE} coordinates.")
    widths = np.asarray(question.chart.widths)
    jacobians = question.slopes[1] * (widths[None, None, :] / widths[None, :, None])
    basis, misfit = symmetrizers(jacobians)
    if not len(basis):
        note = "No constant matrix M makes M J(x) symmetric at all samples."
        return _finding("no", misfit, note)
    scaled = positive_element(basis)
    if scaled is None:
        note = "The constant matrices that make M J(x) symmetric are all indefinite."
        return _finding("no", None, note)
    condition = float(np.linalg.cond(scaled))
    if condition > WORST_CONDITION:
        note = f"The best M has the condition number {condition:.1e}: too close to none."
        return _finding("open", misfit, note)
    return _check(question, scaled / np.outer(widths, widths), condition)


def symmetrizers(jacobians: np.ndarray) -> tuple[np.ndarray, float]:
    """The symmetric M with M J = Jᵀ M for all of the `(n, d, d)` Jacobians.

    Returns:
        An orthonormal basis `(m, d, d)` of them, and the normalised residual of the best matrix:
        the rms of |M J − Jᵀ M| / (2 |M| |J|).
    """
    size = jacobians.shape[1]
    count = min(len(jacobians), max(16, 16 * (size + 1) // max(size - 1, 1)))
    norms = np.linalg.norm(jacobians, axis=(1, 2), keepdims=True)
    used = (jacobians / np.maximum(norms, np.finfo(float).tiny))[:count]
    units = _symmetric_units(size)
    products = np.einsum("uij,pjk->puik", units, used)
    skews = products - np.swapaxes(products, 2, 3)
    above = np.triu_indices(size, 1)
    rows = np.moveaxis(skews[:, :, above[0], above[1]], 1, 2).reshape(-1, len(units))
    if not len(rows):
        return units, 0.0
    _, values, right = np.linalg.svd(rows, full_matrices=len(rows) < len(units))
    values = np.concatenate([values, np.zeros(len(right) - len(values))])
    values = values / np.sqrt(2.0 * count)
    null = right[values <= SYMMETRIC]
    return np.einsum("ku,uij->kij", null, units), float(np.min(values))


def _check(question: Question, matrix: np.ndarray, condition: float) -> Finding:
    metric = in_states(question, ConstantMetric(matrix))
    exactness = examine(question.problem, metric, question.sites)
    if not exactness.is_exact:
        note = "M J(x) is symmetric at the samples, but the line integral depends on its path."
        outcome = "open" if exactness.is_symmetric else "no"
        return _finding(outcome, exactness.residual, note)
    shown = matrix / np.max(np.abs(matrix))
    note = (
        f"M J(x) is symmetric at {len(exactness.sites.points)} points; M has the condition number "
        f"{condition:.3g} in units of the region, and reaches through every equilibrium."
    )
    return Finding(
        Level(NAME, "yes", exactness.residual, note),
        NAME,
        exactness.energy(question.rule, question.chart, metric),
        metric,
        f"constant, M ∝ {matrix_text(shown)}",
    )


def _symmetric_units(size: int) -> np.ndarray:
    """An orthonormal basis of the symmetric matrices, `(d (d + 1) / 2, d, d)`."""
    units = []
    for i in range(size):
        for j in range(i, size):
            unit = np.zeros((size, size))
            unit[i, j] = unit[j, i] = 1.0 if i == j else np.sqrt(0.5)
            units.append(unit)
    return np.asarray(units)


def matrix_text(matrix: np.ndarray) -> str:
    """A small matrix with four digits, a large one by its size."""
    if len(matrix) > 4:
        return f"a matrix of {len(matrix)} rows"
    clean = np.where(np.abs(matrix) < 1e-12, 0.0, matrix)
    return str([[float(f"{v:.4g}") for v in row] for row in clean])


def _finding(outcome: str, residual: float | None, note: str) -> Finding:
    return Finding(Level(NAME, outcome, residual, note))
