"""Symmetric matrices M with M J = Jᵀ M for several Jacobians J at once."""

import numpy as np

from thalweg.recovery.forms.exactness import SYMMETRIC


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
    basis = _symmetric_basis(size)
    products = np.einsum("uij,pjk->puik", basis, used)
    skews = products - np.swapaxes(products, 2, 3)
    above = np.triu_indices(size, 1)
    rows = np.moveaxis(skews[:, :, above[0], above[1]], 1, 2).reshape(-1, len(basis))
    if not len(rows):
        return basis, 0.0
    _, values, right = np.linalg.svd(rows, full_matrices=len(rows) < len(basis))
    values = np.concatenate([values, np.zeros(len(right) - len(values))])
    values = values / np.sqrt(2.0 * count)
    null = right[values <= SYMMETRIC]
    return np.einsum("ku,uij->kij", null, basis), float(np.min(values))


def _symmetric_basis(size: int) -> np.ndarray:
    """An orthonormal basis of the symmetric matrices, `(d (d + 1) / 2, d, d)`."""
    basis = []
    for i in range(size):
        for j in range(i, size):
            unit = np.zeros((size, size))
            unit[i, j] = unit[j, i] = 1.0 if i == j else np.sqrt(0.5)
            basis.append(unit)
    return np.asarray(basis)


def matrix_text(matrix: np.ndarray) -> str:
    """A small matrix with four digits, a large one by its size."""
    if len(matrix) > 4:
        return f"a matrix of {len(matrix)} rows"
    clean = np.where(np.abs(matrix) < 1e-12, 0.0, matrix)
    return str([[float(f"{v:.4g}") for v in row] for row in clean])
