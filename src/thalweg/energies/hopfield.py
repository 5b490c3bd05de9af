"""The energy of a Hopfield network, and the couplings that it may have."""

from abc import abstractmethod
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.tables import counted
from thalweg.core.trees import as_parameter, cast_like, computable, has_tracer
from thalweg.energies.base import Energy


class Couplings(eqx.Module):
    """Symmetric couplings W without self-coupling, W_ii = 0 (abstract).

    For developers: what a network needs of W is its products with states and, where one spin flips
    after another, either the row of a spin or the field at one spin; see `dynamics.spins`.
    """

    @abstractmethod
    def fields(self, x: Any) -> jax.Array:
        """W x, `(N,)`."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """The shape of a state, of N entries."""

    @property
    @abstractmethod
    def size(self) -> int:
        """The number N of spins."""

    @abstractmethod
    def edges(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The pairs that may be coupled: heads, tails and W, `(E,)` each, every pair once."""

    @abstractmethod
    def dense(self) -> np.ndarray:
        """The matrix W, `(N, N)`."""


class DenseCouplings(Couplings):
    """Couplings by their matrix.

    Arguments:
        matrix: W, `(N, N)`, symmetric, with a zero diagonal.
        name: what messages call it.

    Raises:
        InputError: the matrix is not square, not symmetric, or has a diagonal; the message names
            the largest entry that breaks the rule.
    """

    matrix: Any = eqx.field(converter=as_parameter)
    name: str = eqx.field(static=True, default="Hopfield")

    def __check_init__(self):
        """Refuse matrices for which the energy need not fall (theorem 1 needs W = Wᵀ, W_ii = 0)."""
        check_symmetric(self.name, self.matrix)
        if has_tracer(self.matrix):
            return
        matrix = np.asarray(self.matrix)
        if np.any(np.diag(matrix)):
            i = int(np.argmax(np.abs(np.diag(matrix))))
            raise InputError(
                f"{self.name}: weights must have a zero diagonal, but W[{i}, {i}] = "
                f"{matrix[i, i]:.6g}. Pass W - np.diag(np.diag(W)): the diagonal shifts the "
                f"energy of spins by a constant."
            )

    def fields(self, x: Any) -> jax.Array:
        """W x."""
        x = computable(x)
        return cast_like(self.matrix, x) @ x

    @property
    def shape(self) -> tuple[int, ...]:
        """`(N,)`."""
        return (self.size,)

    @property
    def size(self) -> int:
        """N."""
        return jnp.shape(self.matrix)[0]

    def edges(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The entries above the diagonal that are not zero."""
        return _edges_of(self.dense())

    def dense(self) -> np.ndarray:
        """W."""
        return np.asarray(self.matrix)


class HebbianCouplings(Couplings):
    r"""Hebb's couplings, kept as the P patterns they are made of: rank P, not N.

        W = (1/N) Σ_μ ξ^μ ξ^μᵀ − (P/N) I

    A field costs P instead of N, and W is never formed.

    Arguments:
        patterns: ξ, `(P, N)`, entries ±1.

    Attributes:
        columns: the patterns as columns, `(N, P)`: what one spin needs lies together.

    Raises:
        InputError: an entry is not ±1.
    """

    columns: Any

    def __init__(self, patterns: Any):
        patterns = check_spins("patterns", patterns, ndim=2)
        is_host = isinstance(patterns, np.ndarray)
        self.columns = np.ascontiguousarray(patterns.T) if is_host else patterns.T

    def fields(self, x: Any) -> jax.Array:
        """(Ξᵀ Ξ x − P x) / N."""
        x = computable(x)
        columns = cast_like(self.columns, x)
        size, count = columns.shape
        return (columns @ (x @ columns) - count * x) / size

    @property
    def shape(self) -> tuple[int, ...]:
        """`(N,)`."""
        return (self.size,)

    @property
    def size(self) -> int:
        """N."""
        return self.columns.shape[0]

    def edges(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The entries above the diagonal that are not zero."""
        return _edges_of(self.dense())

    def dense(self) -> np.ndarray:
        """W."""
        columns = np.asarray(self.columns, np.float64)
        matrix = columns @ columns.T / self.size
        np.fill_diagonal(matrix, 0.0)
        return matrix


class Hopfield(Energy):
    r"""The energy of a Hopfield network.

        E(x) = −½ xᵀW x − bᵀx

    On spins, x ∈ {−1, 1}^N, it falls whenever a spin turns to the sign of its field Wx + b, one at
    a time (theorem 1 of *Continuum of Hopfield*, which leaves out the ½). On R^N its descent is
    x' = Wx + b, which rests only if W is negative semidefinite: `is_bounded_below` says.

    Arguments:
        weights: `Couplings`, or the matrix W, symmetric with a zero diagonal.
        bias: b, `(N,)` or one number.

    Raises:
        InputError: the matrix is not square, not symmetric, or has a diagonal.

    Example:
        >>> import jax.numpy as jnp, thalweg as tw
        >>> energy = tw.energies.Hopfield([[0.0, 1.0], [1.0, 0.0]])
        >>> float(energy(jnp.array([1.0, -1.0])))
        1.0

    References:
        Hopfield (1982), *PNAS* 79, 2554.
    """

    weights: Couplings
    bias: Any

    def __init__(self, weights: Any, bias: Any = 0.0):
        self.weights = weights if isinstance(weights, Couplings) else DenseCouplings(weights)
        self.bias = as_parameter(bias)
        if jnp.shape(self.bias) not in ((), (self.weights.size,)):
            raise InputError(
                f"Hopfield: bias has the shape {jnp.shape(self.bias)}, expected "
                f"{(self.weights.size,)} or one number."
            )

    def __call__(self, state: Any) -> jax.Array:
        """−½ xᵀW x − bᵀx."""
        x = computable(state)
        return -jnp.sum(x * (0.5 * self.weights.fields(x) + cast_like(self.bias, x)))

    def field(self, x: Any) -> jax.Array:
        """h = Wx + b, `(N,)`: minus the gradient."""
        x = computable(x)
        return self.weights.fields(x) + cast_like(self.bias, x)

    def is_bounded_below(self) -> bool:
        """True if E has a lower bound on all of R^N (on spins it always has)."""
        values, vectors = np.linalg.eigh(np.asarray(self.weights.dense(), np.float64))
        tolerance = 1e-12 * max(np.abs(values).max(), 1e-300)
        bias = vectors.T @ (np.asarray(self.bias) * np.ones(len(values)))
        flat = np.abs(values) <= tolerance
        pull = np.abs(bias[flat]).max(initial=0.0)
        return bool(values.max() <= tolerance and pull <= 1e-12 * max(np.abs(bias).max(), 1e-300))


def _edges_of(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    heads, tails = np.nonzero(np.triu(matrix, 1))
    return heads, tails, matrix[heads, tails]


def check_symmetric(name: str, matrix: Any) -> None:
    """Refuse a matrix that is not square or, where its values are known, not symmetric."""
    shape = jnp.shape(matrix)
    if len(shape) != 2 or shape[0] != shape[1]:
        raise InputError(f"{name}: weights must be square, got the shape {shape}.")
    if has_tracer(matrix):
        return
    values = np.asarray(matrix)
    gap = np.abs(values - values.T)
    if gap.max(initial=0.0) > 1e-6 * np.abs(values).max(initial=0.0):
        i, j = np.unravel_index(np.argmax(gap), shape)
        raise InputError(
            f"{name}: weights must be symmetric, but W[{i}, {j}] = {values[i, j]:.6g} and "
            f"W[{j}, {i}] = {values[j, i]:.6g}. Pass the symmetric part, (W + W.T) / 2, if that is "
            f"meant."
        )


def check_spins(name: str, spins: Any, ndim: int = 1) -> np.ndarray | jax.Array:
    """States of spins as a floating array, of single precision at least.

    Raises:
        InputError: an entry is not ±1, or the array has another number of dimensions.
    """
    array = spins if isinstance(spins, jax.Array) else np.asarray(spins)
    if array.ndim != ndim:
        raise InputError(
            f"{name} must have {counted(ndim, 'dimension')}, got the shape {array.shape}."
        )
    if not has_tracer(array):
        values = np.asarray(array)
        wrong = np.argwhere(np.abs(values) != 1)
        if len(wrong):
            where = tuple(int(i) for i in wrong[0])
            raise InputError(
                f"{name} must hold −1 and 1 only, but the entry at {where} is {values[where]}. "
                f"Bits b become spins by 2 * b - 1."
            )
    is_wide = jnp.issubdtype(array.dtype, jnp.floating) and array.dtype.itemsize >= 4
    return array if is_wide else array.astype(np.float32)
