"""Study `deep-linear-completion`: what depth alone does for matrix completion."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import ConvergenceError, InputError
from thalweg.core.extras import not_installed
from thalweg.core.randomness import host_generator
from thalweg.core.tables import counted
from thalweg.models import deep_linear as dl


@dataclass(frozen=True)
class Observations:
    """Some entries of a matrix.

    Attributes:
        shape: the shape of the matrix.
        rows: `(n,)` indices.
        columns: `(n,)` indices.
        values: `(n,)`.
        truth: the whole matrix where it is known, else None.
    """

    shape: tuple[int, int]
    rows: np.ndarray
    columns: np.ndarray
    values: np.ndarray
    truth: np.ndarray | None = None


@dataclass(frozen=True)
class Completion:
    """A matrix completed by gradient descent on a product of matrices.

    Attributes:
        depth: the number of factors.
        matrix: the completed matrix.
        steps: at which steps the records below were taken, `(T,)`.
        loss: mean squared error on the observed entries, `(T,)`.
        error: `|W − truth|_F / |truth|_F`, `(T,)`, NaN when the truth is not known.
        singular_values: the largest of the product, `(T, k)`.
        converged: whether the loss reached its goal.
    """

    depth: int
    matrix: np.ndarray
    steps: np.ndarray
    loss: np.ndarray
    error: np.ndarray
    singular_values: np.ndarray
    converged: bool

    @property
    def effective_rank(self) -> float:
        """The exponential of the entropy of the normalized singular values."""
        s = np.linalg.svd(self.matrix, compute_uv=False)
        p = s[s > 0.0] / s.sum()
        return float(np.exp(-np.sum(p * np.log(p))))


def random_low_rank(
    size: int = 100, rank: int = 5, count: int = 2000, key: jax.Array | None = None
) -> Observations:
    """`count` distinct entries of a random `size × size` matrix of this rank, |truth|_F = `size`.

    Raises:
        InputError: more entries are asked for than there are, or the rank exceeds the size.
    """
    if not 0 < count <= size * size or not 0 < rank <= size:
        raise InputError(
            f"count must be from 1 to {size * size} and rank from 1 to {size}, got count={count}, "
            f"rank={rank}."
        )
    rng = host_generator(key)
    truth = rng.standard_normal((size, rank)) @ rng.standard_normal((rank, size))
    truth *= size / np.linalg.norm(truth)
    rows, columns = np.divmod(rng.choice(size * size, count, replace=False), size)
    return Observations((size, size), rows, columns, truth[rows, columns], truth)


def complete(
    observed: Observations,
    depth: int,
    *,
    scale: float = 1e-3,
    step_size: float = 0.2,
    goal: float = 1e-6,
    max_steps: int = 200_000,
    num_saves: int = 100,
    num_singular_values: int = 10,
    key: jax.Array | None = None,
) -> Completion:
    r"""Fit the observed entries with `Wᴺ⋯W¹`, all factors square, from a small start.

    The loss is `½ Σ (W_ij − value)²` over observed entries. Factors start Gaussian of standard
    deviation `scale^{1/N}/√n`, so that the product's singular values are of size `scale`. The step
    is `step_size` over the sharpness of the balanced solution, `N s_1^{2−2/N}`, with s_1 estimated
    from the observed entries.

    Arguments:
        observed: the entries.
        depth: the number of factors, at least 1.
        scale: of the start.
        step_size: in units of the inverse sharpness; below 2 is stable.
        goal: the mean squared error, relative to the entries' mean square, at which to stop.
        max_steps: the step budget.
        num_saves: how often to record, at most.
        num_singular_values: how many to record.
        key: the randomness of the start.

    Raises:
        InputError: a depth or a count is not positive.
        ConvergenceError: the loss is no longer finite.

    References:
        Arora, Cohen, Hu & Luo (2019), arXiv:1905.13655.
    """
    if depth < 1 or num_saves < 1 or max_steps < num_saves:
        raise InputError(
            f"depth and num_saves must be positive and max_steps at least num_saves, got "
            f"depth={depth}, num_saves={num_saves}, max_steps={max_steps}."
        )
    rows, columns = observed.shape
    inner = min(rows, columns)
    widths = (columns, *([inner] * (depth - 1)), rows)
    unit = dl.small_gaussian(widths, 1.0, key)
    weights = tuple(
        jnp.asarray(scale ** (1.0 / depth) * w / np.sqrt(w.shape[1]), jnp.float32) for w in unit
    )
    filled, mask = np.zeros(observed.shape), np.zeros(observed.shape)
    filled[observed.rows, observed.columns] = observed.values
    mask[observed.rows, observed.columns] = 1.0
    top = np.linalg.norm(filled, 2) / mask.mean()
    rate = step_size / (depth * top ** (2.0 - 2.0 / depth))
    target, mask = (jnp.asarray(m, jnp.float32) for m in (filled, mask))
    power = float(np.mean(observed.values**2))
    records, done, every = (
        [_record(observed, weights, num_singular_values)],
        [0],
        max_steps // num_saves,
    )
    while done[-1] < max_steps and records[-1][0] > goal * power:
        weights = _descend(weights, target, mask, rate, every)
        done.append(done[-1] + every)
        records.append(_record(observed, weights, num_singular_values))
        if not np.isfinite(records[-1][0]):
            raise ConvergenceError(
                f"complete: the loss is {records[-1][0]} after {counted(done[-1], 'step')}; take a "
                f"smaller step_size than {step_size}."
            )
    loss, error, singular = (np.stack(r) for r in zip(*records, strict=True))
    return Completion(
        depth=depth,
        matrix=np.asarray(dl.end_to_end(weights), dtype=np.float64),
        steps=np.array(done),
        loss=loss,
        error=error,
        singular_values=singular,
        converged=bool(loss[-1] <= goal * power),
    )


def nuclear_norm_completion(observed: Observations) -> np.ndarray:
    """The matrix of least nuclear norm with the observed entries, by CVXPY.

    Raises:
        InputError: CVXPY is not installed.
        ConvergenceError: its solver did not find an optimum.
    """
    try:
        import cvxpy as cp
    except ImportError as error:
        raise InputError(not_installed("nuclear_norm_completion", "CVXPY", "studies")) from error
    matrix = cp.Variable(observed.shape)
    fits = matrix[observed.rows, observed.columns] == observed.values
    problem = cp.Problem(cp.Minimize(cp.normNuc(matrix)), [fits])
    problem.solve(solver=cp.SCS)
    if problem.status not in ("optimal", "optimal_inaccurate"):
        raise ConvergenceError(f"nuclear_norm_completion: the solver ended {problem.status}.")
    return np.asarray(matrix.value)


@partial(jax.jit, static_argnames="count")
def _descend(weights: Any, target: jax.Array, mask: jax.Array, rate: Any, count: int) -> Any:
    def loss(weights: Any) -> jax.Array:
        return 0.5 * jnp.sum((mask * dl.end_to_end(weights) - target) ** 2)

    def step(_: jax.Array, weights: Any) -> Any:
        return jax.tree.map(lambda w, g: w - rate * g, weights, jax.grad(loss)(weights))

    return jax.lax.fori_loop(0, count, step, weights)


def _record(observed: Observations, weights: Any, count: int) -> tuple[Any, Any, np.ndarray]:
    product = np.asarray(dl.end_to_end(weights), dtype=np.float64)
    if not np.all(np.isfinite(product)):
        return np.nan, np.nan, np.full(count, np.nan)
    loss = np.mean((product[observed.rows, observed.columns] - observed.values) ** 2)
    error = np.nan
    if observed.truth is not None:
        error = np.linalg.norm(product - observed.truth) / np.linalg.norm(observed.truth)
    return loss, error, np.linalg.svd(product, compute_uv=False)[:count]
