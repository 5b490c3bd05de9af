"""Linear solves in a batch of many small systems."""

import jax
import jax.numpy as jnp

# Coordinates: beyond, the unrolled program's length outweighs its vector instructions.
_UNROLLED = 4
# Elimination with pivots is longer: beyond, compiling it costs more than it saves.
_ELIMINATED = 4


def solve_positive(matrix: jax.Array, right: jax.Array) -> jax.Array:
    """Solve A x = b for a symmetric positive definite A of shape `(d, d)`.

    Up to four unknowns the Cholesky factor is written out, so that a batch of systems becomes a few
    vector instructions; beyond, LAPACK factors one system after the other. A matrix that is not
    positive definite gives NaN.
    """
    size = right.shape[0]
    if size > _UNROLLED:
        factor = jax.lax.linalg.cholesky(matrix, symmetrize_input=False)
        return jax.scipy.linalg.cho_solve((factor, True), right)
    rows: list[list[jax.Array]] = []
    for i in range(size):
        row: list[jax.Array] = []
        for j in range(i):
            inner = sum((row[k] * rows[j][k] for k in range(j)), start=jnp.zeros_like(right[0]))
            row.append((matrix[i, j] - inner) / rows[j][j])
        row.append(jnp.sqrt(matrix[i, i] - sum((x * x for x in row), start=0.0 * right[0])))
        rows.append(row)
    forward: list[jax.Array] = []
    for i in range(size):
        inner = sum((rows[i][k] * forward[k] for k in range(i)), start=0.0 * right[0])
        forward.append((right[i] - inner) / rows[i][i])
    back: list[jax.Array] = [forward[0]] * size
    for i in reversed(range(size)):
        inner = sum((rows[k][i] * back[k] for k in range(i + 1, size)), start=0.0 * right[0])
        back[i] = (forward[i] - inner) / rows[i][i]
    return jnp.stack(back)


def solve_general(matrix: jax.Array, right: jax.Array) -> jax.Array:
    """Solve A X = B for a square A of shape `(d, d)` and right-hand sides `(d, k)`.

    Up to four unknowns by elimination with partial pivoting, written out, so that a batch of
    systems becomes a few vector instructions; beyond, LAPACK factors one system after the other. A
    singular matrix gives what is not finite.
    """
    size = matrix.shape[0]
    if size > _ELIMINATED:
        return jnp.linalg.solve(matrix, right)
    work = jnp.concatenate([matrix, right], axis=1)
    rows = jnp.arange(size)
    for k in range(size):
        column = jnp.where(rows >= k, jnp.abs(work[:, k]), -1.0)
        pivot = jnp.argmax(column)
        is_pivot, is_top = rows == pivot, rows == k
        best = jnp.sum(jnp.where(is_pivot[:, None], work, 0.0), axis=0)
        work = jnp.where(is_pivot[:, None], work[k], work)
        work = jnp.where(is_top[:, None], best, work)
        share = jnp.where(is_top, 0.0, work[:, k] / best[k])
        work = work - share[:, None] * best[None]
    return work[:, size:] / jnp.diagonal(work)[:, None]


def sign_of_determinant(matrix: jax.Array) -> jax.Array:
    """The sign −1, 0 or 1 of the determinant of a matrix `(d, d)`; NaN where an entry is.

    Up to three rows by its formula, so that a batch is a few vector instructions.
    """
    size = matrix.shape[0]
    if size == 2:
        return jnp.sign(matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0])
    if size == 3:
        return jnp.sign(jnp.sum(jnp.cross(matrix[0], matrix[1]) * matrix[2]))
    return jnp.linalg.slogdet(matrix)[0]
