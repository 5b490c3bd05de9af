"""Couplings of graphs: by their edges, between layers, on a lattice."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError
from thalweg.core.trees import as_parameter, cast_like, computable, has_tracer, is_integer
from thalweg.energies.hopfield import Couplings


class SparseCouplings(Couplings):
    """Couplings by the edges of a graph: fields cost O(E).

    Arguments:
        edges: the pairs of units, `(E, 2)` whole numbers, each pair once.
        values: W of each edge, `(E,)` or one number.
        size: the number N of units.

    Attributes:
        heads: the first unit of each edge, `(E,)`.
        tails: the second, `(E,)`.
        values: W of each edge.

    Raises:
        InputError: an edge leads nowhere, to itself, or is there twice.
    """

    heads: Any
    tails: Any
    values: Any
    count: int = eqx.field(static=True)

    def __init__(self, edges: Any, values: Any, size: int):
        edges = np.asarray(edges)
        if edges.ndim != 2 or edges.shape[1] != 2 or edges.dtype.kind not in "iu":
            raise InputError(
                f"SparseCouplings: edges must be pairs of whole numbers, shape (E, 2), got "
                f"{edges.dtype} of shape {edges.shape}."
            )
        self.count = size
        wrong = np.any((edges < 0) | (edges >= size), axis=1) | (edges[:, 0] == edges[:, 1])
        if np.any(wrong):
            raise InputError(
                f"SparseCouplings: an edge must join two of the units 0 to {size - 1}, got "
                f"{edges[np.argmax(wrong)].tolist()}."
            )
        low, high = edges.min(axis=1), edges.max(axis=1)
        order = np.argsort(low.astype(np.int64) * size + high, kind="stable")
        again = (np.diff(low[order]) == 0) & (np.diff(high[order]) == 0)
        if np.any(again):
            raise InputError(
                f"SparseCouplings: the edge {edges[order[np.argmax(again)]].tolist()} is there "
                f"twice; add up the couplings of a pair, which counts once."
            )
        self.heads, self.tails = edges[:, 0].astype(np.int32), edges[:, 1].astype(np.int32)
        self.values = as_parameter(values)
        if jnp.shape(self.values) not in ((), (len(edges),)):
            raise InputError(
                f"SparseCouplings: values have the shape {jnp.shape(self.values)}, expected "
                f"{(len(edges),)} or one number."
            )

    def fields(self, x: Any) -> jax.Array:
        """W x, edge by edge."""
        x = computable(x)
        values = cast_like(self.values, x)
        there = jnp.zeros_like(x).at[self.heads].add(values * x[self.tails])
        return there.at[self.tails].add(values * x[self.heads])

    @property
    def shape(self) -> tuple[int, ...]:
        """`(N,)`."""
        return (self.count,)

    @property
    def size(self) -> int:
        """N."""
        return self.count

    def edges(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The edges, as given."""
        values = np.asarray(self.values, np.float64)
        return (
            np.asarray(self.heads),
            np.asarray(self.tails),
            np.broadcast_to(values, self.heads.shape),
        )

    def dense(self) -> np.ndarray:
        """W."""
        return dense_from(*self.edges(), self.count)


class LayeredCouplings(Couplings):
    """Couplings between successive layers of units: a restricted or a deep machine.

    Arguments:
        weights: one matrix a pair of layers, `(n_l, n_{l+1})`. A state is the layers one after
            another.

    Raises:
        InputError: the matrices do not fit one another, or there is none.
    """

    weights: tuple[Any, ...]

    def __init__(self, weights: Sequence[Any]):
        self.weights = tuple(map(as_parameter, weights))
        shapes = [jnp.shape(matrix) for matrix in self.weights]
        is_fine = bool(shapes) and all(len(shape) == 2 for shape in shapes)
        if not is_fine or any(a[1] != b[0] for a, b in pairwise(shapes)):
            raise InputError(
                f"LayeredCouplings: weights must be matrices of the shapes (n_0, n_1), (n_1, n_2), "
                f"…; got the shapes {', '.join(map(str, shapes)) or 'of none'}."
            )

    @property
    def layers(self) -> tuple[int, ...]:
        """The number of units of each layer."""
        shapes = [jnp.shape(matrix) for matrix in self.weights]
        return (shapes[0][0], *(shape[1] for shape in shapes))

    @property
    def starts(self) -> tuple[int, ...]:
        """The index of the first unit of each layer, and N."""
        return tuple(np.cumsum((0, *self.layers)).tolist())

    def fields(self, x: Any) -> jax.Array:
        """W x, one product a matrix and direction."""
        x = computable(x)
        parts = [x[a:b] for a, b in pairwise(self.starts)]
        fields = [jnp.zeros_like(part) for part in parts]
        for k, matrix in enumerate(self.weights):
            matrix = cast_like(matrix, x)
            fields[k] = fields[k] + matrix @ parts[k + 1]
            fields[k + 1] = fields[k + 1] + parts[k] @ matrix
        return jnp.concatenate(fields)

    @property
    def shape(self) -> tuple[int, ...]:
        """`(N,)`."""
        return (self.size,)

    @property
    def size(self) -> int:
        """N, of all layers together."""
        return sum(self.layers)

    def edges(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Every pair of successive layers."""
        heads, tails = [], []
        for first, second in pairwise(pairwise(self.starts)):
            i, j = np.meshgrid(np.arange(*first), np.arange(*second), indexing="ij")
            heads.append(i.ravel())
            tails.append(j.ravel())
        values = [np.ravel(np.asarray(matrix, np.float64)) for matrix in self.weights]
        return np.concatenate(heads), np.concatenate(tails), np.concatenate(values)

    def dense(self) -> np.ndarray:
        """W."""
        return dense_from(*self.edges(), self.size)


class LatticeCouplings(Couplings):
    """One coupling between nearest neighbours of a square, cubic, … lattice.

    Arguments:
        sides: how many units along each axis: whole numbers, or one of them for a square. A state
            has this shape.
        coupling: W of neighbours.
        periodic: whether the last unit along an axis is a neighbour of the first (a ring, a torus).

    Raises:
        InputError: a side is no whole number, is below 1, or below 3 and periodic.
    """

    sides: tuple[int, ...] = eqx.field(static=True)
    coupling: Any
    periodic: bool = eqx.field(static=True)

    def __init__(self, sides: int | Sequence[int], coupling: Any = 1.0, periodic: bool = True):
        given: list[Any] = [sides] * 2 if is_integer(sides) else list(sides)  # type: ignore[arg-type]
        least = 3 if periodic else 1
        if not given or not all(is_integer(side) and side >= least for side in given):
            two = " (on a ring of 2 each would be the other's neighbour twice)" if periodic else ""
            raise InputError(
                f"LatticeCouplings: sides must be whole numbers, at least {least}{two}, got "
                f"{sides!r}."
            )
        self.sides, self.coupling = tuple(map(int, given)), as_parameter(coupling)
        self.periodic = bool(periodic)
        if jnp.shape(self.coupling) != ():
            raise InputError(
                f"LatticeCouplings: coupling must be one number, got the shape "
                f"{jnp.shape(self.coupling)}; where couplings differ take SparseCouplings."
            )

    def fields(self, x: Any) -> jax.Array:
        """J times the sum of the neighbours."""
        x = computable(x)
        total = jnp.zeros_like(x)
        for axis in range(len(self.sides)):
            if self.periodic:
                total = total + jnp.roll(x, 1, axis) + jnp.roll(x, -1, axis)
            else:
                shifted = jax.lax.slice_in_dim(x, 1, None, axis=axis)
                none = jnp.zeros_like(jax.lax.slice_in_dim(x, 0, 1, axis=axis))
                total = total + jnp.concatenate([shifted, none], axis)
                shifted = jax.lax.slice_in_dim(x, 0, -1, axis=axis)
                total = total + jnp.concatenate([none, shifted], axis)
        return cast_like(self.coupling, x) * total

    @property
    def shape(self) -> tuple[int, ...]:
        """The sides."""
        return self.sides

    @property
    def size(self) -> int:
        """N, the product of the sides."""
        return int(np.prod(self.sides))

    def edges(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Neighbours, numbered row by row."""
        index = np.arange(self.size).reshape(self.sides)
        heads, tails = [], []
        for axis, side in enumerate(self.sides):
            near = np.roll(index, -1, axis)
            kept = slice(None) if self.periodic else slice(0, side - 1)
            where = tuple(kept if a == axis else slice(None) for a in range(index.ndim))
            heads.append(index[where].ravel())
            tails.append(near[where].ravel())
        heads, tails = np.concatenate(heads), np.concatenate(tails)
        return heads, tails, np.full(heads.shape, float(np.asarray(self.coupling)))

    def dense(self) -> np.ndarray:
        """W, of the units numbered row by row."""
        return dense_from(*self.edges(), self.size)


def couplings_from(name: str, given: Any) -> Couplings:
    """The couplings that a matrix, a sparse matrix or `Couplings` stand for.

    A matrix of which less than a quarter is not zero is kept by its edges.

    Raises:
        InputError: the matrix is not square, not symmetric, or has a diagonal.
    """
    # Imported here: SciPy's sparse matrices take a while, and most couplings are none.
    from thalweg.energies.hopfield import DenseCouplings

    if isinstance(given, Couplings):
        return given
    if hasattr(given, "tocoo"):
        return _from_scipy(name, given)
    matrix = as_parameter(given)
    dense = DenseCouplings(matrix, name)
    if has_tracer(matrix):
        return dense
    heads, tails = np.nonzero(np.triu(np.asarray(matrix)))
    if 8 * len(heads) >= np.size(matrix):
        return dense
    edges = np.stack([heads, tails], axis=1)
    return SparseCouplings(edges, np.asarray(matrix)[heads, tails], dense.size)


def _from_scipy(name: str, given: Any) -> Couplings:
    matrix = given.tocoo()
    skew = abs(matrix - matrix.T)
    if matrix.shape[0] != matrix.shape[1] or skew.max() > 1e-6 * abs(matrix).max():
        raise InputError(
            f"{name}: weights must be square and symmetric; pass (W + W.T) / 2 if that is meant."
        )
    if np.any(matrix.diagonal()):
        raise InputError(f"{name}: weights must have a zero diagonal.")
    above = matrix.row < matrix.col
    edges = np.stack([matrix.row[above], matrix.col[above]], axis=1)
    return SparseCouplings(edges, matrix.data[above], matrix.shape[0])


def dense_from(heads: Any, tails: Any, values: Any, size: int) -> np.ndarray:
    """The symmetric matrix of a list of edges."""
    matrix = np.zeros((size, size))
    np.add.at(matrix, (heads, tails), values)
    np.add.at(matrix, (tails, heads), values)
    return matrix
