"""Pytrees and dtypes: numbers become arrays, states become flat vectors and come back.

A Python float on a module is a compile-time constant under `equinox.filter_jit`, so every new value
would compile again. The verbs call `as_arrays` at their boundary: floats become *weakly typed*
arrays, which trace once and leave a float32 state float32.
"""

import dataclasses
import math
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from thalweg.core.errors import InputError

Tree = TypeVar("Tree")


def as_arrays(tree: Tree) -> Tree:
    """Turn every Python float or complex leaf into a weakly typed array.

    Integers and booleans stay as they are (they are used as sizes and switches), except on a module
    field annotated `float`, where `Model(current=1)` means `1.0`.
    """
    return jax.tree.map(_leaf_as_array, _floats_where_annotated(tree))


def in_float64(tree: Tree) -> Tree:
    """`as_arrays`, with every floating array leaf cast to float64 (call with x64 enabled)."""

    def cast(leaf: Any) -> Any:
        if eqx.is_array_like(leaf) and jnp.issubdtype(getattr(leaf, "dtype", int), jnp.floating):
            is_weak = getattr(leaf, "weak_type", False)
            return leaf if is_weak else jnp.asarray(np.asarray(leaf), dtype=jnp.float64)
        return leaf

    return jax.tree.map(cast, as_arrays(tree))


def _leaf_as_array(leaf: Any) -> Any:
    is_number = isinstance(leaf, float | complex) and not isinstance(leaf, np.generic)
    return jnp.asarray(leaf) if is_number else leaf


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
            if field.type in (float, "float") and type(old) is int:
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


def replace(module: Tree, **fields: Any) -> Tree:
    """A copy of a module with some fields replaced, without running its `__init__`."""
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
        if isinstance(leaf, jax.core.Tracer) or not eqx.is_array_like(leaf):
            continue
        array = np.asarray(leaf)
        if array.dtype.kind in "fc" and not np.all(np.isfinite(array)):
            worst = array[~np.isfinite(array)].flat[0]
            found.append(f"{jax.tree_util.keystr(path).lstrip('.')} = {worst}")
    return found


def has_tracer(*trees: Any) -> bool:
    """Whether any leaf is being traced, that is, whether we are inside somebody's `jit` or `grad`."""
    return any(isinstance(x, jax.core.Tracer) for x in jax.tree.leaves(trees))


@dataclasses.dataclass(frozen=True)
class Layout:
    """How a state (a pytree of real arrays) is laid out as one flat vector; hashable, host only.

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
        """The state as a vector `(size,)`, NumPy in, NumPy out; leading axes `(…, size)` are kept."""
        leaves, treedef = jax.tree.flatten(state)
        if treedef != self.treedef:
            raise InputError(f"state has the structure {treedef}, expected {self.treedef}.")
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
