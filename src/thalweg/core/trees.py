"""Pytrees and dtypes: numbers become arrays, states become flat vectors and come back.

A Python float on a module is a compile-time constant under `equinox.filter_jit`, so every new value
would compile again. The verbs call `as_arrays` at their boundary: floats become *weakly typed*
arrays, which trace once and leave a float32 state float32.
"""

import dataclasses
import functools
import math
import operator
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from thalweg.core.errors import InputError
from thalweg.core.tables import counted

Tree = TypeVar("Tree")


def as_arrays(tree: Tree) -> Tree:
    """Turn every float or complex number among the leaves into a weakly typed array.

    NumPy scalars count as numbers (an entry of `np.linspace` should not turn a float32 run into a
    float64 one); arrays are left alone. Integers and booleans stay as they are (they are used as
    sizes and switches), except on a module field annotated `float`, where `Model(current=1)` means
    `1.0`.
    """
    return jax.tree.map(_number_as_array, _floats_where_annotated(tree))


def in_float64(tree: Tree) -> Tree:
    """Every floating leaf as a float64 NumPy array, every complex one as complex128.

    NumPy, because `jnp.asarray` compiles a program for every shape; compiled functions trace NumPy
    arrays like any other (call them with x64 enabled). Tracers are cast and stay tracers.
    """

    def cast(leaf: Any) -> Any:
        if not isinstance(leaf, float | complex) and not eqx.is_inexact_array(leaf):
            return leaf
        is_complex = jnp.issubdtype(jnp.result_type(leaf), jnp.complexfloating)
        wide = np.complex128 if is_complex else np.float64
        return leaf.astype(wide) if isinstance(leaf, Tracer) else np.asarray(leaf, wide)

    return jax.tree.map(cast, _floats_where_annotated(tree))


def cast_like(value: Any, state: Any) -> jax.Array:
    """A parameter as an array of the floating dtype of `state` (of its leaves together).

    Energies and geometries pass their parameters through this, so that a float32 state stays
    float32 whatever the parameters were given as.
    """
    dtype = jnp.result_type(*jax.tree.leaves(state))
    return jnp.asarray(value, dtype if jnp.issubdtype(dtype, jnp.floating) else float)


def computable(state: Any) -> jax.Array:
    """An array in which sums of squares make sense: floating, of single precision at least.

    Integers and booleans become floats (bytes would wrap, 200·200 = 64), half precision becomes
    single precision (float16 overflows at 65,504, bfloat16 has three digits).
    """
    x = jnp.asarray(state)
    if not jnp.issubdtype(x.dtype, jnp.inexact):
        return x.astype(float)
    return x.astype(jnp.promote_types(x.dtype, jnp.float32))


def as_parameter(value: Any) -> Any:
    """A field's converter: lists and integers become floating arrays, all else stays as it is."""
    if isinstance(value, float) or eqx.is_inexact_array(value):
        return value
    if isinstance(value, int):
        return float(value)
    if isinstance(value, jax.Array):
        return value.astype(float)
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"a parameter must hold numbers, got {value!r}.") from error


def _number_as_array(leaf: Any) -> Any:
    if isinstance(leaf, np.inexact):
        leaf = leaf.item()
    return jnp.asarray(leaf) if isinstance(leaf, float | complex) else leaf


def _floats_where_annotated(tree: Tree) -> Tree:
    def is_module(node: Any) -> bool:
        return isinstance(node, eqx.Module)

    def visit(node: Any) -> Any:
        if not is_module(node):
            return node
        changed = {}
        for field in dataclasses.fields(node):
            if field.metadata.get("static", False) or not hasattr(node, field.name):
                continue
            old = getattr(node, field.name)
            if field.type in (float, "float") and is_integer(old):
                changed[field.name] = float(old)
            else:
                new = _floats_where_annotated(old)
                if new is not old:
                    changed[field.name] = new
        return replace(node, **changed) if changed else node

    leaves, treedef = jax.tree.flatten(tree, is_leaf=is_module)
    visited = [visit(leaf) for leaf in leaves]
    if all(new is old for new, old in zip(visited, leaves, strict=True)):
        return tree
    return jax.tree.unflatten(treedef, visited)


def is_plain_list(node: Any) -> bool:
    """True if it is a vector or matrix written as numbers, rather than a pytree (as in `Box`)."""
    if type(node) not in (list, tuple) or not node:
        return False
    return all(isinstance(x, int | float | np.number) or is_plain_list(x) for x in node)


def lists_as_arrays(tree: Any) -> Any:
    """A state, or stacked ones, in which lists of numbers are float64 vectors or matrices.

    Raises:
        InputError: the rows of a matrix differ in length.
    """

    def as_array(node: Any) -> Any:
        if not is_plain_list(node):
            return node
        try:
            return np.array(node, np.float64)
        except ValueError as error:
            raise InputError(
                f"States in a list must all have as many coordinates, got {node}."
            ) from error

    return jax.tree.map(as_array, tree, is_leaf=is_plain_list)


def is_integer(value: Any) -> bool:
    """True for Python's and NumPy's integers; a boolean is none."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def replace(module: Tree, **fields: Any) -> Tree:
    """A copy of a module with some fields replaced, without running its `__init__`.

    Raises:
        InputError: the module has no field of such a name.
    """
    known = [field.name for field in dataclasses.fields(module)]  # type: ignore[arg-type]
    unknown = [name for name in fields if name not in known]
    if unknown:
        raise InputError(
            f"{type(module).__name__} has no field {unknown[0]!r}; its fields are "
            f"{', '.join(known) or 'none'}."
        )
    new = object.__new__(type(module))
    for field in dataclasses.fields(module):  # type: ignore[arg-type]
        if field.name in fields or hasattr(module, field.name):
            value = fields.get(field.name, getattr(module, field.name, None))
            object.__setattr__(new, field.name, value)
    return new


def non_finite_leaves(tree: Any) -> list[str]:
    """The paths of the numeric leaves that hold a NaN or an infinity, with the value."""
    found = []
    for path, leaf in jax.tree_util.tree_flatten_with_path(tree)[0]:
        if isinstance(leaf, Tracer) or not eqx.is_array_like(leaf):
            continue
        array = np.asarray(leaf)
        if array.dtype.kind in "fc" and not np.all(np.isfinite(array)):
            worst = array[~np.isfinite(array)].flat[0]
            found.append(f"{jax.tree_util.keystr(path).lstrip('.')} = {worst}")
    return found


def has_tracer(*trees: Any) -> bool:
    """True if any leaf is being traced, inside somebody's `jit` or `grad`."""
    return any(isinstance(x, Tracer) for x in jax.tree.leaves(trees))


def dot(a: Any, b: Any) -> jax.Array:
    """The sum of products of two pytrees of one structure, with a leaf at least; of their dtype."""
    pairs = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return functools.reduce(operator.add, [jnp.sum(x * y) for x, y in pairs])


def norm(tree: Any) -> jax.Array:
    """The Euclidean norm of all numbers of a pytree of real arrays, of their dtype."""
    return jnp.sqrt(dot(tree, tree))


def smooth_norm(vector: Any) -> jax.Array:
    """Euclidean norm of a vector `(d,)`, whose gradient at zero is zero rather than NaN."""
    return jnp.sqrt(jnp.sum(vector**2) + 1e-300)  # no length that matters is below 1e-150


def structure_in_words(treedef: Any) -> str:
    """Nesting of a pytree, as a message says it."""
    if treedef == jax.tree.structure(0):
        return "one array"
    return str(treedef).removeprefix("PyTreeDef(").removesuffix(")")


@dataclasses.dataclass(frozen=True)
class Layout:
    """Layout of a state (a pytree of real arrays) as one flat vector; hashable, host only.

    Attributes:
        treedef: the pytree structure.
        shapes: the shape of each leaf, in order.
    """

    treedef: Any
    shapes: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, state: Any) -> "Layout":
        """The layout of a state given by example (arrays, numbers, or shape structures)."""
        leaves, treedef = jax.tree.flatten(state)
        return cls(treedef, tuple(tuple(np.shape(leaf)) for leaf in leaves))

    @property
    def size(self) -> int:
        """The number of coordinates."""
        return sum(math.prod(shape) for shape in self.shapes)

    def flatten(self, state: Any) -> Any:
        """The state as a vector `(size,)`, NumPy in, NumPy out; leading axes are kept."""
        leaves, treedef = jax.tree.flatten(state)
        if treedef != self.treedef:
            raise InputError(
                f"state must be {structure_in_words(self.treedef)}, got "
                f"{structure_in_words(treedef)}."
            )
        xp = jnp if any(isinstance(leaf, jax.Array) for leaf in leaves) else np
        parts = []
        for leaf, shape in zip(leaves, self.shapes, strict=True):
            lead = np.shape(leaf)[: np.ndim(leaf) - len(shape)]
            if np.shape(leaf) != lead + shape:
                raise InputError(f"state has a leaf of shape {np.shape(leaf)}, expected {shape}.")
            parts.append(xp.reshape(leaf, (*lead, math.prod(shape))))
        return parts[0] if len(parts) == 1 else xp.concatenate(parts, axis=-1)

    def unflatten(self, vector: Any) -> Any:
        """The state whose coordinates are `vector`; leading axes `(…, size)` are kept."""
        if vector.shape[-1] != self.size:
            raise InputError(
                f"state has {counted(vector.shape[-1], 'coordinate')}, expected {self.size}."
            )
        leaves, start, lead = [], 0, vector.shape[:-1]
        for shape in self.shapes:
            size = math.prod(shape)
            leaves.append(vector[..., start : start + size].reshape(lead + shape))
            start += size
        return jax.tree.unflatten(self.treedef, leaves)

    def labels(self) -> list[str]:
        """One label a coordinate: `x[0]`, or the pytree path followed by the index."""
        template = jax.tree.unflatten(self.treedef, [np.zeros(s) for s in self.shapes])
        labels = []
        for path, leaf in jax.tree_util.tree_flatten_with_path(template)[0]:
            name = jax.tree_util.keystr(path, simple=True, separator=".") or "x"
            for index in np.ndindex(leaf.shape):
                labels.append(name + (f"[{','.join(map(str, index))}]" if index else ""))
        return labels
