"""Linear solves in a batch of many small systems."""

import jax
import jax.numpy as jnp

_UNROLLED = 4


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
