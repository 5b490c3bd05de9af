"""A positive definite matrix in a linear space of symmetric ones, as well conditioned as may be."""

import numpy as np

_STEPS = 60  # of damped Newton for a self-concordant function: of 300 random spaces none took 20
_ROUNDS = 80  # each halves the way to the smallest eigenvalue or ends: 2⁻⁸⁰ is beyond float64
# A least eigenvalue of less, of a matrix of trace d, is not told from zero.
SINGULAR = 1e-12


def positive_element(basis: np.ndarray) -> np.ndarray | None:
    r"""The analytic centre of the positive definite matrices of trace d in a linear space.

    It maximises log det M over M = Σ c_k N_k with M ≻ 0 and tr M = d, a concave problem whose
    solution is unique. The start is found by the method of centres: the bound t in M ≻ t is raised
    until it is positive or can rise no more.

    Arguments:
        basis: symmetric matrices N_k, orthonormal in the Frobenius product, shape `(m, d, d)`.

    Returns:
        M, shape `(d, d)`, or None where the space holds no positive definite matrix.
    """
    return most_definite(basis)[0]


def most_definite(basis: np.ndarray) -> tuple[np.ndarray | None, float]:
    """`positive_element`, and the largest least eigenvalue that was seen of a matrix of trace d.

    Where there is no such element, this is not above rounding, 1e-12: clearly negative where all
    matrices of the space are indefinite, and about zero where some are as good as singular.
    """
    size = basis.shape[1]
    traces = np.trace(basis, axis1=1, axis2=2)
    weight = float(traces @ traces)
    if weight < 1e-20:
        return None, -np.inf
    coefficients = traces * (size / weight)
    _, _, right = np.linalg.svd(traces[None, :])
    moves = np.einsum("kl,lij->kij", right[1:], basis)
    matrix = np.einsum("k,kij->ij", coefficients, basis)
    matrix = _raise_smallest(matrix, moves)
    least = float(np.linalg.eigvalsh(matrix)[0])
    return (None if least <= SINGULAR else _centre(matrix, moves, 0.0)), least


def _raise_smallest(matrix: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """Raise the smallest eigenvalue until it is positive or stands still."""
    smallest = np.linalg.eigvalsh(matrix)[0]
    bound = smallest - 1.0
    for _ in range(_ROUNDS):
        if smallest > 1e-3:
            break
        matrix = _centre(matrix, moves, bound)
        before, smallest = smallest, np.linalg.eigvalsh(matrix)[0]
        if smallest - bound < 1e-12:
            break
        bound += 0.5 * (smallest - bound)
        if abs(smallest - before) < 1e-15 and smallest - bound < 1e-10:
            break
    return matrix


def _centre(matrix: np.ndarray, moves: np.ndarray, bound: float) -> np.ndarray:
    """Maximise log det(M − bound) over M = matrix + span(moves) by Newton's method."""
    size = len(matrix)
    if not len(moves):
        return matrix
    for _ in range(_STEPS):
        inverse = np.linalg.inv(matrix - bound * np.eye(size))
        turned = inverse @ moves
        gradient = np.trace(turned, axis1=1, axis2=2)
        hessian = np.einsum("kij,lji->kl", turned, turned)
        step, *_ = np.linalg.lstsq(hessian, gradient, rcond=1e-13)
        decrement = float(gradient @ step)
        change = np.einsum("k,kij->ij", step, moves)
        length = 1.0 / (1.0 + np.sqrt(max(decrement, 0.0))) if decrement > 0.25 else 1.0
        matrix = matrix + length * change
        if decrement < 1e-20:
            break
    return (matrix + matrix.T) / 2.0
