"""Results as JSON: NaN and infinities are null plus a warning, rows of numbers stay on a line."""

import json
import math
from collections.abc import Mapping
from typing import Any

_ROW = 100


def clean(result: Mapping[str, Any]) -> dict[str, Any]:
    """JSON-ready data: arrays as lists, numbers that are not finite as null.

    Where anything became null, a sentence that says so is added to `warnings`.
    """
    lost: list[str] = []
    cleaned = _clean(dict(result), "", lost)
    if lost:
        shown = ", ".join(lost[:3]) + (f" and {len(lost) - 3} more" if len(lost) > 3 else "")
        warning = f"Not finite, written as null: {shown}."
        cleaned["warnings"] = [*cleaned.get("warnings", []), warning]
    return cleaned


def _clean(value: Any, path: str, lost: list[str]) -> Any:
    if isinstance(value, Mapping):
        return {
            str(k): _clean(v, f"{path}.{k}" if path else str(k), lost) for k, v in value.items()
        }
    if hasattr(value, "tolist"):  # NumPy's arrays and scalars, without importing NumPy
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_clean(item, f"{path}[{index}]", lost) for index, item in enumerate(value)]
    if isinstance(value, complex):
        return _clean([value.real, value.imag], path, lost)
    if isinstance(value, float) and not math.isfinite(value):
        lost.append(f"{path} ({value})")
        return None
    return value


def to_text(value: Any, indent: int = 0) -> str:
    """JSON text, indented by two; what fits on a line is on a line."""
    flat = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if not isinstance(value, dict | list) or (indent and len(flat) + indent <= _ROW):
        return flat
    space = " " * (indent + 2)
    if isinstance(value, dict):
        parts = [
            f"{json.dumps(key, ensure_ascii=False)}: {to_text(item, indent + 2)}"
            for key, item in value.items()
        ]
    else:
        parts = [to_text(item, indent + 2) for item in value]
    if not parts:
        return flat
    body = f",\n{space}".join(parts)
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}\n{space}{body}\n{' ' * indent}{closing}"
