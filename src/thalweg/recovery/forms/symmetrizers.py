"""Symmetric matrices M with M J = Jᵀ M for several Jacobians J at once."""

import numpy as np

from thalweg.recovery.forms.exactness import SYMMETRIC

# Above so many coordinates the d²/2 entries of M are too many unknowns to begin with.
_FULL_SIZE = 24
# Eigenvalues this near, relative to the largest, may be equal; and how many may be, on average.
_SAME, _MOST_EQUAL = 1e-4, 8


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
    basis = _symmetric_basis(size) if size <= _FULL_SIZE else _eigenbasis(used)
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


def _eigenbasis(jacobians: np.ndarray) -> np.ndarray:
    """An orthonormal basis that holds the M that serve a combination J̄ of the Jacobians.

    With J̄ = V Λ V⁻¹ these are M = V⁻ᵀ D V⁻¹, where D has entries between equal eigenvalues only: a
    few, where M has d²/2. Where J̄ has clearly complex eigenvalues none serves it, and the identity
    says how far; where rounding decides, all symmetric matrices are tried.
    """
    weights = np.random.default_rng(0).normal(size=len(jacobians))
    mean = np.einsum("n,nij->ij", weights, jacobians)
    values, vectors = np.linalg.eig(mean)
    size = float(np.max(np.abs(values)))
    rates, turns = np.real(values), np.imag(values)
    if np.max(np.abs(turns)) > _SAME * size:
        return np.eye(len(mean))[None] / np.sqrt(len(mean))
    if np.any(turns) or np.linalg.cond(vectors) > 1.0 / _SAME:
        return _symmetric_basis(len(mean))
    inverse = np.linalg.inv(np.real(vectors))
    near = np.abs(rates[:, None] - rates) <= _SAME * size
    rows, columns = np.nonzero(np.triu(near))
    if len(rows) > len(mean) * _MOST_EQUAL:
        return _symmetric_basis(len(mean))
    found = inverse[rows][:, :, None] * inverse[columns][:, None, :]
    flat = (found + np.swapaxes(found, 1, 2)).reshape(len(rows), -1)
    flat = flat / np.linalg.norm(flat, axis=1, keepdims=True)
    return np.linalg.qr(flat.T)[0].T.reshape(-1, len(mean), len(mean))


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
