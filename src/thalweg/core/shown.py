"""Rules and energies shown in a terminal or a notebook, with all their parameters."""

import dataclasses
import textwrap
from typing import Any

import equinox as eqx
import numpy as np

from thalweg.core import html
from thalweg.core.declared import declared_labels
from thalweg.core.parameters import parameters

_COLUMNS = 80  # of a terminal
_LONGEST = 48  # characters of a value in a table


def as_code(module: Any) -> str:
    """The class with the values of all its fields, arrays by type and shape."""
    fields = [f.name for f in dataclasses.fields(module) if hasattr(module, f.name)]
    parts = [f"{name}={_code(getattr(module, name))}" for name in fields]
    name, line = type(module).__name__, ", ".join(parts)
    if len(name) + len(line) + 2 <= _COLUMNS and "\n" not in line:
        return f"{name}({line})"
    inner = textwrap.indent(",\n".join(parts), "  ")
    return f"{name}(\n{inner}\n)"


def _code(value: Any) -> str:
    if isinstance(value, tuple) and any(isinstance(part, eqx.Module) for part in value):
        return f"({', '.join(map(_code, value))}{',' * (len(value) == 1)})"
    return repr(value) if isinstance(value, eqx.Module) else eqx.tree_pformat(value)


def as_html(module: Any, kind: str) -> str:
    """HTML for a notebook: the class, its kind and state, and a table of its parameters."""
    names = declared_labels(module)
    state = f", state {', '.join(names[:8])}" if names else ""
    title = f"{type(module).__name__} ({kind}{state})"
    rows = [[name, _value(value)] for name, value in parameters(module).items()]
    return html.fragment(title, *([html.table(["parameter", "value"], rows)] if rows else []))


def _value(value: Any) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _LONGEST else f"array of shape {np.shape(value)}"
