"""Results as JSON-ready data and back: numbers, arrays, complex pairs, the structure of a state.

What is not finite is null in a file and reads back as NaN.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from thalweg.core.trees import Layout


def pairs(values: Iterable[complex]) -> list[Any]:
    """Complex numbers as `[real, imaginary]` pairs, nested as they are."""
    array = np.asarray(values)
    return np.stack([np.real(array), np.imag(array)], axis=-1).astype(np.float64).tolist()


def from_pairs(data: Iterable[Iterable[float | None]]) -> np.ndarray:
    """The complex numbers of `[real, imaginary]` pairs, shape `(n,)`."""
    # Not by a sum: of infinity times i the real part would be NaN.
    return np.ascontiguousarray(array(list(data)).reshape(-1, 2)).view(np.complex128)[:, 0]


def array(data: Any) -> np.ndarray:
    """Nested lists of numbers as a float64 array; null is NaN."""
    return np.asarray(data, dtype=np.float64)


def number(value: float | None) -> float:
    """A number as it was before it went to JSON: null is NaN."""
    return np.nan if value is None else float(value)


def flat(state: Any) -> list[float]:
    """The coordinates of a state as one list."""
    return np.asarray(Layout.of(state).flatten(state), dtype=np.float64).tolist()


def structure(layout: Layout) -> Any:
    """Nesting of a state, as JSON-ready data; None for one vector, and for classes of users.

    A leaf is its shape; `{"dict": {…}}`, `{"tuple": […]}` and `{"list": […]}` nest.
    """
    nested = _described(layout.unflatten(np.zeros(layout.size)))
    return None if _is_vector(nested) else nested


def layout_of(nested: Any, size: int) -> Layout:
    """The layout that `structure` described; None is one vector of `size` numbers."""
    return Layout.of(np.zeros(size) if nested is None else _example(nested))


def _described(node: Any) -> Any:
    if isinstance(node, np.ndarray):
        return list(node.shape)
    if type(node) is dict and all(isinstance(key, str) for key in node):
        found = {key: _described(child) for key, child in node.items()}
        return None if None in found.values() else {"dict": found}
    if type(node) in (tuple, list):
        parts = [_described(child) for child in node]
        return None if None in parts else {type(node).__name__: parts}
    return None


def _is_vector(nested: Any) -> bool:
    return isinstance(nested, list) and len(nested) == 1


def _example(nested: Any) -> Any:
    if isinstance(nested, list):
        return np.zeros(tuple(nested))
    ((kind, children),) = nested.items()
    if kind == "dict":
        return {key: _example(child) for key, child in children.items()}
    return {"tuple": tuple, "list": list}[kind](map(_example, children))
