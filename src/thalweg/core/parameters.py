"""The parameters of a system by name: what `--set` sets and what results report."""

import dataclasses
from typing import Any

import equinox as eqx
import numpy as np


def parameters(system: Any) -> dict[str, Any]:
    """Every parameter of a system by its dotted path, as JSON-ready data."""
    found: dict[str, Any] = {}
    _collect(system, "", found)
    return found


def _collect(node: Any, path: str, found: dict[str, Any]) -> None:
    children = children_of(node)
    if children is not None:
        for key, child in children.items():
            _collect(child, f"{path}.{key}" if path else str(key), found)
    elif isinstance(node, bool | int | float | str) or node is None:
        found[path] = node
    elif eqx.is_array(node) or isinstance(node, np.ndarray | np.generic):
        found[path] = np.asarray(node).tolist()


def children_of(node: Any) -> dict[Any, Any] | None:
    """The parts of a container by name, or None for a value."""
    if dataclasses.is_dataclass(node) and not isinstance(node, type):
        names = [field.name for field in dataclasses.fields(node)]
        return {name: getattr(node, name) for name in names if hasattr(node, name)}
    if isinstance(node, dict):
        return {str(key): value for key, value in node.items()}
    if isinstance(node, tuple | list) and not all(isinstance(x, int | float) for x in node):
        return {str(index): value for index, value in enumerate(node)}
    return None
